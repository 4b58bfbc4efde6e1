using MtSession.Native;

namespace MtSession;

/// <summary>
/// A secret outside of the managed heap, where the collector leaves no copies of it: wiped when it is
/// disposed of.
/// </summary>
public sealed class SecretBuffer : IDisposable
{
    private readonly BufferHandle _handle;

    internal unsafe SecretBuffer(nint buffer)
    {
        _handle = new BufferHandle(buffer);
        Length = (int)Functions.mts_buffer_len(buffer);
    }

    /// <summary>How many bytes it has.</summary>
    public int Length { get; }

    /// <summary>Copies the bytes. Wipe your copy when you are done with it.</summary>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short.</exception>
    public unsafe void CopyTo(Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
        bool held = false;
        _handle.DangerousAddRef(ref held);
        try
        {
            byte* data = Functions.mts_buffer_data(_handle.DangerousGetHandle());
            new ReadOnlySpan<byte>(data, Length).CopyTo(destination);
        }
        finally
        {
            _handle.DangerousRelease();
        }
    }

    /// <summary>A copy of the bytes. Wipe it when you are done with it.</summary>
    public byte[] ToArray()
    {
        byte[] bytes = new byte[Length];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>Wipes and frees it.</summary>
    public void Dispose() => _handle.Dispose();
}
