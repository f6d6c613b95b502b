using System.Globalization;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using VismaOperator.Api;
using VismaOperator.Cli.Cluster;
using VismaOperator.Cli.Connect;
using VismaOperator.Cli.Status;

namespace VismaOperator.Cli.Requests;

/// <summary>Everything that <c>refresh</c> and <c>probe</c> can be told.</summary>
internal sealed record RequestOptions
{
    /// <summary>What is asked for.</summary>
    public RequestKind Kind { get; init; } = RequestKind.Refresh;

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

    /// <summary>How long to wait; null for <see cref="RequestKind.Patience"/>.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Where that is: a cluster.</summary>
    public NamedSource Source { get; init; } = new();
}

/// <summary>
/// The verbs <c>refresh</c> and <c>probe</c>: sets the annotation that asks, and waits where it is asked to. The operator answers in
/// status, whatever the outcome.
/// </summary>
/// <param name="options">What was asked for.</param>
/// <param name="client">The API server.</param>
/// <param name="server">Its address, for messages.</param>
/// <param name="screen">Where it tells.</param>
/// <param name="log">Told of failures while waiting.</param>
internal sealed class RequestRun(RequestOptions options, IKubernetesClient client, string server, StatusScreen screen, ILogger log)
{
    private readonly ClusterWords words = new(server);
    private readonly ClusterReader reader = new(client, server);
    private int failures;

    /// <summary>Runs to the end.</summary>
    /// <returns>False when something could not be asked for or, where it was waited for, did not succeed.</returns>
    /// <exception cref="StatusException">Nothing can be read.</exception>
    public async Task<bool> RunAsync(CancellationToken stop)
    {
        var found = options.Names.Count > 0 ? await NamedAsync(stop) : await SelectedAsync(stop);
        List<Asked> asked = [];
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

    private async Task<IReadOnlyList<VismaConnection>> NamedAsync(CancellationToken stop)
    {
        List<VismaConnection> found = [];
        foreach (var full in options.Names.Select(one => new NamespacedName(one.Namespace ?? options.Namespace!, one.Name)).Distinct())
        {
            if ((await reader.FindAsync<VismaConnection>(full, stop)).OrThrow(StatusException.Of) is { } connection)
            {
                found.Add(connection);
            }
            else
            {
                Fail($"There is no VismaConnection {full}{Elsewhere}");
            }
        }

        return found;
    }

    private async Task<IReadOnlyList<VismaConnection>> SelectedAsync(CancellationToken stop)
    {
        var where = options.Range == NamespaceRange.All ? null : options.Namespace;
        var selector = new ResourceSelector(where, options.Selector);
        var found = (await reader.ListAsync<VismaConnection>(selector, stop)).OrThrow(StatusException.Of)!;
        if (found.Count == 0)
        {
            Fail(
                $"There is no VismaConnection{(where is null ? string.Empty : $" in namespace {where}")}"
                    + $"{(options.Selector is null ? string.Empty : $" with the labels {options.Selector}")}{Elsewhere}"
            );
        }

        return [.. found.OrderBy(connection => connection.Metadata.NamespacedName.ToString(), StringComparer.Ordinal)];
    }

    private string Elsewhere => $" in the cluster {words.Server}. See what there is: {screen.Called} status -A{options.Source}";

    private async Task<Asked?> AskAsync(VismaConnection connection, CancellationToken stop)
    {
        var name = connection.Metadata.NamespacedName;
        if (options.Kind.Objection(connection) is { } objection)
        {
            Fail($"{name}: not asked for: {objection}");
            return null;
        }

        var value = screen.Time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        try
        {
            var patch = new JsonObject
            {
                ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [options.Kind.Annotation] = value } },
            };
            await client.PatchAsync<VismaConnection>(name, patch, stop);
            screen.Output.WriteLine($"{name}: {options.Kind.Noun} asked for");
            if (options.Wait && options.Kind.Obstacle(connection) is { } obstacle)
            {
                screen.Output.WriteLine(TerminalText.Printable($"{name}: it may take a while. {obstacle.TrimEnd('.')}."));
            }

            return new Asked(connection, value) { Last = connection };
        }
        catch (Exception failure) when (ClusterWords.AreFor(failure))
        {
            Fail($"{name}: {words.Of(failure, "patch", VismaConnection.ResourceKind, name.Namespace)}");
            return null;
        }
    }

    private async Task WaitAsync(List<Asked> asked, CancellationToken stop)
    {
        var timeout = options.Timeout ?? options.Kind.Patience([.. asked.Select(one => one.Before)]);
        await CheckAsync(asked, stop);
        using var limit = Deadline.Linked(timeout, screen.Time, stop);
        var open = asked.ToDictionary(one => one.Before.Metadata.NamespacedName);
        try
        {
            await Task.WhenAll(Watched(asked).Select(group =>
                FollowAsync(group.Key, [.. group.Select(one => one.Before.Metadata.NamespacedName)], open, limit.Token)
            ));
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            foreach (var (name, one) in open)
            {
                Fail(
                    $"{name}: no attempt was seen within {GoDuration.Format(timeout)}. It stays asked for. "
                        + $"{options.Kind.WhyLate(one.Last).TrimEnd('.')}; else see whether the operator runs: {screen.Called} doctor "
                        + $"{name}{options.Source}"
                );
            }
        }
    }

    // Who may not list or watch would wait in vain. Whatever else goes wrong is tried again while waiting.
    private async Task CheckAsync(List<Asked> asked, CancellationToken stop)
    {
        foreach (var group in Watched(asked))
        {
            try
            {
                var selector = SelectorOf(group.Key, [.. group.Select(one => one.Before.Metadata.NamespacedName)]);
                await client.ListAsync<VismaConnection>(selector, stop);
                if (await AccessQuestion.MayAsync(client, Watching(group), stop) == false)
                {
                    throw Unwatched("watch", group.Key);
                }
            }
            catch (KubernetesException failure) when (failure.IsForbidden)
            {
                throw Unwatched("list", group.Key);
            }
            catch (Exception failure) when (ClusterWords.AreFor(failure))
            {
                return;
            }
        }
    }

    // One watch for each namespace, or one for all of them.
    private IEnumerable<IGrouping<string?, Asked>> Watched(IEnumerable<Asked> asked) =>
        asked.GroupBy(one => options.Range == NamespaceRange.All ? null : one.Before.Metadata.NamespacedName.Namespace);

    // A permission for one object counts where one is watched.
    private static ResourceAttributes Watching(IGrouping<string?, Asked> group) =>
        new()
        {
            Verb = "watch",
            Group = VismaNames.Group,
            Resource = VismaConnection.ResourceKind.Plural,
            Namespace = group.Key,
            Name = group.Count() == 1 && group.Key is not null ? group.Single().Before.Metadata.Name : null,
        };

    private static StatusException Unwatched(string verb, string? namespaceName) =>
        new(
            "The outcome cannot be watched; what was asked for is done all the same. "
                + ClusterWords.Forbidden(verb, VismaConnection.ResourceKind, namespaceName)
        );

    private static ResourceSelector SelectorOf(string? namespaceName, IReadOnlyCollection<NamespacedName> names) =>
        names.Count == 1 && namespaceName is not null
            ? ResourceSelectors.ByName(names.Single())
            : new ResourceSelector(namespaceName);

    private async Task FollowAsync(
        string? namespaceName,
        HashSet<NamespacedName> names,
        Dictionary<NamespacedName, Asked> open,
        CancellationToken stop
    )
    {
        var selector = SelectorOf(namespaceName, names);
        var source = new ClusterStatusSource(client, words.Server, selector, screen.Time, log);
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

    private void Take(StatusChange change, HashSet<NamespacedName> names, Dictionary<NamespacedName, Asked> open)
    {
        lock (open)
        {
            var asked = open[change.Name];
            var connection = (VismaConnection?)change.Resource;
            if (connection is not null && options.Kind.Handled(connection) != asked.Value && !IsReplaced(asked, connection))
            {
                open[change.Name] = asked with { Last = connection };
                return;
            }

            names.Remove(change.Name);
            open.Remove(change.Name);
            Tell(change.Name, asked.Before, connection);
        }
    }

    // A later request replaced ours; one attempt answers both.
    private bool IsReplaced(Asked asked, VismaConnection connection) =>
        options.Kind.Requested(connection) is { Length: > 0 } later
        && later != asked.Value
        && later != options.Kind.Requested(asked.Before)
        && later == options.Kind.Handled(connection);

    private void Tell(NamespacedName name, VismaConnection before, VismaConnection? after)
    {
        if (after is null)
        {
            Fail($"{name}: deleted meanwhile");
            return;
        }

        var (isGood, words) = options.Kind.Outcome(before, after, screen.Time.GetUtcNow());
        if (isGood)
        {
            screen.Output.WriteLine($"{name}: {TerminalText.Printable(words)}");
        }
        else
        {
            Fail($"{name}: {words}");
        }
    }

    private void Fail(string message)
    {
        failures++;
        screen.Error.WriteLine("visma-operator: " + TerminalText.Printable(message));
    }

    /// <summary>Something that was asked for.</summary>
    /// <param name="Before">The connection as it was before.</param>
    /// <param name="Value">The value that status echoes once it was attempted.</param>
    private sealed record Asked(VismaConnection Before, string Value)
    {
        /// <summary>The connection as it was seen last.</summary>
        public required VismaConnection Last { get; init; }
    }
}
