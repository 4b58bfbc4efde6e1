using System.Text;
using MtSession.Native;

namespace MtSession;

public sealed partial class Session
{
    /// <summary>
    /// The home data center; null where none is set yet. Telethon: <c>dc_id</c>,
    /// <c>server_address</c>, <c>port</c>.
    /// </summary>
    public unsafe DataCenter? Dc
    {
        get
        {
            using var call = new Call(this);
            NativeDc dc;
            nint error;
            Status status =
                Functions.mts_session_dc(call.Session, &dc, (nuint)sizeof(NativeDc), &error);
            return call.Found(status, error) ? FromNative(&dc) : null;
        }
    }

    /// <summary>
    /// Sets the home data center, durably. The auth key stays: where the login moved, set both with
    /// <see cref="SetHome"/>. Telethon: <c>set_dc(id, host, port)</c>.
    /// </summary>
    /// <param name="id">Number of the data center.</param>
    /// <param name="host">IPv4 or IPv6 address, or a name.</param>
    /// <param name="port">TCP port.</param>
    public unsafe void SetDc(int id, string host, int port)
    {
        ArgumentNullException.ThrowIfNull(host);
        using var call = new Call(this);
        using var text = new Text(host, stackalloc byte[Text.Stack]);
        nint error;
        fixed (byte* bytes = text.Bytes)
        {
            call.Check(
                Functions.mts_session_set_dc(
                    call.Session, id, bytes, (nuint)text.Bytes.Length, Port(port), &error),
                error);
        }
    }

    /// <summary>
    /// Moves the login: that data center, whose address is taken from the options that were put, and
    /// its auth key become home in one step, durably. The old home's key is kept
    /// (<see cref="GetKey"/>). Telethon: <c>set_dc</c> and <c>auth_key = …</c>, which is two steps.
    /// </summary>
    /// <exception cref="MtSessionException">
    /// <see cref="Status.Argument"/>: no address of that data center is known; put its options first.
    /// </exception>
    public unsafe void SetHome(int dc, ReadOnlySpan<byte> key)
    {
        using var call = new Call(this);
        nint error;
        fixed (byte* bytes = key)
        {
            call.Check(
                Functions.mts_session_set_home(call.Session, dc, bytes, (nuint)key.Length, &error),
                error);
        }
    }

    /// <summary>
    /// The ways to the data centers, in the order in which they were put. Telethon: none; it asks the
    /// server each time.
    /// </summary>
    public IReadOnlyList<DataCenter> GetDcOptions()
    {
        var options = new List<DataCenter>();
        var page = new Page<NativeDc>(8, 0);
        bool more = true;
        while (more)
        {
            more = DcPage(page);
            foreach (ref NativeDc dc in page.Records.AsSpan(0, page.Count))
            {
                options.Add(FromNative(ref dc));
            }
        }
        return options;
    }

    /// <summary>
    /// Replaces the ways to the data centers by these (none removes all), durably. Telethon: none.
    /// </summary>
    public unsafe void PutDcOptions(IEnumerable<DataCenter> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        NativeDc[] records = options.Select(ToNative).ToArray();
        using var call = new Call(this);
        nint error;
        fixed (NativeDc* first = records)
        {
            call.Check(
                Functions.mts_session_put_dc_options(
                    call.Session, first, (nuint)records.Length, (nuint)sizeof(NativeDc), &error),
                error);
        }
    }

    /// <summary>
    /// The key of a data center; null where there is none. That of the home data center is the same as
    /// <see cref="TryGetAuthKey"/> answers. Telethon: none; it imports the login anew each time.
    /// </summary>
    public unsafe DcKey? GetKey(int dc, KeySlot slot = KeySlot.Permanent)
    {
        using var call = new Call(this);
        NativeKey key;
        nint error;
        Status status = Functions.mts_session_key(
            call.Session, dc, (uint)slot, &key, (nuint)sizeof(NativeKey), &error);
        if (!call.Found(status, error))
        {
            return null;
        }
        var bytes = new Span<byte>(key.Key, AuthKeyLength);
        var found = new DcKey(bytes)
        {
            Dc = key.Dc,
            Slot = (KeySlot)key.Slot,
            Created = key.Created,
            Expires = key.Expires,
            UserId = key.UserId,
        };
        Wipe(bytes);
        return found;
    }

    /// <summary>Sets the key of a data center, durably. Telethon: none.</summary>
    public unsafe void PutKey(DcKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var native = new NativeKey
        {
            Dc = key.Dc,
            Slot = (uint)key.Slot,
            Created = key.Created,
            Expires = key.Expires,
            UserId = key.UserId,
        };
        var bytes = new Span<byte>(native.Key, AuthKeyLength);
        key.Key.CopyTo(bytes);
        try
        {
            using var call = new Call(this);
            nint error;
            call.Check(
                Functions.mts_session_put_key(
                    call.Session, &native, (nuint)sizeof(NativeKey), &error),
                error);
        }
        finally
        {
            Wipe(bytes);
        }
    }

    /// <summary>
    /// Forgets a key of a data center, durably; false where there was none. Telethon: none.
    /// </summary>
    public unsafe bool ForgetKey(int dc, KeySlot slot = KeySlot.Permanent)
    {
        using var call = new Call(this);
        nint error;
        return call.Found(
            Functions.mts_session_forget_key(call.Session, dc, (uint)slot, &error), error);
    }

    /// <summary>
    /// The salts of a data center. Telethon: none; it keeps one salt while it runs.
    /// </summary>
    public IReadOnlyList<Salt> GetSalts(int dc)
    {
        var salts = new List<Salt>();
        var page = new Page<Salt>(64, 0);
        bool more = true;
        while (more)
        {
            more = SaltPage(dc, page);
            salts.AddRange(page.Records.AsSpan(0, page.Count));
        }
        return salts;
    }

    /// <summary>
    /// Replaces the salts of a data center by these (none removes them). They wait for the next save.
    /// Telethon: none.
    /// </summary>
    public unsafe void PutSalts(int dc, IEnumerable<Salt> salts)
    {
        ArgumentNullException.ThrowIfNull(salts);
        Salt[] records = salts.ToArray();
        using var call = new Call(this);
        nint error;
        fixed (Salt* first = records)
        {
            call.Check(
                Functions.mts_session_put_salts(
                    call.Session, dc, (NativeSalt*)first, (nuint)records.Length,
                    (nuint)sizeof(NativeSalt), &error),
                error);
        }
    }

    /// <summary>
    /// The auth key of the home data center, 256 bytes written to <paramref name="key"/>; false where
    /// nobody is logged in. Wipe your copy when you are done with it. Telethon: <c>auth_key</c>.
    /// </summary>
    public unsafe bool TryGetAuthKey(Span<byte> key)
    {
        CheckRoom(key);
        using var call = new Call(this);
        nint error;
        fixed (byte* bytes = key)
        {
            return call.Found(Functions.mts_session_auth_key(call.Session, bytes, &error), error);
        }
    }

    /// <summary>
    /// The auth key of the home data center, in an array of your own; null where nobody is logged in.
    /// </summary>
    public byte[]? GetAuthKey()
    {
        byte[] key = new byte[AuthKeyLength];
        return TryGetAuthKey(key) ? key : null;
    }

    /// <summary>
    /// Sets the auth key of the home data center, 256 bytes: it is on the disk when this returns. Where
    /// no home data center is known yet the key is kept all the same, but there is no string session
    /// until <see cref="SetDc"/> told it. Telethon: <c>auth_key = …</c> and <c>save()</c>.
    /// </summary>
    public unsafe void SetAuthKey(ReadOnlySpan<byte> key)
    {
        using var call = new Call(this);
        nint error;
        fixed (byte* bytes = key)
        {
            call.Check(
                Functions.mts_session_set_auth_key(
                    call.Session, bytes, (nuint)key.Length, &error),
                error);
        }
    }

    /// <summary>
    /// Removes the auth key of the home data center, durably: the session is logged out. Entities and
    /// update states stay. Telethon: <c>auth_key = None</c> and <c>save()</c>.
    /// </summary>
    public unsafe void ClearAuthKey()
    {
        using var call = new Call(this);
        nint error;
        call.Check(Functions.mts_session_clear_auth_key(call.Session, &error), error);
    }

    /// <summary>
    /// Id of the auth key of the home data center, bytes 12 to 20 of its SHA-1 as a little-endian
    /// number; null where nobody is logged in. It tells keys apart and reveals none. Telethon:
    /// <c>auth_key.key_id</c>.
    /// </summary>
    public unsafe ulong? AuthKeyId
    {
        get
        {
            using var call = new Call(this);
            ulong id;
            nint error;
            Status status = Functions.mts_session_auth_key_id(call.Session, &id, &error);
            return call.Found(status, error) ? id : null;
        }
    }

    /// <summary>
    /// The temporary auth key of the home data center, 256 bytes written to <paramref name="key"/>;
    /// false where there is none. Telethon: <c>tmp_auth_key</c>.
    /// </summary>
    public unsafe bool TryGetTmpAuthKey(Span<byte> key)
    {
        CheckRoom(key);
        using var call = new Call(this);
        nint error;
        fixed (byte* bytes = key)
        {
            return call.Found(
                Functions.mts_session_tmp_auth_key(call.Session, bytes, &error), error);
        }
    }

    /// <summary>
    /// Sets the temporary auth key of the home data center. It is stored, durably, only where
    /// <see cref="SessionOptions.StoreTmpAuthKey"/> asked for it. Telethon: <c>tmp_auth_key = …</c>.
    /// </summary>
    public unsafe void SetTmpAuthKey(ReadOnlySpan<byte> key)
    {
        using var call = new Call(this);
        nint error;
        fixed (byte* bytes = key)
        {
            call.Check(
                Functions.mts_session_set_tmp_auth_key(
                    call.Session, bytes, (nuint)key.Length, &error),
                error);
        }
    }

    /// <summary>
    /// Removes the temporary auth key of the home data center. Telethon: <c>tmp_auth_key = None</c>.
    /// </summary>
    public unsafe void ClearTmpAuthKey()
    {
        using var call = new Call(this);
        nint error;
        call.Check(Functions.mts_session_clear_tmp_auth_key(call.Session, &error), error);
    }

    /// <summary>
    /// Id of the takeout that is not finished yet; null for none. Setting it is durable. Telethon:
    /// <c>takeout_id</c>.
    /// </summary>
    public unsafe long? TakeoutId
    {
        get
        {
            using var call = new Call(this);
            long id;
            nint error;
            Status status = Functions.mts_session_takeout_id(call.Session, &id, &error);
            return call.Found(status, error) ? id : null;
        }
        set
        {
            using var call = new Call(this);
            nint error;
            Status status = value is { } id
                ? Functions.mts_session_set_takeout_id(call.Session, id, &error)
                : Functions.mts_session_clear_takeout_id(call.Session, &error);
            call.Check(status, error);
        }
    }

    /// <summary>
    /// Who is logged in. Setting it is durable. Another user id than the one before means another
    /// account: its entities, update states and files are dropped, for their hashes are of no use to
    /// this one. Telethon: the row with id 0 in <c>entities</c>.
    /// </summary>
    public unsafe Identity Identity
    {
        get
        {
            using var call = new Call(this);
            NativeIdentity me;
            nint error;
            call.Check(
                Functions.mts_session_identity(
                    call.Session, &me, (nuint)sizeof(NativeIdentity), &error),
                error);
            var flags = (IdentityFlags)me.Flags;
            return new Identity(
                me.UserId,
                me.ApiId,
                (flags & IdentityFlags.Bot) != 0,
                (flags & IdentityFlags.TestMode) != 0);
        }
        set
        {
            var me = new NativeIdentity
            {
                UserId = value.UserId,
                ApiId = value.ApiId,
                Flags = (uint)((value.IsBot ? IdentityFlags.Bot : 0)
                    | (value.IsTest ? IdentityFlags.TestMode : 0)),
            };
            using var call = new Call(this);
            nint error;
            call.Check(
                Functions.mts_session_set_identity(
                    call.Session, &me, (nuint)sizeof(NativeIdentity), &error),
                error);
        }
    }

    /// <summary>
    /// The login as Telethon's string session (<c>1…</c>); null where there is no data center or no
    /// auth key to write. It is as secret as the auth key in it, and a .NET text cannot be wiped:
    /// <see cref="ToSecretString"/> can. Telethon: <c>StringSession.save(session)</c>.
    /// </summary>
    public string? ToSessionString()
    {
        using SecretBuffer? secret = ToSecretString();
        if (secret is null)
        {
            return null;
        }
        Span<byte> bytes = stackalloc byte[secret.Length];
        secret.CopyTo(bytes);
        string text = Encoding.ASCII.GetString(bytes);
        Wipe(bytes);
        return text;
    }

    /// <summary>As <see cref="ToSessionString"/>, in ASCII bytes that can be wiped.</summary>
    public unsafe SecretBuffer? ToSecretString()
    {
        using var call = new Call(this);
        nint buffer, error;
        Status status = Functions.mts_session_to_string(call.Session, &buffer, &error);
        return call.Found(status, error) ? new SecretBuffer(buffer) : null;
    }

    /// <summary>
    /// The bytes behind <see cref="ToSessionString"/>, for those who encode them in their own way; see
    /// <see cref="FromPacked"/>. Telethon: a subclass of <c>StringSession</c> with its own
    /// <c>encode</c>.
    /// </summary>
    public unsafe SecretBuffer? ToPacked()
    {
        using var call = new Call(this);
        nint buffer, error;
        Status status = Functions.mts_session_to_packed(call.Session, &buffer, &error);
        return call.Found(status, error) ? new SecretBuffer(buffer) : null;
    }

    private static void CheckRoom(Span<byte> key)
    {
        if (key.Length < AuthKeyLength)
        {
            throw new ArgumentException("an auth key has 256 bytes: no room for it", nameof(key));
        }
    }

    private static void Wipe(Span<byte> bytes) =>
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(bytes);

    private unsafe bool DcPage(Page<NativeDc> page)
    {
        using var call = new Call(this);
        NativePage native;
        nint error;
        fixed (NativeDc* records = page.Records)
        {
            Status status = call.Check(
                Functions.mts_session_dc_options(
                    call.Session, page.Next, records, (nuint)page.Records.Length,
                    (nuint)sizeof(NativeDc), &native, &error),
                error);
            page.Take(status, native);
            return status != Status.Done;
        }
    }

    private unsafe bool SaltPage(int dc, Page<Salt> page)
    {
        using var call = new Call(this);
        NativePage native;
        nint error;
        fixed (Salt* records = page.Records)
        {
            Status status = call.Check(
                Functions.mts_session_salts(
                    call.Session, dc, page.Next, (NativeSalt*)records,
                    (nuint)page.Records.Length, (nuint)sizeof(NativeSalt), &native, &error),
                error);
            page.Take(status, native);
            return status != Status.Done;
        }
    }

    private static unsafe DataCenter FromNative(ref NativeDc dc)
    {
        fixed (NativeDc* pinned = &dc)
        {
            return FromNative(pinned);
        }
    }

    private static unsafe DataCenter FromNative(NativeDc* dc) => new()
    {
        Id = dc->Id,
        Host = Text.Utf8.GetString(dc->Host, (int)dc->HostLen),
        Port = (int)dc->Port,
        Flags = (DcFlags)dc->Flags,
        Secret = new ReadOnlySpan<byte>(dc->Secret, (int)dc->SecretLen).ToArray(),
    };

    // A port has no sign in the library, which would speak of another number than was given.
    private static uint Port(int port, string where = "") => port >= 0
        ? (uint)port
        : throw new MtSessionException(
            Status.Argument, $"{where}port {port} is impossible; 1 to 65535 are possible");

    private static unsafe NativeDc ToNative(DataCenter dc, int index)
    {
        const int hostRoom = 255, secretRoom = 32;
        if (dc?.Host is not { } host)
        {
            throw new ArgumentException($"record {index}: the host is null");
        }
        int hostLength = Text.Utf8.GetByteCount(host);
        if (hostLength > hostRoom || dc.Secret.Length > secretRoom)
        {
            throw new ArgumentException(
                $"record {index}: a host has at most {hostRoom} bytes and a secret {secretRoom}, "
                + $"not {hostLength} and {dc.Secret.Length}");
        }
        var native = new NativeDc
        {
            Id = dc.Id,
            Port = Port(dc.Port, $"record {index}: "),
            Flags = (uint)dc.Flags,
            HostLen = (uint)hostLength,
            SecretLen = (uint)dc.Secret.Length,
        };
        Text.Utf8.GetBytes(host, new Span<byte>(native.Host, hostRoom));
        dc.Secret.Span.CopyTo(new Span<byte>(native.Secret, secretRoom));
        return native;
    }
}
