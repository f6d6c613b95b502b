using Microsoft.Extensions.Logging;
using VismaOperator.Consent.Web;
using VismaOperator.Hosting;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Consent;

/// <summary>A replica that does not lead: it has caches and serves the consent pages, on a port of its own.</summary>
internal sealed class ConsentReplica : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly TestOperator test;
    private readonly FollowedCluster followed;
    private readonly OperatorControllers controllers;
    private readonly ConsentHost host;
    private Task running = Task.CompletedTask;

    private ConsentReplica(TestOperator test, ConsentHostOptions options)
    {
        this.test = test;
        followed = new FollowedCluster(test.Cluster, test.Pulse);
        controllers = new OperatorControllers(test.Context() with { Client = followed });
        host = ConsentHost.Build(
            options,
            controllers.ConsentFlow!,
            () => controllers.HasSynced,
            log => log.SetMinimumLevel(LogLevel.Trace).AddProvider(test.Logs)
        );
    }

    public int Port => host.Port;

    public static async Task<ConsentReplica> StartAsync(TestOperator test, Func<ConsentHostOptions, ConsentHostOptions>? change = null)
    {
        var replica = await StartWithoutCachesAsync(test, change);
        var caches = replica.controllers.Caches.Select(loop => loop.RunAsync(replica.stop.Token)).ToList();
        replica.running = Task.WhenAll([replica.host.RunAsync(replica.stop.Token), .. caches]);
        await replica.UntilCurrentAsync();
        return replica;
    }

    /// <summary>A replica whose caches are not filled.</summary>
    public static async Task<ConsentReplica> StartWithoutCachesAsync(
        TestOperator test,
        Func<ConsentHostOptions, ConsentHostOptions>? change = null
    )
    {
        var options = new ConsentHostOptions(test.PublicUrl!, Port: 0);
        var replica = new ConsentReplica(test, change?.Invoke(options) ?? options);
        await replica.host.ListenAsync(TestContext.Current.CancellationToken);
        return replica;
    }

    /// <summary>Waits until the replica's caches have read all that was written so far.</summary>
    public async Task UntilCurrentAsync()
    {
        var version = test.Cluster.ResourceVersion;
        using var patience = new CancellationTokenSource(TestOperator.Patience);
        var bookmarked = 0;
        while (true)
        {
            var signal = test.NextChange;
            if (followed.Missing(test.Expected(), version, mayBeHeldUp: false).Count == 0 && followed.HasReached(version))
            {
                return;
            }

            test.SendBookmarks(ref bookmarked);
            await signal.WaitAsync(patience.Token);
        }
    }

    /// <summary>Stops as a process does: what was begun is finished.</summary>
    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await running.WaitAsync(TestOperator.Patience).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await host.DisposeAsync();
        controllers.Dispose();
        stop.Dispose();
    }
}
