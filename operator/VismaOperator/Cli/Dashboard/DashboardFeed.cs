using System.Text.Json;
using Kubernetes.Client;
using VismaOperator.Api;
using VismaOperator.Cli.Status;
using VismaOperator.Reporting;

namespace VismaOperator.Cli.Dashboard;

/// <summary>
/// Keeps the model equal to what can be read: lists, then follows the changes. After every failure it begins again with a list, so the page
/// is complete after an outage. Every exception of a source counts as an outage: a cluster that was restored from a backup ends a watch
/// with an InvalidOperationException, a deleted folder with an ArgumentException, and a request may be cancelled although nobody did that.
/// </summary>
internal sealed class DashboardFeed(DashboardModel model, TimeProvider time)
{
    /// <summary>How often it is looked whether what is read is still there: a watch may be silent for long.</summary>
    private static readonly TimeSpan pingPeriod = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan retryPause = TimeSpan.FromSeconds(3);

    /// <summary>Where changes are not watched, everything is read again after this time.</summary>
    private static readonly TimeSpan rereadPause = TimeSpan.FromSeconds(30);

    /// <summary>A watch that lived so long works; servers end watches now and then.</summary>
    private static readonly TimeSpan healthyLife = TimeSpan.FromSeconds(60);

    private readonly Dictionary<ResourceKind, string> gaps = [];

    /// <summary>How many clients of other namespaces are read again at a time: connections may name any number of them.</summary>
    private const int MostElsewhere = 8;

    // Clients that connections use and that are in none of the namespaces that are read, with the version that was read last and the turn
    // in which it was.
    private readonly Dictionary<NamespacedName, (string? Version, long Turn)> clientsElsewhere = [];
    private long turn;
    private TaskCompletionSource<string?> failure = NewFailure();
    private int shortLives;

    /// <summary>Told by the source: changes cannot be followed just now.</summary>
    public void Failed(string cause) => Volatile.Read(ref failure).TrySetResult(cause);

    /// <summary>Reads for the first time.</summary>
    /// <exception cref="StatusException">Nothing can be read; the message says why and what to do.</exception>
    public async Task BeginAsync(IStatusSource source, CancellationToken stop) =>
        model.Replace(await ListAsync(source, stop), [.. gaps.Values.Distinct(StringComparer.Ordinal)]);

    /// <summary>Follows what changes, until it is stopped.</summary>
    public async Task RunAsync(IStatusSource source, CancellationToken stop)
    {
        while (true)
        {
            TimeSpan pause;
            try
            {
                var watched = await FollowAsync(source, stop);
                await ReadAsync(source, watched, stop);
                pause = shortLives > 1 ? rereadPause : TimeSpan.Zero;
            }
            catch (Exception problem) when (!stop.IsCancellationRequested)
            {
                model.Fail(FailureWords.Of(problem));
                pause = TimeSpan.Zero;
                await WaitUntilReadableAsync(source, stop);
            }

            await time.DelayAsync(pause, stop);
        }
    }

    private async Task WaitUntilReadableAsync(IStatusSource source, CancellationToken stop)
    {
        while (true)
        {
            await time.DelayAsync(retryPause, stop);
            try
            {
                await BeginAsync(source, stop);
                return;
            }
            catch (Exception problem) when (!stop.IsCancellationRequested)
            {
                model.Fail(FailureWords.Of(problem));
            }
        }
    }

    // A watch that is refused again and again is replaced by lists.
    private async Task ReadAsync(IStatusSource source, (TimeSpan Life, string? Cause) watched, CancellationToken stop)
    {
        shortLives = watched.Cause is not null && watched.Life < healthyLife ? shortLives + 1 : 0;
        var found = await ListAsync(source, stop);
        string[] remarks = shortLives > 1
            ? [$"Changes cannot be followed ({watched.Cause!.TrimEnd('.')}), so everything is read again every 30 seconds."]
            : [];
        model.Replace(found, [.. gaps.Values.Distinct(StringComparer.Ordinal), .. remarks]);
    }

    /// <summary>
    /// Follows until everything is to be read again; the answer is how long that went well, and what failed: null where more can be read.
    /// </summary>
    private async Task<(TimeSpan Life, string? Cause)> FollowAsync(IStatusSource source, CancellationToken stop)
    {
        var begun = time.GetTimestamp();
        var failed = NewFailure();
        Volatile.Write(ref failure, failed);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task[] parts = [ApplyAsync(source, end.Token), PingAsync(source, end.Token), failed.Task];
        var first = await Task.WhenAny(parts);
        await end.CancelAsync();
        failed.TrySetResult("the watch ended");
        try
        {
            await Task.WhenAll(parts);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested && !first.IsFaulted)
        {
            // by the line above
        }

        await first;
        return (time.GetElapsedTime(begun), await failed.Task);
    }

    private async Task ApplyAsync(IStatusSource source, CancellationToken end)
    {
        HashSet<ResourceKind> kinds = [.. new[] { VismaConnection.ResourceKind, OAuthClient.ResourceKind }.Except(gaps.Keys)];
        var known = model.Look().Objects.Keys.Where(IsFollowed).ToList();
        await foreach (var batch in source.FollowAsync(kinds, known, end))
        {
            model.Apply(batch);
        }
    }

    private async Task PingAsync(IStatusSource source, CancellationToken end)
    {
        using var timer = time.Every(pingPeriod);
        while (await timer.WaitForNextTickAsync(end))
        {
            if (await CanReadAsync<VismaConnection>(source, end) | await CanReadAsync<OAuthClient>(source, end))
            {
                Volatile.Read(ref failure).TrySetResult(null);
            }

            await LookElsewhereAsync(source, end);
        }
    }

    /// <summary>True when the kind could not be read before, and can be now.</summary>
    private async Task<bool> CanReadAsync<T>(IStatusSource source, CancellationToken end)
        where T : class, IResource<T>
    {
        try
        {
            await source.PingAsync<T>(end);
            return gaps.ContainsKey(T.ResourceKind);
        }
        catch (StatusException problem) when (IsGap(problem) && gaps.ContainsKey(T.ResourceKind))
        {
            return false;
        }
    }

    private async Task<IReadOnlyList<IResource>> ListAsync(IStatusSource source, CancellationToken stop)
    {
        gaps.Clear();
        IResource[] found = [.. await TryListAsync<VismaConnection>(source, stop), .. await TryListAsync<OAuthClient>(source, stop)];
        return gaps.Count < 2
            ? [.. found, .. await FindElsewhereAsync(source, found, stop)]
            : throw new StatusException(string.Join(' ', gaps.Values.Distinct(StringComparer.Ordinal)));
    }

    private bool IsFollowed((ResourceKind Kind, NamespacedName Name) one) =>
        one.Kind != OAuthClient.ResourceKind || !clientsElsewhere.ContainsKey(one.Name);

    private async Task<IReadOnlyList<OAuthClient>> FindElsewhereAsync(IStatusSource source, IResource[] found, CancellationToken stop)
    {
        clientsElsewhere.Clear();
        var connections = found.OfType<VismaConnection>();
        var named = Elsewhere(connections.Select(one => (one.Metadata.NamespacedName.Namespace, (NamespacedName?)one.ClientName())));
        List<OAuthClient> clients = [];
        foreach (var name in named.Except(found.OfType<OAuthClient>().Select(client => client.Metadata.NamespacedName)))
        {
            var client = await TryFindAsync(source, name, stop);
            clientsElsewhere[name] = (client?.Metadata.ResourceVersion, turn);
            clients.AddRange(client is null ? [] : [client]);
        }

        return clients;
    }

    // Nobody follows them. Which they are changes with the connections, and each has its turn.
    private async Task LookElsewhereAsync(IStatusSource source, CancellationToken stop)
    {
        turn++;
        var snapshot = model.Look();
        var connections = snapshot.Objects.Values.Select(one => one.Entry).Where(entry => entry.Kind == VismaConnection.ResourceKind.Kind);
        var named = Elsewhere(connections.Select(entry => (entry.Namespace, NameOf(entry.Client))))
            .Where(name => IsUnread(name, snapshot))
            .ToList();
        foreach (var name in clientsElsewhere.Keys.Except(named).ToList())
        {
            if (clientsElsewhere.Remove(name, out var gone) && gone.Version is not null)
            {
                model.Apply([new StatusChange(OAuthClient.ResourceKind, name, Resource: null)]);
            }
        }

        foreach (var name in named.OrderBy(name => clientsElsewhere.GetValueOrDefault(name).Turn).Take(MostElsewhere))
        {
            await LookAtAsync(source, name, stop);
        }
    }

    private async Task LookAtAsync(IStatusSource source, NamespacedName name, CancellationToken stop)
    {
        var (version, _) = clientsElsewhere.GetValueOrDefault(name);
        clientsElsewhere[name] = (version, turn);
        try
        {
            var client = await source.FindAsync<OAuthClient>(name, stop);
            if (client?.Metadata.ResourceVersion != version)
            {
                clientsElsewhere[name] = (client?.Metadata.ResourceVersion, turn);
                model.Apply([new StatusChange(OAuthClient.ResourceKind, name, client)]);
            }
        }
        catch (StatusException)
        {
            // The client stays as it was read last. The objects that are followed report the failure.
        }
    }

    // A client that is shown, and was not read here, is followed.
    private bool IsUnread(NamespacedName name, DashboardSnapshot snapshot) =>
        clientsElsewhere.GetValueOrDefault(name).Version is not null || snapshot.Find(OAuthClient.ResourceKind, name) is null;

    // A namespace with a connection is one that is read.
    private static HashSet<NamespacedName> Elsewhere(IEnumerable<(string Namespace, NamespacedName? Client)> connections)
    {
        var all = connections.ToList();
        var read = all.Select(one => one.Namespace).ToHashSet(StringComparer.Ordinal);
        return [.. all.Select(one => one.Client).OfType<NamespacedName>().Where(client => !read.Contains(client.Namespace))];
    }

    private static NamespacedName? NameOf(string? client) => client?.Split('/') is [var ns, var name] ? new(ns, name) : null;

    // A person who may not read the client sees the connection without it.
    private static async Task<OAuthClient?> TryFindAsync(IStatusSource source, NamespacedName name, CancellationToken stop)
    {
        try
        {
            return await source.FindAsync<OAuthClient>(name, stop);
        }
        catch (StatusException)
        {
            return null;
        }
    }

    // What may be read of one kind is shown also where the other one may not be.
    private async Task<IReadOnlyList<T>> TryListAsync<T>(IStatusSource source, CancellationToken stop)
        where T : class, IResource<T>
    {
        try
        {
            return await source.ListAsync<T>(stop);
        }
        catch (StatusException problem) when (IsGap(problem))
        {
            gaps.Add(T.ResourceKind, problem.Message);
            return [];
        }
    }

    // Everything else is over by itself, or concerns both kinds.
    private static bool IsGap(StatusException problem) =>
        problem.InnerException is KubernetesException { IsForbidden: true } or KubernetesException { IsNotFound: true } or JsonException;

    private static TaskCompletionSource<string?> NewFailure() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
