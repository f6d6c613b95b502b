using System.Text.Json.Nodes;
using Kubernetes.Client;
using VismaOperator.Api;
using VismaOperator.Cli.Status;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Status;

/// <summary><c>status --watch</c>: what changes is told, and nothing else.</summary>
public sealed class StatusWatchTests : IDisposable
{
    private readonly CancellationTokenSource ctrlC = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => ctrlC.Dispose();

    [Fact]
    public async Task On_a_pipe_each_change_is_one_line_and_Ctrl_C_ends_it_well()
    {
        using var scene = new StatusScene(Situations.Healthy("acme"), Situations.Healthy("other"));
        var running = scene.RunAsync(new StatusOptions { Watch = true }, ctrlC.Token);
        await scene.UntilAsync("vc/other");
        await scene.UntilWatchedAsync(3);

        await PatchAsync(scene, "acme", """{"spec":{"suspend":true}}""");
        await scene.UntilAsync("NotObserved");
        await PatchAsync(scene, "acme", """{"metadata":{"labels":{"nothing":"to-see"}}}""");
        await scene.Cluster.DeleteAsync<VismaConnection>(Named("other"), null, Ct);
        await scene.UntilAsync("Deleted");

        await ctrlC.CancelAsync();
        Assert.Equal(0, await running);
        Assert.Equal(
            ["NAME STATE", "vc/acme Ready", "vc/other Ready", "vc/acme NotReady", "vc/other Deleted"],
            scene.Lines.Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(2)))
        );
    }

    [Fact]
    public async Task What_time_alone_brings_is_told_as_well()
    {
        using var scene = new StatusScene(Situations.Healthy("acme"));
        var running = scene.RunAsync(new StatusOptions { Watch = true }, ctrlC.Token);
        await scene.UntilAsync("vc/acme");
        await scene.UntilWatchedAsync(3);

        scene.Time.Advance(TimeSpan.FromMinutes(23.5)); // the renewal was due after 18 minutes
        await scene.UntilAsync("RenewalOverdue");
        scene.Time.Advance(TimeSpan.FromMinutes(15));
        await scene.UntilAsync("TokenExpired");

        await ctrlC.CancelAsync();
        Assert.Equal(0, await running);
        Assert.Equal(4, scene.Lines.Length);
    }

    [Fact]
    public async Task As_json_each_change_is_one_document_on_a_line()
    {
        using var scene = new StatusScene(Situations.Healthy("acme"));
        var running = scene.RunAsync(new StatusOptions { Watch = true, Output = StatusOutput.Json }, ctrlC.Token);
        await scene.UntilAsync("\n");
        await scene.UntilWatchedAsync(3);

        await scene.Cluster.DeleteAsync<VismaConnection>(Named("acme"), null, Ct);
        await scene.UntilAsync("Deleted");
        await ctrlC.CancelAsync();
        await running;

        Assert.Equal(["Ready", "Deleted"], scene.Lines.Select(line => (string)JsonNode.Parse(line)!["state"]!));
    }

    [Fact]
    public async Task On_a_terminal_the_table_is_drawn_anew_within_its_window()
    {
        using var scene = new StatusScene([.. Enumerable.Range(0, 50).Select(number => Situations.Healthy($"c{number:00}"))])
        {
            Terminal = (40, 10),
        };
        var running = scene.RunAsync(new StatusOptions { Watch = true }, ctrlC.Token);
        await scene.UntilAsync("more");
        await scene.UntilWatchedAsync(3);

        await PatchAsync(scene, "c49", """{"spec":{"suspend":true}}""");
        await scene.UntilAsync("vc/c49");
        await ctrlC.CancelAsync();
        Assert.Equal(0, await running);

        var drawn = scene.Output.Split("\u001b[H\u001b[2J", StringSplitOptions.RemoveEmptyEntries);
        Assert.True(drawn.Length >= 2);
        Assert.All(
            drawn,
            one =>
            {
                var lines = one.TrimEnd('\n').Split('\n');
                Assert.True(lines.Length <= 9);
                Assert.All(lines, line => Assert.True(line.Length <= 40));
            }
        );
        Assert.StartsWith("vc/c49", drawn[^1].Split('\n')[1], StringComparison.Ordinal);
    }

    private static NamespacedName Named(string name) => new(Some.Namespace, name);

    private static Task PatchAsync(StatusScene scene, string name, string patch) =>
        scene.Cluster.PatchAsync<VismaConnection>(Named(name), JsonNode.Parse(patch)!.AsObject(), Ct);
}
