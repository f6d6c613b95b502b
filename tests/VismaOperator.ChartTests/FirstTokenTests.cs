using System.Text;
using VismaOperator.ChartTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.ChartTests;

/// <summary>The commands of docs/first-token.md and of the README lead to a token, as they are written there.</summary>
public sealed class FirstTokenTests(InstallServer fixture) : ReleaseTests(fixture), IDisposable
{
    private const string Page = "docs/first-token.md";
    private const string StandIn = "dotnet run --project tests/VismaConnect.StandIn -- ";
    private const string Operator = "dotnet run --project operator/VismaOperator -- ";
    private const string Port = "18088";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("visma-operator-first-token-");
    private readonly string port = FormattableString.Invariant($"{FreePort.Take()}");

    [Fact]
    public async Task The_commands_of_the_page_lead_to_a_token_in_a_Secret()
    {
        Server.EnsureControllerManager();
        await PrepareAsync();
        var lines = Commands(await ReadAsync(Page, "## On your machine"));
        var index = lines.FindIndex(line => line.StartsWith(Operator, StringComparison.Ordinal));

        await RunAsync(lines[..index].Where(line => line.StartsWith("kubectl ", StringComparison.Ordinal)));
        await using var provider = Start(
            "stand-in",
            "visma-connect-stand-in",
            lines.Single(line => line.StartsWith(StandIn, StringComparison.Ordinal))[StandIn.Length..]
        );
        await using var running = Start("operator", "visma-operator", $"{lines[index][Operator.Length..]} --http-port 0");
        await running.WaitForLineAsync("controllers start", Ct); // as the page says; by then the server has the new kinds, too
        var outputs = await RunAsync(
            lines[(index + 1)..].TakeWhile(line => !line.StartsWith("kubectl delete", StringComparison.Ordinal)),
            provider,
            running
        );
        var (token, table) = (outputs[^2], outputs[^1]);

        Assert.StartsWith("eyJ", Encoding.UTF8.GetString(Convert.FromBase64String(token.Trim())), StringComparison.Ordinal);
        Assert.Contains("STALLED", table, StringComparison.Ordinal);

        // The other ways differ in how the operator comes to the cluster; from there on they are the same.
        var block = await ReadAsync(Page, "## The client and the connection");
        var answers = await RunAsync([
            string.Join('\n', Commands(block))
                .Replace("YOUR_CLIENT_SECRET", "quickstart-only", StringComparison.Ordinal)
                .Replace("clientID: YOUR_CLIENT_ID", $"clientID: isv_acme\n  issuer: http://127.0.0.1:{Port}", StringComparison.Ordinal)
                .Replace("YOUR_TENANT_ID", "5f2c1a3e-7b64-4d0a-9c55-0f6a8f0f1a01", StringComparison.Ordinal),
        ]);
        Assert.StartsWith(
            "Bearer ",
            Encoding.UTF8.GetString(Convert.FromBase64String(answers[0].Trim().Split('\n')[^1])),
            StringComparison.Ordinal
        );
        await RunAsync(["kubectl delete namespace integrations"]);

        await RunAsync(lines.Where(line => line.StartsWith("kubectl delete", StringComparison.Ordinal)));
        Assert.Null(await Server.Admin.FindAsync(Definition, Ct));
    }

    [Fact]
    public async Task The_README_says_the_same()
    {
        var page = Commands(await File.ReadAllTextAsync(RepositoryFolder.PathOf(Page), Ct));
        var section = await ReadAsync("README.md", "## A first token on a cluster");

        Assert.NotEmpty(Commands(section));
        Assert.All(Commands(section), line => Assert.Contains(line.Trim(), page.Select(known => known.Trim())));
    }

    /// <summary>Ends what the test started on this machine.</summary>
    public void Dispose() => folder.Delete(recursive: true);

    // The commands run in a copy, with a port that is free and a kubectl that knows which server it is for: one that is older than they
    // are.
    private async Task PrepareAsync()
    {
        Directory.CreateDirectory(Path.Combine(folder.FullName, "bin"));
        await Tool.Shell.RunAsync(
            "-c",
            $"cd '{folder.FullName}' && cp -r '{RepositoryFolder.PathOf("crds")}' '{RepositoryFolder.PathOf("examples")}' ."
        );
        var quickstart = Path.Combine(folder.FullName, "examples/quickstart/quickstart.yaml");
        await File.WriteAllTextAsync(
            quickstart,
            (await File.ReadAllTextAsync(quickstart, Ct)).Replace(Port, port, StringComparison.Ordinal),
            Ct
        );
        var kubectl = Path.Combine(folder.FullName, "bin/kubectl");
        await File.WriteAllTextAsync(
            kubectl,
            $"""
            #!/bin/sh
            for word; do shift; [ "$word" = --server-side ] || set -- "$@" "$word"; done
            case " $* " in *' apply '*) set -- "$@" --validate=false ;; esac
            exec '{Tool.Kubectl.Program}' --kubeconfig '{Server.KubeconfigPath}' --cache-dir '{folder.FullName}/cache' "$@"

            """, Ct);
        File.SetUnixFileMode(kubectl, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private async Task<List<string>> RunAsync(IEnumerable<string> commands, params RealProcess[] processes)
    {
        var outputs = new List<string>();
        foreach (var command in commands)
        {
            var script = Path.Combine(folder.FullName, "command");
            await File.WriteAllTextAsync(
                script,
                $"set -e\ncd '{folder.FullName}'\nPATH='{folder.FullName}/bin':$PATH\n"
                    + $"{command.Replace(Port, port, StringComparison.Ordinal)}\n",
                Ct
            );
            var (exitCode, output) = await Tool.Shell.TryAsync(script);
            Assert.True(exitCode == 0, $"{command}\n{output}\n{string.Join('\n', processes.SelectMany(process => process.Lines))}");
            outputs.Add(output);
        }

        return outputs;
    }

    private RealProcess Start(string name, string program, string arguments) => RealProcess.Start(new ProcessCommand(
        name,
        Path.Combine(AppContext.BaseDirectory, program),
        arguments.Replace(Port, port, StringComparison.Ordinal).Split(' '),
        Path.Combine(folder.FullName, $"{name}.log"))
    {
        Environment = new Dictionary<string, string?> { ["KUBECONFIG"] = Server.KubeconfigPath },
    });

    private static async Task<string> ReadAsync(string page, string heading) =>
        (await File.ReadAllTextAsync(RepositoryFolder.PathOf(page), Ct)).Split($"\n{heading}\n")[1].Split("\n## ")[0];

    // Indented by four, or by seven below an item of a list.
    private static List<string> Commands(string markdown) =>
        [
            .. markdown
                .Split('\n')
                .Where(line => line.StartsWith("    ", StringComparison.Ordinal))
                .Select(line => line.StartsWith("       ", StringComparison.Ordinal) ? line[7..] : line[4..]),
        ];
}
