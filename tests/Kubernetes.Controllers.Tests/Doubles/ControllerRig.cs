using Kubernetes.Client;
using Kubernetes.Controllers.Queueing;
using Xunit;

namespace Kubernetes.Controllers.Tests.Doubles;

/// <summary>A running controller whose reconciles the test steers.</summary>
internal sealed class ControllerRig : IAsyncDisposable
{
    private static readonly NamespacedName sentinel = new("rig", "sentinel");
    private readonly CancellationTokenSource stop = new();

    public ControllerRig(int workers)
    {
        Queue = new(Time, BackoffOptions.ForKeys, () => 0);
        Controller = new Controller("widget", Queue, Reconciler, workers, Log, Metrics.Metrics, Time)
        {
            Kind = "Widget",
            DrainTimeout = TimeSpan.FromSeconds(9),
        };
        Running = Controller.RunAsync(stop.Token);
    }

    public Controller Controller { get; }

    public SignallingTime Time { get; } = new();

    public CapturedLog Log { get; } = new();

    public CapturedMetrics Metrics { get; } = new();

    public ScriptedReconciler Reconciler { get; } = new();

    public WorkQueue Queue { get; }

    public Task Running { get; }

    public Task StopAsync() => stop.CancelAsync();

    /// <summary>Ends once the only worker is done with the last key: it turns to the next one only then.</summary>
    public async Task SettledAsync()
    {
        Queue.Add(sentinel);
        var run = await Reconciler.NextAsync();
        Assert.Equal(sentinel, run.Key);
        run.Done();
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        while (!Running.IsCompleted)
        {
            Time.Advance(TimeSpan.FromSeconds(9));
            await Task.Yield();
        }

        await Wait.For(Running);
        Queue.Dispose();
        Metrics.Dispose();
        stop.Dispose();
    }
}
