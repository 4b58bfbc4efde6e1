using System.Buffers;
using MtSession.Native;

namespace MtSession;

public sealed partial class Session
{
    /// <summary>
    /// Takes in the entities that came with an update or an answer: all of them, or none where one is
    /// bad (the message says which). They join what is known: a field that a record does not know
    /// stays. They wait in memory for the next save. Telethon: <c>process_entities(tlo)</c>.
    /// </summary>
    /// <remarks>
    /// A call may save by itself (see <see cref="SessionOptions"/>); the failure of that is a notice.
    /// While <see cref="SaveEntities"/> is false nothing happens.
    /// </remarks>
    public unsafe void PutEntities(EntityBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ReadOnlySpan<NativeEntity> rows = batch.Records;
        ReadOnlySpan<byte> texts = batch.Heap;
        using var call = new Call(this);
        nint error;
        fixed (NativeEntity* records = rows)
        fixed (byte* heap = texts)
        {
            call.Check(
                Functions.mts_session_put_entities(
                    call.Session, records, (nuint)rows.Length, (nuint)sizeof(NativeEntity), heap,
                    (nuint)texts.Length, &error),
                error);
        }
    }

    /// <summary>As <see cref="PutEntities(EntityBatch)"/>.</summary>
    public void PutEntities(IEnumerable<Entity> entities)
    {
        ArgumentNullException.ThrowIfNull(entities);
        var batch = new EntityBatch();
        foreach (Entity entity in entities)
        {
            batch.Add(entity);
        }
        PutEntities(batch);
    }

    /// <summary>Takes in one entity; as <see cref="PutEntities(EntityBatch)"/>.</summary>
    public void PutEntity(Entity entity)
    {
        ArgumentNullException.ThrowIfNull(entity);
        PutEntity(entity.Id, entity.AccessHash, entity.Flags, entity.Usernames, entity.Phone,
            entity.Name, entity.Seen);
    }

    /// <summary>
    /// Takes in one entity, given by its values; as <see cref="PutEntities(EntityBatch)"/>.
    /// </summary>
    /// <param name="id">Marked id.</param>
    /// <param name="accessHash">Access hash for this account; 0 for a chat.</param>
    /// <param name="flags">What it is, and what is known here.</param>
    /// <param name="usernames">Separated by spaces, the main one first; empty for none.</param>
    /// <param name="phone">Phone number; empty for none.</param>
    /// <param name="name">"first last" of a user, else the title; empty for none.</param>
    /// <param name="seen">When it was seen, unix seconds; 0 for now.</param>
    public unsafe void PutEntity(
        long id,
        long accessHash,
        EntityFlags flags = EntityFlags.None,
        ReadOnlySpan<char> usernames = default,
        ReadOnlySpan<char> phone = default,
        ReadOnlySpan<char> name = default,
        long seen = 0)
    {
        using var usernamesText = new Text(usernames, stackalloc byte[Text.Stack]);
        using var phoneText = new Text(phone, stackalloc byte[Text.Stack]);
        using var nameText = new Text(name, stackalloc byte[Text.Stack]);
        using var call = new Call(this);
        nint error;
        fixed (byte* usernamesBytes = usernamesText.Bytes, phoneBytes = phoneText.Bytes)
        fixed (byte* nameBytes = nameText.Bytes)
        {
            call.Check(
                Functions.mts_session_put_entity(
                    call.Session, id, accessHash, (uint)flags, seen,
                    usernamesBytes, (nuint)usernamesText.Bytes.Length,
                    phoneBytes, (nuint)phoneText.Bytes.Length,
                    nameBytes, (nuint)nameText.Bytes.Length, &error),
                error);
        }
    }

    /// <summary>
    /// Whether entities are taken in; those that are known stay. Telethon: <c>save_entities</c>.
    /// </summary>
    public unsafe bool SaveEntities
    {
        get
        {
            using var call = new Call(this);
            uint on;
            nint error;
            call.Check(Functions.mts_session_save_entities(call.Session, &on, &error), error);
            return on != 0;
        }
        set
        {
            using var call = new Call(this);
            nint error;
            uint on = value ? 1u : 0;
            call.Check(Functions.mts_session_set_save_entities(call.Session, on, &error), error);
        }
    }

    /// <summary>
    /// The entities by ascending marked id, what waits unsaved included. They are read page by page:
    /// nothing stays open meanwhile, and what changes meanwhile may or may not be seen. Telethon:
    /// <c>select * from entities</c>.
    /// </summary>
    /// <param name="after">Begin behind this id.</param>
    public IEnumerable<Entity> Entities(long after = long.MinValue)
    {
        var page = new Page<NativeEntity>(128, 16 * 1024);
        bool more = true;
        while (more)
        {
            more = EntityPage(after, page);
            after = page.Next;
            for (int i = 0; i < page.Count; i++)
            {
                yield return FromNative(page.Records[i], page.Heap);
            }
        }
    }

    /// <summary>
    /// How many entities there are, what waits unsaved included. Counting may read all of them.
    /// Telethon: <c>select count(*) from entities</c>.
    /// </summary>
    public unsafe long CountEntities()
    {
        using var call = new Call(this);
        ulong count;
        nint error;
        call.Check(Functions.mts_session_entity_count(call.Session, &count, &error), error);
        return (long)count;
    }

    /// <summary>
    /// Forgets one entity, by its marked id; false where it was not known. Telethon: none.
    /// </summary>
    public unsafe bool ForgetEntity(long id)
    {
        using var call = new Call(this);
        nint error;
        return call.Found(Functions.mts_session_forget_entity(call.Session, id, &error), error);
    }

    /// <summary>
    /// The peer that a text names, ready for a request; false where nobody known is named so: ask the
    /// server. The text is what a person types or a program stores: "@name", "name", a t.me or tg://
    /// link, a phone number, the marked id of a chat or channel ("-1001300400500"), "me" or "self";
    /// with <see cref="LookUp.Names"/> a display name too. Digits alone are a phone number: a user's id
    /// is for <see cref="TryGetInputPeer(long, out InputPeer, LookUp)"/>, or "tg://user?id=…".
    /// Telethon: <c>get_input_entity(key)</c>.
    /// </summary>
    /// <remarks>It allocates nothing. A chat needs not to be known: its id says it all.</remarks>
    public unsafe bool TryGetInputPeer(
        string key, out InputPeer peer, LookUp how = LookUp.Default) =>
        Look(&Functions.mts_session_input_peer, key, out peer, how);

    /// <summary>
    /// As <see cref="TryGetInputPeer(string, out InputPeer, LookUp)"/>, from UTF-8.
    /// </summary>
    public unsafe bool TryGetInputPeer(
        ReadOnlySpan<byte> key, out InputPeer peer, LookUp how = LookUp.Default) =>
        Look(&Functions.mts_session_input_peer, key, out peer, how);

    /// <summary>
    /// The peer with this marked id, or with <see cref="LookUp.BareId"/> this bare id. As
    /// <see cref="TryGetInputPeer(string, out InputPeer, LookUp)"/>.
    /// </summary>
    public unsafe bool TryGetInputPeer(long id, out InputPeer peer, LookUp how = LookUp.Default)
    {
        using var call = new Call(this);
        NativeInputPeer native;
        nint error;
        Status status = Functions.mts_session_input_peer_by_id(
            call.Session, id, (uint)how, &native, (nuint)sizeof(NativeInputPeer), &error);
        return Peer(call.Check(status, error), native, out peer);
    }

    /// <summary>
    /// The peer with this username, with or without "@", in any case. As
    /// <see cref="TryGetInputPeer(string, out InputPeer, LookUp)"/>.
    /// </summary>
    public unsafe bool TryGetInputPeerByUsername(
        string username, out InputPeer peer, LookUp how = LookUp.Default) =>
        Look(&Functions.mts_session_input_peer_by_username, username, out peer, how);

    /// <summary>
    /// As <see cref="TryGetInputPeerByUsername(string, out InputPeer, LookUp)"/>, from UTF-8.
    /// </summary>
    public unsafe bool TryGetInputPeerByUsername(
        ReadOnlySpan<byte> username, out InputPeer peer, LookUp how = LookUp.Default) =>
        Look(&Functions.mts_session_input_peer_by_username, username, out peer, how);

    /// <summary>
    /// The peer with this phone number; anything but digits is ignored. As
    /// <see cref="TryGetInputPeer(string, out InputPeer, LookUp)"/>.
    /// </summary>
    public unsafe bool TryGetInputPeerByPhone(
        string phone, out InputPeer peer, LookUp how = LookUp.Default) =>
        Look(&Functions.mts_session_input_peer_by_phone, phone, out peer, how);

    /// <summary>
    /// As <see cref="TryGetInputPeerByPhone(string, out InputPeer, LookUp)"/>, from UTF-8.
    /// </summary>
    public unsafe bool TryGetInputPeerByPhone(
        ReadOnlySpan<byte> phone, out InputPeer peer, LookUp how = LookUp.Default) =>
        Look(&Functions.mts_session_input_peer_by_phone, phone, out peer, how);

    /// <summary>
    /// The peer with exactly this display name. As
    /// <see cref="TryGetInputPeer(string, out InputPeer, LookUp)"/>; several that bear it are common
    /// (<see cref="InputPeer.Ambiguous"/>).
    /// </summary>
    public unsafe bool TryGetInputPeerByName(
        string name, out InputPeer peer, LookUp how = LookUp.Default) =>
        Look(&Functions.mts_session_input_peer_by_name, name, out peer, how);

    /// <summary>
    /// As <see cref="TryGetInputPeerByName(string, out InputPeer, LookUp)"/>, from UTF-8.
    /// </summary>
    public unsafe bool TryGetInputPeerByName(
        ReadOnlySpan<byte> name, out InputPeer peer, LookUp how = LookUp.Default) =>
        Look(&Functions.mts_session_input_peer_by_name, name, out peer, how);

    /// <summary>
    /// Everything that is known of the peer that a text names, as
    /// <see cref="TryGetInputPeer(string, out InputPeer, LookUp)"/> takes it; null where nobody known is
    /// named so. Telethon: <c>get_entity_rows_by_…</c> for any key.
    /// </summary>
    public unsafe Entity? GetEntity(string key, LookUp how = LookUp.Default) =>
        Get(&Functions.mts_session_entity, key, how);

    /// <summary>As <see cref="GetEntity(string, LookUp)"/>, from UTF-8.</summary>
    public unsafe Entity? GetEntity(ReadOnlySpan<byte> key, LookUp how = LookUp.Default) =>
        Get(&Functions.mts_session_entity, key, how);

    /// <summary>
    /// Everything that is known of the peer with this marked id, or with <see cref="LookUp.BareId"/>
    /// this bare id. Telethon: <c>get_entity_rows_by_id(id, exact)</c>.
    /// </summary>
    public unsafe Entity? GetEntity(long id, LookUp how = LookUp.Default)
    {
        using var call = new Call(this);
        using var heap = new Heap(stackalloc byte[Heap.Stack]);
        while (true)
        {
            NativeEntity entity;
            NativePage page;
            nint error;
            Status status;
            fixed (byte* bytes = heap.Bytes)
            {
                status = call.Check(
                    Functions.mts_session_entity_by_id(
                        call.Session, id, (uint)how, &entity, (nuint)sizeof(NativeEntity), bytes,
                        (nuint)heap.Bytes.Length, &page, &error),
                    error);
            }
            if (heap.Holds(status, page))
            {
                return Known(status, entity, heap.Bytes);
            }
        }
    }

    /// <summary>
    /// Everything that is known of the peer with this username. As
    /// <see cref="GetEntity(string, LookUp)"/>. Telethon: <c>get_entity_rows_by_username(name)</c>.
    /// </summary>
    public unsafe Entity? GetEntityByUsername(string username, LookUp how = LookUp.Default) =>
        Get(&Functions.mts_session_entity_by_username, username, how);

    /// <summary>As <see cref="GetEntityByUsername(string, LookUp)"/>, from UTF-8.</summary>
    public unsafe Entity? GetEntityByUsername(
        ReadOnlySpan<byte> username, LookUp how = LookUp.Default) =>
        Get(&Functions.mts_session_entity_by_username, username, how);

    /// <summary>
    /// Everything that is known of the peer with this phone number. As
    /// <see cref="GetEntity(string, LookUp)"/>. Telethon: <c>get_entity_rows_by_phone(phone)</c>.
    /// </summary>
    public unsafe Entity? GetEntityByPhone(string phone, LookUp how = LookUp.Default) =>
        Get(&Functions.mts_session_entity_by_phone, phone, how);

    /// <summary>As <see cref="GetEntityByPhone(string, LookUp)"/>, from UTF-8.</summary>
    public unsafe Entity? GetEntityByPhone(ReadOnlySpan<byte> phone, LookUp how = LookUp.Default) =>
        Get(&Functions.mts_session_entity_by_phone, phone, how);

    /// <summary>
    /// Everything that is known of the peer with exactly this display name; several that bear it are
    /// common (<see cref="Entity.Ambiguous"/>). As <see cref="GetEntity(string, LookUp)"/>. Telethon:
    /// <c>get_entity_rows_by_name(name)</c>.
    /// </summary>
    public unsafe Entity? GetEntityByName(string name, LookUp how = LookUp.Default) =>
        Get(&Functions.mts_session_entity_by_name, name, how);

    /// <summary>As <see cref="GetEntityByName(string, LookUp)"/>, from UTF-8.</summary>
    public unsafe Entity? GetEntityByName(ReadOnlySpan<byte> name, LookUp how = LookUp.Default) =>
        Get(&Functions.mts_session_entity_by_name, name, how);

    private unsafe bool Look(
        delegate*<nint, byte*, nuint, uint, NativeInputPeer*, nuint, nint*, Status> function,
        string key,
        out InputPeer peer,
        LookUp how)
    {
        ArgumentNullException.ThrowIfNull(key);
        using var text = new Text(key, stackalloc byte[Text.Stack]);
        return Look(function, text.Bytes, out peer, how);
    }

    private unsafe bool Look(
        delegate*<nint, byte*, nuint, uint, NativeInputPeer*, nuint, nint*, Status> function,
        ReadOnlySpan<byte> key,
        out InputPeer peer,
        LookUp how)
    {
        using var call = new Call(this);
        NativeInputPeer native;
        nint error;
        fixed (byte* bytes = key)
        {
            Status status = function(
                call.Session, bytes, (nuint)key.Length, (uint)how, &native,
                (nuint)sizeof(NativeInputPeer), &error);
            return Peer(call.Check(status, error), native, out peer);
        }
    }

    private static bool Peer(Status status, in NativeInputPeer native, out InputPeer peer)
    {
        peer = new InputPeer(
            (PeerKind)native.Kind, native.Id, native.BareId, native.AccessHash, native.Seen,
            status == Status.Ambiguous);
        return status != Status.NotFound;
    }

    private unsafe Entity? Get(
        delegate*<nint, byte*, nuint, uint, NativeEntity*, nuint, byte*, nuint, NativePage*, nint*,
            Status> function,
        string key,
        LookUp how)
    {
        ArgumentNullException.ThrowIfNull(key);
        using var text = new Text(key, stackalloc byte[Text.Stack]);
        return Get(function, text.Bytes, how);
    }

    private unsafe Entity? Get(
        delegate*<nint, byte*, nuint, uint, NativeEntity*, nuint, byte*, nuint, NativePage*, nint*,
            Status> function,
        ReadOnlySpan<byte> key,
        LookUp how)
    {
        using var call = new Call(this);
        using var heap = new Heap(stackalloc byte[Heap.Stack]);
        while (true)
        {
            NativeEntity entity;
            NativePage page;
            nint error;
            Status status;
            fixed (byte* keyBytes = key, bytes = heap.Bytes)
            {
                status = call.Check(
                    function(
                        call.Session, keyBytes, (nuint)key.Length, (uint)how, &entity,
                        (nuint)sizeof(NativeEntity), bytes, (nuint)heap.Bytes.Length, &page,
                        &error),
                    error);
            }
            if (heap.Holds(status, page))
            {
                return Known(status, entity, heap.Bytes);
            }
        }
    }

    private static Entity? Known(Status status, in NativeEntity entity, ReadOnlySpan<byte> heap) =>
        status == Status.NotFound
            ? null
            : FromNative(entity, heap, ambiguous: status == Status.Ambiguous);

    internal static Entity FromNative(
        in NativeEntity entity, ReadOnlySpan<byte> heap, bool ambiguous = false) => new()
    {
        Id = entity.Id,
        AccessHash = entity.AccessHash,
        Seen = entity.Seen,
        Flags = (EntityFlags)entity.Flags,
        Usernames = entity.Usernames.OrNull(heap),
        Phone = entity.Phone.OrNull(heap),
        Name = entity.Name.OrNull(heap),
        Ambiguous = ambiguous,
    };

    private unsafe bool EntityPage(long after, Page<NativeEntity> page)
    {
        using var call = new Call(this);
        while (true)
        {
            NativePage native;
            nint error;
            Status status;
            fixed (NativeEntity* records = page.Records)
            fixed (byte* heap = page.Heap)
            {
                status = call.Check(
                    Functions.mts_session_entities(
                        call.Session, after, records, (nuint)page.Records.Length,
                        (nuint)sizeof(NativeEntity), heap, (nuint)page.Heap.Length, &native,
                        &error),
                    error);
            }
            if (page.Take(status, native))
            {
                return status != Status.Done;
            }
        }
    }

    /// <summary>Room for the texts of one entity, on the stack where they fit.</summary>
    private ref struct Heap(Span<byte> stack)
    {
        public const int Stack = 512;

        private byte[]? _rented;

        public Span<byte> Bytes { get; private set; } = stack;

        /// <summary>Whether the texts had room; there is more room now where they had not.</summary>
        public bool Holds(Status status, in NativePage page)
        {
            if (status != Status.TooSmall)
            {
                return true;
            }
            Dispose();
            Bytes = _rented = ArrayPool<byte>.Shared.Rent((int)page.HeapNeeded);
            return false;
        }

        public void Dispose()
        {
            if (_rented is { } rented)
            {
                _rented = null;
                ArrayPool<byte>.Shared.Return(rented);
            }
        }
    }
}
