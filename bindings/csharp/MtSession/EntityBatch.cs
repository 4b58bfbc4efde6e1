using System.Runtime.InteropServices;
using MtSession.Native;

namespace MtSession;

/// <summary>
/// Entities on their way into a session: what came with one update or answer. It holds them as the
/// native library takes them, so that no row is copied or allocated by the call; cleared and filled
/// again, it allocates nothing at all.
/// </summary>
/// <remarks>One thread at a time.</remarks>
public sealed class EntityBatch
{
    private NativeEntity[] _records = new NativeEntity[16];
    private byte[] _heap = new byte[512];
    private int _heapLength;

    /// <summary>How many entities are in it.</summary>
    public int Count { get; private set; }

    internal ReadOnlySpan<NativeEntity> Records => _records.AsSpan(0, Count);

    internal ReadOnlySpan<byte> Heap => _heap.AsSpan(0, _heapLength);

    /// <summary>Removes all entities; the memory is kept for the next ones.</summary>
    public void Clear() => Count = _heapLength = 0;

    /// <summary>Adds an entity, given by its values.</summary>
    /// <param name="id">Marked id.</param>
    /// <param name="accessHash">Access hash for this account; 0 for a chat.</param>
    /// <param name="flags">What it is, and what is known here.</param>
    /// <param name="usernames">Separated by spaces, the main one first; empty for none.</param>
    /// <param name="phone">Phone number; empty for none.</param>
    /// <param name="name">"first last" of a user, else the title; empty for none.</param>
    /// <param name="seen">When it was seen, unix seconds; 0 for now.</param>
    public void Add(
        long id,
        long accessHash,
        EntityFlags flags = EntityFlags.None,
        ReadOnlySpan<char> usernames = default,
        ReadOnlySpan<char> phone = default,
        ReadOnlySpan<char> name = default,
        long seen = 0)
    {
        int heapLength = _heapLength;
        try
        {
            AddRecord(id, accessHash, flags, seen, Put(usernames), Put(phone), Put(name));
        }
        catch
        {
            _heapLength = heapLength; // a text was no text: the batch is as it was
            throw;
        }
    }

    /// <summary>Adds an entity whose texts are UTF-8; as <see cref="Add(long, long, EntityFlags,
    /// ReadOnlySpan{char}, ReadOnlySpan{char}, ReadOnlySpan{char}, long)"/>.</summary>
    public void AddUtf8(
        long id,
        long accessHash,
        EntityFlags flags = EntityFlags.None,
        ReadOnlySpan<byte> usernames = default,
        ReadOnlySpan<byte> phone = default,
        ReadOnlySpan<byte> name = default,
        long seen = 0) =>
        AddRecord(id, accessHash, flags, seen, Put(usernames), Put(phone), Put(name));

    /// <summary>Adds an entity.</summary>
    public void Add(Entity entity)
    {
        ArgumentNullException.ThrowIfNull(entity);
        Add(entity.Id, entity.AccessHash, entity.Flags, entity.Usernames, entity.Phone, entity.Name,
            entity.Seen);
    }

    private void AddRecord(
        long id,
        long accessHash,
        EntityFlags flags,
        long seen,
        NativeText usernames,
        NativeText phone,
        NativeText name)
    {
        if (Count == _records.Length)
        {
            Array.Resize(ref _records, Count * 2);
        }
        _records[Count++] = new NativeEntity
        {
            Id = id,
            AccessHash = accessHash,
            Seen = seen,
            Flags = (uint)flags,
            Usernames = usernames,
            Phone = phone,
            Name = name,
        };
    }

    private NativeText Put(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty)
        {
            return default;
        }
        Span<byte> room = Room(Text.Utf8.GetMaxByteCount(text.Length));
        return Took(Text.Utf8.GetBytes(text, room));
    }

    private NativeText Put(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            return default;
        }
        text.CopyTo(Room(text.Length));
        return Took(text.Length);
    }

    private Span<byte> Room(int most)
    {
        int needed = checked(_heapLength + most);
        if (needed > _heap.Length)
        {
            Array.Resize(ref _heap, (int)Math.Min(Math.Max(needed, _heap.Length * 2L), Array.MaxLength));
        }
        return _heap.AsSpan(_heapLength);
    }

    private NativeText Took(int length)
    {
        var text = new NativeText { Off = (uint)_heapLength, Len = (uint)length };
        _heapLength += length;
        return text;
    }
}
