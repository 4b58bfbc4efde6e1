using System.Runtime.InteropServices;

namespace MtSession.Native;

/// <summary>
/// What the library calls for a custom storage. Static functions: nothing of them can be collected, and
/// the storage itself is kept by the handle that the library passes back as <c>user</c>.
/// </summary>
internal static unsafe class StorageCallbacks
{
    /// <summary>
    /// What a member of a storage threw inside the call that this thread is in. No exception may cross
    /// native frames, so it waits here for <see cref="Call"/>.
    /// </summary>
    [ThreadStatic]
    private static Exception? t_thrown;

    public static Exception? TakeException()
    {
        Exception? thrown = t_thrown;
        t_thrown = null;
        return thrown;
    }

    /// <summary>A session over a storage.</summary>
    public static nint Open(SessionStorage storage, NativeOptions* options)
    {
        TakeException();
        var user = GCHandle.Alloc(storage);
        var table = new NativeStorage
        {
            Size = (uint)sizeof(NativeStorage),
            User = GCHandle.ToIntPtr(user),
            Load = &Load,
            Commit = &Commit,
            Find = &Find,
            List = &List,
            Lock = &Lock,
            Free = &Free,
        };
        nint session, error;
        Status status = Functions.mts_session_custom(&table, options, &session, &error);
        if (status < 0)
        {
            user.Free();
            throw Error.Take(status, error, TakeException());
        }
        return session;
    }

    [UnmanagedCallersOnly]
    private static int Lock(nint user, nint @out)
    {
        try
        {
            Storage(user).Lock();
            return (int)Status.Ok;
        }
        catch (Exception thrown)
        {
            return Failed(thrown, @out);
        }
    }

    [UnmanagedCallersOnly]
    private static int Load(nint user, nint @out)
    {
        try
        {
            return Storage(user).Load() is { } login ? (int)Put(login, @out) : (int)Status.Ok;
        }
        catch (Exception thrown)
        {
            return Failed(thrown, @out);
        }
    }

    [UnmanagedCallersOnly]
    private static int Commit(nint user, NativeChanges* changes, nint @out)
    {
        try
        {
            Storage(user).Commit(FromNative(changes));
            return (int)Status.Ok;
        }
        catch (Exception thrown)
        {
            return Failed(thrown, @out);
        }
    }

    [UnmanagedCallersOnly]
    private static int Find(nint user, uint by, long id, byte* text, nuint length, nint @out)
    {
        try
        {
            SessionStorage storage = Storage(user);
            string key = Text.Utf8.GetString(text, (int)length);
            IEnumerable<Entity> found = (FindBy)by switch
            {
                FindBy.Id => storage.FindById(id) is { } entity ? [entity] : [],
                FindBy.Username => storage.FindByUsername(key),
                FindBy.Phone => storage.FindByPhone(key),
                FindBy.Name => storage.FindByName(key),
                _ => throw new NotSupportedException($"this binding cannot find by {by}"),
            };
            return (int)Put(found, @out);
        }
        catch (Exception thrown)
        {
            return Failed(thrown, @out);
        }
    }

    [UnmanagedCallersOnly]
    private static int List(nint user, long after, uint max, nint @out)
    {
        try
        {
            int most = (int)Math.Min(max, int.MaxValue);
            return (int)Put(Storage(user).List(after, most), @out);
        }
        catch (Exception thrown)
        {
            return Failed(thrown, @out);
        }
    }

    [UnmanagedCallersOnly]
    private static void Free(nint user)
    {
        var handle = GCHandle.FromIntPtr(user);
        try
        {
            ((SessionStorage)handle.Target!).Released();
        }
        catch
        {
            // Nobody waits for it: the session is freed, perhaps by the collector.
        }
        handle.Free();
    }

    private static SessionStorage Storage(nint user) =>
        (SessionStorage)GCHandle.FromIntPtr(user).Target!;

    private static int Failed(Exception thrown, nint @out)
    {
        t_thrown = thrown;
        // A lone surrogate in a message must not hide the message.
        byte[] text = System.Text.Encoding.UTF8.GetBytes(MessageOf(thrown));
        fixed (byte* bytes = text)
        {
            Functions.mts_out_error(@out, bytes, (nuint)text.Length);
        }
        return (int)(thrown switch
        {
            MtSessionException { Status: < 0 } chosen => chosen.Status,
            NotSupportedException => Status.Unsupported,
            _ => Status.Callback,
        });
    }

    /// <summary>Nothing may be thrown here any more, and <c>Message</c> is anybody's code.</summary>
    private static string MessageOf(Exception thrown)
    {
        try
        {
            return thrown.Message ?? thrown.GetType().Name;
        }
        catch
        {
            return thrown.GetType().Name;
        }
    }

    private static Status Put(StoredLogin login, nint @out)
    {
        Status status = Status.Ok;
        if (login.Account is { } account)
        {
            fixed (byte* bytes = account)
            {
                status = Functions.mts_out_account(@out, bytes, (nuint)account.Length);
            }
        }
        foreach (UpdateState state in login.States)
        {
            if (status != Status.Ok)
            {
                return status;
            }
            NativeUpdateState native = Session.ToNative(state);
            status = Functions.mts_out_state(@out, &native, (nuint)sizeof(NativeUpdateState));
        }
        foreach ((string key, byte[] value) in login.Values)
        {
            if (status != Status.Ok)
            {
                return status;
            }
            using var text = new Text(key, stackalloc byte[0]);
            fixed (byte* keyBytes = text.Bytes, bytes = value)
            {
                status = Functions.mts_out_value(
                    @out, keyBytes, (nuint)text.Bytes.Length, bytes, (nuint)value.Length);
            }
        }
        return status;
    }

    private static Status Put(IEnumerable<Entity> entities, nint @out)
    {
        var batch = new EntityBatch();
        foreach (Entity entity in entities)
        {
            batch.Clear();
            batch.Add(entity);
            fixed (NativeEntity* record = batch.Records)
            fixed (byte* heap = batch.Heap)
            {
                Status status = Functions.mts_out_entity(
                    @out, record, (nuint)sizeof(NativeEntity), heap, (nuint)batch.Heap.Length);
                if (status != Status.Ok)
                {
                    return status;
                }
            }
        }
        return Status.Ok;
    }

    private static StorageChanges FromNative(NativeChanges* changes)
    {
        var flags = (CommitFlags)changes->Flags;
        var heap = new ReadOnlySpan<byte>(changes->Heap, checked((int)changes->HeapLen));
        var entities = new Entity[changes->EntityCount];
        for (int i = 0; i < entities.Length; i++)
        {
            var at = (byte*)changes->Entities + (nuint)i * changes->EntityStride;
            entities[i] = Session.FromNative(*(NativeEntity*)at, heap);
        }
        var states = new UpdateState[changes->StateCount];
        for (int i = 0; i < states.Length; i++)
        {
            var at = (byte*)changes->States + (nuint)i * changes->StateStride;
            states[i] = Session.FromNative(*(NativeUpdateState*)at);
        }
        var values = new KeyValuePair<string, byte[]?>[changes->ValueCount];
        for (int i = 0; i < values.Length; i++)
        {
            var value = (NativeValue*)((byte*)changes->Values + (nuint)i * changes->ValueStride);
            bool removed = ((ValueFlags)value->Flags & ValueFlags.Removed) != 0;
            values[i] = new(
                value->Key.OrEmpty(heap), removed ? null : value->Value.In(heap).ToArray());
        }
        return new StorageChanges
        {
            Durable = (flags & CommitFlags.Durable) != 0,
            OtherAccount = (flags & CommitFlags.OtherAccount) != 0,
            Account = changes->Account == null
                ? null
                : new ReadOnlySpan<byte>(changes->Account, checked((int)changes->AccountLen))
                    .ToArray(),
            Entities = entities,
            ForgottenEntities = new ReadOnlySpan<long>(
                changes->Forget, checked((int)changes->ForgetCount)).ToArray(),
            States = states,
            ForgottenStates = new ReadOnlySpan<long>(
                changes->ForgetStates, checked((int)changes->ForgetStateCount)).ToArray(),
            Values = values,
        };
    }
}
