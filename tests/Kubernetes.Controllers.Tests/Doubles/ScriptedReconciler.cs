using System.Threading.Channels;
using Kubernetes.Client;

namespace Kubernetes.Controllers.Tests.Doubles;

/// <summary>A reconciler whose every run the test sees begin and brings to its end.</summary>
internal sealed class ScriptedReconciler : IReconciler
{
    private readonly Channel<Run> runs = Channel.CreateUnbounded<Run>();

    public Task<Run> NextAsync() => Wait.For(runs.Reader.ReadAsync());

    public bool HasNext => runs.Reader.Count > 0;

    public Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        var run = new Run(key, cancellationToken);
        runs.Writer.TryWrite(run);
        return run.Outcome;
    }

    /// <summary>One reconcile that is under way.</summary>
    internal sealed record Run(NamespacedName Key, CancellationToken Stop)
    {
        private readonly TaskCompletionSource<Requeue> outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<Requeue> Outcome => outcome.Task;

        public void Return(Requeue requeue) => outcome.SetResult(requeue);

        public void Done() => outcome.SetResult(Requeue.Never.Instance);

        public void Throw(Exception failure) => outcome.SetException(failure);
    }
}
