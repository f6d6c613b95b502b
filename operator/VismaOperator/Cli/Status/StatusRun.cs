using Kubernetes.Client;
using VismaOperator.Api;
using VismaOperator.Cli.Connect;

namespace VismaOperator.Cli.Status;

/// <summary>The verb <c>status</c>: reads, prints, and where it is asked to goes on with what changes.</summary>
internal sealed class StatusRun(StatusOptions options, IStatusSource source, StatusScreen screen)
{
    private const int Fine = 0;
    private const int Broken = 1;
    private const int Unknown = 2;

    /// <summary>What there is where there is nothing.</summary>
    public const string Nothing = "no VismaConnection, no OAuthClient and no VismaConnectionSet";

    private readonly Dictionary<ResourceKind, StatusException> gaps = [];
    private readonly HashSet<ResourceKind> kinds =
        [VismaConnection.ResourceKind, OAuthClient.ResourceKind, VismaConnectionSet.ResourceKind];

    /// <summary>
    /// 0: nothing is broken; 1: something is, or ends within the time that was asked for; 2: nothing is known of a part, and nothing is
    /// broken in the rest.
    /// </summary>
    /// <exception cref="StatusException">Nothing can be read.</exception>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        var resources = options.Name is null ? await ListAsync(stop) : [await FindAsync(options.Name, stop)];
        var view = new StatusView(options, screen, hasNamespaces: options is { Name: null, Range: NamespaceRange.All });
        if (options.Watch)
        {
            await WatchAsync(view, resources, stop);
            return Fine;
        }

        var client = options.Name is null ? null : await ClientOfAsync(resources[0], stop);
        var entries = view.Print(resources, client);
        Conclude(entries);
        return entries.Any(entry => entry.Broken || options.ExpiringWithin is not null) ? Broken
            : gaps.Count > 0 ? Unknown
            : Fine;
    }

    // What may be read of one kind is shown also where another one may not be.
    private async Task<IReadOnlyList<IResource>> ListAsync(CancellationToken stop)
    {
        IResource[] found =
        [
            .. await TryListAsync<VismaConnection>(stop),
            .. await TryListAsync<OAuthClient>(stop),
            .. await TryListAsync<VismaConnectionSet>(stop),
        ];
        // Who may not read sets, or has no definition of them, misses nothing where no connection is of one.
        if (
            gaps.TryGetValue(VismaConnectionSet.ResourceKind, out var gap)
            && gap.InnerException is KubernetesException { IsForbidden: true } or KubernetesException { IsNotFound: true }
            && !found.OfType<VismaConnection>().Any(connection => connection.Metadata.Label(VismaNames.SetLabel) is not null)
        )
        {
            gaps.Remove(VismaConnectionSet.ResourceKind);
            kinds.Remove(VismaConnectionSet.ResourceKind);
        }

        foreach (var words in gaps.Values.Select(failure => failure.Message).Distinct(StringComparer.Ordinal))
        {
            await screen.Error.WriteLineAsync($"visma-operator: {TerminalText.Printable(words)}");
        }

        return new[] { VismaConnection.ResourceKind, OAuthClient.ResourceKind }.All(gaps.ContainsKey)
            ? throw new StatusException("Nothing could be read.")
            : found;
    }

    private async Task<IReadOnlyList<T>> TryListAsync<T>(CancellationToken stop)
        where T : class, IResource<T>
    {
        try
        {
            return await source.ListAsync<T>(stop);
        }
        catch (StatusException failure)
        {
            gaps.Add(T.ResourceKind, failure);
            return [];
        }
    }

    private async Task<IResource> FindAsync(string name, CancellationToken stop)
    {
        return await FindIfAskedAsync<VismaConnection>(name, stop)
            ?? await FindIfAskedAsync<OAuthClient>(name, stop)
            ?? (IResource?)await FindSetAsync(name, stop)
            ?? throw new StatusException(
                $"There is {(options.Kind is { } kind ? $"no {kind.Kind}" : Nothing)} {name}"
                    + $"{(options.Namespace is { } ns ? $" in namespace {ns}" : string.Empty)}. See what there is: "
                    + $"{See}"
            );
    }

    private async Task<T?> FindIfAskedAsync<T>(string name, CancellationToken stop)
        where T : class, IResource<T> =>
        options.Kind is null || options.Kind == T.ResourceKind ? await FindAsync<T>(name, stop) : null;

    // Without a kind, a person who may not read sets does not mean a set.
    private async Task<VismaConnectionSet?> FindSetAsync(string name, CancellationToken stop)
    {
        try
        {
            return await FindIfAskedAsync<VismaConnectionSet>(name, stop);
        }
        catch (StatusException) when (options.Kind is null)
        {
            return null;
        }
    }

    private async Task<T?> FindAsync<T>(string name, CancellationToken stop)
        where T : class, IResource<T>
    {
        if (options.Namespace is { } namespaceName)
        {
            return await source.FindAsync<T>(new NamespacedName(namespaceName, name), stop);
        }

        var named = (await source.ListAsync<T>(stop)).Where(one => one.Metadata.Name == name).ToList();
        return named.Count < 2
            ? named.FirstOrDefault()
            : throw new StatusException(
                $"There are {named.Count} of the name {name}: write "
                    + $"{string.Join(" or ", named.Select(one => one.Metadata.NamespacedName.ToString()).Order(StringComparer.Ordinal))}."
            );
    }

    private async Task<ClientLook> ClientOfAsync(IResource resource, CancellationToken stop)
    {
        if (resource is not VismaConnection connection)
        {
            return new ClientLook(null, null);
        }

        try
        {
            var client = await source.FindAsync<OAuthClient>(connection.ClientName(), stop);
            return client is null
                ? new ClientLook(null, "it does not exist.")
                : new ClientLook(ClientStatus.Of(client, screen.Time.GetUtcNow()), null);
        }
        catch (StatusException failure)
        {
            return new ClientLook(null, failure.Message);
        }
    }

    private string See => $"{screen.Called} status{(options.Source.IsLocal ? string.Empty : " -A")}{options.Source}";

    private void Conclude(IReadOnlyList<StatusEntry> entries)
    {
        var broken = entries.Count(entry => entry.Broken);
        var words = (entries.Count, options.ExpiringWithin) switch
        {
            (0, null) => $"There is {Nothing}"
                + $"{(options.Namespace is { } ns ? $" in namespace {ns}. See what there is elsewhere: {See}" : ".")}",
            (0, _) => "Nothing ends within this time.",
            _ when broken > 0 && options.Name is null =>
                $"{broken} of {entries.Count} broken. What to do: {screen.Called} status NAMESPACE/NAME{options.Source}",
            _ => null,
        };
        if (words is not null && options.Output is StatusOutput.Text or StatusOutput.Wide)
        {
            screen.Error.WriteLine(words);
        }
    }

    private async Task WatchAsync(StatusView view, IReadOnlyList<IResource> resources, CancellationToken stop)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Show(end, view, () => view.Begin(resources));
        HashSet<ResourceKind> followed = options.Name is null ? [.. kinds.Except(gaps.Keys)] : [StatusView.KindOf(resources[0])];
        try
        {
            var known = resources.Select(one => (StatusView.KindOf(one), one.Metadata.NamespacedName)).ToList();
            await FollowAsync(view, source.FollowAsync(followed, known, end.Token), end);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // as asked, by Ctrl-C or since nobody reads any more
        }
    }

    // The passing of time changes the table, too: a token expires, a renewal is overdue.
    private async Task FollowAsync(StatusView view, IAsyncEnumerable<IReadOnlyList<StatusChange>> batches, CancellationTokenSource end)
    {
        using var timer = screen.Time.Every(StatusView.Refresh);
        var clock = Task.Run(() => RetellAsync(view, timer, end), end.Token);
        await foreach (var batch in batches.WithCancellation(end.Token))
        {
            Show(end, view, () => view.Tell(batch));
        }

        await clock;
    }

    private static async Task RetellAsync(StatusView view, PeriodicTimer timer, CancellationTokenSource end)
    {
        while (await timer.WaitForNextTickAsync(end.Token))
        {
            Show(end, view, view.Retell);
        }
    }

    // A reader such as `head` goes when it has enough: that ends the watch as it ends that of kubectl.
    private static void Show(CancellationTokenSource end, StatusView view, Action show)
    {
        try
        {
            lock (view)
            {
                show();
            }
        }
        catch (IOException)
        {
            end.Cancel();
        }
    }
}

/// <summary>The client of a connection, as far as the person may see it.</summary>
/// <param name="Client">Where it stands; null where that is not known.</param>
/// <param name="Failure">Why it is not known; null where there is nothing to say.</param>
internal sealed record ClientLook(StatusEntry? Client, string? Failure);
