using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace MtSession.Native;

/// <summary>
/// A .NET text as UTF-8 for the time of one call, in the caller's stack where it fits. It is wiped
/// when it goes: it may be a session string.
/// </summary>
internal ref struct Text
{
    /// <summary>How many bytes of stack callers lend.</summary>
    public const int Stack = 256;

    /// <summary>A lone surrogate is refused: the library would find something else under "�".</summary>
    public static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    private readonly Span<byte> _bytes;
    private byte[]? _rented;

    public Text(ReadOnlySpan<char> text, Span<byte> stack)
    {
        int most = Utf8.GetMaxByteCount(text.Length);
        if (most > stack.Length)
        {
            stack = _rented = ArrayPool<byte>.Shared.Rent(most);
        }
        _bytes = stack[..Utf8.GetBytes(text, stack)];
    }

    public readonly ReadOnlySpan<byte> Bytes => _bytes;

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_bytes);
        if (_rented is { } rented)
        {
            _rented = null;
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>A text of the library that ends in NUL.</summary>
    public static unsafe string Of(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";
}
