using System.Buffers;
using MtSession.Native;

namespace MtSession;

public sealed partial class Session
{
    /// <summary>
    /// How far the updates of <paramref name="id"/> have been read: 0 for the account, else the bare id
    /// of a channel, whose access hash comes along. Null where no state is kept. Telethon:
    /// <c>get_update_state(id)</c>.
    /// </summary>
    public unsafe UpdateState? GetUpdateState(long id)
    {
        using var call = new Call(this);
        NativeUpdateState state;
        nint error;
        Status status = Functions.mts_session_update_state(
            call.Session, id, &state, (nuint)sizeof(NativeUpdateState), &error);
        return call.Found(status, error) ? FromNative(state) : null;
    }

    /// <summary>
    /// All update states by ascending id, the account's (0) first. They are read page by page. Telethon:
    /// <c>get_update_states()</c>.
    /// </summary>
    /// <param name="after">Begin behind this id.</param>
    public IEnumerable<UpdateState> UpdateStates(long after = long.MinValue)
    {
        var page = new Page<NativeUpdateState>(128, 0);
        bool more = true;
        while (more)
        {
            more = StatePage(after, page);
            after = page.Next;
            for (int i = 0; i < page.Count; i++)
            {
                yield return FromNative(page.Records[i]);
            }
        }
    }

    /// <summary>
    /// Sets one update state; as <see cref="SetUpdateStates(ReadOnlySpan{UpdateState}, bool)"/>.
    /// Telethon: <c>set_update_state(id, state)</c>.
    /// </summary>
    public unsafe bool SetUpdateState(UpdateState state, bool mustExist = false)
    {
        NativeUpdateState native = ToNative(state);
        using var call = new Call(this);
        nint error;
        return call.Found(
            Functions.mts_session_set_update_state(
                call.Session, &native, (nuint)sizeof(NativeUpdateState), Flags(mustExist), &error),
            error);
    }

    /// <summary>
    /// Sets update states: all of them, or none where one is bad. They wait in memory for the next
    /// save, which never saves them ahead of entities that were put before them. A pts of 0 for the
    /// account is refused, and so is a negative id. Telethon: <c>set_update_state(id, state)</c> for
    /// each.
    /// </summary>
    /// <param name="states">The states; what is null in one stays as it is.</param>
    /// <param name="mustExist">Every one must be there already.</param>
    /// <returns>
    /// False where one was to exist and does not: nothing was set. Otherwise true.
    /// </returns>
    public unsafe bool SetUpdateStates(ReadOnlySpan<UpdateState> states, bool mustExist = false)
    {
        NativeUpdateState[] rented = ArrayPool<NativeUpdateState>.Shared.Rent(states.Length);
        try
        {
            for (int i = 0; i < states.Length; i++)
            {
                rented[i] = ToNative(states[i]);
            }
            using var call = new Call(this);
            nint error;
            fixed (NativeUpdateState* records = rented)
            {
                return call.Found(
                    Functions.mts_session_set_update_states(
                        call.Session, records, (nuint)states.Length,
                        (nuint)sizeof(NativeUpdateState), Flags(mustExist), &error),
                    error);
            }
        }
        finally
        {
            ArrayPool<NativeUpdateState>.Shared.Return(rented);
        }
    }

    /// <summary>As <see cref="SetUpdateStates(ReadOnlySpan{UpdateState}, bool)"/>.</summary>
    public bool SetUpdateStates(IEnumerable<UpdateState> states, bool mustExist = false)
    {
        ArgumentNullException.ThrowIfNull(states);
        return SetUpdateStates(states.ToArray(), mustExist);
    }

    /// <summary>As <see cref="SetUpdateStates(ReadOnlySpan{UpdateState}, bool)"/>.</summary>
    public bool SetUpdateStates(UpdateState[] states, bool mustExist = false)
    {
        // For an array, which is both, the compiler could not choose between the others.
        ArgumentNullException.ThrowIfNull(states);
        return SetUpdateStates(states.AsSpan(), mustExist);
    }

    /// <summary>
    /// Removes an update state: the channel was left, say. False where there was none. Telethon: none.
    /// </summary>
    public unsafe bool RemoveUpdateState(long id)
    {
        using var call = new Call(this);
        nint error;
        return call.Found(
            Functions.mts_session_remove_update_state(call.Session, id, &error), error);
    }

    /// <summary>
    /// Remembers a file that was sent. It waits in memory for the next save. Telethon:
    /// <c>cache_file(md5, size, instance)</c>.
    /// </summary>
    /// <param name="md5">MD5 digest of its content, 16 bytes.</param>
    /// <param name="size">Its size in bytes.</param>
    /// <param name="kind">What it was sent as.</param>
    /// <param name="file">What the server knows it by.</param>
    public unsafe void CacheFile(ReadOnlySpan<byte> md5, long size, FileKind kind, SentFile file)
    {
        CheckMd5(md5);
        var native = new NativeFile
        {
            Size = size,
            Id = file.Id,
            AccessHash = file.AccessHash,
            Kind = (uint)kind,
        };
        md5.CopyTo(new Span<byte>(native.Md5, Md5Length));
        using var call = new Call(this);
        nint error;
        call.Check(
            Functions.mts_session_cache_file(
                call.Session, &native, (nuint)sizeof(NativeFile), &error),
            error);
    }

    /// <summary>
    /// A file that was sent before; null where it was not sent yet. Telethon:
    /// <c>get_file(md5, size, cls)</c>.
    /// </summary>
    public unsafe SentFile? GetFile(ReadOnlySpan<byte> md5, long size, FileKind kind)
    {
        CheckMd5(md5);
        using var call = new Call(this);
        NativeFile file;
        nint error;
        fixed (byte* digest = md5)
        {
            Status status = Functions.mts_session_file(
                call.Session, digest, size, (uint)kind, &file, (nuint)sizeof(NativeFile), &error);
            return call.Found(status, error) ? new SentFile(file.Id, file.AccessHash) : null;
        }
    }

    /// <summary>
    /// Keeps bytes under a key: what a client must remember and the session need not understand (server
    /// configuration, contacts hash, its own settings), so that it needs no file of its own. Telethon:
    /// none.
    /// </summary>
    /// <param name="key">
    /// 1 to 255 bytes of UTF-8; those that begin with "mts:" are the library's own.
    /// </param>
    /// <param name="value">At most 8 MiB.</param>
    /// <param name="durable">
    /// It is on the disk when the call returns; otherwise it waits for the next save.
    /// </param>
    public unsafe void PutValue(string key, ReadOnlySpan<byte> value, bool durable = false)
    {
        ArgumentNullException.ThrowIfNull(key);
        using var text = new Text(key, stackalloc byte[Text.Stack]);
        using var call = new Call(this);
        nint error;
        fixed (byte* keyBytes = text.Bytes, bytes = value)
        {
            call.Check(
                Functions.mts_session_put_value(
                    call.Session, keyBytes, (nuint)text.Bytes.Length, bytes, (nuint)value.Length,
                    Durable(durable), &error),
                error);
        }
    }

    /// <summary>The bytes under a key; null where there are none. Telethon: none.</summary>
    public unsafe byte[]? GetValue(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        using var text = new Text(key, stackalloc byte[Text.Stack]);
        using var call = new Call(this);
        byte[] value = [];
        while (true)
        {
            nuint needed;
            nint error;
            Status status;
            fixed (byte* keyBytes = text.Bytes, bytes = value)
            {
                status = call.Check(
                    Functions.mts_session_value(
                        call.Session, keyBytes, (nuint)text.Bytes.Length, bytes,
                        (nuint)value.Length, &needed, &error),
                    error);
            }
            switch (status)
            {
                case Status.NotFound:
                    return null;
                case Status.TooSmall:
                    value = new byte[needed];
                    continue;
                default:
                    // It may have become shorter between two calls.
                    return (nuint)value.Length == needed ? value : value[..(int)needed];
            }
        }
    }

    /// <summary>
    /// Removes the bytes under a key; false where there were none. Telethon: none.
    /// </summary>
    public unsafe bool RemoveValue(string key, bool durable = false)
    {
        ArgumentNullException.ThrowIfNull(key);
        using var text = new Text(key, stackalloc byte[Text.Stack]);
        using var call = new Call(this);
        nint error;
        fixed (byte* bytes = text.Bytes)
        {
            return call.Found(
                Functions.mts_session_remove_value(
                    call.Session, bytes, (nuint)text.Bytes.Length, Durable(durable), &error),
                error);
        }
    }

    private const int Md5Length = 16;

    private static void CheckMd5(ReadOnlySpan<byte> md5)
    {
        if (md5.Length != Md5Length)
        {
            throw new ArgumentException("an MD5 digest has 16 bytes", nameof(md5));
        }
    }

    private static uint Flags(bool mustExist) =>
        (uint)(mustExist ? SetFlags.MustExist : SetFlags.None);

    private static uint Durable(bool durable) =>
        (uint)(durable ? ValueFlags.Durable : ValueFlags.None);

    private unsafe bool StatePage(long after, Page<NativeUpdateState> page)
    {
        using var call = new Call(this);
        NativePage native;
        nint error;
        fixed (NativeUpdateState* records = page.Records)
        {
            Status status = call.Check(
                Functions.mts_session_update_states(
                    call.Session, after, records, (nuint)page.Records.Length,
                    (nuint)sizeof(NativeUpdateState), &native, &error),
                error);
            page.Take(status, native);
            return status != Status.Done;
        }
    }

    internal static UpdateState FromNative(in NativeUpdateState state)
    {
        var fields = (StateFields)state.Fields;
        return new UpdateState(state.Id)
        {
            Pts = (fields & StateFields.Pts) != 0 ? state.Pts : null,
            Qts = (fields & StateFields.Qts) != 0 ? state.Qts : null,
            Date = (fields & StateFields.Date) != 0 ? state.Date : null,
            Seq = (fields & StateFields.Seq) != 0 ? state.Seq : null,
            AccessHash = (fields & StateFields.AccessHash) != 0 ? state.AccessHash : null,
        };
    }

    internal static NativeUpdateState ToNative(UpdateState state) => new()
    {
        Id = state.Id,
        Pts = state.Pts ?? 0,
        Qts = state.Qts ?? 0,
        Date = state.Date ?? 0,
        Seq = state.Seq ?? 0,
        Fields = (uint)((state.Pts.HasValue ? StateFields.Pts : 0)
            | (state.Qts.HasValue ? StateFields.Qts : 0)
            | (state.Date.HasValue ? StateFields.Date : 0)
            | (state.Seq.HasValue ? StateFields.Seq : 0)),
    };
}
