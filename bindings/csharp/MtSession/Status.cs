namespace MtSession;

/// <summary>
/// What a call of the native library answers: 0 is success, a positive number an answer that is no
/// failure, a negative one a failure, which is a <see cref="MtSessionException"/> here.
/// </summary>
public enum Status
{
    /// <summary>Done.</summary>
    Ok = 0,

    /// <summary>There is no such thing in the session. Here: null or false.</summary>
    NotFound = 1,

    /// <summary>This was the last page. Here: the enumeration ends.</summary>
    Done = 2,

    /// <summary>A buffer was too small. Here: a bigger one is taken.</summary>
    TooSmall = 3,

    /// <summary>Several peers fit. Here: <see cref="InputPeer.Ambiguous"/>.</summary>
    Ambiguous = 4,

    /// <summary>Something was passed that cannot be meant.</summary>
    Argument = -1,

    /// <summary>The operating system refused: no such folder, no permission, disk full.</summary>
    Io = -2,

    /// <summary>The storage failed in a way that has no code of its own.</summary>
    Storage = -3,

    /// <summary>It is a session, but damaged.</summary>
    Corrupt = -4,

    /// <summary>
    /// Somebody else is writing the file, or changed the same credential first: try again.
    /// </summary>
    Busy = -5,

    /// <summary>Another client has this session open.</summary>
    Owned = -6,

    /// <summary>The file, directory or string is not a session that can be read here.</summary>
    Format = -7,

    /// <summary>The session was written by a newer version than is known here.</summary>
    Version = -8,

    /// <summary>
    /// The session was opened read-only, or its file or folder may not be written.
    /// </summary>
    ReadOnly = -9,

    /// <summary>Something stands where the result should go.</summary>
    Exists = -10,

    /// <summary>A wrong passphrase. Reserved for formats that have one; nothing fails so yet.</summary>
    Secret = -11,

    /// <summary>A custom storage failed or broke a rule, or called its own session.</summary>
    Callback = -12,

    /// <summary>This session or storage cannot do that.</summary>
    Unsupported = -13,

    /// <summary>The session was closed, or belongs to the process before a fork.</summary>
    Closed = -14,

    /// <summary>A bug in mtsession. Please report it.</summary>
    Internal = -15,
}
