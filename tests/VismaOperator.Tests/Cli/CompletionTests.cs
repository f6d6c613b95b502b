using VismaOperator.Api;
using VismaOperator.Cli;
using VismaOperator.Local;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Cli;

/// <summary>What a shell is told while somebody types; names from a cluster are in the integration tests.</summary>
public sealed class CompletionTests
{
    [Theory]
    [InlineData("sta", "status")]
    [InlineData("com", "completion")]
    [InlineData("status --exp", "--expiring-within")]
    [InlineData("status -o y", "yaml")]
    [InlineData("status --output j", "json")]
    [InlineData("status --output=j", "--output=json")]
    [InlineData("status --output = j", "json")]
    [InlineData("status acme -A --w", "--watch")]
    [InlineData("status --watch --ex", "--expiring-within")]
    [InlineData("dash", "dashboard")]
    [InlineData("dashboard --no", "--no-open")]
    [InlineData("completion z", "zsh")]
    [InlineData("rotate --no", "--no-verify")]
    [InlineData("init --grant A", "AuthorizationCode")]
    [InlineData("init --api-version v", "v1 v2")]
    [InlineData("import --te", "--tenant-id")]
    [InlineData("run --log-format t", "text")]
    [InlineData("nonsense x", "")]
    [InlineData("crds x", "")]
    [InlineData("status --kubeconfig /no/such/file acm", "")]
    public async Task A_word_is_completed_by_where_it_stands(string line, string expected)
    {
        Assert.Equal(expected, string.Join(' ', await CompleteAsync(line.Split(' '))));
    }

    [Theory]
    [InlineData("status vc/", "vc/acme")]
    [InlineData("status oac/", "oac/erp")]
    [InlineData("status ", "acme oac/erp")]
    [InlineData("refresh ", "")]
    public async Task Names_of_a_state_directory_keep_the_kind_that_was_typed(string line, string expected)
    {
        using var folder = new TemporaryFolder();
        await FillAsync(folder, "erp");
        var typing = new CommandLine()
            .With("VISMA_OPERATOR_STATE", folder.Path)
            .With("VISMA_OPERATOR_KUBECONFIG", "/no/such/file");
        var found = await CompleteAsync(typing, line.Split(' '));

        Assert.Equal(expected, string.Join(' ', found));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"\"")]
    public async Task An_empty_word_is_completed_by_every_command_but_the_hidden_one(string empty)
    {
        Assert.Equal(
            [
                "check",
                "completion",
                "connect",
                "crds",
                "dashboard",
                "doctor",
                "import",
                "init",
                "local",
                "probe",
                "refresh",
                "rotate",
                "run",
                "status",
            ],
            await CompleteAsync(empty)
        );
    }

    [Fact]
    public async Task In_local_mode_names_come_from_the_state_directory()
    {
        using var folder = new TemporaryFolder();
        await FillAsync(folder, "portal");

        Assert.Equal(["acme", "oac/portal"], await CompleteAsync("status", "--state", folder.Path, ""));
        Assert.Equal(["oac/portal"], await CompleteAsync("status", $"--state={folder.Path}", "oac/"));
    }

    [Fact]
    public async Task Every_shell_has_a_script_that_asks_the_executable()
    {
        foreach (var shell in new[] { "bash", "zsh", "fish", "powershell", "kubectl" })
        {
            var line = new CommandLine();

            Assert.Equal(ExitCode.Success, await line.InvokeAsync("completion", shell));
            Assert.Contains(" complete -- ", line.Output, StringComparison.Ordinal);
        }
    }

    private static async Task FillAsync(TemporaryFolder folder, string client)
    {
        foreach (var (kind, name) in new[] { (VismaConnection.ResourceKind, "acme"), (OAuthClient.ResourceKind, client) })
        {
            var file = StateFiles.Of(folder.Path, kind, new(Some.Namespace, name));
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllTextAsync(file, "{}", TestContext.Current.CancellationToken);
        }
    }

    private static Task<IReadOnlyList<string>> CompleteAsync(params string[] words) => CompleteAsync(new CommandLine(), words);

    private static async Task<IReadOnlyList<string>> CompleteAsync(CommandLine line, params string[] words)
    {
        Assert.Equal(ExitCode.Success, await line.InvokeAsync(["complete", "--", .. words]));
        Assert.Empty(line.Error);
        return line.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
