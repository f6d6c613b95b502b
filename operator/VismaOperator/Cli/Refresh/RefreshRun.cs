using System.Globalization;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Controllers.Caching;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Cli.Connect;
using VismaOperator.Cli.Status;

namespace VismaOperator.Cli.Refresh;

/// <summary>Everything that <c>refresh</c> can be told.</summary>
internal sealed record RefreshOptions
{
    /// <summary>Names, each with the namespace that was written before it; null where none was.</summary>
    public IReadOnlyList<(string? Namespace, string Name)> Names { get; init; } = [];

    /// <summary>A label selector; null where none was given.</summary>
    public string? Selector { get; init; }

    /// <summary>The namespace; null for that of the context.</summary>
    public string? Namespace { get; init; }

    /// <summary>Which namespaces are looked through where no names are given.</summary>
    public NamespaceRange Range { get; init; }

    /// <summary>True to wait for the outcome.</summary>
    public bool Wait { get; init; }

    /// <summary>How long to wait; null for <see cref="RefreshRun.Patience"/>.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Path of the kubeconfig; null for the default.</summary>
    public string? Kubeconfig { get; init; }

    /// <summary>Context of the kubeconfig; null for the current one.</summary>
    public string? Context { get; init; }
}

/// <summary>
/// The verb <c>refresh</c>: sets the annotation that asks for a refresh, and waits where it is asked to. The operator answers in status,
/// whatever the outcome.
/// </summary>
/// <param name="options">What was asked for.</param>
/// <param name="client">The API server.</param>
/// <param name="server">Its address, for messages.</param>
/// <param name="screen">Where it tells.</param>
/// <param name="log">Told of failures while waiting.</param>
internal sealed class RefreshRun(RefreshOptions options, IKubernetesClient client, string server, StatusScreen screen, ILogger log)
{
    private int failures;

    /// <summary>Runs to the end.</summary>
    /// <returns>False when a refresh could not be asked for or, where it was waited for, did not succeed.</returns>
    /// <exception cref="StatusException">Nothing can be read.</exception>
    public async Task<bool> RunAsync(CancellationToken stop)
    {
        var found = options.Names.Count > 0 ? await NamedAsync(stop) : await SelectedAsync(stop);
        List<AskedRefresh> asked = [];
        foreach (var connection in found)
        {
            if (await AskAsync(connection, stop) is { } request)
            {
                asked.Add(request);
            }
        }

        if (options.Wait && asked.Count > 0)
        {
            await WaitAsync(asked, stop);
        }

        return failures == 0;
    }

    /// <summary>
    /// How long it waits by default: refreshes that were asked for are 10 s apart for all connections of a client, and a minute on top.
    /// </summary>
    /// <param name="most">Number of connections of the client that has most of them.</param>
    public static TimeSpan Patience(int most) => TimeSpan.FromMinutes(1) + (RequestRules.Gap * most);

    private async Task<IReadOnlyList<VismaConnection>> NamedAsync(CancellationToken stop)
    {
        List<VismaConnection> found = [];
        foreach (var full in options.Names.Select(one => new NamespacedName(one.Namespace ?? options.Namespace!, one.Name)).Distinct())
        {
            if (await ReadAsync("get", full.Namespace, () => client.FindAsync<VismaConnection>(full, stop)) is { } connection)
            {
                found.Add(connection);
            }
            else
            {
                Fail($"There is no VismaConnection {full}.");
            }
        }

        return found;
    }

    private async Task<IReadOnlyList<VismaConnection>> SelectedAsync(CancellationToken stop)
    {
        var where = options.Range == NamespaceRange.All ? null : options.Namespace;
        var selector = new ResourceSelector(where, options.Selector);
        var found = await ReadAsync("list", where, () => client.ListAsync<VismaConnection>(selector, stop));
        if (found.Count == 0)
        {
            Fail(
                $"There is no VismaConnection{(where is null ? string.Empty : $" in namespace {where}")}"
                    + $"{(options.Selector is null ? string.Empty : $" with the labels {options.Selector}")}."
            );
        }

        return [.. found.OrderBy(connection => connection.Metadata.NamespacedName.ToString(), StringComparer.Ordinal)];
    }

    private async Task<T> ReadAsync<T>(string verb, string? namespaceName, Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (Exception failure) when (ClusterWords.AreFor(failure))
        {
            throw new StatusException(ClusterWords.Of(failure, server, verb, VismaConnection.ResourceKind, namespaceName), failure);
        }
    }

    private async Task<AskedRefresh?> AskAsync(VismaConnection connection, CancellationToken stop)
    {
        var name = connection.Metadata.NamespacedName;
        if (Objection(connection) is { } objection)
        {
            Fail($"{name}: not asked for: {objection}");
            return null;
        }

        var value = screen.Time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        try
        {
            var patch = new JsonObject
            {
                ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [VismaNames.RequestedAtAnnotation] = value } },
            };
            await client.PatchAsync<VismaConnection>(name, patch, stop);
            screen.Output.WriteLine($"{name}: refresh asked for");
            return new AskedRefresh(connection, value);
        }
        catch (Exception failure) when (ClusterWords.AreFor(failure))
        {
            Fail($"{name}: {ClusterWords.Of(failure, server, "patch", VismaConnection.ResourceKind, name.Namespace)}");
            return null;
        }
    }

    // The operator would not answer.
    private static string? Objection(VismaConnection connection) =>
        connection switch
        {
            { Metadata.DeletionTimestamp: not null } => "it is being deleted.",
            { Spec.Suspend: true } => "it is suspended. Set spec.suspend to false first.",
            _ => null,
        };

    private async Task WaitAsync(List<AskedRefresh> asked, CancellationToken stop)
    {
        var most = asked.GroupBy(one => one.Before.ClientName()).Max(group => group.Count());
        var timeout = options.Timeout ?? Patience(most);
        await CheckAsync(asked, stop);
        using var limit = Deadline.After(timeout, screen.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        var open = asked.ToDictionary(one => one.Before.Metadata.NamespacedName);
        try
        {
            await Task.WhenAll(asked.GroupBy(one => one.Before.Metadata.NamespacedName.Namespace).Select(group =>
                FollowAsync(group.Key, [.. group.Select(one => one.Before.Metadata.NamespacedName)], open, either.Token)
            ));
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            foreach (var name in open.Keys)
            {
                Fail(
                    $"{name}: no attempt was seen within {GoDuration.Format(timeout)}. Refreshes that are asked for are 10 s apart for all "
                        + $"connections of a client; else see whether the operator runs: {screen.Called} status {name}"
                );
            }
        }
    }

    // Who may only get and patch would wait in vain. Whatever else goes wrong is tried again while waiting.
    private async Task CheckAsync(List<AskedRefresh> asked, CancellationToken stop)
    {
        foreach (var group in asked.GroupBy(one => one.Before.Metadata.NamespacedName.Namespace))
        {
            try
            {
                await client.ListAsync<VismaConnection>(SelectorOf(group.Key, [.. group.Select(one => one.Before.Metadata.Name)]), stop);
            }
            catch (KubernetesException failure) when (failure.IsForbidden)
            {
                throw new StatusException(
                    "The outcome cannot be watched; what was asked for is done all the same. "
                        + ClusterWords.Of(failure, server, "list", VismaConnection.ResourceKind, group.Key),
                    failure
                );
            }
            catch (Exception failure) when (ClusterWords.AreFor(failure))
            {
                return;
            }
        }
    }

    private static ResourceSelector SelectorOf(string namespaceName, IReadOnlyCollection<string> names) =>
        names.Count == 1
            ? ResourceSelectors.ByName(new NamespacedName(namespaceName, names.Single()))
            : new ResourceSelector(namespaceName);

    private async Task FollowAsync(
        string namespaceName,
        HashSet<NamespacedName> names,
        Dictionary<NamespacedName, AskedRefresh> open,
        CancellationToken stop
    )
    {
        var selector = SelectorOf(namespaceName, [.. names.Select(name => name.Name)]);
        var source = new ClusterStatusSource(client, server, selector, screen.Time, log);
        var known = names.Select(name => (VismaConnection.ResourceKind, name)).ToList();
        await foreach (var batch in source.FollowAsync(new HashSet<ResourceKind> { VismaConnection.ResourceKind }, known, stop))
        {
            foreach (var change in batch.Where(change => names.Contains(change.Name)))
            {
                Take(change, names, open);
            }

            if (names.Count == 0)
            {
                return;
            }
        }
    }

    private void Take(StatusChange change, HashSet<NamespacedName> names, Dictionary<NamespacedName, AskedRefresh> open)
    {
        lock (open)
        {
            var asked = open[change.Name];
            var connection = (VismaConnection?)change.Resource;
            if (connection is not null && connection.Status.LastHandledReconcileAt != asked.Value && !IsReplaced(asked, connection))
            {
                return;
            }

            names.Remove(change.Name);
            open.Remove(change.Name);
            Tell(change.Name, asked.Before, connection);
        }
    }

    // Somebody asked after us, and the one attempt answers both.
    private static bool IsReplaced(AskedRefresh asked, VismaConnection connection) =>
        ConnectionRequests.RequestedAt(connection) is { } later
        && later != asked.Value
        && later != ConnectionRequests.RequestedAt(asked.Before)
        && !ConnectionRequests.IsUnhandled(connection);

    private void Tell(NamespacedName name, VismaConnection before, VismaConnection? after)
    {
        if (after is null)
        {
            Fail($"{name}: deleted meanwhile");
        }
        else if (after.Status is { Failure: null, Token: { } token } && token.IssueTime != before.Status.Token?.IssueTime)
        {
            var now = screen.Time.GetUtcNow();
            screen.Output.WriteLine(
                $"{name}: refreshed{(token.ExpirationTime is { } expiry ? $", valid until {TimeText.Full(expiry, now)}" : string.Empty)}"
            );
        }
        else
        {
            var entry = ConnectionStatus.Of(after, screen.Time.GetUtcNow());
            Fail($"{name}: not refreshed: {entry.Reason}: {entry.Message}");
        }
    }

    private void Fail(string message)
    {
        failures++;
        screen.Error.WriteLine("visma-operator: " + TerminalText.Printable(message));
    }

    /// <summary>A refresh that was asked for.</summary>
    /// <param name="Before">The connection as it was before.</param>
    /// <param name="Value">The value that status echoes once it was attempted.</param>
    private sealed record AskedRefresh(VismaConnection Before, string Value);
}
