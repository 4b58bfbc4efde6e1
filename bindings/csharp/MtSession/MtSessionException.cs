namespace MtSession;

/// <summary>
/// A call failed, and nothing was changed. <see cref="Exception.Message"/> tells a person what failed,
/// on which path or value, and what to do; it never holds a secret. <see cref="Status"/> is what a
/// program decides by.
/// </summary>
/// <remarks>
/// A custom storage throws it to choose the status of the call that needed it; where a custom storage
/// threw something, that is the <see cref="Exception.InnerException"/>.
/// </remarks>
public sealed class MtSessionException : Exception
{
    /// <summary>A failure with this status and this line of text.</summary>
    public MtSessionException(Status status, string message, Exception? inner = null)
        : base(message, inner) => Status = status;

    internal MtSessionException(
        Status status, string message, Exception? inner, int sqliteCode, int errno)
        : this(status, message, inner)
    {
        SqliteCode = sqliteCode;
        Errno = errno;
    }

    /// <summary>What kind of failure it is; always negative when the library made it.</summary>
    public Status Status { get; }

    /// <summary>SQLite's extended result code; 0 where SQLite had no part in it.</summary>
    public int SqliteCode { get; }

    /// <summary>The operating system's error number; 0 where it had no part in it.</summary>
    public int Errno { get; }
}
