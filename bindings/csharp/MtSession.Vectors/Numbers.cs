using System.Text.Json;
using System.Text.RegularExpressions;

namespace MtSession.Vectors;

/// <summary>The header's names for the numbers that this binding has.</summary>
internal static class Numbers
{
    private static readonly Dictionary<string, Type> s_groups = new()
    {
        ["JOURNAL"] = typeof(Journal),
        ["NOTICE"] = typeof(NoticeKind),
        ["DC"] = typeof(DcFlags),
        ["SLOT"] = typeof(KeySlot),
        ["ENTITY"] = typeof(EntityFlags),
        ["LOOK"] = typeof(LookUp),
        ["PEER"] = typeof(PeerKind),
        ["FILE"] = typeof(FileKind),
    };

    /// <summary>Status.ReadOnly: MTS_E_READ_ONLY.</summary>
    public static string Name(Status status) => (status < 0 ? "MTS_E_" : "MTS_") + Words(status);

    public static string? CheckStatuses(JsonElement wanted) =>
        Differs(wanted, Enum.GetValues<Status>().ToDictionary(Name, status => (long)status), _ => true);

    public static string? CheckConstants(JsonElement wanted)
    {
        var have = new Dictionary<string, long> { ["MTS_AUTH_KEY_LEN"] = Session.AuthKeyLength };
        foreach ((string group, Type type) in s_groups)
        {
            foreach (object value in Enum.GetValues(type))
            {
                if (value.ToString() is not ("None" or "Default"))
                {
                    have[$"MTS_{group}_{Words(value)}"] = Convert.ToInt64(value);
                }
            }
        }
        return Differs(wanted, have, name => s_groups.ContainsKey(name.Split('_')[1]));
    }

    private static string? Differs(
        JsonElement wanted, Dictionary<string, long> have, Func<string, bool> isOurs)
    {
        foreach (JsonProperty number in wanted.EnumerateObject())
        {
            if (have.Remove(number.Name, out long value)
                ? value != number.Value.GetInt64()
                : isOurs(number.Name))
            {
                return $"{number.Name} is not {number.Value} here";
            }
        }
        return have.Count > 0 ? $"{have.First().Key} is one more" : null;
    }

    private static string Words(object value) => Regex.Replace(
        value.ToString()!.Replace("IPv6", "Ipv6"), "(?<=.)(?=[A-Z])|(?<=[a-z])(?=[0-9]$)(?<!v)", "_")
        .ToUpperInvariant();
}
