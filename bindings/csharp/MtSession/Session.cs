using MtSession.Native;

namespace MtSession;

/// <summary>
/// All that a client must remember of one account: its data center and auth key, the peers it has met,
/// how far it has read the update stream, the files it has sent. It is kept in a file that Telethon
/// opens, in memory, or in a storage of your own.
/// </summary>
/// <remarks>
/// <para>Any thread may use it, several at once. Data center, keys, takeout and identity are on the
/// disk when their setter returns; entities, update states, files, salts and plain values wait in
/// memory for <see cref="Save"/>, <see cref="Close"/>, <see cref="Dispose"/> or a bound of
/// <see cref="SessionOptions"/>.</para>
/// <para>Make <c>using</c> the habit: .NET runs no finalizers when a program ends, so a session that
/// was neither saved nor disposed of loses what waited.</para>
/// <para>Failures are <see cref="MtSessionException"/>; whatever fails, nothing was changed. Any member
/// throws <see cref="ObjectDisposedException"/> behind <see cref="Dispose"/>, and a failure with
/// <see cref="Status.Closed"/> behind <see cref="Close"/>. Text that is no UTF-16 (a lone surrogate) is
/// an <see cref="ArgumentException"/>.</para>
/// </remarks>
public sealed partial class Session : IDisposable
{
    /// <summary>Length of every auth key, in bytes.</summary>
    public const int AuthKeyLength = 256;

    private int _disposed;

    private Session(nint session, bool hasStorage = false)
    {
        Handle = new SessionHandle(session);
        HasStorage = hasStorage;
    }

    /// <summary>The version of the native library that is loaded, like "0.1.0".</summary>
    public static unsafe string LibraryVersion
    {
        get
        {
            Loader.Check();
            return Text.Of(Functions.mts_version());
        }
    }

    internal SessionHandle Handle { get; }

    /// <summary>Whether a custom storage keeps it, which may throw.</summary>
    internal bool HasStorage { get; }

    /// <summary>
    /// Opens the session file at this path, or creates it. A file that any Telethon since 0.16 wrote
    /// opens here; what is created here opens in Telethon. The path is taken as it is: no suffix is
    /// added. Telethon: <c>SQLiteSession(path)</c>.
    /// </summary>
    /// <exception cref="MtSessionException">
    /// <see cref="Status.Owned"/>: another client has it open. <see cref="Status.Format"/>: the file is
    /// something else. <see cref="Status.Corrupt"/>, <see cref="Status.Version"/>,
    /// <see cref="Status.Io"/>, <see cref="Status.ReadOnly"/>, <see cref="Status.Busy"/>. The file stays
    /// as it was.
    /// </exception>
    public static unsafe Session Open(string path, SessionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        using var text = new Text(path, stackalloc byte[Text.Stack]);
        NativeOptions native = Begin(options);
        nint session, error;
        fixed (byte* bytes = text.Bytes)
        {
            Error.Check(
                Functions.mts_session_open(
                    bytes, (nuint)text.Bytes.Length, &native, &session, &error),
                error);
        }
        return new Session(session);
    }

    /// <summary>
    /// Makes a session that lives in memory only. Telethon: <c>MemorySession()</c>.
    /// </summary>
    public static unsafe Session InMemory(SessionOptions? options = null)
    {
        NativeOptions native = Begin(options);
        nint session, error;
        Error.Check(Functions.mts_session_memory(&native, &session, &error), error);
        return new Session(session);
    }

    /// <summary>
    /// Makes a memory session from Telethon's string session (<c>1…</c>); an empty text makes an empty
    /// one. Telethon: <c>StringSession(text)</c>.
    /// </summary>
    /// <exception cref="MtSessionException">
    /// <see cref="Status.Format"/>: it is no such string; the message says why, and names the library
    /// that it looks like. The text itself never appears in an error.
    /// </exception>
    public static Session FromString(string text, SessionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        using var utf8 = new Text(text, stackalloc byte[Text.Stack]);
        return FromString(utf8.Bytes, options);
    }

    /// <summary>As <see cref="FromString(string, SessionOptions)"/>, from UTF-8.</summary>
    public static unsafe Session FromString(ReadOnlySpan<byte> utf8, SessionOptions? options = null)
    {
        NativeOptions native = Begin(options);
        nint session, error;
        fixed (byte* bytes = utf8)
        {
            Error.Check(
                Functions.mts_session_from_string(
                    bytes, (nuint)utf8.Length, &native, &session, &error),
                error);
        }
        return new Session(session);
    }

    /// <summary>
    /// Makes a memory session from the bytes behind Telethon's string session: data center (1 byte),
    /// IPv4 or IPv6 address (4 or 16), port (2, big-endian), auth key (256). Telethon: a subclass of
    /// <c>StringSession</c> with its own <c>decode</c>.
    /// </summary>
    public static unsafe Session FromPacked(
        ReadOnlySpan<byte> packed, SessionOptions? options = null)
    {
        NativeOptions native = Begin(options);
        nint session, error;
        fixed (byte* bytes = packed)
        {
            Error.Check(
                Functions.mts_session_from_packed(
                    bytes, (nuint)packed.Length, &native, &session, &error),
                error);
        }
        return new Session(session);
    }

    /// <summary>
    /// Opens a session that a storage of your own keeps. Telethon: a subclass of <c>Session</c>.
    /// </summary>
    /// <remarks>
    /// The storage is referred to until the session is gone. Of the options, those that mean a file are
    /// refused.
    /// </remarks>
    public static unsafe Session Custom(SessionStorage storage, SessionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(storage);
        NativeOptions native = Begin(options);
        return new Session(StorageCallbacks.Open(storage, &native), hasStorage: true);
    }

    /// <summary>
    /// The sessions of a directory (its files <c>*.session</c>, not of folders in it), by name, with
    /// what is in them; they are read, never written. A file that cannot be read is listed with the
    /// reason. Telethon: <c>list_sessions()</c>.
    /// </summary>
    public static IEnumerable<SessionInfo> List(string directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        Loader.Check();
        return Pages();

        IEnumerable<SessionInfo> Pages()
        {
            var page = new Page<NativeSessionInfo>(32, 16 * 1024);
            string after = "";
            bool more = true;
            while (more)
            {
                more = ListPage(directory, after, page);
                for (int i = 0; i < page.Count; i++)
                {
                    SessionInfo info = InfoAt(page, i);
                    after = info.Name;
                    yield return info;
                }
            }
        }
    }

    /// <summary>
    /// Writes everything that waits in memory: all of it in one transaction, or nothing. When it fails,
    /// everything stays in memory and the next save tries again. Telethon: <c>save()</c>.
    /// </summary>
    public unsafe void Save()
    {
        using var call = new Call(this);
        nint error;
        call.Check(Functions.mts_session_save(call.Session, &error), error);
    }

    /// <summary>
    /// Saves and lets go of the file and its owner lock. Other threads may be inside calls: it waits
    /// for them. Later calls fail with <see cref="Status.Closed"/>, but <see cref="Delete"/> and
    /// <see cref="TakeNotices"/>. Closing twice is fine; after a failure it may be tried again.
    /// Telethon: <c>close()</c>.
    /// </summary>
    public unsafe void Close()
    {
        using var call = new Call(this);
        nint error;
        call.Check(Functions.mts_session_close(call.Session, &error), error);
    }

    /// <summary>
    /// Closes the session and frees it. As with a file stream, the failure of the last save is an
    /// exception, so that it is not missed; what waited is then lost. To try again, <see cref="Close"/>
    /// first.
    /// </summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }
        try
        {
            Close();
        }
        finally
        {
            Handle.Dispose();
        }
    }

    /// <summary>
    /// Closes the session and removes what keeps it: the file with its side files, or the entities and
    /// the account record of a custom storage. What waits unsaved is dropped. Where it fails, the session
    /// goes on. One that is closed already (not disposed of) is removed as well;
    /// <see cref="Status.Owned"/>: another client has opened it since. Telethon: <c>delete()</c>.
    /// </summary>
    public unsafe void Delete()
    {
        using var call = new Call(this);
        nint error;
        call.Check(Functions.mts_session_delete(call.Session, &error), error);
    }

    /// <summary>
    /// Copies everything, what waits unsaved included, into a new session file, which appears when it
    /// is complete. A copy is for keeping: the server ends the login of two clients on one auth key.
    /// Telethon: <c>clone()</c>, which copies nothing but options.
    /// </summary>
    /// <exception cref="MtSessionException">
    /// <see cref="Status.Exists"/>: there is something at that path already.
    /// </exception>
    public Session CloneTo(string path, SessionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        using var text = new Text(path, stackalloc byte[Text.Stack]);
        if (text.Bytes.IsEmpty)
        {
            throw new ArgumentException("the path is empty", nameof(path));
        }
        return Clone(text.Bytes, options);
    }

    /// <summary>As <see cref="CloneTo(string, SessionOptions)"/>, into memory.</summary>
    public Session CloneToMemory(SessionOptions? options = null) => Clone(default, options);

    private unsafe Session Clone(ReadOnlySpan<byte> path, SessionOptions? options)
    {
        using var call = new Call(this);
        NativeOptions native = Begin(options);
        nint session, error;
        fixed (byte* bytes = path)
        {
            call.Check(
                Functions.mts_session_clone_to(
                    call.Session, bytes, (nuint)path.Length, &native, &session, &error),
                error);
        }
        return new Session(session);
    }

    /// <summary>
    /// What you should hear of but did not ask for, the oldest first; each is told once. Ask now and
    /// then. Telethon: its <c>logging</c>.
    /// </summary>
    public IEnumerable<Notice> TakeNotices()
    {
        while (NextNotice() is { } notice)
        {
            yield return notice;
        }
    }

    private unsafe Notice? NextNotice()
    {
        using var call = new Call(this);
        Span<byte> buffer = stackalloc byte[512];
        while (true)
        {
            int kind;
            nuint needed;
            nint error;
            Status status;
            fixed (byte* bytes = buffer)
            {
                status = call.Check(
                    Functions.mts_session_next_notice(
                        call.Session, &kind, bytes, (nuint)buffer.Length, &needed, &error),
                    error);
            }
            switch (status)
            {
                case Status.Done:
                    return null;
                case Status.TooSmall:
                    buffer = new byte[needed];
                    continue;
                default:
                    string text = Text.Utf8.GetString(buffer[..((int)needed - 1)]);
                    return new Notice((NoticeKind)kind, text);
            }
        }
    }

    private static NativeOptions Begin(SessionOptions? options)
    {
        Loader.Check();
        return (options ?? s_defaults).ToNative();
    }

    private static readonly SessionOptions s_defaults = new();

    private static unsafe bool ListPage(
        string directory, string after, Page<NativeSessionInfo> page)
    {
        using var folder = new Text(directory, stackalloc byte[Text.Stack]);
        using var name = new Text(after, stackalloc byte[Text.Stack]);
        while (true)
        {
            NativePage native;
            nint error;
            Status status;
            fixed (byte* folderBytes = folder.Bytes, nameBytes = name.Bytes, heap = page.Heap)
            fixed (NativeSessionInfo* records = page.Records)
            {
                status = Error.Check(
                    Functions.mts_list_sessions(
                        folderBytes, (nuint)folder.Bytes.Length,
                        nameBytes, (nuint)name.Bytes.Length,
                        records, (nuint)page.Records.Length, (nuint)sizeof(NativeSessionInfo),
                        heap, (nuint)page.Heap.Length, &native, &error),
                    error);
            }
            if (page.Take(status, native))
            {
                return status != Status.Done;
            }
        }
    }

    private static SessionInfo InfoAt(Page<NativeSessionInfo> page, int index)
    {
        NativeSessionInfo info = page.Records[index];
        return new SessionInfo
        {
            Name = info.Name.OrEmpty(page.Heap),
            Path = info.Path.OrEmpty(page.Heap),
            Format = info.Format.OrNull(page.Heap),
            Host = info.Host.OrNull(page.Heap),
            Problem = info.Problem.OrNull(page.Heap),
            Status = (Status)info.Status,
            Dc = info.Dc,
            Port = (int)info.Port,
            UserId = info.UserId,
            AuthKeyId = info.AuthKeyId,
            Entities = (long)info.Entities,
            UpdateStates = (long)info.UpdateStates,
        };
    }
}
