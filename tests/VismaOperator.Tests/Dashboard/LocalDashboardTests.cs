using System.Text.Json;
using System.Text.Json.Nodes;
using VismaOperator.Api;
using VismaOperator.Cli;
using VismaOperator.Cli.Cluster;
using VismaOperator.Cli.Connect;
using VismaOperator.Cli.Dashboard;
using VismaOperator.Cli.Status;
using VismaOperator.Local;
using VismaOperator.Tests.Status;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Dashboard;

/// <summary><c>dashboard --state DIR</c>, beside a local mode that holds the directory.</summary>
public sealed class LocalDashboardTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly RunningTime time = new(Situations.Now, speed: 10);
    private readonly LocalCluster local;
    private readonly LiveText output = new();
    private readonly LiveText error = new();

    public LocalDashboardTests() => local = new LocalCluster(State, () => { }, time);

    private string State => folder["state"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        local.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task What_local_mode_keeps_is_shown_live_and_a_directory_that_goes_is_told()
    {
        await KeepAsync(Situations.Healthy("acme"));
        await KeepAsync(Situations.Stalled("broken", "erp"));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var running = RunAsync(State, stop.Token);
        using var browser = await EnterAsync();
        using var stream = await browser.FollowAsync();

        var first = await stream.UntilAsync(view => (int)view["total"]! == 2);
        await local.Client.PatchAsync<VismaConnection>(
            new(Some.Namespace, "acme"),
            JsonNode.Parse("""{"spec":{"suspend":true}}""")!.AsObject(),
            Ct
        );
        await stream.UntilAsync(view => (int)view["broken"]! == 2);
        Directory.Move(State, folder["moved"]);
        var gone = await stream.UntilAsync(view => view["trouble"] is not null);
        Directory.Move(folder["moved"], State);
        await stream.UntilAsync(view => view["trouble"] is null);

        Assert.Equal($"state directory {State}, all namespaces", (string)first["source"]!);
        Assert.Equal(["erp", "integrations"], first["namespaces"]!.AsArray().Select(name => (string)name!));
        Assert.StartsWith($"--state {State} is no state directory any more", (string)gone["trouble"]!, StringComparison.Ordinal);
        await stop.CancelAsync();
        Assert.Equal(0, await running);
    }

    [Fact]
    public async Task A_folder_that_is_no_state_directory_is_refused()
    {
        var refused = await Assert.ThrowsAsync<StatusException>(() => RunAsync(folder.CreateFolder("other"), Ct));

        Assert.Contains("is no state directory: name the one that visma-operator local was", refused.Message, StringComparison.Ordinal);
    }

    private Task<int> RunAsync(string state, CancellationToken stop) =>
        new DashboardSession(
            new DashboardOptions { Source = new NamedSource(State: state), Browser = BrowserUse.Printed },
            new CommandContext(_ => null, output, error, time)
        ).RunAsync(stop);

    private async Task<DashboardBrowser> EnterAsync()
    {
        await output.UntilAsync("?token=", Ct);
        await output.UntilAsync("\n", Ct);
        var address = new Uri(output.Text.Split('\n').Single(line => line.StartsWith("http", StringComparison.Ordinal)));
        return await DashboardBrowser.EnterAsync(address);
    }

    private async Task KeepAsync(VismaConnection connection)
    {
        var created = await local.Client.CreateAsync(
            connection with { Metadata = new() { Name = connection.Metadata.Name, Namespace = connection.Metadata.Namespace } },
            Ct
        );
        var status = JsonSerializer.SerializeToNode(connection, VismaConnection.JsonTypeInfo)!["status"]!.DeepClone();
        status["observedGeneration"] = created.Metadata.Generation;
        await local.Client.PatchStatusAsync<VismaConnection>(created.Metadata.NamespacedName, new JsonObject { ["status"] = status }, Ct);
    }
}
