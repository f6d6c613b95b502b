using System.Collections.Concurrent;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers;

namespace VismaOperator.Clients;

/// <summary>
/// Reads namespaces by name, where the operator has only Roles in listed namespaces: a Role may grant <c>get</c> of its own namespace, but
/// never a list or a watch of namespaces. Each namespace whose labels once mattered is read again every <see cref="LookInterval"/>. So a
/// changed label counts at most that much later, and no other namespace is ever asked for.
/// </summary>
internal sealed class FetchedNamespaces(IKubernetesClient client, TimeProvider time) : INamespaces
{
    /// <summary>How often a namespace is read again. Each look is one small request.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How often a namespace is read whose label is a consent that can be withdrawn: what it let in must be gone within two seconds.
    /// </summary>
    public static readonly TimeSpan CloseInterval = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long one look may take. One that hangs costs its own namespace as long and, while fewer than eight hang, no other one anything.
    /// </summary>
    public static readonly TimeSpan LookDeadline = TimeSpan.FromSeconds(5);

    // So many looks at the same time. Others wait.
    private const int MostAtOnce = 8;

    private readonly ConcurrentDictionary<string, Look> known = new(StringComparer.Ordinal);
    private readonly ForbiddenRequests<string> forbidden = new(time);
    private long looks;

    /// <summary>Tells the name of a namespace of which something changed.</summary>
    public event Action<string>? Changed;

    /// <summary>The namespaces that are looked at every <see cref="CloseInterval"/>.</summary>
    public Func<IEnumerable<string>> FollowedClosely { private get; set; } = () => [];

    /// <summary>Looks at those again and again until cancelled; it asks nothing while there are none.</summary>
    public Task RunCloselyAsync(CancellationToken cancellationToken) =>
        RunAsync(CloseInterval, () => FollowedClosely().Where(known.ContainsKey), cancellationToken);

    /// <summary>Looks at all of them again and again until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => RunAsync(LookInterval, () => known.Keys, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<NamespaceLabels> LabelsOfAsync(string name, CancellationToken cancellationToken) =>
        (known.TryGetValue(name, out var look) ? look : await LookAsync(name, cancellationToken))?.Labels
        ?? new NamespaceLabels.Unreadable();

    /// <inheritdoc/>
    public async ValueTask<NamespaceLabels> ConsentOfAsync(string name, bool isFirst, CancellationToken cancellationToken) =>
        (!isFirst && known.TryGetValue(name, out var look) ? look : await LookAsync(name, cancellationToken)) is { IsRefused: false } found
            ? found.Labels
            : new NamespaceLabels.Unreadable();

    /// <inheritdoc/>
    public bool IsTerminating(string name) => known.TryGetValue(name, out var look) && look.IsTerminating;

    // Side by side. A look that is still under way when the next round begins goes on, and the round leaves its namespace out.
    private async Task RunAsync(TimeSpan interval, Func<IEnumerable<string>> names, CancellationToken cancellationToken)
    {
        using var places = new SemaphoreSlim(MostAtOnce);
        Dictionary<string, Task> underWay = new(StringComparer.Ordinal);
        try
        {
            while (true)
            {
                await time.DelayAsync(interval, cancellationToken);
                foreach (var (name, look) in underWay.Where(one => one.Value.IsCompleted).ToList())
                {
                    underWay.Remove(name);
                    await look;
                }

                foreach (var name in names().Where(name => !underWay.ContainsKey(name)).ToList())
                {
                    underWay[name] = LookAgainAsync(name, places, cancellationToken);
                }
            }
        }
        finally
        {
            await Task.WhenAll(underWay.Values);
        }
    }

    private async Task LookAgainAsync(string name, SemaphoreSlim places, CancellationToken cancellationToken)
    {
        await places.WaitAsync(cancellationToken);
        try
        {
            using var deadline = Deadline.Linked(LookDeadline, time, cancellationToken);
            await LookAsync(name, deadline.Token);
        }
        catch (Exception failure)
            when (!cancellationToken.IsCancellationRequested && (failure is OperationCanceledException || Outage.Caused(failure)))
        {
            // Neither an outage nor a Role that is being replaced withdraws an allowance: the last known labels count until the next look.
        }
        finally
        {
            places.Release();
        }
    }

    // Null where the operator may not look, and never could. The answer to a later look counts, even if an earlier one arrives after it.
    private async Task<Look?> LookAsync(string name, CancellationToken cancellationToken)
    {
        var asked = Interlocked.Increment(ref looks);
        Look look;
        try
        {
            var found = await client.FindAsync<Namespace>(NamespacedName.ClusterScoped(name), cancellationToken);
            forbidden.Forget(name);
            look = new Look(asked, NamespaceLabels.Of(found), found?.Metadata.DeletionTimestamp is not null, IsRefused: false);
        }
        catch (Exception failure) when (forbidden.Believed(name, failure) is { IsForbidden: true })
        {
            if (!known.TryGetValue(name, out var last))
            {
                return null;
            }

            look = last with { Asked = asked, IsRefused = true };
        }

        Look? before = null;
        var after = known.AddOrUpdate(
            name,
            look,
            (_, present) =>
            {
                before = present;
                return present.Asked > asked ? present : look;
            }
        );
        if (before is not null && !IsSame(before, after))
        {
            Changed?.Invoke(name);
        }

        return after;
    }

    private static bool IsSame(Look left, Look right) =>
        (left.IsTerminating, left.IsRefused) == (right.IsTerminating, right.IsRefused)
        && (left.Labels, right.Labels) switch
        {
            (NamespaceLabels.Known before, NamespaceLabels.Known after) => before.Labels.Count == after.Labels.Count
                && !before.Labels.Except(after.Labels).Any(),
            _ => left.Labels.GetType() == right.Labels.GetType(),
        };

    // Asked numbers the questions. IsRefused: the labels are those of an earlier look, since the operator may not look any more.
    private sealed record Look(long Asked, NamespaceLabels Labels, bool IsTerminating, bool IsRefused);
}
