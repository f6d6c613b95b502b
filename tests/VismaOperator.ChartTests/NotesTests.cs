using VismaOperator.Api.Validation;
using VismaOperator.ChartTests.Support;
using VismaOperator.Cli.Check;
using VismaOperator.Testing.ApiServer.Cluster;

namespace VismaOperator.ChartTests;

/// <summary>The next step that Helm prints after an install works when it is pasted.</summary>
public sealed class NotesTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("visma-operator-notes-");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_block_applies_both_objects_and_then_waits()
    {
        await RunAsync(await BlockAsync());

        Assert.Equal(
            ["-n customer-a apply -f -", "-n customer-a wait --for=condition=Ready --timeout=60s vismaconnection/company"],
            await File.ReadAllLinesAsync(PathOf("calls"), Ct));
        Assert.Equal(["OAuthClient", "VismaConnection"], YamlDocuments.Read(PathOf("applied")).Select(Chart.Kind));
    }

    [Fact]
    public async Task The_objects_that_it_applies_pass_the_check_once_they_are_filled_in()
    {
        await RunAsync(
            (await BlockAsync())
                .Replace("YOUR_CLIENT_ID", "isv_acme", StringComparison.Ordinal)
                .Replace("YOUR_TENANT_ID", "0b1de2a4-0000-4000-8000-00000000000a", StringComparison.Ordinal)
        );
        var manifest = PathOf("applied") + ".yaml";
        File.Move(PathOf("applied"), manifest);
        using var output = new StringWriter();

        var exitCode = CheckCommand.Run([manifest], CheckOutput.Text, new AllowLists(), TimeProvider.System, output, output);

        Assert.True(exitCode == 0, output.ToString());
    }

    [Theory]
    [InlineData("image.pullPolicy=Always", true)]
    [InlineData("image.repository=images.example.com/visma-operator", false)]
    public async Task They_warn_of_an_image_that_no_registry_has(string setting, bool isWarned) =>
        Assert.Equal(isWarned, (await NotesAsync(setting)).Contains("WARNING: image.repository", StringComparison.Ordinal));

    public void Dispose() => folder.Delete(recursive: true);

    private string PathOf(string file) => Path.Combine(folder.FullName, file);

    // Helm 3 shows notes only to those who have a cluster.
    private static async Task<string> NotesAsync(string setting) =>
        (
            await Tool.Helm.RunAsync(
                "install",
                Chart.Release,
                Chart.Folder,
                "--namespace",
                "visma-system",
                "--dry-run=client",
                "--set",
                setting
            )
        ).Split("\nNOTES:\n")[1];

    private static async Task<string> BlockAsync()
    {
        var notes = (await NotesAsync("namespaces={customer-a}")).Split('\n');
        return string.Concat(
            notes
                .SkipWhile(line => !line.Contains("<<'END'", StringComparison.Ordinal))
                .TakeWhile(line => line.Length > 0)
                .Select(line => line + "\n")
        );
    }

    private async Task RunAsync(string block)
    {
        await File.WriteAllTextAsync(PathOf("block"), block, Ct);
        await File.WriteAllTextAsync(PathOf("kubectl"), $$"""
            #!/bin/sh
            echo "$*" >>'{{PathOf("calls")}}'
            case "$*" in *'-f -') cat >'{{PathOf("applied")}}' ;; esac
            """,
            Ct
        );
        await Tool.Shell.RunAsync(
            "-c",
            $"chmod +x '{PathOf("kubectl")}' && PATH='{folder.FullName}':$PATH && export PATH && exec /bin/sh '{PathOf("block")}'"
        );
    }
}
