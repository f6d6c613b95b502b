using Kubernetes.Client;
using VismaOperator.Api;
using VismaOperator.Cli.Status;

namespace VismaOperator.Cli.Dashboard;

/// <summary>
/// What the dashboard knows: the objects as they were read last, and whether they are still read. Safe for use by many threads; whoever
/// shows it takes the newest state and never a queue of changes.
/// </summary>
internal sealed class DashboardModel(TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly Dictionary<(ResourceKind Kind, NamespacedName Name), IResource> known = [];
    private TaskCompletionSource<bool> changed = NewSignal();
    private IReadOnlyList<string> notes = [];
    private DashboardTrouble? trouble;
    private DashboardSnapshot? last;

    /// <summary>Takes a complete list; an earlier trouble is over.</summary>
    /// <param name="resources">Everything that can be read.</param>
    /// <param name="remarks">What could not be read, and why.</param>
    public void Replace(IReadOnlyList<IResource> resources, IReadOnlyList<string> remarks) => Change(() =>
    {
        known.Clear();
        foreach (var resource in resources)
        {
            known[(StatusView.KindOf(resource), resource.Metadata.NamespacedName)] = resource;
        }

        notes = remarks;
        trouble = null;
    });

    /// <summary>Takes what changed.</summary>
    public void Apply(IReadOnlyList<StatusChange> changes) => Change(() =>
    {
        foreach (var change in changes)
        {
            if (change.Resource is { } resource)
            {
                known[(change.Kind, change.Name)] = resource;
            }
            else
            {
                known.Remove((change.Kind, change.Name));
            }
        }
    });

    /// <summary>Nothing can be read at present; what was known stays. The time of the first of several failures counts.</summary>
    public void Fail(string cause) =>
        Change(() => trouble = new DashboardTrouble(cause, trouble?.Since ?? time.GetUtcNow()));

    /// <summary>What is known now. The same object as long as neither what is known nor the second changes.</summary>
    public DashboardSnapshot Look()
    {
        var now = time.GetUtcNow();
        lock (gate)
        {
            if (last is null || now - last.Now >= TimeSpan.FromSeconds(1) || now < last.Now)
            {
                last = Build(now);
            }

            return last;
        }
    }

    private DashboardSnapshot Build(DateTimeOffset now) =>
        new(
            now,
            known.ToDictionary(
                one => one.Key,
                one => new DashboardObject(StatusView.EntryOf(one.Value, now), Consent(one.Value))
            ),
            notes,
            trouble,
            changed.Task
        );

    private static DateTimeOffset? Consent(IResource resource) =>
        (resource as VismaConnection)?.Status.Authorization?.ConsentExpirationTime;

    private void Change(Action change)
    {
        TaskCompletionSource<bool> told;
        lock (gate)
        {
            change();
            last = null;
            told = changed;
            changed = NewSignal();
        }

        told.SetResult(true);
    }

    private static TaskCompletionSource<bool> NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>Nothing can be read at present.</summary>
/// <param name="Cause">Why, and what to do.</param>
/// <param name="Since">When it was noticed.</param>
internal sealed record DashboardTrouble(string Cause, DateTimeOffset Since);

/// <summary>One object.</summary>
/// <param name="Entry">Where it stands, as <c>status</c> says it.</param>
/// <param name="ConsentEnds">When a person's consent ends; null where there is none.</param>
internal sealed record DashboardObject(StatusEntry Entry, DateTimeOffset? ConsentEnds);

/// <summary>What was known at one moment.</summary>
/// <param name="Now">The moment.</param>
/// <param name="Objects">All objects.</param>
/// <param name="Notes">What could not be read, and why.</param>
/// <param name="Trouble">Why nothing can be read since then; null where it can.</param>
/// <param name="Outdated">Completes when something changes.</param>
internal sealed record DashboardSnapshot(
    DateTimeOffset Now,
    IReadOnlyDictionary<(ResourceKind Kind, NamespacedName Name), DashboardObject> Objects,
    IReadOnlyList<string> Notes,
    DashboardTrouble? Trouble,
    Task<bool> Outdated
)
{
    /// <summary>An object, or null.</summary>
    public DashboardObject? Find(ResourceKind kind, NamespacedName name) => Objects.GetValueOrDefault((kind, name));

    /// <summary>The client of a connection; null where it is not among the objects.</summary>
    public StatusEntry? ClientOf(StatusEntry entry) =>
        entry.Client?.Split('/') is [var ns, var name] ? Find(OAuthClient.ResourceKind, new(ns, name))?.Entry : null;
}
