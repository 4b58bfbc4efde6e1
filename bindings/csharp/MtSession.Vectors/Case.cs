using System.Text.Json;

namespace MtSession.Vectors;

/// <summary>What an op answered.</summary>
internal readonly record struct Answer(Status Status, string[] Lines, string Message = "")
{
    public static readonly Answer Done = new(Status.Ok, []);

    public static Answer Line(string line) => new(Status.Ok, [line]);

    public static Answer All(IEnumerable<string> lines) => new(Status.Ok, lines.ToArray());

    public static Answer Found(string? line) =>
        line is null ? new Answer(Status.NotFound, []) : Line(line);

    public static Answer Known(bool known) => known ? Done : new Answer(Status.NotFound, []);
}

/// <summary>A session, where it is, and the ops on it.</summary>
internal sealed class Case : IDisposable
{
    private readonly string _folder;
    private Session _session;
    private string? _path;
    private SessionOptions _options;

    /// <summary>A session in a file of the folder, or in memory where there is no file.</summary>
    public Case(string folder, string? file, SessionOptions options)
    {
        (_folder, _options) = (folder, options);
        _path = file is null ? null : Path.Combine(folder, file);
        _session = _path is null ? Session.InMemory(options) : Session.Open(_path, options);
    }

    public void Dispose() => _session.Dispose();

    /// <summary>Runs steps up to the first that answers wrongly, and says what is wrong.</summary>
    public string? Steps(IEnumerable<JsonElement> steps)
    {
        int number = 0;
        foreach (JsonElement step in steps)
        {
            number++;
            Answer answer = Run(step);
            string status = step.TryGetProperty("status", out _) ? step.Text("status") : "MTS_OK";
            IEnumerable<string?> gives = step.List("gives").Select(line => line.GetString());
            if (Numbers.Name(answer.Status) != status
                || !answer.Lines.SequenceEqual(gives)
                || !answer.Message.Contains(step.Text("says")))
            {
                return $"step {number}, {step.Text("op")}: {step}\n  answered "
                    + $"{Numbers.Name(answer.Status)} \"{answer.Message}\"\n  "
                    + string.Join("\n  ", answer.Lines);
            }
        }
        return null;
    }

    /// <summary>Runs one step.</summary>
    public Answer Run(JsonElement step)
    {
        try
        {
            string op = step.Text("op");
            return Life(op, step) ?? Login(op, step) ?? DataCenters(op, step) ?? Peers(op, step)
                ?? Rows(op, step) ?? throw new InvalidDataException($"no op {op}");
        }
        catch (MtSessionException failure)
        {
            return new Answer(failure.Status, [], failure.Message);
        }
        catch (ArgumentException wrong)
        {
            // What .NET's own types or the binding's refuse before the library sees it.
            return new Answer(Status.Argument, [], wrong.Message);
        }
    }

    private Answer Become(Session session, string? path, SessionOptions options)
    {
        _session.Dispose();
        (_session, _path, _options) = (session, path, options);
        return Answer.Done;
    }

    private Answer? Life(string op, JsonElement step)
    {
        SessionOptions options = step.Options(op is "put_dc_options" ? "" : "options");
        string file = Path.Combine(_folder, step.Text("file"));
        switch (op)
        {
            case "open":
                return Become(Session.Open(file, options), file, options);
            case "make_file":
                File.WriteAllBytes(file, step.Bytes("bytes"));
                return Answer.Done;
            case "from_string":
                return Become(Session.FromString(step.Text("text"), options), null, options);
            case "from_packed":
                return Become(Session.FromPacked(step.Bytes("bytes"), options), null, options);
            case "to_string":
                return Answer.Found(_session.ToSessionString());
            case "to_packed":
            {
                using SecretBuffer? packed = _session.ToPacked();
                return Answer.Found(packed is null ? null : Show.Bytes(packed.ToArray()));
            }
            case "save":
                _session.Save();
                return Answer.Done;
            case "close":
                _session.Close();
                return Answer.Done;
            case "delete":
                _session.Delete();
                return Answer.Done;
            case "clone" when step.Text("file") == "":
                return Become(_session.CloneToMemory(options), null, options);
            case "clone":
                return Become(_session.CloneTo(file, options), file, options);
            case "reopen" when _path is { } path:
                _session.Dispose();
                _session = Session.Open(path, _options);
                return Answer.Done;
            case "reopen":
                _session.Save();
                return Become(_session.CloneToMemory(_options), null, _options);
            default:
                return null;
        }
    }

    private Answer? Login(string op, JsonElement step)
    {
        byte[] key = new byte[Session.AuthKeyLength];
        switch (op)
        {
            case "dc":
                return Answer.Found(_session.Dc is { } dc ? Show.Dc(dc) : null);
            case "set_dc":
                _session.SetDc(step.Int("id"), step.Text("host"), step.Int("port"));
                return Answer.Done;
            case "auth_key":
                return Answer.Found(_session.TryGetAuthKey(key) ? Show.Bytes(key) : null);
            case "auth_key_id":
                return Answer.Found(_session.AuthKeyId is { } id ? $"{id:x16}" : null);
            case "set_auth_key":
                _session.SetAuthKey(step.Bytes("key"));
                return Answer.Done;
            case "clear_auth_key":
                _session.ClearAuthKey();
                return Answer.Done;
            case "tmp_auth_key":
                return Answer.Found(_session.TryGetTmpAuthKey(key) ? Show.Bytes(key) : null);
            case "set_tmp_auth_key":
                _session.SetTmpAuthKey(step.Bytes("key"));
                return Answer.Done;
            case "clear_tmp_auth_key":
                _session.ClearTmpAuthKey();
                return Answer.Done;
            case "takeout_id":
                return Answer.Found(_session.TakeoutId?.ToString());
            case "set_takeout_id":
                _session.TakeoutId = step.Long("id");
                return Answer.Done;
            case "clear_takeout_id":
                _session.TakeoutId = null;
                return Answer.Done;
            case "identity":
                return Answer.Line(Show.Identity(_session.Identity));
            case "set_identity":
                int flags = step.Int("flags");
                _session.Identity = flags is >= 0 and < 4
                    ? new Identity(
                        step.Long("user"), step.Int("api"), (flags & 1) != 0, (flags & 2) != 0)
                    : throw new ArgumentException($"no such identity: {flags}");
                return Answer.Done;
            default:
                return null;
        }
    }

    private Answer? DataCenters(string op, JsonElement step)
    {
        int dc = step.Int("dc");
        var slot = (KeySlot)step.Int("slot");
        switch (op)
        {
            case "put_dc_options":
                _session.PutDcOptions(step.List("options").Select(Step.DcOption));
                return Answer.Done;
            case "dc_options":
                return Answer.All(_session.GetDcOptions().Select(Show.DcOption));
            case "set_home":
                _session.SetHome(dc, step.Bytes("key"));
                return Answer.Done;
            case "put_key":
            {
                using var key = new DcKey(step.Bytes("key"))
                {
                    Dc = dc,
                    Slot = slot,
                    Created = step.Long("created"),
                    Expires = step.Long("expires"),
                    UserId = step.Long("user"),
                };
                _session.PutKey(key);
                return Answer.Done;
            }
            case "key":
            {
                using DcKey? key = _session.GetKey(dc, slot);
                return Answer.Found(key is null ? null : Show.Key(key));
            }
            case "forget_key":
                return Answer.Known(_session.ForgetKey(dc, slot));
            case "put_salts":
                _session.PutSalts(dc, step.List("salts").Select(salt => new Salt(
                    salt.Long("salt"), salt.Long("since"), salt.Long("until"))).ToArray());
                return Answer.Done;
            case "salts":
                return Answer.All(_session.GetSalts(dc).Select(salt =>
                    $"dc {dc} salt {salt.Value} since {salt.Since} until {salt.Until}"));
            default:
                return null;
        }
    }

    private Answer? Peers(string op, JsonElement step)
    {
        switch (op)
        {
            case "put":
                _session.PutEntities(step.List("entities").Select(Step.Entity));
                return Answer.Done;
            case "put_one":
                _session.PutEntity(step.Entity());
                return Answer.Done;
            case "input_peer":
                return InputPeer(step);
            case "entity":
                return Entity(step);
            case "entities":
                return Answer.All(_session.Entities().Select(Show.Entity));
            case "entity_count":
                return Answer.Line($"{_session.CountEntities()}");
            case "forget":
                return Answer.Known(_session.ForgetEntity(step.Long("id")));
            case "save_entities":
                return Answer.Line(_session.SaveEntities ? "1" : "0");
            case "set_save_entities":
                _session.SaveEntities = step.Int("on") != 0;
                return Answer.Done;
            default:
                return null;
        }
    }

    private Answer InputPeer(JsonElement step)
    {
        string key = step.Text("key");
        var how = (LookUp)step.Int("how");
        InputPeer peer = default;
        bool found = step.Text("by") switch
        {
            "" or "text" => _session.TryGetInputPeer(key, out peer, how),
            "id" => _session.TryGetInputPeer(long.Parse(key), out peer, how),
            "username" => _session.TryGetInputPeerByUsername(key, out peer, how),
            "phone" => _session.TryGetInputPeerByPhone(key, out peer, how),
            "name" => _session.TryGetInputPeerByName(key, out peer, how),
            string by => throw new InvalidDataException($"by {by}"),
        };
        Answer answer = Answer.Found(found ? Show.Peer(peer) : null);
        return peer.Ambiguous ? answer with { Status = Status.Ambiguous } : answer;
    }

    private Answer Entity(JsonElement step)
    {
        string key = step.Text("key");
        var how = (LookUp)step.Int("how");
        Entity? entity = step.Text("by") switch
        {
            "" or "text" => _session.GetEntity(key, how),
            "id" => _session.GetEntity(long.Parse(key), how),
            "username" => _session.GetEntityByUsername(key, how),
            "phone" => _session.GetEntityByPhone(key, how),
            "name" => _session.GetEntityByName(key, how),
            string by => throw new InvalidDataException($"by {by}"),
        };
        Answer answer = Answer.Found(entity is null ? null : Show.Entity(entity));
        return entity?.Ambiguous == true ? answer with { Status = Status.Ambiguous } : answer;
    }

    private Answer? Rows(string op, JsonElement step)
    {
        string key = step.Text("key");
        switch (op)
        {
            case "set_states":
                return Answer.Known(_session.SetUpdateStates(
                    step.List("states").Select(Step.State).ToArray(), step.Is("must_exist")));
            case "state":
                return Answer.Found(_session.GetUpdateState(step.Long("id")) is { } state
                    ? Show.State(state)
                    : null);
            case "states":
                return Answer.All(_session.UpdateStates().Select(Show.State));
            case "remove_state":
                return Answer.Known(_session.RemoveUpdateState(step.Long("id")));
            case "cache_file":
                _session.CacheFile(
                    step.Bytes("md5"), step.Long("size"), (FileKind)step.Int("kind"),
                    new SentFile(step.Long("id"), step.Long("hash")));
                return Answer.Done;
            case "file":
                SentFile? file = _session.GetFile(
                    step.Bytes("md5"), step.Long("size"), (FileKind)step.Int("kind"));
                return Answer.Found(file is not { } sent
                    ? null
                    : $"md5 {Show.Bytes(step.Bytes("md5"))} size {step.Long("size")} "
                        + $"kind {step.Int("kind")} id {sent.Id} hash {sent.AccessHash}");
            case "put_value":
                _session.PutValue(key, step.Bytes("value"), step.Is("durable"));
                return Answer.Done;
            case "value":
                return Answer.Found(_session.GetValue(key) is { } value
                    ? $"{Show.Text(key)} {Show.Bytes(value)}"
                    : null);
            case "remove_value":
                return Answer.Known(_session.RemoveValue(key, step.Is("durable")));
            default:
                return null;
        }
    }
}
