namespace MtSession;

/// <summary>
/// What a request needs to name a peer: inputPeerUser, inputPeerChat, inputPeerChannel.
/// </summary>
/// <param name="Kind">What the peer is.</param>
/// <param name="Id">Marked id.</param>
/// <param name="BareId">Bare id, as on the wire.</param>
/// <param name="AccessHash">Access hash. A chat needs none: 0, unless one was put for it.</param>
/// <param name="Seen">When it was last seen, unix seconds; 0 when not known.</param>
/// <param name="Ambiguous">
/// Several peers bear that display name; this is the one seen last.
/// </param>
public readonly record struct InputPeer(
    PeerKind Kind, long Id, long BareId, long AccessHash, long Seen, bool Ambiguous);

/// <summary>
/// How far the updates of the account, or of one channel, have been read. What is null is not meant:
/// when it is set, the value that is kept stays.
/// </summary>
/// <param name="Id">0 for the account, else the bare id of a channel.</param>
public readonly record struct UpdateState(long Id)
{
    /// <summary>Events of messages read so far.</summary>
    public int? Pts { get; init; }

    /// <summary>Events of secret chats and bots read so far; 0 for a channel.</summary>
    public int? Qts { get; init; }

    /// <summary>Date of the last event, unix seconds.</summary>
    public long? Date { get; init; }

    /// <summary>Sequence number of the last event; 0 for a channel.</summary>
    public int? Seq { get; init; }

    /// <summary>
    /// The channel's access hash, where it is known. It comes from the channel's entity: ignored in.
    /// </summary>
    public long? AccessHash { get; init; }
}

/// <summary>Who is logged in. The default one says that nothing is known.</summary>
/// <param name="UserId">The account's own user id; 0 when not known.</param>
/// <param name="ApiId">The api id the key was made with; 0 when not known.</param>
/// <param name="IsBot">The account is a bot.</param>
/// <param name="IsTest">The account lives on the test servers.</param>
public readonly record struct Identity(
    long UserId, int ApiId = 0, bool IsBot = false, bool IsTest = false);

/// <summary>A server salt.</summary>
/// <param name="Value">The salt.</param>
/// <param name="Since">First unix second of its validity.</param>
/// <param name="Until">Unix second at which it ends.</param>
public readonly record struct Salt(long Value, long Since, long Until);

/// <summary>A file that was sent before and need not be uploaded again.</summary>
/// <param name="Id">Id that the server knows it by.</param>
/// <param name="AccessHash">Its access hash for this account.</param>
public readonly record struct SentFile(long Id, long AccessHash);

/// <summary>Something to hear of that nobody asked for: what other libraries log.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="Text">One line for a person.</param>
public readonly record struct Notice(NoticeKind Kind, string Text);

/// <summary>A way to reach a data center.</summary>
public sealed record DataCenter
{
    /// <summary>
    /// Number of the data center, 1 and up; 0 (out only) in a file that tells the address but not the
    /// number.
    /// </summary>
    public required int Id { get; init; }

    /// <summary>IPv4 address, IPv6 address without brackets, or host name.</summary>
    public required string Host { get; init; }

    /// <summary>TCP port, 1 to 65535.</summary>
    public required int Port { get; init; }

    /// <summary>What kind of way it is; none for the home data center.</summary>
    public DcFlags Flags { get; init; }

    /// <summary>Secret of an obfuscated endpoint, at most 32 bytes; empty for none.</summary>
    public ReadOnlyMemory<byte> Secret { get; init; }
}

/// <summary>A key of one data center, which it wipes when it is disposed of.</summary>
public sealed class DcKey : IDisposable
{
    private readonly byte[] _key;

    /// <summary>A key of 256 bytes, which are copied.</summary>
    public DcKey(ReadOnlySpan<byte> key)
    {
        if (key.Length != Session.AuthKeyLength)
        {
            throw new ArgumentException("an auth key has 256 bytes", nameof(key));
        }
        // Pinned, so that the collector leaves no copies of it behind.
        _key = GC.AllocateUninitializedArray<byte>(Session.AuthKeyLength, pinned: true);
        key.CopyTo(_key);
    }

    /// <summary>The data center.</summary>
    public required int Dc { get; init; }

    /// <summary>Which of its keys.</summary>
    public KeySlot Slot { get; init; }

    /// <summary>When it was made, unix seconds; 0 when not known.</summary>
    public long Created { get; init; }

    /// <summary>When it stops to be valid, unix seconds; 0 for never.</summary>
    public long Expires { get; init; }

    /// <summary>The user it is authorised for; 0 when none or not known.</summary>
    public long UserId { get; init; }

    /// <summary>The key, 256 bytes; zeroes once it is disposed of.</summary>
    public ReadOnlySpan<byte> Key => _key;

    /// <summary>Wipes the key.</summary>
    public void Dispose() => System.Security.Cryptography.CryptographicOperations.ZeroMemory(_key);
}

/// <summary>What is in one session file.</summary>
public sealed record SessionInfo
{
    /// <summary>Name of the file without <c>.session</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Path of the file.</summary>
    public required string Path { get; init; }

    /// <summary>Who wrote it, like "Telethon 7".</summary>
    public string? Format { get; init; }

    /// <summary>
    /// <see cref="Status.Ok"/>, or why it could not be read; <see cref="Problem"/> says more.
    /// </summary>
    public Status Status { get; init; }

    /// <summary>Why it could not be read, for a person.</summary>
    public string? Problem { get; init; }

    /// <summary>Home data center; 0 when not known.</summary>
    public int Dc { get; init; }

    /// <summary>Address of the home data center.</summary>
    public string? Host { get; init; }

    /// <summary>Its port.</summary>
    public int Port { get; init; }

    /// <summary>The account's own user id; 0 when not known.</summary>
    public long UserId { get; init; }

    /// <summary>Id of the auth key; 0 without one.</summary>
    public ulong AuthKeyId { get; init; }

    /// <summary>How many entities it holds.</summary>
    public long Entities { get; init; }

    /// <summary>How many update states it holds.</summary>
    public long UpdateStates { get; init; }
}
