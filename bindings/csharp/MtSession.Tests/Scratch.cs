using Xunit;

namespace MtSession.Tests;

/// <summary>A folder of its own for each test, and where the repository is.</summary>
public abstract class Scratch : IDisposable
{
    protected static readonly byte[] Key = Bytes(256, 3);
    protected static readonly byte[] OtherKey = Bytes(256, 5);

    protected string Folder { get; } = Directory.CreateTempSubdirectory("mtsession-").FullName;

    /// <summary>The repository: where the tests run, or above the assembly.</summary>
    protected static string Root { get; } = FindRoot();

    protected string At(string name) => Path.Combine(Folder, name);

    /// <summary>A copy of a session that a real Telethon wrote.</summary>
    protected string Telethon(string version)
    {
        string name = $"telethon-{version}.session";
        string copy = At(name);
        File.Copy(Path.Combine(Root, "tests/fixtures/telethon", name), copy);
        return copy;
    }

    protected static byte[] Bytes(int count, int factor) =>
        Enumerable.Range(0, count).Select(i => (byte)((i * factor) + 1)).ToArray();

    protected static MtSessionException Fails(Status status, Action action)
    {
        var failure = Assert.Throws<MtSessionException>(action);
        Assert.Equal(status, failure.Status);
        Assert.NotEqual("", failure.Message);
        return failure;
    }

    public void Dispose()
    {
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    private static string FindRoot()
    {
        foreach (string start in new[] { Environment.CurrentDirectory, AppContext.BaseDirectory })
        {
            for (DirectoryInfo? at = new(start); at is not null; at = at.Parent)
            {
                if (File.Exists(Path.Combine(at.FullName, "include/mtsession.h")))
                {
                    return at.FullName;
                }
            }
        }
        throw new FileNotFoundException("run the tests inside the repository");
    }
}
