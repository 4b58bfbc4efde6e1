using System.Runtime.CompilerServices;

namespace MtSession.Native;

// The records of mtsession.h, field by field. A test compares their layouts with the header.
#pragma warning disable CS0649 // the library fills them

internal struct NativeOptions
{
    public uint Size;
    public uint Flags;
    public uint BusyTimeoutMs;
    public uint MaxEntities;
    public uint MaxDirty;
    public uint MaxDirtyAgeMs;
    public uint Journal;
}

internal struct NativeText
{
    public uint Off;
    public uint Len;
}

internal struct NativeSessionInfo
{
    public long UserId;
    public ulong AuthKeyId;
    public ulong Entities;
    public ulong UpdateStates;
    public int Dc;
    public uint Port;
    public int Status;
    public uint Reserved;
    public NativeText Name;
    public NativeText Path;
    public NativeText Format;
    public NativeText Host;
    public NativeText Problem;
}

internal struct NativePage
{
    public long Next;
    public uint Count;
    public uint HeapLen;
    public uint HeapNeeded;
    public uint Reserved;
}

internal unsafe struct NativeDc
{
    public int Id;
    public uint Port;
    public uint Flags;
    public uint HostLen;
    public fixed byte Host[256];
    public uint SecretLen;
    public fixed byte Secret[32];
    public uint Reserved;
}

internal unsafe struct NativeKey
{
    public int Dc;
    public uint Slot;
    public long Created;
    public long Expires;
    public long UserId;
    public fixed byte Key[256];
}

internal struct NativeSalt
{
    public long Salt;
    public long Since;
    public long Until;
}

internal struct NativeIdentity
{
    public long UserId;
    public int ApiId;
    public uint Flags;
}

internal struct NativeEntity
{
    public long Id;
    public long AccessHash;
    public long Seen;
    public uint Flags;
    public uint Reserved;
    public NativeText Usernames;
    public NativeText Phone;
    public NativeText Name;
}

internal struct NativeInputPeer
{
    public long Id;
    public long BareId;
    public long AccessHash;
    public long Seen;
    public uint Kind;
    public uint Reserved;
}

internal struct NativeUpdateState
{
    public long Id;
    public long AccessHash;
    public long Date;
    public int Pts;
    public int Qts;
    public int Seq;
    public uint Fields;
}

internal unsafe struct NativeFile
{
    public fixed byte Md5[16];
    public long Size;
    public long Id;
    public long AccessHash;
    public uint Kind;
    public uint Reserved;
}

internal struct NativeValue
{
    public NativeText Key;
    public NativeText Value;
    public uint Flags;
    public uint Reserved;
}

internal unsafe struct NativeChanges
{
    public uint Size;
    public uint Flags;
    public byte* Account;
    public nuint AccountLen;
    public NativeEntity* Entities;
    public nuint EntityCount;
    public nuint EntityStride;
    public long* Forget;
    public nuint ForgetCount;
    public NativeUpdateState* States;
    public nuint StateCount;
    public nuint StateStride;
    public long* ForgetStates;
    public nuint ForgetStateCount;
    public NativeValue* Values;
    public nuint ValueCount;
    public nuint ValueStride;
    public byte* Heap;
    public nuint HeapLen;
}

internal unsafe struct NativeStorage
{
    public uint Size;
    public uint Reserved;
    public nint User;
    public delegate* unmanaged<nint, nint, int> Load;
    public delegate* unmanaged<nint, NativeChanges*, nint, int> Commit;
    public delegate* unmanaged<nint, uint, long, byte*, nuint, nint, int> Find;
    public delegate* unmanaged<nint, long, uint, nint, int> List;
    public delegate* unmanaged<nint, nint, int> Lock;
    public delegate* unmanaged<nint, void> Free;
}

/// <summary>Texts of records, which lie in the heap beside them.</summary>
internal static class TextExtensions
{
    /// <summary>The bytes of a text; none where it lies outside of the heap.</summary>
    public static ReadOnlySpan<byte> In(this NativeText text, ReadOnlySpan<byte> heap) =>
        (ulong)text.Off + text.Len <= (ulong)heap.Length
            ? heap.Slice((int)text.Off, (int)text.Len)
            : default;

    /// <summary>The text, or null where there is none.</summary>
    public static string? OrNull(this NativeText text, ReadOnlySpan<byte> heap) =>
        text.Len == 0 ? null : Text.Utf8.GetString(text.In(heap));

    /// <summary>The text, empty where there is none.</summary>
    public static string OrEmpty(this NativeText text, ReadOnlySpan<byte> heap) =>
        text.OrNull(heap) ?? "";
}
