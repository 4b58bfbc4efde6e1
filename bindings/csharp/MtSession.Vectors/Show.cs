using System.Text;

namespace MtSession.Vectors;

/// <summary>Answers as the vectors write them.</summary>
internal static class Show
{
    public static string Text(string? text)
    {
        var shown = new StringBuilder("'");
        foreach (char c in text ?? "")
        {
            if (c is < ' ' or '\'' or '\\' or '\x7f')
            {
                shown.Append($"\\x{(int)c:x2}");
            }
            else
            {
                shown.Append(c);
            }
        }
        return shown.Append('\'').ToString();
    }

    public static string Bytes(ReadOnlySpan<byte> bytes) =>
        bytes.IsEmpty ? "-" : Convert.ToHexString(bytes).ToLowerInvariant();

    /// <summary>The id of a key: a session computes it.</summary>
    public static string KeyId(ReadOnlySpan<byte> key)
    {
        using var session = Session.InMemory();
        session.SetAuthKey(key);
        return $"{session.AuthKeyId:x16}";
    }

    public static string Dc(DataCenter dc) => $"{dc.Id} {Text(dc.Host)} {dc.Port}";

    public static string DcOption(DataCenter dc) =>
        $"{Dc(dc)} flags {(uint)dc.Flags} secret {Bytes(dc.Secret.Span)}";

    public static string Key(DcKey key) =>
        $"dc {key.Dc} slot {(int)key.Slot} id {KeyId(key.Key)} created {key.Created} "
        + $"expires {key.Expires} user {key.UserId}";

    public static string Identity(Identity me) =>
        $"user {me.UserId} api {me.ApiId} flags {(me.IsBot ? 1 : 0) + (me.IsTest ? 2 : 0)}";

    public static string Peer(InputPeer peer) =>
        $"{peer.Kind.ToString().ToLowerInvariant()} {peer.BareId} id {peer.Id} "
        + $"hash {peer.AccessHash} seen {peer.Seen}";

    public static string Entity(Entity entity) =>
        $"id {entity.Id} hash {entity.AccessHash} seen {entity.Seen} flags {(uint)entity.Flags} "
        + $"usernames {Text(entity.Usernames)} phone {Text(entity.Phone)} name {Text(entity.Name)}";

    public static string State(UpdateState state) =>
        $"id {state.Id} pts {state.Pts} qts {state.Qts} date {state.Date} seq {state.Seq}"
        + (state.AccessHash is { } hash ? $" hash {hash}" : "");
}
