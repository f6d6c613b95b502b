using System.Text.Json.Nodes;
using VismaOperator.Api;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>One version of an object.</summary>
/// <param name="At">When it was seen here.</param>
/// <param name="Change">ADDED, MODIFIED or DELETED; LISTED where a watch had to list again.</param>
/// <param name="Resource">The object.</param>
internal sealed record Sighting(DateTimeOffset At, string Change, JsonNode Resource)
{
    public string Name => Resource["metadata"]!["name"]!.GetValue<string>();

    public string Kind => Resource["kind"]?.GetValue<string>() ?? "";

    public string Uid => Resource["metadata"]!["uid"]!.GetValue<string>();
}

/// <summary>
/// Every version of every connection, client, token Secret and grant Secret of a scene, as a watcher outside the operator sees them.
/// </summary>
internal sealed class Chronicle : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly Lock gate = new();
    private readonly List<Sighting> sightings = [];
    private readonly HashSet<string> seen = [];
    private readonly List<Task> watches = [];
    private readonly List<string> followed = [];
    private TaskCompletionSource next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Chronicle()
    {
    }

    /// <summary>All sightings in order of arrival.</summary>
    public IReadOnlyList<Sighting> Sightings
    {
        get
        {
            lock (gate)
            {
                return [.. sightings];
            }
        }
    }

    /// <summary>Completes with the next sighting.</summary>
    public Task Next
    {
        get
        {
            lock (gate)
            {
                return next.Task;
            }
        }
    }

    /// <summary>Whether changes of the object at a path are seen. Of Secrets only some are, so a change of one need not be.</summary>
    public bool Follows(string path) => followed.Exists(collection => path.StartsWith(collection, StringComparison.Ordinal));

    public static Chronicle Start(ApiClient admin, IEnumerable<string> namespaces)
    {
        var chronicle = new Chronicle();
        foreach (var ns in namespaces)
        {
            chronicle.Follow(admin, $"/apis/{The.Group}/namespaces/{ns}/vismaconnections", "VismaConnection");
            chronicle.Follow(admin, $"/apis/{The.Group}/namespaces/{ns}/oauthclients", "OAuthClient");
            var ours = Uri.EscapeDataString($"{VismaNames.SecretLabel} in ({VismaNames.TokenSecretValue},{VismaNames.GrantSecretValue})");
            chronicle.Follow(admin, $"/api/v1/namespaces/{ns}/secrets?labelSelector={ours}", "Secret");
        }

        return chronicle;
    }

    /// <summary>The versions of one object.</summary>
    public IReadOnlyList<Sighting> Of(string kind, string name) =>
        [.. Sightings.Where(sighting => sighting.Kind == kind && sighting.Name == name)];

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(watches);
        stop.Dispose();
    }

    private void Follow(ApiClient admin, string collection, string kind)
    {
        if (!collection.Contains('?', StringComparison.Ordinal))
        {
            followed.Add(collection + "/");
        }

        watches.Add(FollowAsync(admin, collection, kind, stop.Token));
    }

    private async Task FollowAsync(ApiClient admin, string collection, string kind, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await ReadAsync(admin, collection, kind, cancellationToken);
            }
            catch (Exception exception)
                when (exception is HttpRequestException or IOException or OperationCanceledException or ApiException or TimeoutException)
            {
                // The server went away, or the scene ends; the list at the next turn shows what was missed.
            }
        }
    }

    private async Task ReadAsync(ApiClient admin, string collection, string kind, CancellationToken cancellationToken)
    {
        var list = await Eventually.GetAsync($"a list of {collection}", token => admin.FindAsync(collection, token), cancellationToken);
        foreach (var item in list["items"]!.AsArray())
        {
            Add("LISTED", item!.DeepClone(), kind);
        }

        var version = list["metadata"]!["resourceVersion"]!.GetValue<string>();
        var join = collection.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        await foreach (var line in admin.WatchAsync($"{collection}{join}watch=true&resourceVersion={version}", cancellationToken))
        {
            var change = line["type"]!.GetValue<string>();
            if (change is not ("ADDED" or "MODIFIED" or "DELETED"))
            {
                return;
            }

            Add(change, line["object"]!.DeepClone(), kind);
        }
    }

    private void Add(string change, JsonNode resource, string kind)
    {
        resource["kind"] ??= kind; // items of a list do not say it
        lock (gate)
        {
            if (seen.Add($"{resource["metadata"]!["uid"]}/{resource["metadata"]!["resourceVersion"]}/{change == "DELETED"}"))
            {
                sightings.Add(new Sighting(TimeProvider.System.GetUtcNow(), change, resource));
                next.SetResult();
                next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }
}
