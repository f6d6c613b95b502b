using System.Diagnostics;
using System.IO.Pipes;
using System.Text;
using VismaOperator.Local;
using VismaOperator.Manifests;

namespace VismaOperator.Tests.Manifests;

/// <summary>Which files of a folder are read: what people, editors, the kubelet and other tools leave in one.</summary>
public sealed class ManifestFilesTests : IDisposable
{
    private const string Thing = "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: NAME}\n";
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_mounted_ConfigMap_gives_each_object_once()
    {
        Directory.CreateDirectory(folder["..2026_11_29_10_00_00.1"]);
        Add("..2026_11_29_10_00_00.1/acme.yaml");
        Directory.CreateSymbolicLink(folder["..data"], "..2026_11_29_10_00_00.1");
        File.CreateSymbolicLink(folder["acme.yaml"], "..data/acme.yaml");

        Assert.Equal([folder["acme.yaml"]], Read().Documents.Select(document => document.File));
    }

    [Fact]
    public void Two_links_to_one_file_give_its_objects_once()
    {
        Add("a.yaml");
        File.CreateSymbolicLink(folder["b.yaml"], "a.yaml");
        Directory.CreateSymbolicLink(folder["self"], ".");

        Assert.Single(Read().Documents);
    }

    [Fact]
    public void Files_that_editors_leave_are_passed_over()
    {
        Add("acme.yaml");
        Add("acme.yaml~");
        Add(".acme.yaml.swp");
        File.CreateSymbolicLink(folder[".#acme.yaml"], "somebody@host.1234:5678");
        File.CreateSymbolicLink(folder["dangling.yaml"], "nowhere.yaml");
        File.CreateSymbolicLink(folder["loop.yaml"], "loop.yaml");

        var set = Read();

        Assert.Equal([folder["acme.yaml"]], set.Documents.Select(document => document.File));
        Assert.Empty(set.Problems);
    }

    [Fact]
    public async Task Only_regular_files_are_opened()
    {
        Add("acme.yaml");
        using var made = Process.Start("mkfifo", [folder["pipe.yaml"]]);
        await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(folder["zero.yaml"], "/dev/zero");
        Directory.CreateSymbolicLink(folder["process.yaml"], "/dev");

        var reading = Task.Run(Read, TestContext.Current.CancellationToken);

        Assert.Single((await reading.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)).Documents);
    }

    [Fact]
    public void Process_substitution_of_a_shell_is_read()
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        pipe.Write(Encoding.UTF8.GetBytes(Thing));
        pipe.SafePipeHandle.Dispose();

        var set = ManifestReader.Read([$"/proc/self/fd/{pipe.ClientSafePipeHandle.DangerousGetHandle()}"]);

        Assert.Single(set.Documents);
    }

    [Fact]
    public void A_file_that_is_too_large_is_passed_over_with_one_line()
    {
        Add("acme.yaml");
        using (var large = File.Create(folder["large.yaml"]))
        {
            large.SetLength(300L * 1024 * 1024);
        }

        var set = Read();

        Assert.Single(set.Documents);
        Assert.Equal((ManifestProblemKind.LeftOut, folder["large.yaml"]), (Assert.Single(set.Problems).Kind, set.Problems[0].File));
    }

    [Fact]
    public void A_tree_that_is_too_deep_is_passed_over_with_one_line()
    {
        var levels = Enumerable.Repeat("d", 33).ToArray();
        var (deepest, tooDeep) = (string.Join('/', levels[1..]), string.Join('/', levels));
        Directory.CreateDirectory(folder[tooDeep, "e"]);
        Add($"{deepest}/read.yaml");
        Add($"{tooDeep}/passed-over.yaml");
        Add($"{tooDeep}/e/passed-over.yaml");

        var set = Read();

        Assert.Equal([$"{deepest}/read.yaml"], set.Documents.Select(Name));
        Assert.Equal(
            (ManifestProblemKind.LeftOut, folder[tooDeep], "the folder is more than 32 folders deep: passed over. Name it with -f"),
            (Assert.Single(set.Problems).Kind, set.Problems[0].File, set.Problems[0].Message)
        );
        Assert.Equal(2, ManifestReader.Read([folder[tooDeep]]).Documents.Count); // as the line says
    }

    [Theory]
    [InlineData("values.yaml", "image:\n  kind: x\n  tag: 1\n", ManifestProblemKind.NoManifest)]
    [InlineData("package.json", "{\"name\": \"x\", \"version\": 1}", ManifestProblemKind.NoManifest)]
    [InlineData("list.json", "[1, 2]", ManifestProblemKind.NoManifest)]
    [InlineData("text.yaml", "just a text\n", ManifestProblemKind.NoManifest)]
    [InlineData("settings.json", "{\n  // a comment\n  \"a\": 1\n}\n", ManifestProblemKind.LeftOut)]
    [InlineData("deployment.yaml", "{{- if .Values.enabled }}\napiVersion: v1\nkind: Secret\n{{- end }}\n", ManifestProblemKind.LeftOut)]
    [InlineData("named.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: \"{{ .Release.Name }}\"}\n", ManifestProblemKind.LeftOut)]
    [InlineData("deep.yaml", "[[[[[", ManifestProblemKind.LeftOut)]
    [InlineData("half.yaml", "kind: VismaConnection\n", ManifestProblemKind.Unreadable)]
    [InlineData("broken.yaml", "apiVersion: [\n", ManifestProblemKind.Unreadable)]
    [InlineData("mixed.yaml", Thing + "---\na: 1\n", ManifestProblemKind.Unreadable)]
    [InlineData("wrong.yaml", "apiVersion: v1\nkind: X\nvalue:\n  x: {{ .access_token }}\n", ManifestProblemKind.Unreadable)]
    public void A_file_that_is_no_manifest_is_passed_over_with_one_line_unless_it_begins_like_one(
        string name,
        string text,
        ManifestProblemKind expected
    )
    {
        folder.Write(name, text);

        Assert.Equal(expected, Assert.Single(Read().Problems).Kind);
        Assert.Equal(
            ManifestProblemKind.Unreadable,
            ManifestReader
                .Read([folder[name]])
                .Problems.Select(problem => problem.Kind)
                .DefaultIfEmpty(ManifestProblemKind.Unreadable)
                .First()
        );
    }

    [Theory]
    [InlineData("Chart.yaml", "helm template")]
    [InlineData("kustomization.yaml", "kubectl kustomize")]
    [InlineData("kustomization.yml", "kubectl kustomize")]
    [InlineData("Kustomization", "kubectl kustomize")]
    public void A_folder_that_another_tool_builds_says_how_to_render_it(string name, string remedy)
    {
        Add("acme.yaml");
        Directory.CreateDirectory(folder["built", "templates"]);
        Add($"built/{name}");
        folder.Write("built/templates/x.yaml", "{{ broken");

        var set = Read();

        Assert.Single(set.Documents);
        Assert.Contains(
            $"{remedy} {folder["built"]} | visma-operator check -f -",
            Assert.Single(set.Problems).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("a.yaml", "b.yaml below/a.txt below/b.yaml below/deep/b.yaml")]
    [InlineData("below", "a.yaml b.yaml")]
    [InlineData("below/", "a.yaml b.yaml")]
    [InlineData("below/deep", "a.yaml b.yaml below/a.yaml below/b.yaml")]
    [InlineData("/b.yaml", "a.yaml below/a.yaml below/b.yaml below/deep/a.yaml below/deep/b.yaml")]
    [InlineData("./below/**", "a.yaml b.yaml")]
    [InlineData("**/deep/*.yaml", "a.yaml b.yaml below/a.yaml below/b.yaml")]
    [InlineData("*.yaml", "")]
    public void Patterns_pass_files_and_folders_over(string pattern, string read)
    {
        Directory.CreateDirectory(folder["below", "deep"]);
        foreach (var name in new[] { "a.yaml", "b.yaml", "below/a.yaml", "below/b.yaml", "below/deep/a.yaml", "below/deep/b.yaml" })
        {
            Add(name);
        }

        var expected = read.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Where(name => name.EndsWith(".yaml", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);

        Assert.Equal(expected, Read(Source with { Ignored = [pattern] }).Documents.Select(Name));
        folder.Write(IgnorePatterns.FileName, $"# a comment\n\n{pattern}\n");
        Assert.Equal(expected, Read().Documents.Select(Name));
    }

    [Fact]
    public void A_pattern_that_cannot_be_used_is_a_problem_in_its_line()
    {
        folder.Write(IgnorePatterns.FileName, "# a comment\n!b.yaml\n");

        Assert.Equal([2], Read().Problems.Select(problem => problem.Position.Line));
    }

    [Fact]
    public void Standard_input_is_read_to_its_end()
    {
        var source = new ManifestSource { Paths = ["-"], Input = () => new MemoryStream(Encoding.UTF8.GetBytes(Thing + "---\na: 1\n")) };

        var set = Read(source);

        Assert.Equal("-", Assert.Single(set.Documents).File);
        Assert.Equal(ManifestProblemKind.Unreadable, Assert.Single(set.Problems).Kind);
    }

    [Fact]
    public void Files_that_local_mode_writes_are_not_read()
    {
        Add("acme.yaml");
        Directory.CreateDirectory(folder["old-state", "vismaconnections", "demo"]);
        folder.Write("old-state/lock", "");
        Add("old-state/vismaconnections/demo/kept.json");
        Directory.CreateDirectory(folder["old-out", "demo", "token", "..visma_1"]);
        Add("old-out/demo/token/..visma_1/template.yaml");
        Directory.CreateSymbolicLink(folder["old-out", "demo", "token", "..data"], "..visma_1");
        File.CreateSymbolicLink(folder["old-out", "demo", "token", "template.yaml"], "..data/template.yaml");
        Directory.CreateDirectory(folder["out"]);
        Add("out/x.yaml");

        var options = new LocalOptions { Manifests = [folder.Path], Output = folder["out"], State = folder["state"] };

        Assert.Equal(["acme.yaml"], Read(options.Source).Documents.Select(Name));
    }

    private ManifestSource Source => new() { Paths = [folder.Path] };

    private ManifestSet Read() => Read(Source);

    private static ManifestSet Read(ManifestSource source) => ManifestReader.Read(source, TestContext.Current.CancellationToken);

    private string Name(ManifestDocument document) => Path.GetRelativePath(folder.Path, document.File);

    private void Add(string name) => folder.Write(name, Thing);
}
