using MtSession.Native;

namespace MtSession;

/// <summary>How a session is opened. What is not set means its default.</summary>
public sealed record SessionOptions
{
    /// <summary>
    /// Never write. A file of an older schema is shown in the new shape and stays as it is. The
    /// session is not claimed, and may have an owner: do not connect with its auth key beside him.
    /// </summary>
    public bool ReadOnly { get; init; }

    /// <summary>
    /// Do not claim the session for this process. Several such clients may then share the file;
    /// credentials that two of them change at once fail with <see cref="Status.Busy"/>.
    /// </summary>
    public bool Shared { get; init; }

    /// <summary>
    /// Fail with <see cref="Status.Io"/> where there is no file, instead of creating one.
    /// </summary>
    public bool Existing { get; init; }

    /// <summary>
    /// Create a new file with schema 8 (Telethon 1.43 and later) instead of 7 (1.17 and later).
    /// </summary>
    public bool Schema8 { get; init; }

    /// <summary>
    /// Store the temporary auth key too (Telethon's <c>store_tmp_auth_key_on_disk</c>).
    /// </summary>
    public bool StoreTmpAuthKey { get; init; }

    /// <summary>
    /// Whether entities are taken in (Telethon's <c>save_entities</c>); true by default.
    /// </summary>
    public bool SaveEntities { get; init; } = true;

    /// <summary>
    /// How long to wait for another program that is writing the file; 5 seconds by default.
    /// </summary>
    public TimeSpan? BusyTimeout { get; init; }

    /// <summary>
    /// Entities held in memory before the least used leave it; 100000 by default.
    /// </summary>
    public int? MaxEntities { get; init; }

    /// <summary>Unsaved rows at which a put saves by itself; 10000 by default.</summary>
    public int? MaxDirty { get; init; }

    /// <summary>
    /// Age of the oldest unsaved row at which a put saves by itself; a minute by default, never with
    /// <see cref="Timeout.InfiniteTimeSpan"/>.
    /// </summary>
    public TimeSpan? MaxDirtyAge { get; init; }

    /// <summary>How what is saved gets to the disk; a rollback journal by default.</summary>
    public Journal Journal { get; init; }

    internal unsafe NativeOptions ToNative() => new()
    {
        Size = (uint)sizeof(NativeOptions),
        Flags = (uint)(
            (ReadOnly ? OpenFlags.ReadOnly : 0)
            | (Shared ? OpenFlags.Shared : 0)
            | (Existing ? OpenFlags.Existing : 0)
            | (Schema8 ? OpenFlags.Schema8 : 0)
            | (StoreTmpAuthKey ? OpenFlags.StoreTmpAuthKey : 0)
            | (SaveEntities ? 0 : OpenFlags.NoEntities)),
        BusyTimeoutMs = Milliseconds(BusyTimeout, nameof(BusyTimeout)),
        MaxEntities = Number(MaxEntities, nameof(MaxEntities)),
        MaxDirty = Number(MaxDirty, nameof(MaxDirty)),
        MaxDirtyAgeMs = MaxDirtyAge == Timeout.InfiniteTimeSpan
            ? uint.MaxValue
            : Milliseconds(MaxDirtyAge, nameof(MaxDirtyAge)),
        Journal = (uint)Journal,
    };

    // 0 is the default's word in the native library: it cannot be said.
    private static uint Number(int? number, string name)
    {
        if (number is { } given)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(given, name);
        }
        return (uint)(number ?? 0);
    }

    private static uint Milliseconds(TimeSpan? time, string name)
    {
        if (time is not { } given)
        {
            return 0;
        }
        double milliseconds = Math.Ceiling(given.TotalMilliseconds);
        if (milliseconds is < 1 or >= uint.MaxValue)
        {
            throw new ArgumentOutOfRangeException(
                name, given, "must be at least a millisecond and at most 49 days");
        }
        return (uint)milliseconds;
    }
}
