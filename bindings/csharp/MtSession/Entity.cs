namespace MtSession;

/// <summary>What is known of a peer.</summary>
public sealed record Entity
{
    private const long ChannelBase = 1_000_000_000_000;

    /// <summary>
    /// Marked id: a user's id, minus a chat's id, -(1000000000000 + a channel's id).
    /// </summary>
    public required long Id { get; init; }

    /// <summary>
    /// Access hash for this account. A chat needs none: 0, unless one was put for it. In: of a user or
    /// channel, 0 does not replace one that is known, unless the entity is whole or bare.
    /// </summary>
    public long AccessHash { get; init; }

    /// <summary>
    /// When the peer was seen, unix seconds. In: 0 for now. Out: 0 when not known.
    /// </summary>
    public long Seen { get; init; }

    /// <summary>What it is. In: also what this record knows of it.</summary>
    public EntityFlags Flags { get; init; }

    /// <summary>
    /// Usernames separated by single spaces, the main one first; null for none. Out: in lower case,
    /// without <c>@</c>. <see cref="EachUsername"/> takes them apart.
    /// </summary>
    public string? Usernames { get; init; }

    /// <summary>The main username; null for none.</summary>
    public string? Username => Usernames?.Split(' ', 2)[0];

    /// <summary>Every username, the main one first.</summary>
    public IEnumerable<string> EachUsername() =>
        Usernames?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>
    /// Phone number; null for none. In: anything but digits is dropped. Out: digits only.
    /// </summary>
    public string? Phone { get; init; }

    /// <summary>Display name: "first last" of a user, else the title; null for none.</summary>
    public string? Name { get; init; }

    /// <summary>
    /// Out: several peers bear the display name that was asked for; this is the one seen last.
    /// </summary>
    public bool Ambiguous { get; init; }

    /// <summary>What kind of peer its id marks.</summary>
    public PeerKind Kind =>
        Id > 0 ? PeerKind.User : Id > -ChannelBase ? PeerKind.Chat : PeerKind.Channel;

    /// <summary>Its id as on the wire.</summary>
    public long BareId => Kind switch
    {
        PeerKind.User => Id,
        PeerKind.Chat => -Id,
        _ => -(Id + ChannelBase), // added first: the lowest number has no positive twin
    };

    /// <summary>The marked id of the chat with this bare id. (A user's is the bare one.)</summary>
    /// <exception cref="ArgumentOutOfRangeException">There can be no such chat.</exception>
    public static long ChatId(long bareId)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bareId);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(bareId, ChannelBase);
        return -bareId;
    }

    /// <summary>The marked id of the channel with this bare id.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There can be no such channel.</exception>
    public static long ChannelId(long bareId)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bareId);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bareId, long.MaxValue - ChannelBase);
        return -(ChannelBase + bareId);
    }
}
