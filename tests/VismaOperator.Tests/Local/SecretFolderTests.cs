using Kubernetes.Client.Resources;
using Microsoft.Extensions.Time.Testing;
using VismaOperator.Local;

namespace VismaOperator.Tests.Local;

public sealed class SecretFolderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly FakeTimeProvider time = new();

    private string Published => folder["out", "acme-token"];

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_published_folder_looks_like_a_mounted_secret()
    {
        Assert.True(Publish(("access_token", "t1"), ("expires_at", "soon")));

        Assert.Equal("..data/access_token", LinkOf("access_token"));
        Assert.Equal("t1", Read("access_token"));
        Assert.Equal(UnixFiles.PrivateDirectory, File.GetUnixFileMode(Published));
        Assert.Equal(UnixFiles.PrivateDirectory, File.GetUnixFileMode(Path.Combine(Published, LinkOf("..data")!)));
        Assert.Equal(UnixFiles.PrivateFile, File.GetUnixFileMode(Path.Combine(Published, LinkOf("..data")!, "access_token")));
        Assert.True(SecretFolder.IsOurs(Published));
    }

    [Fact]
    public void Nothing_is_written_when_nothing_changed()
    {
        Publish(("access_token", "t1"));
        var version = LinkOf("..data");

        Assert.False(Publish(("access_token", "t1")));

        Assert.Equal(version, LinkOf("..data"));
    }

    [Fact]
    public void All_keys_change_with_one_link_and_old_versions_and_keys_go()
    {
        Publish(("access_token", "t1"), ("old", "x"));
        var before = LinkOf("..data");

        Assert.True(Publish(("access_token", "t2"), ("new", "y")));

        Assert.NotEqual(before, LinkOf("..data")); // also at the same instant of the clock: an open version is never written into
        Assert.Equal(("t2", "y"), (Read("access_token"), Read("new")));
        Assert.False(Path.Exists(Path.Combine(Published, before!)));
        Assert.Null(LinkOf("old"));
    }

    [Fact]
    public void Changes_of_the_files_are_undone()
    {
        var tampering = new Action[]
        {
            () => File.WriteAllText(Path.Combine(Published, "access_token"), "mine"),
            () => File.Delete(Path.Combine(Published, "access_token")),
            () =>
                File.SetUnixFileMode(
                    Path.Combine(Published, LinkOf("..data")!, "access_token"),
                    UnixFiles.PrivateFile | UnixFileMode.OtherRead
                ),
            () => File.SetUnixFileMode(Published, UnixFiles.PrivateDirectory | UnixFileMode.OtherExecute),
            () => File.Delete(Path.Combine(Published, "..data")),
            () => Directory.Delete(Path.Combine(Published, LinkOf("..data")!), recursive: true),
            () => Directory.Delete(Published, recursive: true),
            () => ReplaceBy(Path.Combine(Published, "access_token"), file => Directory.CreateDirectory(file)),
        };

        foreach (var tamper in tampering)
        {
            Publish(("access_token", "t1"));
            tamper();

            Assert.True(Publish(("access_token", "t1")));
            Assert.Equal("t1", Read("access_token"));
            Assert.False(Publish(("access_token", "t1")));
        }
    }

    [Fact]
    public void An_existing_link_is_replaced_and_never_followed()
    {
        var elsewhere = folder.CreateFolder("elsewhere");
        folder.Write("victim", "untouched");
        folder.CreateFolder("out");
        Directory.CreateSymbolicLink(Published, elsewhere);

        Publish(("access_token", "t1"));
        ReplaceBy(Path.Combine(Published, "access_token"), file => File.CreateSymbolicLink(file, folder["victim"]));
        ReplaceBy(Path.Combine(Published, "..data"), file => Directory.CreateSymbolicLink(file, elsewhere));
        Publish(("access_token", "t1"));

        Assert.Empty(Directory.EnumerateFileSystemEntries(elsewhere));
        Assert.Equal("untouched", File.ReadAllText(folder["victim"]));
        Assert.Equal("t1", Read("access_token"));
    }

    [Fact]
    public void Removal_takes_what_was_published_and_leaves_what_was_not()
    {
        Publish(("access_token", "t1"));
        File.WriteAllText(Path.Combine(Published, "notes.txt"), "of somebody");

        new SecretFolder(Published, time).Remove();

        Assert.Equal(["notes.txt"], Directory.EnumerateFileSystemEntries(Published).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("access_token", true)]
    [InlineData("appsettings.Visma.json", true)]
    [InlineData("..data", false)]
    [InlineData("..", false)]
    [InlineData(".", false)]
    [InlineData("a/b", false)]
    [InlineData("", false)]
    public void Keys_that_would_leave_the_folder_or_break_its_layout_are_no_files(string key, bool isFile) =>
        Assert.Equal(isFile, SafeNames.IsKey(key));

    [Theory]
    [InlineData("../up")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("Upper")]
    [InlineData("acme\n")]
    public void Names_that_no_cluster_would_take_are_refused(string name) => Assert.Throws<LocalException>(() => SafeNames.Directory(name));

    private static void ReplaceBy(string path, Action<string> make)
    {
        File.Delete(path);
        make(path);
    }

    private bool Publish(params (string Key, string Value)[] files) =>
        new SecretFolder(Published, time).Publish(files.ToDictionary(file => file.Key, file => SecretValue.FromText(file.Value)));

    private string Read(string key) => File.ReadAllText(Path.Combine(Published, key));

    private string? LinkOf(string name) => new FileInfo(Path.Combine(Published, name)).LinkTarget;
}
