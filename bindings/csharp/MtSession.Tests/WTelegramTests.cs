using MtSession.WTelegram;
using Xunit;

namespace MtSession.Tests;

/// <summary>The store for a WTelegramClient-like client, through that client's life.</summary>
public sealed class WTelegramTests : Scratch
{
    private const long SeqKey = -2, QtsKey = -1, PtsKey = 0;

    // DateTime.MaxValue: the client's "no date yet".
    private static readonly long s_noDate = DateTime.MaxValue.Ticks;

    private static readonly long s_date =
        new DateTime(2025, 4, 5, 6, 7, 8, DateTimeKind.Utc).Ticks;

    private static Dictionary<long, MBox> Resume() => new()
    {
        [SeqKey] = new(17, s_date),
        [QtsKey] = new(3, 0),
        [PtsKey] = new(1000, 0),
        [1234567890] = new(50, -7777),
        [1111111111] = new(60, -1), // no access hash to be had
        [1222222222] = new(70, 0), // not known
    };

    private static void Same(Dictionary<long, MBox> expected, Dictionary<long, MBox> actual) =>
        Assert.Equal(expected.OrderBy(state => state.Key), actual.OrderBy(state => state.Key));

    /// <summary>As the client writes its own session: all of it, and then the length.</summary>
    private static void Write(Stream stream, byte[] blob)
    {
        stream.Position = 0;
        stream.Write(blob, 0, blob.Length);
        stream.SetLength(blob.Length);
    }

    private static byte[] Read(Stream stream)
    {
        byte[] blob = new byte[stream.Length];
        stream.ReadExactly(blob);
        return blob;
    }

    [Fact]
    public void A_client_logs_in_works_and_comes_back()
    {
        byte[] login = Bytes(5000, 3), later = Bytes(4100, 7);
        using (var store = WTelegramStore.Open(At("a.session")))
        {
            Assert.Null(store.LoadBlob());
            Assert.Empty(store.LoadStates());
            using Stream stream = store.SessionStream;
            Assert.Equal(0L, stream.Length);
            Write(stream, login);
            Assert.Equal(login, store.LoadBlob()!);
            Write(stream, later); // shorter: nothing of the one before is left
            Assert.Equal(later, store.LoadBlob()!);

            store.Session.PutEntity(42, 4242, EntityFlags.Whole, "ada", name: "Ada");
            store.Session.PutEntity(-77, 0, EntityFlags.Whole, name: "Chat");
            Assert.True(store.HasUser(42));
            Assert.True(store.HasChat(77));
            Assert.False(store.HasUser(43));
            Assert.False(store.HasChat(78));
            store.SaveStates(Resume());
            Assert.True(store.HasChat(1234567890));
        }
        using (var store = WTelegramStore.Open(At("a.session")))
        {
            using Stream stream = store.SessionStream;
            Assert.Equal(later, Read(stream));
            Same(Resume(), store.LoadStates());
            Assert.True(store.Session.TryGetInputPeer("@ada", out InputPeer peer));
            Assert.Equal(4242, peer.AccessHash);

            // What it says is there for other clients too.
            UpdateState account = store.Session.GetUpdateState(0)!.Value;
            Assert.Equal((1000, 3, 17), (account.Pts, account.Qts, account.Seq));
            Assert.Equal(
                new DateTimeOffset(s_date, TimeSpan.Zero).ToUnixTimeSeconds(), account.Date);
            Assert.Equal(-7777, store.Session.GetUpdateState(1234567890)!.Value.AccessHash);

            Dictionary<long, MBox> left = Resume();
            left.Remove(1111111111);
            left[1234567890] = new MBox(51, -7777);
            store.SaveStates(left);
            Same(left, store.LoadStates());
            Assert.Null(store.Session.GetUpdateState(1111111111));
        }
    }

    [Fact]
    public void A_state_before_the_first_update_comes_back_as_it_was()
    {
        var fresh = new Dictionary<long, MBox>
        {
            [SeqKey] = new(0, s_noDate),
            [QtsKey] = new(0, 0),
            [PtsKey] = new(0, 0),
        };
        using (var store = WTelegramStore.Open(At("a.session")))
        {
            store.SaveStates(fresh);
        }
        using (var store = WTelegramStore.Open(At("a.session")))
        {
            Same(fresh, store.LoadStates());
            Assert.Null(store.Session.GetUpdateState(0)); // nothing that is not known is said
            var odd = new Dictionary<long, MBox>
            {
                [SeqKey] = new(int.MaxValue, s_date + 1), // no whole second
                [QtsKey] = new(-1, 0),
                [PtsKey] = new(1, 0),
                [long.MaxValue - 2_000_000_000_000] = new(int.MaxValue, long.MaxValue),
                [5] = new(0, long.MinValue),
                [6] = new(-1, 7),
            };
            store.SaveStates(odd);
            Same(odd, store.LoadStates());
        }
    }

    [Fact]
    public void Another_client_that_read_on_is_right()
    {
        using var store = WTelegramStore.Open(At("a.session"));
        store.SaveStates(Resume());
        store.Session.SetUpdateState(new UpdateState(1111111111) { Pts = 65 });
        store.Session.PutEntity(Entity.ChannelId(1222222222), 5, EntityFlags.Bare);
        Dictionary<long, MBox> states = store.LoadStates();
        Assert.Equal(new MBox(65, 0), states[1111111111]);
        Assert.Equal(new MBox(70, 5), states[1222222222]); // not known then, known now
    }

    [Fact]
    public void A_telethon_session_goes_on_here()
    {
        using var store = WTelegramStore.Open(Telethon("1.45.0"));
        Dictionary<long, MBox> states = store.LoadStates();
        foreach (UpdateState state in store.Session.UpdateStates())
        {
            Assert.Equal(state.Pts, states[state.Id].Pts);
        }
        Assert.True(states.Count >= 3);
        store.SaveStates(states);
        Same(states, store.LoadStates());
    }

    [Fact]
    public void A_half_written_blob_is_not_kept()
    {
        using var session = Session.InMemory();
        using var store = new WTelegramStore(session);
        byte[] login = Bytes(100, 3);
        store.SaveBlob(login);
        Stream stream = store.SessionStream;
        stream.Write(Bytes(50, 5));
        Assert.Equal(login, store.LoadBlob()!);
        stream.Flush();
        Assert.Equal(Bytes(50, 5).Concat(login[50..]), store.LoadBlob()!);
        stream.Position = 0;
        stream.WriteByte(255);
        stream.Dispose();
        stream.Dispose();
        Assert.Equal(255, store.LoadBlob()![0]);
        store.Dispose();
        session.Save(); // it was lent to the store
    }
}
