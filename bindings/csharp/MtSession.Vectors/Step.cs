using System.Text.Json;

namespace MtSession.Vectors;

/// <summary>What a step says, in the words of the vectors.</summary>
internal static class Step
{
    public static string Text(this JsonElement of, string name) =>
        of.TryGetProperty(name, out JsonElement value) ? value.GetString()! : "";

    /// <summary>A number of 64 bits, which is a text of decimal digits.</summary>
    public static long Long(this JsonElement of, string name) =>
        of.TryGetProperty(name, out JsonElement value) ? long.Parse(value.GetString()!) : 0;

    public static int Int(this JsonElement of, string name) => of.Maybe(name) ?? 0;

    public static int? Maybe(this JsonElement of, string name) =>
        of.TryGetProperty(name, out JsonElement value) ? value.GetInt32() : null;

    public static bool Is(this JsonElement of, string name) =>
        of.TryGetProperty(name, out JsonElement value) && value.GetBoolean();

    public static IEnumerable<JsonElement> List(this JsonElement of, string name) =>
        of.TryGetProperty(name, out JsonElement value) ? value.EnumerateArray() : [];

    /// <summary>Hexadecimal digits, or digits * count.</summary>
    public static byte[] Bytes(this JsonElement of, string name)
    {
        string[] parts = of.Text(name).Split('*');
        byte[] once = Convert.FromHexString(parts[0]);
        int count = parts.Length > 1 ? int.Parse(parts[1]) : 1;
        byte[] all = new byte[once.Length * count];
        for (int i = 0; i < count; i++)
        {
            once.CopyTo(all, i * once.Length);
        }
        return all;
    }

    /// <summary>MTS_OPEN_* flags, which are properties here.</summary>
    public static SessionOptions Options(this JsonElement of, string name)
    {
        int flags = of.Int(name);
        return flags is >= 0 and < 64
            ? new SessionOptions
            {
                ReadOnly = (flags & 1) != 0,
                Shared = (flags & 2) != 0,
                Existing = (flags & 4) != 0,
                Schema8 = (flags & 8) != 0,
                StoreTmpAuthKey = (flags & 16) != 0,
                SaveEntities = (flags & 32) == 0,
            }
            : throw new ArgumentException($"no such options: {flags}");
    }

    public static Entity Entity(this JsonElement of) => new()
    {
        Id = of.Long("id"),
        AccessHash = of.Long("hash"),
        Seen = of.Long("seen"),
        Flags = (EntityFlags)of.Int("flags"),
        Usernames = of.Text("usernames"),
        Phone = of.Text("phone"),
        Name = of.Text("name"),
    };

    public static UpdateState State(this JsonElement of) => new(of.Long("id"))
    {
        Pts = of.Maybe("pts"),
        Qts = of.Maybe("qts"),
        Date = of.TryGetProperty("date", out _) ? of.Long("date") : null,
        Seq = of.Maybe("seq"),
    };

    public static DataCenter DcOption(this JsonElement of) => new()
    {
        Id = of.Int("id"),
        Host = of.Text("host"),
        Port = of.Int("port"),
        Flags = (DcFlags)of.Int("flags"),
        Secret = of.Bytes("secret"),
    };
}
