using System.Runtime.InteropServices;

namespace MtSession.Native;

/// <summary>
/// Owns an <c>mts_session</c>. The runtime frees it at the latest when it collects it, and never while
/// a call is inside, for a call holds it (<see cref="Call"/>).
/// </summary>
internal sealed class SessionHandle : SafeHandle
{
    public SessionHandle(nint session)
        : base(0, ownsHandle: true) => SetHandle(session);

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        Functions.mts_session_free(handle);
        return true;
    }
}

/// <summary>Owns an <c>mts_buffer</c>, which is wiped when it is freed.</summary>
internal sealed class BufferHandle : SafeHandle
{
    public BufferHandle(nint buffer)
        : base(0, ownsHandle: true) => SetHandle(buffer);

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        Functions.mts_buffer_free(handle);
        return true;
    }
}
