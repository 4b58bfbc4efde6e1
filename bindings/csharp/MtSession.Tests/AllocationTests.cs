using Xunit;

namespace MtSession.Tests;

/// <summary>What is called for every message allocates nothing on the managed heap.</summary>
public sealed class AllocationTests : Scratch
{
    private static Session Known()
    {
        var session = Session.InMemory();
        session.PutEntity(42, 1, EntityFlags.Whole, "ada", "15550001111", "Ada");
        session.SetUpdateState(new UpdateState(0) { Pts = 1 });
        return session;
    }

    private static void AllocatesNothing(Action action)
    {
        for (int i = 0; i < 100; i++) // everything is compiled and every pool is filled
        {
            action();
        }
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            action();
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void The_measure_sees_an_allocation()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        GC.KeepAlive(new byte[1]);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() > before);
    }

    [Fact]
    public void A_look_up()
    {
        using Session session = Known();
        string longKey = "https://t.me/" + new string('x', 1000);
        AllocatesNothing(() => session.TryGetInputPeer("https://t.me/Ada", out _));
        AllocatesNothing(() => session.TryGetInputPeer("@ada"u8, out _));
        AllocatesNothing(() => session.TryGetInputPeer(42, out _));
        AllocatesNothing(() => session.TryGetInputPeer("@nobody", out _));
        AllocatesNothing(() => session.TryGetInputPeer(longKey, out _));
        AllocatesNothing(() => session.TryGetInputPeerByUsername("Ada", out _));
        AllocatesNothing(() => session.TryGetInputPeerByPhone("+15550001111", out _));
        AllocatesNothing(() => session.TryGetInputPeerByName("Ada", out _));
    }

    [Fact]
    public void An_update()
    {
        using Session session = Known();
        var batch = new EntityBatch();
        var states = new UpdateState[2];
        byte[] key = new byte[256], md5 = new byte[16];
        AllocatesNothing(() =>
        {
            batch.Clear();
            batch.Add(42, 1, EntityFlags.Whole, "ada", "15550001111", "Ada");
            batch.AddUtf8(43, 1, EntityFlags.Whole, "bob"u8);
            session.PutEntities(batch);
            session.PutEntity(42, 1, EntityFlags.Whole, "ada", "15550001111", "Ada");
            states[0] = new UpdateState(0) { Pts = 2 };
            states[1] = new UpdateState(7) { Pts = 2 };
            session.SetUpdateStates(states);
            session.SetUpdateState(states[0]);
        });
        AllocatesNothing(() => session.GetUpdateState(0));
        AllocatesNothing(() => session.TryGetAuthKey(key));
        AllocatesNothing(() => session.GetFile(md5, 1, FileKind.Photo));
        AllocatesNothing(() => { _ = session.AuthKeyId; });
    }
}
