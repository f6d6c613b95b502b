using System.Collections.Concurrent;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers;

namespace VismaOperator.Clients;

/// <summary>
/// Namespaces by <c>get</c> of one name, where only Roles in listed namespaces are given: a Role may grant <c>get</c> of
/// its own namespace, but never a list or a watch of them. Each namespace whose labels once mattered is looked at again every
/// <see cref="LookInterval"/>, so that a label that changes counts that much later at most, and nothing else is ever asked.
/// </summary>
internal sealed class FetchedNamespaces(IKubernetesClient client, TimeProvider time) : INamespaces
{
    /// <summary>How often. Every look is one small request for each namespace.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How often those are looked at whose label is a consent that can be withdrawn: what it let in is gone within two seconds.
    /// </summary>
    public static readonly TimeSpan CloseInterval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, NamespaceLabels> known = new(StringComparer.Ordinal);
    private readonly ForbiddenRequests<string> forbidden = new(time);
    private readonly ConcurrentDictionary<string, bool> terminating = new(StringComparer.Ordinal);

    /// <summary>Tells the name of a namespace of which something changed.</summary>
    public event Action<string>? Changed;

    /// <summary>The namespaces that are looked at every <see cref="CloseInterval"/>.</summary>
    public Func<IEnumerable<string>> FollowedClosely { private get; set; } = () => [];

    /// <summary>Looks at those again and again until cancelled; it asks nothing while there are none.</summary>
    public async Task RunCloselyAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await time.DelayAsync(CloseInterval, cancellationToken);
            foreach (var name in FollowedClosely().Where(known.ContainsKey).ToList())
            {
                await LookAgainAsync(name, cancellationToken);
            }
        }
    }

    /// <summary>Looks again and again until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await time.DelayAsync(LookInterval, cancellationToken);
            foreach (var name in known.Keys)
            {
                await LookAgainAsync(name, cancellationToken);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask<NamespaceLabels> LabelsOfAsync(string name, CancellationToken cancellationToken)
    {
        if (known.TryGetValue(name, out var labels))
        {
            return labels;
        }

        try
        {
            return Learn(name, await FetchAsync(name, cancellationToken));
        }
        catch (Exception failure) when (forbidden.Believed(name, failure) is { IsForbidden: true })
        {
            return new NamespaceLabels.Unreadable();
        }
    }

    /// <inheritdoc/>
    public bool IsTerminating(string name) => terminating.GetValueOrDefault(name);

    private async Task LookAgainAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            var (before, wasTerminating) = (known[name], IsTerminating(name));
            if (!IsSame(before, Learn(name, await FetchAsync(name, cancellationToken))) || wasTerminating != IsTerminating(name))
            {
                Changed?.Invoke(name);
            }
        }
        catch (Exception failure)
            when (!cancellationToken.IsCancellationRequested && (failure is OperationCanceledException || Outage.Caused(failure)))
        {
            // Neither an outage nor a Role that is being replaced withdraws an allowance: the last known labels count until the next look.
        }
    }

    private Task<Namespace?> FetchAsync(string name, CancellationToken cancellationToken) =>
        client.FindAsync<Namespace>(NamespacedName.ClusterScoped(name), cancellationToken);

    private NamespaceLabels Learn(string name, Namespace? found)
    {
        forbidden.Forget(name);
        terminating[name] = found?.Metadata.DeletionTimestamp is not null;
        return known[name] = NamespaceLabels.Of(found);
    }

    private static bool IsSame(NamespaceLabels left, NamespaceLabels right) =>
        (left, right) switch
        {
            (NamespaceLabels.Known before, NamespaceLabels.Known after) => before.Labels.Count == after.Labels.Count
                && !before.Labels.Except(after.Labels).Any(),
            _ => left.GetType() == right.GetType(),
        };
}
