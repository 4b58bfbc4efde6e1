using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using MtSession.Native;
using Xunit;

namespace MtSession.Tests;

/// <summary>The binding says what mtsession.h says, all of it and nothing else.</summary>
public sealed class HeaderTests : Scratch
{
    private static readonly string s_header = Regex.Replace(
        File.ReadAllText(Path.Combine(Root, "include/mtsession.h")), @"/\*.*?\*/|//[^\n]*", "",
        RegexOptions.Singleline);

    private static readonly Dictionary<string, string> s_scalars = new()
    {
        ["void"] = "Void",
        ["char"] = "Byte",
        ["uint8_t"] = "Byte",
        ["int32_t"] = "Int32",
        ["uint32_t"] = "UInt32",
        ["int64_t"] = "Int64",
        ["uint64_t"] = "UInt64",
        ["size_t"] = "UIntPtr",
        ["mts_status"] = "Status",
        // Opaque: a pointer to one is a nint.
        ["mts_session*"] = "IntPtr",
        ["mts_error*"] = "IntPtr",
        ["mts_buffer*"] = "IntPtr",
        ["mts_out*"] = "IntPtr",
    };

    /// <summary>What each group of constants is in the binding.</summary>
    private static readonly Dictionary<string, Type> s_groups = new()
    {
        ["OPEN"] = typeof(OpenFlags),
        ["JOURNAL"] = typeof(Journal),
        ["NOTICE"] = typeof(NoticeKind),
        ["DC"] = typeof(DcFlags),
        ["SLOT"] = typeof(KeySlot),
        ["IDENTITY"] = typeof(IdentityFlags),
        ["ENTITY"] = typeof(EntityFlags),
        ["LOOK"] = typeof(LookUp),
        ["PEER"] = typeof(PeerKind),
        ["STATE"] = typeof(StateFields),
        ["SET"] = typeof(SetFlags),
        ["FILE"] = typeof(FileKind),
        ["VALUE"] = typeof(ValueFlags),
        ["COMMIT"] = typeof(CommitFlags),
        ["FIND"] = typeof(FindBy),
    };

    [Fact]
    public void Every_function_is_there_with_its_types()
    {
        string[] header = Regex.Matches(s_header, @"MTS_API\s+([^;#]*?)\b(mts_\w+)\s*\(([^;]*)\);")
            .Select(match => Signature(
                match.Groups[2].Value, match.Groups[1].Value, match.Groups[3].Value))
            .Order().ToArray();
        string[] binding = typeof(Functions).GetMethods(BindingFlags.Static | BindingFlags.Public)
            .Select(method => $"{Name(method.ReturnType)} {method.Name}"
                + $"({string.Join(", ", method.GetParameters().Select(p => Name(p.ParameterType)))})")
            .Order().ToArray();

        Assert.True(header.Length >= 79, $"only {header.Length} functions were found in the header");
        Assert.Equal(header, binding);
    }

    [Fact]
    public void Every_function_is_used()
    {
        string library = Path.Combine(Root, "bindings/csharp/MtSession");
        string sources = string.Concat(
            Directory.EnumerateFiles(library, "*.cs", SearchOption.AllDirectories)
                .Where(file => Path.GetFileName(file) != "Functions.cs").Select(File.ReadAllText));
        string[] unused = typeof(Functions).GetMethods(BindingFlags.Static | BindingFlags.Public)
            .Where(method => !Regex.IsMatch(sources, $@"Functions\.{method.Name}\b"))
            .Select(method => method.Name).ToArray();
        Assert.Empty(unused);
    }

    [Fact]
    public void Nothing_is_marshalled()
    {
        foreach (MethodInfo method in
            typeof(Functions).GetMethods(BindingFlags.Static | BindingFlags.Public))
        {
            foreach (Type type in
                method.GetParameters().Select(p => p.ParameterType).Append(method.ReturnType))
            {
                Assert.True(
                    type.IsPointer || type == typeof(void)
                        || (type.IsValueType && (type.IsPrimitive || type.IsEnum)
                            && type != typeof(bool) && type != typeof(char)),
                    $"{method.Name}: {type}");
            }
        }
    }

    [Fact]
    public void Every_status_is_there_with_its_number()
    {
        Dictionary<string, int> header = Regex.Matches(s_header, @"\bMTS_(E_)?(\w+) = (-?\d+)")
            .ToDictionary(
                match => Pascal(match.Groups[2].Value), match => int.Parse(match.Groups[3].Value));
        Dictionary<string, int> binding = Enum.GetValues<Status>()
            .ToDictionary(status => status.ToString(), status => (int)status);
        Assert.True(header.Count >= 20, $"only {header.Count} statuses were found in the header");
        Assert.Equal(header.OrderBy(pair => pair.Key), binding.OrderBy(pair => pair.Key));
    }

    [Fact]
    public unsafe void The_library_calls_every_status_by_its_name()
    {
        foreach (Status status in Enum.GetValues<Status>())
        {
            string name = Native.Text.Of(Functions.mts_status_name((int)status));
            Assert.Equal(status.ToString(), Pascal(Regex.Replace(name, "^MTS_(E_)?", "")));
            Assert.Equal(status < 0, name.StartsWith("MTS_E_"));
        }
        Assert.Equal("unknown status", Native.Text.Of(Functions.mts_status_name(-16)));
    }

    [Fact]
    public void Every_constant_is_there_with_its_number()
    {
        var header = new SortedDictionary<string, long>();
        foreach (Match match in Regex.Matches(s_header, @"#define MTS_([A-Z]+)_(\w+) (\d+)\n"))
        {
            header[$"{match.Groups[1].Value} {Pascal(match.Groups[2].Value)}"] =
                long.Parse(match.Groups[3].Value);
        }
        var binding = new SortedDictionary<string, long>
        {
            ["ABI Version"] = Functions.AbiVersion,
            ["AUTH KeyLen"] = Session.AuthKeyLength,
        };
        foreach ((string group, Type type) in s_groups)
        {
            foreach (object value in Enum.GetValues(type))
            {
                string name = value.ToString()!;
                if (name is not ("None" or "Default"))
                {
                    binding[$"{group} {name.Replace("IPv6", "Ipv6")}"] = Convert.ToInt64(value);
                }
            }
        }
        Assert.Equal($"{header["VERSION Major"]}.{header["VERSION Minor"]}.{header["VERSION Patch"]}",
            Session.LibraryVersion);
        foreach (string part in new[] { "Major", "Minor", "Patch" })
        {
            header.Remove($"VERSION {part}");
        }
        Assert.True(header.Count > 50, $"only {header.Count} constants were found in the header");
        Assert.Equal(header.AsEnumerable(), binding);
    }

    [Fact]
    public void Every_record_has_the_layout_of_the_header()
    {
        var sizes = new Dictionary<string, (int Size, int Align)>
        {
            ["char"] = (1, 1), ["uint8_t"] = (1, 1), ["int32_t"] = (4, 4), ["uint32_t"] = (4, 4),
            ["int64_t"] = (8, 8), ["uint64_t"] = (8, 8), ["size_t"] = (8, 8),
        };
        int records = 0;
        foreach (Match match in
            Regex.Matches(s_header, @"typedef struct (mts_\w+) \{(.*?)\} \1;", RegexOptions.Singleline))
        {
            string name = match.Groups[1].Value;
            Type type = typeof(Functions).Assembly.GetType(
                $"MtSession.Native.Native{Pascal(name["mts_".Length..])}", throwOnError: true)!;
            int offset = 0, align = 1;
            var fields = new List<string>();
            foreach (string declaration in match.Groups[2].Value.Split(
                ';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                Match field = Regex.Match(declaration, declaration.Contains('(')
                    ? @"()\(\*(\w+)\)()"
                    : @"^(?:const )?(?:struct )?(\w+\s*\**)\s*?\b(\w+)(?:\[(\d+)\])?$");
                Assert.True(field.Success, $"{name}: cannot read {declaration}");
                string of = field.Groups[1].Value.Replace(" ", "");
                (int Size, int Align) one = of == "" || of.EndsWith('*') ? (8, 8) : sizes[of];
                int count = field.Groups[3].Success && field.Groups[3].Length > 0
                    ? int.Parse(field.Groups[3].Value)
                    : 1;
                offset = (offset + one.Align - 1) / one.Align * one.Align;
                fields.Add($"{Pascal(field.Groups[2].Value)} at {offset}");
                offset += one.Size * count;
                align = Math.Max(align, one.Align);
            }
            sizes[name] = ((offset + align - 1) / align * align, align);

            FieldInfo[] managed = type.GetFields(BindingFlags.Instance | BindingFlags.Public);
            Assert.Equal(
                fields.ToArray(),
                managed.Select(f => $"{f.Name} at {Marshal.OffsetOf(type, f.Name)}").ToArray());
            Assert.Equal(sizes[name].Size, Marshal.SizeOf(type));
            records++;
        }
        Assert.Equal(
            typeof(Functions).Assembly.GetTypes().Count(type => type.Name.StartsWith("Native")), records);
    }

    [Fact]
    public unsafe void A_public_salt_is_a_native_one()
    {
        var salt = new Salt(1, 2, 3);
        NativeSalt native = *(NativeSalt*)&salt;
        Assert.Equal(sizeof(NativeSalt), sizeof(Salt));
        Assert.Equal((1L, 2L, 3L), (native.Salt, native.Since, native.Until));
    }

    /// <summary>ACCESS_HASH or access_hash: AccessHash.</summary>
    private static string Pascal(string words) => string.Concat(
        words.ToLowerInvariant().Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));

    private static string Signature(string name, string returns, string parameters)
    {
        returns = Regex.Replace(returns, "MTS_MUST_USE", "");
        string[] types = Regex.Split(parameters.Trim(), @"\s*,\s*")
            .Where(parameter => parameter != "void")
            .Select(parameter => Type(Regex.Replace(parameter, @"\w+$", ""))).ToArray();
        return $"{Type(returns)} {name}({string.Join(", ", types)})";
    }

    private static string Type(string c)
    {
        string type = Regex.Replace(c, @"\bconst\b|\bstruct\b|\s", "");
        int stars = type.Length - type.TrimEnd('*').Length;
        string bare = type[..^stars];
        if (stars > 0 && s_scalars.TryGetValue(bare + "*", out string? handle))
        {
            return handle + new string('*', stars - 1);
        }
        string name = s_scalars.TryGetValue(bare, out string? scalar)
            ? scalar
            : $"Native{Pascal(bare["mts_".Length..])}";
        return name + new string('*', stars);
    }

    private static string Name(Type type) => type.Name;
}
