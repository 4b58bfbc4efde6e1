namespace MtSession.WTelegram;

/// <summary>
/// A stream over one opaque value of a session. WTelegramClient writes the whole of its own encrypted
/// session at position 0 and then sets the length: only that, or a flush, stores it, so that no
/// half-written blob is ever kept. It is on the disk when that returns.
/// </summary>
internal sealed class BlobStream : MemoryStream
{
    private readonly Session _session;
    private readonly string _key;
    private bool _dirty;

    public BlobStream(Session session, string key)
    {
        (_session, _key) = (session, key);
        base.Write(session.GetValue(key));
        Position = 0;
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        _dirty = true;
        base.Write(buffer, offset, count);
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _dirty = true;
        base.Write(buffer);
    }

    public override void WriteByte(byte value)
    {
        _dirty = true;
        base.WriteByte(value);
    }

    public override void SetLength(long value)
    {
        _dirty |= value != Length;
        base.SetLength(value);
        Flush();
    }

    public override void Flush()
    {
        if (_dirty)
        {
            _session.PutValue(_key, GetBuffer().AsSpan(0, (int)Length), durable: true);
            _dirty = false;
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken)
    {
        Flush();
        return Task.CompletedTask;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && CanWrite)
        {
            Flush();
        }
        base.Dispose(disposing);
    }
}
