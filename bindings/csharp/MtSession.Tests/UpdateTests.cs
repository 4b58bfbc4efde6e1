using Xunit;

namespace MtSession.Tests;

/// <summary>Update states, sent files, opaque values.</summary>
public sealed class UpdateTests : Scratch
{
    [Fact]
    public void States_keep_what_is_not_meant()
    {
        using var session = Session.InMemory();
        Assert.Null(session.GetUpdateState(0));
        Assert.True(session.SetUpdateState(
            new UpdateState(0) { Pts = 10, Qts = 20, Date = 1_700_000_000, Seq = 40 }));
        session.SetUpdateState(new UpdateState(0) { Pts = 11 });
        session.SetUpdateState(new UpdateState(0) { Seq = 41 });
        Assert.Equal(
            new UpdateState(0) { Pts = 11, Qts = 20, Date = 1_700_000_000, Seq = 41 },
            session.GetUpdateState(0));
        session.SetUpdateState(new UpdateState(0) { Qts = 0, Date = 0 });
        Assert.Equal(
            new UpdateState(0) { Pts = 11, Qts = 0, Date = 0, Seq = 41 }, session.GetUpdateState(0));
    }

    [Fact]
    public void A_channels_state_brings_its_access_hash()
    {
        using var session = Session.InMemory();
        session.SetUpdateState(new UpdateState(1234567890) { Pts = 5 });
        Assert.Null(session.GetUpdateState(1234567890)!.Value.AccessHash);
        session.PutEntity(Entity.ChannelId(1234567890), -7, EntityFlags.Bare);
        Assert.Equal(-7, session.GetUpdateState(1234567890)!.Value.AccessHash);
    }

    [Fact]
    public void States_are_set_together_and_come_in_pages()
    {
        using var session = Session.InMemory();
        UpdateState[] states = Enumerable.Range(1, 300)
            .Select(id => new UpdateState(id) { Pts = id * 2, Qts = 0, Date = 0, Seq = 0 }).ToArray();
        Assert.True(session.SetUpdateStates(states));
        Assert.Equal(states, session.UpdateStates());
        Assert.Equal(states[99..], session.UpdateStates(after: 99));
        Assert.Empty(session.UpdateStates(after: 300));
        Assert.True(session.SetUpdateStates([]));
        Assert.True(session.SetUpdateStates(states.Where(state => state.Id > 200)));
        Assert.True(session.SetUpdateStates(states.ToList()));
        Assert.False(session.SetUpdateStates(
            new List<UpdateState> { new(1) { Pts = 9 }, new(999) { Pts = 9 } }, mustExist: true));
        Assert.Equal(states, session.UpdateStates());

        Assert.False(session.SetUpdateStates(
            [new UpdateState(1) { Pts = 9 }, new UpdateState(999) { Pts = 9 }], mustExist: true));
        Assert.Equal(2, session.GetUpdateState(1)!.Value.Pts);
        Assert.True(session.SetUpdateState(new UpdateState(1) { Pts = 9 }, mustExist: true));
        Assert.False(session.SetUpdateState(new UpdateState(999) { Pts = 9 }, mustExist: true));
        Fails(Status.Argument, () => session.SetUpdateStates(
            [new UpdateState(1) { Pts = 10 }, new UpdateState(-1) { Pts = 9 }]));
        Assert.Equal(9, session.GetUpdateState(1)!.Value.Pts);
        Fails(Status.Argument, () => session.SetUpdateState(new UpdateState(0) { Pts = 0 }));
        Assert.True(session.RemoveUpdateState(1));
        Assert.False(session.RemoveUpdateState(1));
    }

    [Fact]
    public void A_sent_file_is_found_by_what_it_was()
    {
        using var session = Session.InMemory();
        byte[] md5 = Bytes(16, 9);
        var file = new SentFile(long.MaxValue, long.MinValue);
        session.CacheFile(md5, 100, FileKind.Photo, file);
        Assert.Equal(file, session.GetFile(md5, 100, FileKind.Photo));
        Assert.Null(session.GetFile(md5, 100, FileKind.Document));
        Assert.Null(session.GetFile(md5, 101, FileKind.Photo));
        Assert.Null(session.GetFile(Bytes(16, 8), 100, FileKind.Photo));
        Assert.Throws<ArgumentException>(() => session.GetFile(new byte[15], 100, FileKind.Photo));
        Assert.Throws<ArgumentException>(
            () => session.CacheFile(new byte[17], 100, FileKind.Photo, file));
    }

    [Fact]
    public void Values_of_any_length_come_back()
    {
        using var session = Session.Open(At("a.session"));
        foreach (int length in new[] { 0, 1, 100_000 })
        {
            byte[] value = Bytes(length, 11);
            session.PutValue("ключ", value, durable: length == 1);
            Assert.Equal(value, session.GetValue("ключ")!);
        }
        Assert.Null(session.GetValue("other"));
        Assert.True(session.RemoveValue("ключ", durable: true));
        Assert.False(session.RemoveValue("ключ"));
        Assert.Null(session.GetValue("ключ"));
        Fails(Status.Argument, () => session.PutValue("", [1]));
        Fails(Status.Argument, () => session.PutValue("mts:mine", [1]));
    }
}
