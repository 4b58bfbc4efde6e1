using System.Runtime.CompilerServices;
using Xunit;

namespace MtSession.Tests;

/// <summary>Sessions that a storage of the caller's keeps.</summary>
public sealed class StorageTests : Scratch
{
    [Fact]
    public void Everything_is_kept_and_comes_back()
    {
        var storage = new FullStorage();
        byte[] md5 = Bytes(16, 9);
        using (var session = Session.Custom(storage))
        {
            Assert.True(storage.IsLocked);
            session.SetDc(2, "149.154.167.51", 443);
            session.SetAuthKey(Key);
            Assert.True(storage.DurableCommits > 0);
            session.PutEntity(42, -1, EntityFlags.Whole | EntityFlags.Bot, "ada grace", "1555", "Ada 🌟");
            session.PutEntity(Entity.ChannelId(9), 90, EntityFlags.Whole, name: "Nine");
            session.PutEntity(43, 1);
            session.ForgetEntity(43);
            session.SetUpdateStates(
                [new UpdateState(0) { Pts = 1, Qts = 2, Date = 3, Seq = 4 }, new UpdateState(9) { Pts = 5 }]);
            session.PutValue("mine", Bytes(1000, 3));
            session.PutValue("empty", []);
            session.PutValue("gone", [1]);
            session.CacheFile(md5, 100, FileKind.Photo, new SentFile(5, 6));
            session.Save();
            session.RemoveValue("gone");
        }
        Assert.True(storage.IsReleased);
        Assert.False(storage.Values.ContainsKey("gone"));

        using (var session = Session.Custom(storage))
        {
            Assert.Equal("149.154.167.51", session.Dc?.Host);
            Assert.Equal(Key, session.GetAuthKey()!);
            Entity ada = session.GetEntityByUsername("grace")!;
            Assert.Equal(
                (42L, -1L, EntityFlags.Bot, "ada grace", "1555", "Ada 🌟"),
                (ada.Id, ada.AccessHash, ada.Flags, ada.Usernames, ada.Phone, ada.Name));
            Assert.Equal(ada, session.GetEntityByPhone("1555"));
            Assert.Equal(ada, session.GetEntityByName("Ada 🌟"));
            Assert.Equal(ada, session.GetEntity(42));
            Assert.Null(session.GetEntity(43));
            Assert.Equal([Entity.ChannelId(9), 42], session.Entities().Select(entity => entity.Id));
            Assert.Equal(90, session.GetUpdateState(9)!.Value.AccessHash);
            Assert.Equal(4, session.GetUpdateState(0)!.Value.Seq);
            Assert.Equal(Bytes(1000, 3), session.GetValue("mine")!);
            Assert.Empty(session.GetValue("empty")!);
            Assert.Equal(new SentFile(5, 6), session.GetFile(md5, 100, FileKind.Photo));

            session.Identity = new Identity(1);
            session.RemoveUpdateState(9);
            session.Identity = new Identity(2);
            Assert.Equal([2L], storage.Entities.Keys); // itself
            Assert.Empty(session.UpdateStates());
            session.Delete();
        }
    }

    [Fact]
    public void What_a_storage_throws_comes_through()
    {
        var storage = new FullStorage();
        var session = Session.Custom(storage);
        var thrown = new InvalidOperationException("the database is on fire");

        storage.FindFails = thrown;
        MtSessionException failure =
            Fails(Status.Callback, () => session.TryGetInputPeer("@ada", out _));
        Assert.Same(thrown, failure.InnerException);
        Assert.Contains("the database is on fire", failure.Message);
        storage.FindFails = new MtSessionException(Status.Io, "the wire is cut");
        failure = Fails(Status.Io, () => session.GetEntity(42));
        Assert.Same(storage.FindFails, failure.InnerException);
        storage.FindFails = new NotSupportedException("no");
        Fails(Status.Unsupported, () => session.GetEntityByPhone("1"));
        storage.FindFails = null;

        session.PutEntity(42, 1, EntityFlags.Whole, "ada");
        storage.CommitFails = thrown;
        failure = Fails(Status.Callback, session.Save);
        Assert.Same(thrown, failure.InnerException);
        storage.CommitFails = new MtSessionException(Status.NotFound, "not a failure's number");
        Fails(Status.Callback, session.Save);
        storage.CommitFails = null;
        session.Save();
        Assert.Equal("ada", storage.Entities[42].Usernames);

        // What was thrown long ago is not blamed for a failure that the storage has no part in.
        storage.CommitFails = thrown;
        session.PutEntity(43, 1);
        Fails(Status.Callback, session.Save);
        storage.CommitFails = null;
        failure = Fails(Status.Argument, () => session.PutEntity(0, 1));
        Assert.Null(failure.InnerException);
        session.Dispose();
    }

    private sealed class OddException(Func<string?> message) : Exception
    {
        public override string Message => message()!;
    }

    [Fact]
    public void An_exception_may_have_no_message()
    {
        var storage = new ArrayStorage();
        using var session = Session.Custom(storage);
        Func<string?>[] messages = [() => null, () => throw new FormatException()];
        foreach (Func<string?> message in messages)
        {
            storage.FindFails = new OddException(message);
            MtSessionException failure =
                Fails(Status.Callback, () => session.TryGetInputPeer("@ada", out _));
            Assert.True(ReferenceEquals(storage.FindFails, failure.InnerException));
            Assert.Contains("OddException", failure.Message);
        }
    }

    [Fact]
    public void A_commit_can_be_tried_without_a_session()
    {
        // Activator sees what those see who are no friends of the assembly.
        Assert.Empty(Activator.CreateInstance<StorageChanges>().Entities);

        var storage = new ArrayStorage();
        storage.Commit(new StorageChanges { Values = [new("mine", [1]), new("gone", [2])] });
        storage.Commit(new StorageChanges { Durable = true, Values = [new("gone", null)] });
        Assert.Equal(["mine"], storage.Values.Keys);
    }

    [Fact]
    public void A_storage_may_refuse_to_open()
    {
        var storage = new ArrayStorage { LockFails = new MtSessionException(Status.Owned, "taken") };
        MtSessionException failure = Fails(Status.Owned, () => Session.Custom(storage));
        Assert.Same(storage.LockFails, failure.InnerException);
        storage.LockFails = null;
        storage.LoadFails = new FormatException("torn");
        failure = Fails(Status.Callback, () => Session.Custom(storage));
        Assert.Same(storage.LoadFails, failure.InnerException);
        Assert.False(storage.IsReleased);
        storage.LoadFails = null;
        Session.Custom(storage).Dispose();
        Assert.True(storage.IsReleased);
        Fails(Status.Argument, () => Session.Custom(storage, new SessionOptions { Shared = true }));
    }

    [Fact]
    public void What_a_storage_cannot_do_is_unsupported()
    {
        using var session = Session.Custom(new ArrayStorage());
        Fails(Status.Unsupported, () => session.Entities().Count());
        Fails(Status.Unsupported, () => session.TryGetInputPeerByName("Ada", out _));
        Assert.Null(session.GetEntityByUsername("ada"));
    }

    [Fact]
    public void A_storage_that_calls_its_own_session_is_told()
    {
        var storage = new ArrayStorage();
        using var session = Session.Custom(storage);
        Exception? inside = null;
        storage.InCommit = () =>
        {
            try
            {
                session.Save();
            }
            catch (Exception refused)
            {
                inside = refused;
            }
        };
        session.PutEntity(42, 1);
        session.Save();
        Assert.Equal(Status.Callback, ((MtSessionException)inside!).Status);
        storage.InCommit = null;
    }

    [Fact]
    public void A_storage_lives_as_long_as_its_session()
    {
        (Session session, WeakReference storage) = Open();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.True(storage.IsAlive);
        session.PutEntity(42, 1, EntityFlags.Whole, "ada");
        session.Save();
        session.Dispose();
        GC.KeepAlive(session);
        GC.Collect();
        Assert.False(storage.IsAlive);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (Session Session, WeakReference Storage) Open()
    {
        var storage = new ArrayStorage();
        return (Session.Custom(storage), new WeakReference(storage));
    }

    [Fact]
    public void A_custom_session_can_be_copied_to_a_file()
    {
        using var session = Session.Custom(new FullStorage());
        session.SetDc(2, "149.154.167.51", 443);
        session.PutEntity(42, 1, EntityFlags.Whole, "ada");
        using Session copy = session.CloneTo(At("copy.session"));
        Assert.Equal(42, copy.GetEntity("@ada")!.Id);
    }
}
