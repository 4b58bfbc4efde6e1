using System.Text;
using Xunit;

namespace MtSession.Tests;

/// <summary>Entities in, peers out.</summary>
public sealed class PeerTests : Scratch
{
    private const long News = -1001234567890;

    private static Session Known()
    {
        var session = Session.InMemory();
        session.PutEntities(
        [
            new Entity
            {
                Id = 42,
                AccessHash = long.MinValue,
                Seen = 1_700_000_000,
                Flags = EntityFlags.Whole | EntityFlags.Premium,
                Usernames = "@Ada lovelace",
                Phone = "+1 (555) 000-1111",
                Name = "Ada Lovelace 🌟",
            },
            new Entity { Id = -4444, Flags = EntityFlags.Whole, Name = "Small Group" },
            new Entity
            {
                Id = News,
                AccessHash = long.MaxValue,
                Flags = EntityFlags.Whole | EntityFlags.Broadcast,
                Usernames = "mtnews",
                Name = "Twins",
            },
            new Entity { Id = 43, AccessHash = 1, Seen = 1_600_000_000, Name = "Twins" },
        ]);
        return session;
    }

    [Theory]
    [InlineData("@Ada")]
    [InlineData("LOVELACE")]
    [InlineData("https://t.me/ada")]
    [InlineData("tg://resolve?domain=ada")]
    [InlineData("+15550001111")]
    [InlineData("tg://user?id=42")]
    public void A_text_names_a_peer(string key)
    {
        using Session session = Known();
        var expected = new InputPeer(
            PeerKind.User, 42, 42, long.MinValue, 1_700_000_000, Ambiguous: false);
        Assert.True(session.TryGetInputPeer(key, out InputPeer peer));
        Assert.Equal(expected, peer);
        Assert.True(session.TryGetInputPeer(Encoding.UTF8.GetBytes(key), out peer));
        Assert.Equal(expected, peer);
        Assert.Equal(42, session.GetEntity(key)!.Id);
        Assert.Equal(42, session.GetEntity(Encoding.UTF8.GetBytes(key))!.Id);
    }

    [Fact]
    public void Each_way_to_look_up_answers_the_same()
    {
        using Session session = Known();
        Entity ada = session.GetEntity(42)!;
        Assert.Equal("ada lovelace", ada.Usernames);
        Assert.Equal(["ada", "lovelace"], ada.EachUsername());
        Assert.Equal(["mtnews"], session.GetEntity(News)!.EachUsername());
        Assert.Empty(session.GetEntity(-4444)!.EachUsername());
        Assert.Empty(new Entity { Id = 42, Usernames = "" }.EachUsername());
        Assert.Equal("15550001111", ada.Phone);
        Assert.Equal("Ada Lovelace 🌟", ada.Name);
        Assert.Equal(EntityFlags.Premium, ada.Flags);
        Assert.Equal((PeerKind.User, 42L, 1_700_000_000L), (ada.Kind, ada.BareId, ada.Seen));

        Assert.Equal(ada, session.GetEntityByUsername("@ADA"));
        Assert.Equal(ada, session.GetEntityByUsername("lovelace"u8));
        Assert.Equal(ada, session.GetEntityByPhone("1 555 000 1111"));
        Assert.Equal(ada, session.GetEntityByPhone("15550001111"u8));
        Assert.Equal(ada, session.GetEntityByName("Ada Lovelace 🌟"));
        Assert.Equal(ada, session.GetEntityByName("Ada Lovelace 🌟"u8));

        Assert.True(session.TryGetInputPeerByUsername("@ADA", out InputPeer peer));
        Assert.Equal(42, peer.Id);
        Assert.True(session.TryGetInputPeerByUsername("ada"u8, out peer));
        Assert.Equal(42, peer.Id);
        Assert.True(session.TryGetInputPeerByPhone("+15550001111", out peer));
        Assert.Equal(42, peer.Id);
        Assert.True(session.TryGetInputPeerByPhone("15550001111"u8, out peer));
        Assert.Equal(42, peer.Id);
        Assert.True(session.TryGetInputPeerByName("Ada Lovelace 🌟", out peer));
        Assert.Equal(42, peer.Id);
        Assert.True(session.TryGetInputPeerByName("Ada Lovelace 🌟"u8, out peer));
        Assert.Equal(42, peer.Id);
    }

    [Fact]
    public void A_channel_and_a_chat_have_marked_and_bare_ids()
    {
        using Session session = Known();
        Assert.Equal(News, Entity.ChannelId(1234567890));
        Assert.Equal(-4444, Entity.ChatId(4444));
        Assert.True(session.TryGetInputPeer(News, out InputPeer channel));
        Assert.Equal(
            (PeerKind.Channel, 1234567890L, long.MaxValue),
            (channel.Kind, channel.BareId, channel.AccessHash));
        Assert.True(session.TryGetInputPeer(1234567890, out InputPeer same, LookUp.BareId));
        Assert.Equal(channel, same);
        Assert.True(session.TryGetInputPeer("-77", out InputPeer chat)); // needs not to be known
        Assert.Equal((PeerKind.Chat, 77L, 0L), (chat.Kind, chat.BareId, chat.AccessHash));
        foreach (long id in new[]
        {
            1, long.MaxValue, -1, -999_999_999_999, -1_000_000_000_001, -long.MaxValue,
        })
        {
            session.PutEntity(id, 5, EntityFlags.Bare);
            Entity entity = session.GetEntity(id)!;
            Assert.True(session.TryGetInputPeer(id, out InputPeer peer));
            Assert.Equal((peer.Kind, peer.BareId), (entity.Kind, entity.BareId));
        }
    }

    [Fact]
    public void A_bare_id_of_nobody_is_not_marked()
    {
        Assert.Equal(-999_999_999_999, Entity.ChatId(999_999_999_999));
        Assert.Equal(-long.MaxValue, Entity.ChannelId(long.MaxValue - 1_000_000_000_000));
        foreach (long id in new[] { 0, -1, 1_000_000_000_000 })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => Entity.ChatId(id));
        }
        foreach (long id in new[] { 0, News, long.MaxValue - 999_999_999_999 })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => Entity.ChannelId(id));
        }
    }

    [Fact]
    public void Who_is_not_known_is_not_found()
    {
        using Session session = Known();
        Assert.False(session.TryGetInputPeer("@nobody", out InputPeer peer));
        Assert.Equal(default, peer);
        Assert.False(session.TryGetInputPeer(77, out _));
        Assert.False(session.TryGetInputPeer("Twins", out _)); // names only where it is said
        Assert.Null(session.GetEntity("@nobody"));
        Assert.Null(session.GetEntity(77));
        Assert.Null(session.GetEntityByPhone("1"));
    }

    [Fact]
    public void A_name_of_several_says_so()
    {
        using Session session = Known();
        Assert.True(session.TryGetInputPeer("Twins", out InputPeer peer, LookUp.Names));
        Assert.True(peer.Ambiguous);
        Assert.Equal(News, peer.Id); // seen last
        Assert.True(session.GetEntityByName("Twins")!.Ambiguous);
        Assert.True(session.TryGetInputPeerByName("Small Group", out peer));
        Assert.False(peer.Ambiguous);
    }

    [Fact]
    public void Bad_look_ups_are_failures()
    {
        using Session session = Known();
        Fails(Status.Argument, () => session.TryGetInputPeer("@ada", out _, (LookUp)256));
        Fails(Status.Argument, () => session.TryGetInputPeer([0xff, 0xfe], out _));
    }

    [Fact]
    public void Long_texts_come_back_whole()
    {
        using var session = Session.InMemory();
        string name = string.Concat(Enumerable.Repeat("🌟", 1000)); // 4000 bytes
        for (long id = 1; id <= 300; id++) // two pages and a heap that must grow
        {
            session.PutEntity(id, id, EntityFlags.Whole, $"user{id}", name: name);
        }
        Assert.Equal(name, session.GetEntity(7)!.Name);
        Assert.Equal(name, session.GetEntity("@user7")!.Name);
        Entity[] all = session.Entities().ToArray();
        Assert.Equal(300, all.Length);
        Assert.True(all.All(entity => entity.Name == name));
        Assert.Equal(Enumerable.Range(1, 300).Select(i => (long)i), all.Select(entity => entity.Id));
        Assert.Equal(100, session.Entities(after: 200).Count());
        Assert.True(session.TryGetInputPeerByName(name, out InputPeer peer));
        Assert.True(peer.Ambiguous);
    }

    [Fact]
    public void One_heap_of_a_record_that_is_larger_than_a_page_grows()
    {
        using var session = Session.InMemory();
        string usernames = string.Join(' ', Enumerable.Range(0, 250).Select(i => $"someusername{i:000}"));
        string name = new('n', 4096);
        session.PutEntity(1, 1, EntityFlags.Whole, usernames, "123456789012345678", name);
        Entity entity = session.Entities().Single();
        Assert.Equal((usernames, name), (entity.Usernames, entity.Name));
    }

    [Fact]
    public void A_batch_is_all_or_nothing_and_can_be_used_again()
    {
        using var session = Session.InMemory();
        var batch = new EntityBatch();
        for (long id = 1; id <= 100; id++)
        {
            batch.AddUtf8(id, id, EntityFlags.Whole, Encoding.UTF8.GetBytes($"user{id}"), name: "Ä"u8);
        }
        Assert.Throws<EncoderFallbackException>(() => batch.Add(101, 1, name: "\ud800"));
        Assert.Equal(100, batch.Count);
        batch.Add(0, 1); // marks nobody
        MtSessionException failure = Fails(Status.Argument, () => session.PutEntities(batch));
        Assert.Contains("100", failure.Message);
        Assert.Equal(0, session.CountEntities());

        batch.Clear();
        Assert.Equal(0, batch.Count);
        session.PutEntities(batch);
        batch.Add(7, 70, EntityFlags.Whole, "seven");
        session.PutEntities(batch);
        Assert.Equal(7, session.GetEntity("seven")!.Id);
        Assert.Equal(1, session.CountEntities());
    }

    [Fact]
    public void Entities_join_what_is_known()
    {
        using Session session = Known();
        session.PutEntity(42, 99, EntityFlags.Bare);
        session.PutEntity(42, 1, EntityFlags.Min, name: "Not this");
        Entity ada = session.GetEntity(42)!;
        Assert.Equal((99L, "Ada Lovelace 🌟"), (ada.AccessHash, ada.Name));
        session.PutEntity(42, 5, EntityFlags.NoHash, phone: "2");
        Assert.Equal((99L, "2"), (session.GetEntity(42)!.AccessHash, session.GetEntity(42)!.Phone));
        session.PutEntity(42, 5, EntityFlags.Whole);
        Assert.Null(session.GetEntity(42)!.Usernames);
        Assert.Null(session.GetEntity(42)!.Username);
        Assert.Null(session.GetEntity(42)!.Phone);
        Assert.Null(session.GetEntity(42)!.Name);
    }

    [Fact]
    public void Entities_can_be_forgotten_and_not_be_taken_in()
    {
        using Session session = Known();
        Assert.True(session.ForgetEntity(42));
        Assert.False(session.ForgetEntity(42));
        Assert.Null(session.GetEntity(42));
        session.SaveEntities = false;
        Assert.False(session.SaveEntities);
        session.PutEntity(42, 1);
        Assert.Null(session.GetEntity(42));
        session.SaveEntities = true;
        session.PutEntity(42, 1);
        Assert.NotNull(session.GetEntity(42));
    }
}
