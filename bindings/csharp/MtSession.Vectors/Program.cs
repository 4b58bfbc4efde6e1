// The runner of the test vectors for C#; tests/vectors/README.md says what a runner does.
using System.Text.Json;
using MtSession;
using MtSession.Vectors;

if (args is not [string verb, string vectors, string path])
{
    Console.Error.WriteLine("usage: check VECTORS FOLDER, write VECTORS FILE, dump VECTORS FILE");
    return 2;
}
Console.OutputEncoding = new System.Text.UTF8Encoding(false);
switch (verb)
{
    case "check":
        return Check(vectors, path);
    case "write":
        return Write(Read(Path.Combine(vectors, "dump.json")), path);
    case "dump":
        return Dump(Read(Path.Combine(vectors, "dump.json")), path);
    default:
        Console.Error.WriteLine($"no verb {verb}");
        return 2;
}

static JsonElement Read(string path)
{
    using var document = JsonDocument.Parse(File.ReadAllText(path));
    return document.RootElement.Clone();
}

static int Check(string vectors, string folder)
{
    int passed = 0, failed = 0;
    void Count(string name, string? wrong)
    {
        if (wrong is null)
        {
            passed++;
            return;
        }
        failed++;
        Console.WriteLine($"{name}, {wrong}");
    }
    Count("statuses.json", Numbers.CheckStatuses(Read(Path.Combine(vectors, "statuses.json"))));
    Count("constants.json", Numbers.CheckConstants(Read(Path.Combine(vectors, "constants.json"))));
    foreach (string file in
        Directory.GetFiles(vectors, "*.json").Order(StringComparer.Ordinal))
    {
        string name = Path.GetFileName(file);
        int number = 0;
        foreach (JsonElement @case in Read(file).List("cases"))
        {
            number++;
            foreach (string place in new[] { "memory", "file" })
            {
                JsonElement[] on = @case.List("on").ToArray();
                if (on.Length > 0 && !on.Any(one => one.GetString() == place))
                {
                    continue;
                }
                string own = Path.Combine(folder, $"{name}-{number}-{place}");
                Directory.CreateDirectory(own);
                Count($"{name}: {@case.Text("name")}, {place}", RunCase(@case, own, place));
            }
        }
    }
    Console.WriteLine($"{passed} passed, {failed} failed");
    return failed > 0 ? 1 : 0;
}

static string? RunCase(JsonElement @case, string folder, string place)
{
    try
    {
        using var run = new Case(folder, place == "file" ? "me.session" : null, @case.Options("options"));
        return run.Steps(@case.List("steps"));
    }
    catch (MtSessionException failure)
    {
        return $"outside of the steps: {failure}";
    }
}

static int Write(JsonElement dump, string path)
{
    using var run = new Case("", path, dump.Options("options"));
    if (run.Steps(dump.List("steps")) is { } wrong)
    {
        Console.WriteLine(wrong);
        return 1;
    }
    return 0;
}

static int Dump(JsonElement dump, string path)
{
    using var run = new Case("", path, dump.Options("dump_options"));
    foreach (JsonElement step in dump.List("dump"))
    {
        Answer answer = run.Run(step);
        if (answer.Status == Status.Ok)
        {
            foreach (string line in answer.Lines)
            {
                Console.Write($"{step.Text("op")} {line}\n");
            }
        }
        else if (answer.Status != Status.NotFound)
        {
            Console.Write($"{step.Text("op")} {Numbers.Name(answer.Status)}\n");
        }
    }
    return 0;
}
