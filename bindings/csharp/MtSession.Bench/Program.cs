// What a call costs from C#: nanoseconds for a look-up and for each row of a 200-row put, beside the
// bare cost of a P/Invoke in this runtime. The best of many rounds, since others share the machine.
using System.Diagnostics;
using System.Runtime.InteropServices;
using MtSession;

const int known = 10_000, rows = 200;

using var session = Session.InMemory();
var batch = new EntityBatch();
for (long id = 1; id <= known; id++)
{
    batch.Add(id, id * 7, EntityFlags.Whole, $"user{id}", $"{15550000000 + id}", $"User {id}");
}
session.PutEntities(batch);
session.Save();

batch.Clear();
for (long id = 1; id <= rows; id++)
{
    batch.Add(id, id * 7, EntityFlags.Whole, $"user{id}", $"{15550000000 + id}", $"User {id}");
}
var fresh = new EntityBatch();
long next = known, key = 0;

Measure("bare P/Invoke (mts_abi_version)", 1, () => Bare.mts_abi_version());
Measure("look-up by id", 1, () => session.TryGetInputPeer((key++ % known) + 1, out _));
Measure("look-up by username, string", 1, () => session.TryGetInputPeerByUsername("user77", out _));
Measure("look-up by username, UTF-8", 1, () => session.TryGetInputPeerByUsername("user77"u8, out _));
Measure("look-up of a link, string", 1, () => session.TryGetInputPeer("https://t.me/User77", out _));
Measure("put of 200 known entities, a row", rows, () => session.PutEntities(batch));
Measure("fill and put 200 new entities, a row", rows, () =>
{
    fresh.Clear();
    for (int i = 0; i < rows; i++)
    {
        next++;
        fresh.AddUtf8(next, next, EntityFlags.Whole, name: "Somebody new"u8);
    }
    session.PutEntities(fresh);
});

static void Measure(string what, int each, Action action)
{
    int count = each > 1 ? 100 : 20_000;
    double best = double.MaxValue;
    for (int round = 0; round < 30; round++)
    {
        long began = Stopwatch.GetTimestamp();
        for (int i = 0; i < count; i++)
        {
            action();
        }
        best = Math.Min(best, Stopwatch.GetElapsedTime(began).TotalNanoseconds / count / each);
    }
    long before = GC.GetAllocatedBytesForCurrentThread();
    action();
    long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
    Console.WriteLine($"{what,-40} {best,8:F1} ns   {allocated} bytes allocated");
}

internal static class Bare
{
    [DllImport("mtsession")]
    public static extern uint mts_abi_version();
}
