namespace MtSession;

/// <summary>How what is saved gets to the disk.</summary>
public enum Journal
{
    /// <summary>
    /// A rollback journal. The file alone is the session at all times, and what was saved survives the
    /// loss of power. For nearly everybody. After saves within a second of each other an empty -journal
    /// stands beside it, until a later save or closing removes it. It is in nobody's way.
    /// </summary>
    Rollback = 0,

    /// <summary>
    /// A write-ahead log, several times faster for those who save at every update. What was saved
    /// survives the loss of power. While the session is open, its file is whole only together with the
    /// -wal file beside it: a copy of both that is made while something is saved is sure of the
    /// credentials only, if the file was copied first (a clone is sure of all). Where it would be
    /// dangerous (a network file system, a file with several names, a shared session) a notice says so
    /// and the rollback journal serves. Others may read and write the file meanwhile; only, the log is
    /// not begun anew until this session next saves, or reads the file.
    /// </summary>
    Wal = 1,

    /// <summary>
    /// As <see cref="Wal"/>, faster still. What was saved survives the death of the process, but what
    /// was saved since the last credential may be lost with the power. Credentials are never.
    /// </summary>
    WalProcessSafe = 2,
}

/// <summary>What kind of peer it is.</summary>
public enum PeerKind
{
    /// <summary>A user or a bot.</summary>
    User = 1,

    /// <summary>A chat, that is a basic group.</summary>
    Chat = 2,

    /// <summary>A channel or supergroup.</summary>
    Channel = 3,
}

/// <summary>How peers are looked up.</summary>
[Flags]
public enum LookUp : uint
{
    /// <summary>In memory, then in the storage; no display names.</summary>
    Default = 0,

    /// <summary>Never ask the storage, only what is in memory.</summary>
    MemoryOnly = 1,

    /// <summary>By any text: one that means nothing else may be a display name.</summary>
    Names = 2,

    /// <summary>
    /// By id: it is bare, as on the wire, and of unknown kind; a channel, a chat and a user are tried,
    /// in this order, which is Telethon's.
    /// </summary>
    BareId = 4,
}

/// <summary>What an entity is, and what a record that is taken in knows of it.</summary>
[Flags]
public enum EntityFlags : uint
{
    /// <summary>The record adds what it has to what is known.</summary>
    None = 0,

    /// <summary>In: it tells all there is; an absent text means that the peer has none.</summary>
    Whole = 1,

    /// <summary>In: only id and access hash are told; all texts stay.</summary>
    Bare = 2,

    /// <summary>
    /// In: the server marked the object <c>min</c>: its hash is not for use, its texts only fill gaps,
    /// and it never becomes an entity of its own.
    /// </summary>
    Min = 4,

    /// <summary>In: the access hash is not known; the one that is kept stays.</summary>
    NoHash = 8,

    /// <summary>Out: the peer is the account itself. Ignored in.</summary>
    Self = 16,

    /// <summary>A bot.</summary>
    Bot = 32,

    /// <summary>A broadcast channel.</summary>
    Broadcast = 64,

    /// <summary>A supergroup.</summary>
    Megagroup = 128,

    /// <summary>A supergroup with topics.</summary>
    Forum = 256,

    /// <summary>A supergroup whose members may only read.</summary>
    Gigagroup = 512,

    /// <summary>A community.</summary>
    Community = 1024,

    /// <summary>A premium user.</summary>
    Premium = 2048,

    /// <summary>A deleted account.</summary>
    Deleted = 4096,

    /// <summary>An official, verified peer.</summary>
    Verified = 8192,
}

/// <summary>What kind of way to a data center it is.</summary>
[Flags]
public enum DcFlags : uint
{
    /// <summary>Nothing special.</summary>
    None = 0,

    /// <summary>The host is an IPv6 address.</summary>
    IPv6 = 1,

    /// <summary>For media only.</summary>
    MediaOnly = 2,

    /// <summary>Speaks obfuscated TCP only.</summary>
    TcpoOnly = 4,

    /// <summary>A content delivery data center.</summary>
    Cdn = 8,

    /// <summary>The address is static.</summary>
    Static = 16,

    /// <summary>Only this port is to be used.</summary>
    ThisPortOnly = 32,
}

/// <summary>Which key of a data center.</summary>
public enum KeySlot
{
    /// <summary>The permanent auth key.</summary>
    Permanent = 0,

    /// <summary>The temporary auth key bound to it.</summary>
    Temporary = 1,

    /// <summary>The temporary auth key of the media connection.</summary>
    MediaTemporary = 2,
}

/// <summary>What a file was sent as.</summary>
public enum FileKind
{
    /// <summary>A document.</summary>
    Document = 0,

    /// <summary>A photo.</summary>
    Photo = 1,
}

/// <summary>What a notice is about.</summary>
public enum NoticeKind
{
    /// <summary>
    /// A save that the session made by itself failed. Everything is still in memory.
    /// </summary>
    SaveFailed = 1,

    /// <summary>The storage met something odd: a damaged cell that was skipped, an import.</summary>
    Storage = 2,

    /// <summary>
    /// Somebody else wrote the storage; what had been read of it is read again.
    /// </summary>
    ChangedElsewhere = 3,

    /// <summary>Older notices were dropped, because nobody fetched them.</summary>
    Dropped = 4,
}
