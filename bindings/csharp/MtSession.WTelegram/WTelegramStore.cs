using System.Buffers.Binary;

namespace MtSession.WTelegram;

/// <summary>
/// One session file for what a WTelegramClient-like client keeps in three places, or nowhere: its own
/// encrypted session (a <see cref="Stream"/> or a <c>byte[]</c>), the state of its update manager, and
/// the peers with their access hashes. It depends on the shapes only, not on the client.
/// </summary>
/// <example>
/// <code>
/// using var store = WTelegramStore.Open("account.session");
/// using var client = new WTelegram.Client(Config, store.SessionStream);
/// var state = store.LoadStates().ToDictionary(
///     s => s.Key, s => new MBoxState { pts = s.Value.Pts, access_hash = s.Value.AccessHash });
/// var manager = client.WithUpdateManager(OnUpdate, state);
/// // Every minute, and at the end:
/// store.SaveStates(manager.State.Select(s => KeyValuePair.Create(
///     s.Key, new MBox(s.Value.pts, s.Value.access_hash))));
/// </code>
/// </example>
public sealed class WTelegramStore : IDisposable
{
    private const long Account = 0, Qts = -1, Seq = -2;
    private const string BlobKey = "wtelegram:session", RestKey = "wtelegram:states";
    private const int RestRecord = 24, Nothing = int.MinValue;

    private readonly bool _owned;

    /// <summary>A store in an open session, which stays the caller's to dispose of.</summary>
    public WTelegramStore(Session session) => Session = session;

    private WTelegramStore(Session session, bool owned)
        : this(session) => _owned = owned;

    /// <summary>The session behind it: look-ups, entities, all the rest.</summary>
    public Session Session { get; }

    /// <summary>
    /// Opens the session file at this path, or creates it. A Telethon session will do: its update states
    /// and peers are there for this client too.
    /// </summary>
    public static WTelegramStore Open(string path, SessionOptions? options = null) =>
        new(Session.Open(path, options), owned: true);

    /// <summary>
    /// A stream for the client's own session; the client may dispose of it. Each is a copy of its own:
    /// make one a client.
    /// </summary>
    public Stream SessionStream => new BlobStream(Session, BlobKey);

    /// <summary>The client's own session; null for none.</summary>
    public byte[]? LoadBlob() => Session.GetValue(BlobKey);

    /// <summary>Keeps the client's own session: it is on the disk when this returns.</summary>
    public void SaveBlob(byte[] blob) => Session.PutValue(BlobKey, blob, durable: true);

    /// <summary>Whether this user is known, as a peer collector is asked.</summary>
    public bool HasUser(long id) => Session.TryGetInputPeer(id, out _);

    /// <summary>Whether the chat or channel with this bare id is known.</summary>
    public bool HasChat(long id) =>
        // A chat's input peer needs no entity, so its entity is what tells that it is known.
        Session.GetEntity(-id) is not null || Session.TryGetInputPeer(Entity.ChannelId(id), out _);

    /// <summary>
    /// The update manager's state, empty for none: what <see cref="SaveStates"/> was given, or what
    /// another client read since in the same file.
    /// </summary>
    /// <remarks>Where a channel's access hash was not known (0) and is now, it is filled in.</remarks>
    public Dictionary<long, MBox> LoadStates()
    {
        Dictionary<long, MBox> states = Kept();
        ReadOnlySpan<byte> rest = Session.GetValue(RestKey);
        for (; rest.Length >= RestRecord; rest = rest[RestRecord..])
        {
            long id = BinaryPrimitives.ReadInt64LittleEndian(rest);
            long accessHash = BinaryPrimitives.ReadInt64LittleEndian(rest[8..]);
            int pts = BinaryPrimitives.ReadInt32LittleEndian(rest[16..]);
            int keptPts = BinaryPrimitives.ReadInt32LittleEndian(rest[20..]);
            // Where somebody else has read on since, his state is the right one.
            if ((states.TryGetValue(id, out MBox kept) ? kept.Pts : Nothing) == keptPts)
            {
                states[id] = new MBox(pts, accessHash);
            }
        }
        return states;
    }

    /// <summary>
    /// Keeps the whole of the update manager's state, in place of the one before, and saves it with the
    /// peers that were taken in until now: all in one transaction.
    /// </summary>
    /// <remarks>
    /// Everything comes back as it was. What update states of a session can say is said with them, for
    /// other clients to read; what they cannot (an undefined date, no access hash to be had, a pts of 0)
    /// is kept beside them.
    /// </remarks>
    public void SaveStates(IEnumerable<KeyValuePair<long, MBox>> states)
    {
        ArgumentNullException.ThrowIfNull(states);
        var given = new Dictionary<long, MBox>(states);
        var update = new List<UpdateState>();
        var hashes = new EntityBatch();
        if (given.TryGetValue(Account, out MBox account) && account.Pts > 0)
        {
            MBox? seq = given.TryGetValue(Seq, out MBox found) ? found : null;
            update.Add(new UpdateState(Account)
            {
                Pts = account.Pts,
                Qts = given.TryGetValue(Qts, out MBox qts) && qts.Pts >= 0 ? qts.Pts : null,
                Seq = seq?.Pts >= 0 ? seq?.Pts : null,
                Date = seq is { } at ? UnixSeconds(at.AccessHash) : null,
            });
        }
        foreach ((long id, MBox channel) in given.Where(s => s.Key > 0 && s.Value.Pts >= 0))
        {
            update.Add(new UpdateState(id) { Pts = channel.Pts });
            if (channel.AccessHash is not (0 or -1))
            {
                hashes.Add(Entity.ChannelId(id), channel.AccessHash, EntityFlags.Bare);
            }
        }
        HashSet<long> ids = update.Select(state => state.Id).ToHashSet();
        foreach (long gone in Session.UpdateStates().Select(s => s.Id).ToArray())
        {
            if (!ids.Contains(gone))
            {
                Session.RemoveUpdateState(gone);
            }
        }
        Session.PutEntities(hashes);
        Session.SetUpdateStates(update);
        Session.PutValue(RestKey, Rest(given, Kept()));
        Session.Save();
    }

    /// <summary>Disposes of the session, where this store opened it.</summary>
    public void Dispose()
    {
        if (_owned)
        {
            Session.Dispose();
        }
    }

    /// <summary>What the session's own update states say.</summary>
    private Dictionary<long, MBox> Kept()
    {
        var kept = new Dictionary<long, MBox>();
        foreach (UpdateState state in Session.UpdateStates())
        {
            kept[state.Id] = new MBox(state.Pts ?? 0, state.AccessHash ?? 0);
            if (state.Id == Account)
            {
                kept[Qts] = new MBox(state.Qts ?? 0, 0);
                kept[Seq] = new MBox(state.Seq ?? 0, Ticks(state.Date ?? 0));
            }
        }
        return kept;
    }

    /// <summary>What the session's own update states do not say.</summary>
    private static byte[] Rest(Dictionary<long, MBox> given, Dictionary<long, MBox> kept)
    {
        using var rest = new MemoryStream();
        Span<byte> record = stackalloc byte[RestRecord];
        foreach ((long id, MBox state) in given)
        {
            bool isKept = kept.TryGetValue(id, out MBox said);
            bool hashIsSaid = said.AccessHash == state.AccessHash || (id > 0 && state.AccessHash == 0);
            if (!isKept || said.Pts != state.Pts || !hashIsSaid)
            {
                BinaryPrimitives.WriteInt64LittleEndian(record, id);
                BinaryPrimitives.WriteInt64LittleEndian(record[8..], state.AccessHash);
                BinaryPrimitives.WriteInt32LittleEndian(record[16..], state.Pts);
                BinaryPrimitives.WriteInt32LittleEndian(record[20..], isKept ? said.Pts : Nothing);
                rest.Write(record);
            }
        }
        return rest.ToArray();
    }

    /// <summary>The date as unix seconds, where it is a whole one; null otherwise.</summary>
    private static long? UnixSeconds(long ticks)
    {
        long since = ticks - DateTime.UnixEpoch.Ticks;
        return since >= 0 && since % TimeSpan.TicksPerSecond == 0
            ? since / TimeSpan.TicksPerSecond
            : null;
    }

    private static long Ticks(long unixSeconds) =>
        unixSeconds is >= 0 and <= 253402300799 // the last second of a DateTime
            ? DateTime.UnixEpoch.Ticks + (unixSeconds * TimeSpan.TicksPerSecond)
            : DateTime.UnixEpoch.Ticks;
}
