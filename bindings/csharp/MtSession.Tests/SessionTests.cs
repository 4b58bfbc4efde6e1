using System.Runtime.CompilerServices;
using Xunit;

namespace MtSession.Tests;

/// <summary>Opening, saving, closing, copying, listing; failures.</summary>
public sealed class SessionTests : Scratch
{
    private static readonly SessionOptions s_existing = new() { Existing = true };

    [Fact]
    public void The_package_has_the_version_of_the_library()
    {
        string props = File.ReadAllText(Path.Combine(Root, "bindings/csharp/Directory.Build.props"));
        Assert.Contains($"<Version>{Session.LibraryVersion}</Version>", props);
    }

    [Fact]
    public void What_was_saved_is_there_again()
    {
        using (var session = Session.Open(At("a.session")))
        {
            session.SetDc(2, "149.154.167.51", 443);
            session.SetAuthKey(Key);
            session.PutEntity(42, 4242, EntityFlags.Whole, "ada lovelace", "+1 555", "Ada 🌟 L");
            session.SetUpdateState(new UpdateState(0) { Pts = 1, Qts = 2, Date = 3, Seq = 4 });
        }
        using (var session = Session.Open(At("a.session"), s_existing))
        {
            Assert.Equal("149.154.167.51", session.Dc?.Host);
            Assert.Equal(Key, session.GetAuthKey()!);
            Entity ada = session.GetEntity(42)!;
            Assert.Equal("ada lovelace", ada.Usernames);
            Assert.Equal("ada", ada.Username);
            Assert.Equal("1555", ada.Phone);
            Assert.Equal("Ada 🌟 L", ada.Name);
            Assert.Equal(1, session.GetUpdateState(0)?.Pts);
        }
    }

    [Theory]
    [InlineData("0.16.2.3")]
    [InlineData("1.16.0")]
    [InlineData("1.25.4")]
    [InlineData("1.45.0")]
    public void A_session_of_telethon_opens(string version)
    {
        using var session = Session.Open(Telethon(version), s_existing);
        Assert.Equal(2, session.Dc?.Id);
        Assert.NotNull(session.AuthKeyId);
        Assert.Equal(session.CountEntities(), session.Entities().LongCount());
        foreach (Entity entity in session.Entities())
        {
            Assert.True(session.TryGetInputPeer(entity.Id, out InputPeer peer));
            Assert.Equal(entity.AccessHash, peer.AccessHash);
            Assert.Equal(entity.Kind, peer.Kind);
            Assert.Equal(entity.BareId, peer.BareId);
        }
    }

    [Fact]
    public void A_failure_has_status_errno_and_a_message_with_the_path()
    {
        MtSessionException failure =
            Fails(Status.Io, () => Session.Open(At("none.session"), s_existing));
        Assert.Equal(2, failure.Errno); // ENOENT
        Assert.Equal(0, failure.SqliteCode);
        Assert.Contains(At("none.session"), failure.Message);

        File.WriteAllText(At("text.session"), "not a session at all, but longer than a header");
        failure = Fails(Status.Format, () => Session.Open(At("text.session")));
        Assert.Contains(At("text.session"), failure.Message);
    }

    [Fact]
    public void One_client_owns_a_session_unless_it_shares()
    {
        using (Session.Open(At("a.session")))
        {
            Fails(Status.Owned, () => Session.Open(At("a.session")));
        }
        var shared = new SessionOptions { Shared = true };
        using var one = Session.Open(At("a.session"), shared);
        using var other = Session.Open(At("a.session"), shared);
    }

    [Fact]
    public void A_read_only_session_is_not_written()
    {
        string path = Telethon("1.45.0");
        byte[] before = File.ReadAllBytes(path);
        using (var session = Session.Open(path, new SessionOptions { ReadOnly = true }))
        {
            Fails(Status.ReadOnly, () => session.SetAuthKey(Key));
        }
        Assert.Equal(before, File.ReadAllBytes(path));
    }

    [Fact]
    public void Options_are_checked_before_the_library_is_asked()
    {
        foreach (SessionOptions options in new[]
        {
            new SessionOptions { MaxEntities = 0 },
            new SessionOptions { MaxDirty = -1 },
            new SessionOptions { BusyTimeout = TimeSpan.Zero },
            new SessionOptions { BusyTimeout = Timeout.InfiniteTimeSpan },
            new SessionOptions { MaxDirtyAge = TimeSpan.FromDays(50) },
        })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => Session.InMemory(options));
        }
        using (Session.InMemory(new SessionOptions
        {
            MaxEntities = 10,
            MaxDirty = 10,
            MaxDirtyAge = Timeout.InfiniteTimeSpan,
            BusyTimeout = TimeSpan.FromMilliseconds(0.5),
        }))
        {
        }
        Fails(Status.Argument, () => Session.InMemory(new SessionOptions { Schema8 = true }));
    }

    [Fact]
    public void Every_option_reaches_the_library()
    {
        using var none = Session.InMemory(new SessionOptions { SaveEntities = false });
        Assert.False(none.SaveEntities);
        using (var eight = Session.Open(
            At("8.session"), new SessionOptions { Schema8 = true, StoreTmpAuthKey = true }))
        {
            eight.SetDc(1, "::1", 80);
            eight.SetTmpAuthKey(Key);
        }
        using var again = Session.Open(
            At("8.session"), new SessionOptions { StoreTmpAuthKey = true });
        Span<byte> key = stackalloc byte[256];
        Assert.True(again.TryGetTmpAuthKey(key));
        Assert.Equal(Key, key.ToArray());
        Assert.Contains("8", Session.List(Folder).Single().Format);

        using var wal = Session.Open(
            At("wal.session"), new SessionOptions { Journal = Journal.WalProcessSafe });
        wal.SetDc(1, "::1", 80);
        Assert.True(File.Exists(At("wal.session-wal")));
        Fails(Status.Argument, () => Session.Open(
            At("b.session"), new SessionOptions { Journal = (Journal)3 }));
    }

    [Fact]
    public void A_closed_session_says_so_and_a_disposed_one_is_an_error_of_the_program()
    {
        var session = Session.Open(At("a.session"));
        session.Close();
        session.Close();
        Fails(Status.Closed, session.Save);
        session.Dispose();
        session.Dispose();
        Assert.Throws<ObjectDisposedException>(session.Save);
        Assert.Throws<ObjectDisposedException>(() => session.Dc);
        Assert.Throws<ObjectDisposedException>(() => session.Entities().Count());
    }

    [Fact]
    public void Disposing_fails_where_the_last_save_does()
    {
        var storage = new ArrayStorage();
        var session = Session.Custom(storage);
        session.PutEntity(42, 1);
        storage.CommitFails = new MtSessionException(Status.Busy, "come back later");
        Fails(Status.Busy, session.Dispose);
        Assert.Throws<ObjectDisposedException>(session.Save);
        Assert.True(storage.IsReleased);
    }

    [Fact]
    public void What_the_collector_takes_is_saved_and_freed()
    {
        Forget(At("a.session"));
        for (int i = 0; i < 50; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            try
            {
                using var session = Session.Open(At("a.session"));
                Assert.True(session.TryGetInputPeer(42, out _));
                return;
            }
            catch (MtSessionException failure) when (failure.Status == Status.Owned)
            {
                // It is not collected yet.
            }
        }
        Assert.Fail("the session was never freed");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Forget(string path) => Session.Open(path).PutEntity(42, 1);

    [Fact]
    public void A_clone_is_a_full_copy()
    {
        using var session = Session.Open(Telethon("1.45.0"));
        session.PutEntity(42, 4242, EntityFlags.Whole, "unsaved");
        using (var copy = session.CloneTo(At("copy.session")))
        {
            Assert.Equal(session.GetAuthKey()!, copy.GetAuthKey()!);
            Assert.Equal(session.Entities(), copy.Entities());
            Assert.Equal(session.UpdateStates(), copy.UpdateStates());
        }
        Fails(Status.Exists, () => session.CloneTo(At("copy.session")));
        using var memory = session.CloneToMemory();
        Assert.Equal(session.Entities(), memory.Entities());
        Assert.Throws<ArgumentException>(() => session.CloneTo(""));
    }

    [Fact]
    public void Deleting_removes_the_file()
    {
        using var session = Session.Open(At("a.session"));
        session.SetDc(1, "::1", 80);
        Assert.True(File.Exists(At("a.session")));
        session.Delete();
        Assert.False(File.Exists(At("a.session")));
    }

    [Fact]
    public void A_folder_is_listed_with_what_cannot_be_read()
    {
        Telethon("1.45.0");
        for (int i = 0; i < 70; i++) // more than one page
        {
            File.WriteAllText(At($"bad-{i:00}.session"), "nothing that could be read");
        }
        SessionInfo[] infos = Session.List(Folder).ToArray();
        Assert.Equal(71, infos.Length);
        Assert.Equal(infos.Select(info => info.Name).Order(StringComparer.Ordinal),
            infos.Select(info => info.Name));
        SessionInfo bad = infos[0], good = infos[^1];
        Assert.Equal(("bad-00", Status.Format), (bad.Name, bad.Status));
        Assert.NotNull(bad.Problem);
        Assert.Equal((2, "149.154.167.51", 443), (good.Dc, good.Host, good.Port));
        Assert.Equal(Status.Ok, good.Status);
        Assert.Null(good.Problem);
        Assert.Equal(Path.Combine(Folder, "telethon-1.45.0.session"), good.Path);
        using var session = Session.Open(good.Path);
        Assert.Equal(session.CountEntities(), good.Entities);
        Assert.Equal(session.UpdateStates().LongCount(), good.UpdateStates);
        Assert.Equal(session.AuthKeyId, good.AuthKeyId);
        Assert.Equal(session.Identity.UserId, good.UserId);
        Fails(Status.Io, () => Session.List(At("none")).Count());
    }

    [Fact]
    public void Notices_are_told_once_however_long_they_are()
    {
        var storage = new ArrayStorage();
        using var session = Session.Custom(storage, new SessionOptions { MaxDirty = 1 });
        storage.CommitFails = new InvalidOperationException(new string('x', 1000));
        session.PutEntity(42, 1);
        Notice notice = session.TakeNotices().First();
        Assert.Equal(NoticeKind.SaveFailed, notice.Kind);
        Assert.Contains(new string('x', 1000), notice.Text);
        Assert.False(session.TakeNotices().Contains(notice));
        storage.CommitFails = null;
        session.Save();
    }

    [Fact]
    public void A_text_that_is_none_is_refused()
    {
        using var session = Session.InMemory();
        Assert.Throws<System.Text.EncoderFallbackException>(
            () => session.TryGetInputPeer("\ud800", out _));
        Assert.Throws<System.Text.EncoderFallbackException>(
            () => session.PutEntity(1, 2, name: "\udc00"));
        Assert.Throws<ArgumentNullException>(() => Session.Open(null!));
        Assert.Throws<ArgumentNullException>(() => session.GetEntity((string)null!));
        Fails(Status.Argument, () => Session.Open("a\0b"));
        Fails(Status.Argument, () => Session.Open(""));
    }

    [Fact]
    public void Threads_use_a_session_at_once_and_may_meet_its_end()
    {
        var session = Session.Open(At("a.session"));
        int used = 0, ended = 0;
        Thread[] threads = Enumerable.Range(0, 8).Select(number => new Thread(() =>
        {
            try
            {
                for (int i = 0; ; i++)
                {
                    long id = (number * 1000) + (i % 100) + 1;
                    session.PutEntity(id, id, EntityFlags.Whole, $"user{id}");
                    if (!session.TryGetInputPeer($"@USER{id}", out InputPeer peer) || peer.Id != id)
                    {
                        return;
                    }
                    Interlocked.Increment(ref used);
                }
            }
            catch (ObjectDisposedException)
            {
                Interlocked.Increment(ref ended);
            }
            catch (MtSessionException failure) when (failure.Status == Status.Closed)
            {
                Interlocked.Increment(ref ended);
            }
        })).ToArray();
        foreach (Thread thread in threads)
        {
            thread.Start();
        }
        SpinWait.SpinUntil(() => Volatile.Read(ref used) > 2000);
        session.Dispose();
        foreach (Thread thread in threads)
        {
            thread.Join();
        }
        Assert.Equal(8, ended);
    }
}
