using System.Globalization;
using Kubernetes.Controllers;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Queueing;

namespace VismaOperator.Hosting;

/// <summary>Makes the loops of the controllers, and says when one of them makes no progress.</summary>
/// <param name="context">What every controller works with.</param>
/// <param name="served">Which namespaces were read, where only some are served; null where all are.</param>
internal sealed class ControllerLoops(OperatorContext context, NamespaceSync? served) : IDisposable
{
    // The deadlines of a reconcile end it within two minutes: a set begins writes for 30 s (SetWriter.PassLength), and no request takes
    // longer than 30 s.
    private static readonly TimeSpan stuckAfter = TimeSpan.FromMinutes(10);

    // Without the Lease no token is renewed.
    private static readonly TimeSpan electionStuckAfter = TimeSpan.FromMinutes(1);

    private readonly List<Controller> watched = [];
    private readonly List<NamespaceGate> gates = [];

    /// <summary>The loop of a controller. A key waits until the lists of its namespace were read.</summary>
    /// <param name="name">What metrics and logs call the controller.</param>
    /// <param name="kind">The kind of its keys.</param>
    /// <param name="queue">Where the keys come from.</param>
    /// <param name="reconciler">What is done with each.</param>
    public BackgroundLoop Make(string name, string kind, WorkQueue queue, IReconciler reconciler)
    {
        var controller = ControllerOf(name, kind, queue, reconciler, context.Workers);
        watched.Add(controller);
        return new BackgroundLoop($"controller {name}", controller.RunAsync);
    }

    /// <summary>The loop of a controller that renews no token, so that it is no reason to start the process again.</summary>
    /// <param name="name">What metrics and logs call the controller.</param>
    /// <param name="kind">The kind of its keys.</param>
    /// <param name="queue">Where the keys come from.</param>
    /// <param name="reconciler">What is done with each.</param>
    /// <param name="workers">How many keys are worked on at the same time.</param>
    public BackgroundLoop MakeAside(string name, string kind, WorkQueue queue, IReconciler reconciler, int workers) =>
        new($"controller {name}", ControllerOf(name, kind, queue, reconciler, workers).RunAsync);

    /// <summary>See <see cref="OperatorControllers.Stuck"/>.</summary>
    public string? Stuck(TimeSpan election) => watched
        .SelectMany(controller => new[]
        {
            (Since: controller.LongestReconcile, AtMost: stuckAfter, What: $"a reconcile of controller {controller.Name} has been running"),
            (Since: controller.LongestNeglect, AtMost: stuckAfter, What: $"controller {controller.Name} has taken nothing of what is due"),
        })
        .Append((Since: election, AtMost: electionStuckAfter, What: "the next attempt to take or keep the lease has been overdue"))
        .Where(part => part.Since > part.AtMost)
        .Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.What} for {part.Since.TotalSeconds:0} seconds"))
        .FirstOrDefault();

    /// <inheritdoc/>
    public void Dispose() => gates.ForEach(gate => gate.Dispose());

    private Controller ControllerOf(string name, string kind, WorkQueue queue, IReconciler reconciler, int workers)
    {
        var logger = context.Logs.CreateLogger($"Controller.{kind}");
        return new(name, queue, Gated(reconciler, queue), workers, logger, context.Metrics, context.Time) { Kind = kind };
    }

    private IReconciler Gated(IReconciler reconciler, WorkQueue queue)
    {
        if (served is null)
        {
            return reconciler;
        }

        var gate = new NamespaceGate(reconciler, queue, served);
        gates.Add(gate);
        return gate;
    }
}
