using Xunit;

namespace MtSession.Tests;

/// <summary>Data centers, keys, takeout, identity, string sessions.</summary>
public sealed class LoginTests : Scratch
{
    [Fact]
    public void Nothing_is_known_of_a_new_session()
    {
        using var session = Session.InMemory();
        Assert.Null(session.Dc);
        Assert.Null(session.GetAuthKey());
        Assert.Null(session.AuthKeyId);
        Assert.False(session.TryGetTmpAuthKey(new byte[256]));
        Assert.Null(session.TakeoutId);
        Assert.Equal(default, session.Identity);
        Assert.Null(session.GetKey(2));
        Assert.Empty(session.GetSalts(2));
        Assert.Empty(session.GetDcOptions());
        Assert.Null(session.ToSessionString());
        Assert.Null(session.ToPacked());
    }

    [Theory]
    [InlineData("149.154.167.51")]
    [InlineData("2001:67c:4e8:f002::a")]
    [InlineData("dc.example.org")]
    public void A_home_data_center_has_an_address(string host)
    {
        using var session = Session.InMemory();
        session.SetDc(2, host, 443);
        DataCenter dc = session.Dc!;
        Assert.Equal((2, host, 443), (dc.Id, dc.Host, dc.Port));
    }

    [Fact]
    public void Ports_out_of_range_are_refused()
    {
        using var session = Session.InMemory();
        foreach (int port in new[] { 0, -1, 65536, int.MinValue })
        {
            MtSessionException failure =
                Fails(Status.Argument, () => session.SetDc(2, "::1", port));
            Assert.Contains($"{port}", failure.Message);
            failure = Fails(Status.Argument, () => session.PutDcOptions(
                [Way("::1"), new DataCenter { Id = 2, Host = "::1", Port = port }]));
            Assert.Contains("record 1: ", failure.Message);
            Assert.Contains($"{port}", failure.Message);
        }
    }

    [Fact]
    public void A_way_to_a_data_center_that_cannot_be_is_named()
    {
        using var session = Session.InMemory();
        foreach (DataCenter wrong in new[]
        {
            Way(null!), Way(new string('a', 256)), Way("::1") with { Secret = new byte[33] }, null!,
        })
        {
            var refused = Assert.Throws<ArgumentException>(
                () => session.PutDcOptions([Way("::1"), wrong]));
            Assert.Contains("record 1: ", refused.Message);
        }
        Assert.Empty(session.GetDcOptions());
    }

    private static DataCenter Way(string host) => new() { Id = 1, Host = host, Port = 1 };

    [Fact]
    public void Keys_come_and_go()
    {
        using var session = Session.InMemory();
        session.SetDc(2, "149.154.167.51", 443);
        session.SetAuthKey(Key);
        session.SetTmpAuthKey(OtherKey);
        Span<byte> got = stackalloc byte[256];
        Assert.True(session.TryGetAuthKey(got));
        Assert.Equal(Key, got.ToArray());
        Assert.True(session.TryGetTmpAuthKey(got));
        Assert.Equal(OtherKey, got.ToArray());
        ulong expected = BitConverter.ToUInt64(
            System.Security.Cryptography.SHA1.HashData(Key), 12);
        Assert.Equal(expected, session.AuthKeyId);
        session.ClearAuthKey();
        session.ClearTmpAuthKey();
        Assert.False(session.TryGetAuthKey(got));
        Assert.Equal(new byte[256], got.ToArray());
        Assert.False(session.TryGetTmpAuthKey(got));

        Fails(Status.Argument, () => session.SetAuthKey(Key.AsSpan(1)));
        Assert.Throws<ArgumentException>(() => session.TryGetAuthKey(new byte[255]));
        Assert.Throws<ArgumentException>(() => session.TryGetTmpAuthKey(new byte[255]));
    }

    [Fact]
    public void Other_data_centers_have_options_and_keys()
    {
        using var session = Session.InMemory();
        DataCenter[] options = Enumerable.Range(1, 20).Select(id => new DataCenter // three pages
        {
            Id = id,
            Host = id % 2 == 0 ? "2001:67c:4e8:f002::a" : "149.154.175.53",
            Port = 443 + id,
            Flags = id % 2 == 0 ? DcFlags.IPv6 | DcFlags.MediaOnly : DcFlags.Static,
            Secret = Bytes(id, 7),
        }).ToArray();
        session.PutDcOptions(options);
        IReadOnlyList<DataCenter> got = session.GetDcOptions();
        Assert.Equal(options.Length, got.Count);
        foreach ((DataCenter one, DataCenter other) in options.Zip(got))
        {
            Assert.Equal(one with { Secret = default }, other with { Secret = default });
            Assert.Equal(one.Secret.ToArray(), other.Secret.ToArray());
        }

        using var key = new DcKey(OtherKey)
        {
            Dc = 4,
            Slot = KeySlot.MediaTemporary,
            Created = 10,
            Expires = 20,
            UserId = 30,
        };
        session.PutKey(key);
        using (DcKey stored = session.GetKey(4, KeySlot.MediaTemporary)!)
        {
            Assert.Equal(
                (4, KeySlot.MediaTemporary, 10L, 20L, 30L),
                (stored.Dc, stored.Slot, stored.Created, stored.Expires, stored.UserId));
            Assert.Equal(OtherKey, stored.Key.ToArray());
            stored.Dispose();
            Assert.Equal(new byte[256], stored.Key.ToArray());
        }
        Assert.True(session.ForgetKey(4, KeySlot.MediaTemporary));
        Assert.False(session.ForgetKey(4, KeySlot.MediaTemporary));

        session.SetDc(2, "149.154.167.51", 443);
        session.SetAuthKey(Key);
        session.SetHome(3, OtherKey);
        Assert.Equal((3, "149.154.175.53", 446), (session.Dc!.Id, session.Dc.Host, session.Dc.Port));
        Assert.Equal(OtherKey, session.GetAuthKey()!);
        Assert.Equal(Key, session.GetKey(2)!.Key.ToArray());
        Fails(Status.Argument, () => session.SetHome(99, OtherKey));

        session.PutDcOptions([]);
        Assert.Empty(session.GetDcOptions());
        Assert.Throws<ArgumentException>(() => new DcKey(Key.AsSpan(1)) { Dc = 1 });
    }

    [Fact]
    public void Salts_come_in_pages_and_in_order()
    {
        using var session = Session.InMemory();
        Salt[] salts = Enumerable.Range(0, 150).Select(i => new Salt(i - 3, i, i + 1)).ToArray();
        session.PutSalts(2, salts);
        Assert.Equal(salts, session.GetSalts(2).ToArray());
        session.PutSalts(3, session.GetSalts(2).Skip(1));
        Assert.Equal(salts[1..], session.GetSalts(3).ToArray());
        session.PutSalts(2, []);
        Assert.Empty(session.GetSalts(2));
    }

    [Fact]
    public void Takeout_and_identity_are_kept()
    {
        using var session = Session.InMemory();
        session.TakeoutId = long.MinValue;
        Assert.Equal(long.MinValue, session.TakeoutId);
        session.TakeoutId = null;
        Assert.Null(session.TakeoutId);
        var me = new Identity(123456789, 17349, IsBot: true, IsTest: true);
        session.Identity = me;
        Assert.Equal(me, session.Identity);
        session.Identity = me with { IsBot = false };
        Assert.Equal(me with { IsBot = false }, session.Identity);
        session.Identity = me with { IsTest = false };
        Assert.Equal(me with { IsTest = false }, session.Identity);
    }

    [Theory]
    [InlineData("149.154.167.51", 353)]
    [InlineData("2001:67c:4e8:f002::a", 369)]
    public void A_string_session_holds_the_login(string host, int length)
    {
        using var session = Session.InMemory();
        session.SetDc(2, host, 443);
        session.SetAuthKey(Key);
        string text = session.ToSessionString()!;
        Assert.Equal(length, text.Length);

        using (SecretBuffer secret = session.ToSecretString()!)
        {
            Assert.Equal(text, System.Text.Encoding.ASCII.GetString(secret.ToArray()));
            Assert.Throws<ArgumentException>(() => secret.CopyTo(new byte[secret.Length - 1]));
            secret.Dispose();
            Assert.Throws<ObjectDisposedException>(() => secret.ToArray());
        }
        using SecretBuffer packed = session.ToPacked()!;
        using var fromText = Session.FromString(text);
        using var fromBytes = Session.FromString(System.Text.Encoding.ASCII.GetBytes(text));
        using var fromPacked = Session.FromPacked(packed.ToArray());
        foreach (Session same in new[] { fromText, fromBytes, fromPacked })
        {
            Assert.Equal((2, host, 443), (same.Dc!.Id, same.Dc.Host, same.Dc.Port));
            Assert.Equal(Key, same.GetAuthKey()!);
        }
    }

    [Fact]
    public void A_text_that_is_no_string_session_is_refused_and_not_repeated()
    {
        using (Session empty = Session.FromString(""))
        {
            Assert.Null(empty.Dc);
        }
        MtSessionException failure =
            Fails(Status.Format, () => Session.FromString("1secretsecretsecret"));
        Assert.DoesNotContain("secretsecret", failure.Message);
        Fails(Status.Format, () => Session.FromPacked(new byte[10]));
    }
}
