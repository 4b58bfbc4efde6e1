namespace MtSession.Native;

/// <summary>
/// One call into a session: holds its handle, so that it is not freed meanwhile, and turns a failure
/// into an exception. Handles are not parameters of the native functions because those are blittable.
/// </summary>
internal readonly ref struct Call
{
    private readonly SessionHandle _handle;
    private readonly bool _callsBack;

    public Call(Session session)
    {
        _handle = session.Handle;
        _callsBack = session.HasStorage;
        if (_callsBack)
        {
            StorageCallbacks.TakeException();
        }
        ObjectDisposedException.ThrowIf(_handle.IsClosed, session);
        bool held = false;
        _handle.DangerousAddRef(ref held);
    }

    public nint Session => _handle.DangerousGetHandle();

    /// <summary>Throws where the call failed; otherwise what it answered.</summary>
    public Status Check(Status status, nint error)
    {
        if (status < 0)
        {
            throw Error.Take(status, error, _callsBack ? StorageCallbacks.TakeException() : null);
        }
        return status;
    }

    /// <summary>As <see cref="Check"/>; whether there was such a thing.</summary>
    public bool Found(Status status, nint error) => Check(status, error) != Status.NotFound;

    public void Dispose() => _handle.DangerousRelease();
}

/// <summary>Errors of the library, which become exceptions.</summary>
internal static unsafe class Error
{
    /// <summary>The exception for an error object, which is freed.</summary>
    public static MtSessionException Take(Status status, nint error, Exception? inner = null)
    {
        try
        {
            return error == 0
                ? new MtSessionException(status, Text.Of(Functions.mts_status_name((int)status)), inner)
                : new MtSessionException(
                    Functions.mts_error_status(error),
                    Text.Of(Functions.mts_error_message(error)),
                    inner,
                    Functions.mts_error_sqlite_code(error),
                    Functions.mts_error_errno(error));
        }
        finally
        {
            Functions.mts_error_free(error);
        }
    }

    /// <summary>Throws where a call without a session failed.</summary>
    public static Status Check(Status status, nint error) =>
        status < 0 ? throw Take(status, error) : status;
}
