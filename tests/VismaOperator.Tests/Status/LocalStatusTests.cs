using System.Diagnostics;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Microsoft.Extensions.Time.Testing;
using VismaOperator.Api;
using VismaOperator.Cli;
using VismaOperator.Cli.Cluster;
using VismaOperator.Cli.Status;
using VismaOperator.Local;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Status;

/// <summary><c>status --state DIR</c>, beside a local mode that holds the directory.</summary>
public sealed class LocalStatusTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly FakeTimeProvider time = new(Situations.Now);
    private readonly LocalCluster local;
    private readonly LiveText output = new();
    private readonly LiveText error = new();
    private readonly Dictionary<string, string> variables = [];

    public LocalStatusTests() => local = new LocalCluster(State, () => { }, time);

    private string State => folder["state"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        local.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task What_local_mode_keeps_is_shown_with_all_namespaces()
    {
        await KeepAsync(Situations.Stalled("broken", "erp"));
        await KeepAsync(Situations.Healthy("acme"));

        Assert.Equal(1, await RunAsync(new StatusOptions()));

        var lines = output.Text.Split('\n');
        Assert.StartsWith("NAMESPACE      NAME        STATE", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("erp            vc/broken   Stalled", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("integrations   vc/acme     Ready", lines[2], StringComparison.Ordinal);
        Assert.Equal($"1 of 2 broken. What to do: visma-operator status NAMESPACE/NAME --state {State}\n", error.Text);
    }

    [Fact]
    public async Task One_object_is_found_in_whatever_namespace_it_is_and_the_remedy_fits_local_mode()
    {
        await KeepAsync(Situations.All.Select(one => one.Subject).OfType<VismaConnection>().Single(one => one.Metadata.Name == "awaiting"));

        Assert.Equal(1, await RunAsync(new StatusOptions { Name = "awaiting" }));

        Assert.Contains(
            $"To do      have a person consent: visma-operator connect integrations/awaiting --state {State}\n",
            output.Text,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_name_of_two_namespaces_asks_which_one_is_meant()
    {
        await KeepAsync(Situations.Healthy("acme"));
        await KeepAsync(Situations.Healthy("acme", "erp"));

        Assert.Equal(2, await RunAsync(new StatusOptions { Name = "acme" }));
        Assert.Contains("There are 2 of the name acme: write erp/acme or integrations/acme.", error.Text, StringComparison.Ordinal);
        Assert.Equal(0, await RunAsync(new StatusOptions { Name = "acme", Namespace = "erp" }));
    }

    [Fact]
    public async Task A_change_of_its_files_is_told_while_it_watches()
    {
        await KeepAsync(Situations.Healthy("acme"));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var running = RunAsync(new StatusOptions { Watch = true }, stop.Token);
        await output.UntilAsync("vc/acme", Ct);

        await local.Client.PatchAsync<VismaConnection>(Named("acme"), JsonNode.Parse("""{"spec":{"suspend":true}}""")!.AsObject(), Ct);
        await output.UntilAsync("NotObserved", Ct);
        await local.Client.DeleteAsync<VismaConnection>(Named("acme"), null, Ct);
        await output.UntilAsync("Deleted", Ct);

        await stop.CancelAsync();
        Assert.Equal(0, await running);
    }

    [Fact]
    public async Task Of_one_object_that_is_watched_nothing_else_is_told()
    {
        await KeepAsync(Situations.Healthy("acme"));
        await KeepAsync(Situations.Healthy("other"));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var running = RunAsync(new StatusOptions { Watch = true, Name = "acme" }, stop.Token);
        await output.UntilAsync("vc/acme", Ct);

        await local.Client.PatchAsync<VismaConnection>(Named("acme"), JsonNode.Parse("""{"spec":{"suspend":true}}""")!.AsObject(), Ct);
        await output.UntilAsync("NotObserved", Ct);

        await stop.CancelAsync();
        Assert.Equal(0, await running);
        Assert.DoesNotContain("vc/other", output.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watch_that_nobody_reads_any_more_ends_with_the_next_change()
    {
        await KeepAsync(Situations.Healthy("acme"));
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        patience.CancelAfter(TestOperator.Patience);
        var executable = Path.Combine(AppContext.BaseDirectory, "visma-operator");
        using var process = Process.Start(
            new ProcessStartInfo(executable, ["status", "--state", State, "--watch"])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
            }
        )!;
        try
        {
            Assert.StartsWith("NAMESPACE", await process.StandardOutput.ReadLineAsync(patience.Token), StringComparison.Ordinal);
            process.StandardOutput.Close();
            await local.Client.PatchAsync<VismaConnection>(Named("acme"), JsonNode.Parse("""{"spec":{"suspend":true}}""")!.AsObject(), Ct);

            await process.WaitForExitAsync(patience.Token);
            Assert.Equal(0, process.ExitCode);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    [Fact]
    public async Task A_folder_that_is_no_state_directory_is_refused()
    {
        Assert.Equal(2, await RunAsync(new StatusOptions { Source = new NamedSource(State: folder.CreateFolder("other")) }));
        Assert.Contains("is no state directory: name the one that visma-operator local was", error.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "xterm", true)]
    [InlineData("", "xterm", true)]
    [InlineData("1", "xterm", false)]
    [InlineData(null, "dumb", false)]
    public async Task Colours_are_for_terminals_whose_user_wants_them(string? noColor, string terminal, bool isColoured)
    {
        await KeepAsync(Situations.Healthy("acme"));
        variables["TERM"] = terminal;
        if (noColor is not null)
        {
            variables["NO_COLOR"] = noColor;
        }

        await RunAsync(new StatusOptions(), isTerminal: true);

        Assert.Equal(isColoured, output.Text.Contains("\u001b[32mReady", StringComparison.Ordinal));
    }

    private Task<int> RunAsync(StatusOptions options, CancellationToken? stop = null, bool isTerminal = false) =>
        new StatusSession(
            options with { Source = new NamedSource(State: options.Source.State ?? State) },
            new CommandContext(variables.GetValueOrDefault, output, error, time) { TerminalSize = isTerminal ? () => (80, 24) : null }
        ).RunAsync(stop ?? Ct);

    private async Task KeepAsync(VismaConnection connection)
    {
        var created = await local.Client.CreateAsync(
            connection with { Metadata = new() { Name = connection.Metadata.Name, Namespace = connection.Metadata.Namespace } },
            Ct
        );
        var status = System.Text.Json.JsonSerializer.SerializeToNode(connection, VismaConnection.JsonTypeInfo)!["status"]!.DeepClone();
        status["observedGeneration"] = created.Metadata.Generation;
        await local.Client.PatchStatusAsync<VismaConnection>(created.Metadata.NamespacedName, new JsonObject { ["status"] = status }, Ct);
    }

    private static NamespacedName Named(string name) => new(Some.Namespace, name);
}
