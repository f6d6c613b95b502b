using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Leadership;
using Kubernetes.Controllers.Tests.Doubles;
using Kubernetes.InMemory;
using Microsoft.Extensions.Logging;
using OAuth;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Clients;
using VismaOperator.Hosting;
using VismaOperator.Probing;
using VismaOperator.Sets;

namespace VismaOperator.Tests.Support;

/// <summary>
/// The operator's real controllers over an in-memory cluster, a real HTTP provider (the stand-in) and a clock that
/// moves only when told. One worker a kind, so that what was asked first is done first.
/// </summary>
internal sealed class TestOperator : IAsyncDisposable
{
    /// <summary>
    /// Of real time. Only a test that fails waits so long; on a machine that does much else, a test that is right must not.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <summary>Of the clock that is moved: longer than anything that the operator waits for inside a step.</summary>
    private static readonly TimeSpan longest = TimeSpan.FromHours(1);

    private readonly ConcurrentQueue<ClusterRequest> requests = new();
    private CancellationTokenSource stop = new();
    private readonly BookmarkClock bookmarks;
    private readonly FollowedCluster followed;
    private OperatorControllers? controllers;
    private Task running = Task.CompletedTask;
    private ExpectedLists? expected;
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private TestOperator(VismaConnectStandIn provider, SettableTime time)
    {
        Provider = provider;
        Time = time;
        Record = new ClusterRecord(time);
        bookmarks = new BookmarkClock(time, Pulse);
        var options = new InMemoryClusterOptions
        {
            Journal = Record,
            NewUid = () => NewUid(),
            Admit = (kind, stored) =>
            {
                Mutate?.Invoke(kind, stored);
                return [];
            },
        };
        Cluster = new FaultyCluster(bookmarks, options) { Answered = OnAnswered };
        followed = new FollowedCluster(Cluster, Pulse);
    }

    public SettableTime Time { get; }

    public FaultyCluster Cluster { get; }

    public VismaConnectStandIn Provider { get; }

    /// <summary>Changes every object before it is stored, as a mutating webhook does; null for none.</summary>
    public Action<ResourceKind, JsonObject>? Mutate { get; set; }

    /// <summary>Every state that any object ever had.</summary>
    public ClusterRecord Record { get; }

    public CapturedLogs Logs { get; } = new();

    public CapturedMetrics Metrics { get; } = new();

    /// <summary>Puts another part in the place of one that the operator is built from, from the next <see cref="Start"/> on.</summary>
    public Func<OperatorContext, OperatorContext> Change { get; set; } = context => context;

    /// <summary>
    /// Makes the UID of each new object. When a connection is renewed and probed follows from its own, so a test that counts within a
    /// window says where in it that may be.
    /// </summary>
    public Func<Guid> NewUid { get; set; } = new InMemoryClusterOptions().NewUid;

    /// <summary>Objects of one kind that are reconciled at the same time, from the next <see cref="Start"/> on.</summary>
    public int Workers { get; set; } = 1;

    /// <summary>Where people reach the consent pages; null for an operator without them.</summary>
    public Uri? PublicUrl { get; set; }

    /// <summary>Namespaces to serve, from the next <see cref="Start"/> on; empty for all.</summary>
    public IReadOnlyList<string> Namespaces { get; set; } = [];

    public AllowLists AllowLists { get; set; } = new();

    /// <summary>How sets of connections are served, from the next <see cref="Start"/> on; null where they are not.</summary>
    public SetScope? Sets { get; set; }

    /// <summary>The way of the running operator to the provider.</summary>
    public IssuerGate? Gate { get; private set; }

    /// <summary>Token requests that reached the provider, so far.</summary>
    public int TokenRequests => Provider.Ledger.TokenRequests.Count;

    /// <summary>
    /// What the operator and the test asked of the cluster, events left out, since the last <see cref="ForgetRequests"/>.
    /// </summary>
    public IReadOnlyList<ClusterRequest> Requests => [.. requests.Where(request => request.Kind != Event.ResourceKind)];

    /// <summary>An operator over an empty cluster.</summary>
    /// <param name="prepare">Changes settings before the controllers start.</param>
    public static async Task<TestOperator> StartAsync(Action<TestOperator>? prepare = null)
    {
        var time = new SettableTime(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
        var provider = await VismaConnectStandIn.StartAsync(Some.Provider(time), TestContext.Current.CancellationToken);
        var test = new TestOperator(provider, time);
        test.AllowLists = test.AllowLists with { AllowedIssuers = [provider.Issuer.OriginalString], AllowInsecureIssuers = true };
        prepare?.Invoke(test);
        test.Start();
        return test;
    }

    /// <summary>An operator with one connection that is Ready.</summary>
    public static async Task<TestOperator> StartReadyAsync(Action<TestOperator>? prepare = null)
    {
        var test = await StartAsync(prepare);
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.ApplyAsync(Some.VismaConnection());
        await test.UntilReadyAsync();
        await test.UntilIdleAsync();
        return test;
    }

    /// <summary>The usual client of this test's provider.</summary>
    public OAuthClient Client() => Some.OAuthClient(Provider.Issuer.OriginalString);

    /// <summary>Starts the controllers; after <see cref="StopAsync"/>, as a new process would.</summary>
    public void Start()
    {
        stop = new CancellationTokenSource();
        followed.Forget();
        var started = controllers = new OperatorControllers(Context());
        var group = started.Caches.Select(loop => loop.RunAsync(stop.Token)).ToList();
        running = Task.Run(async () =>
        {
            await started.WaitUntilSyncedAsync(stop.Token);
            group.AddRange(started.Controllers.Select(loop => loop.RunAsync(stop.Token)));
            await Task.WhenAll(group);
        });
    }

    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await running.WaitAsync(Patience).ContinueWith(_ => { }, TaskScheduler.Default);
        controllers?.Dispose();
    }

    /// <summary>
    /// Stops the process as <see cref="StopAsync"/> does, but what it could not store stays in its memory, as in that of a process which
    /// lost its lease.
    /// </summary>
    /// <returns>The stop, and what tries once more to store it.</returns>
    public (Task Stopped, Func<Task> Flush) LoseLease()
    {
        var former = controllers!;
        return (StopAsync(), () => former.FlushAsync(new CancellationToken(canceled: true)));
    }

    /// <summary>See <see cref="OperatorControllers.Stuck"/>.</summary>
    public string? Stuck(TimeSpan election) => controllers!.Stuck(election);

    /// <summary>Ends once something has changed in the cluster, or a watch has been read on.</summary>
    public Task NextChange => Volatile.Read(ref changed).Task;

    public void ForgetRequests() => requests.Clear();

    public Task<T> ApplyAsync<T>(T resource)
        where T : class, IResource<T> => Cluster.CreateAsync(resource, TestContext.Current.CancellationToken);

    public Task<T?> FindAsync<T>(string name, string ns = Some.Namespace)
        where T : class, IResource<T> => Cluster.FindAsync<T>(new NamespacedName(ns, name), TestContext.Current.CancellationToken);

    /// <summary>Applies a merge patch, written as JSON.</summary>
    public Task PatchAsync<T>(string name, [StringSyntax(StringSyntaxAttribute.Json)] string patch, string ns = Some.Namespace)
        where T : class, IResource<T> => PatchAsync<T>(name, JsonNode.Parse(patch)!.AsObject(), ns);

    public Task PatchAsync<T>(string name, JsonObject patch, string ns = Some.Namespace)
        where T : class, IResource<T> =>
        Cluster.PatchAsync<T>(new NamespacedName(ns, name), patch, TestContext.Current.CancellationToken);

    public Task DeleteAsync<T>(string name, string ns = Some.Namespace)
        where T : class, IResource<T> =>
        Cluster.DeleteAsync<T>(new NamespacedName(ns, name), null, TestContext.Current.CancellationToken);

    /// <summary>Waits until an object is as wanted, looking again after every answer of the cluster.</summary>
    public async Task<T> UntilAsync<T>(string name, Func<T, bool> isWanted, string ns = Some.Namespace)
        where T : class, IResource<T>
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            var signal = Volatile.Read(ref changed).Task;
            if (await Cluster.FindAsync<T>(new NamespacedName(ns, name), CancellationToken.None) is { } found && isWanted(found))
            {
                await Cluster.WhenReportedAsync().WaitAsync(patience.Token); // so that Requests holds what made it so
                return found;
            }

            try
            {
                patience.Token.ThrowIfCancellationRequested();
                await signal.WaitAsync(patience.Token);
            }
            catch (OperationCanceledException impatience)
            {
                var last = await Cluster.FindAsync<T>(new NamespacedName(ns, name), CancellationToken.None);
                var text = last is null or Secret ? "missing" : JsonSerializer.Serialize(last, T.JsonTypeInfo);
                throw new TimeoutException(
                    $"{T.ResourceKind.Kind} {ns}/{name} did not become as wanted. It is: {text}\n{Logs}",
                    impatience
                );
            }
        }
    }

    public Task<VismaConnection> UntilReadyAsync(string name = Some.Connection) =>
        UntilAsync<VismaConnection>(name, connection => connection.Is("Ready", "True"));

    public Task<VismaConnection> UntilStalledAsync(string reason, string name = Some.Connection, string ns = Some.Namespace) =>
        UntilAsync<VismaConnection>(name, connection => connection.Condition("Stalled")?.Reason == reason, ns);

    public async Task<VismaConnection> ConnectionAsync(string name = Some.Connection, string ns = Some.Namespace) =>
        (await FindAsync<VismaConnection>(name, ns))!;

    public async Task<Secret> TokenSecretAsync(string name = "acme-production-token", string ns = Some.Namespace) =>
        (await FindAsync<Secret>(name, ns))!;

    /// <summary>The events about an object, oldest first.</summary>
    public IReadOnlyList<Event> EventsAbout(string name) => [.. Record.Of<Event>().Where(happened => happened.Regarding!.Name == name)];

    /// <summary>How often a status was written.</summary>
    public int StatusWrites(string name) => Requests.Count(request => request.Verb == ClusterVerb.PatchStatus && request.Name.Name == name);

    /// <summary>Waits until all that happened has been seen and all that is due has been done.</summary>
    public async Task UntilIdleAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            string version;
            do
            {
                version = Cluster.ResourceVersion;
                await UntilSeenAsync(version, patience.Token);
                await controllers!.WhenAtRestAsync().WaitAsync(patience.Token);
            }
            while (Cluster.ResourceVersion != version);
        }
        catch (OperationCanceledException impatience) when (patience.IsCancellationRequested)
        {
            throw new TimeoutException($"The operator does not come to rest:\n{Logs}", impatience);
        }
    }

    /// <summary>Waits until the operator has seen all that has happened, whatever it is busy with.</summary>
    public async Task UntilSeenAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        await UntilSeenAsync(Cluster.ResourceVersion, patience.Token);
    }

    /// <summary>Lets time pass in steps, and what falls due in each be done.</summary>
    public async Task AdvanceAsync(TimeSpan time, TimeSpan? step = null)
    {
        await UntilIdleAsync();
        var end = Time.GetUtcNow() + time;
        while (Time.GetUtcNow() < end)
        {
            var left = end - Time.GetUtcNow();
            Time.Advance(left < (step ?? time) ? left : step ?? time);
            await UntilIdleAsync();
        }
    }

    /// <summary>
    /// Lets time pass, a second at a time, until something has happened: where a step waits inside a reconcile or a request there is no
    /// rest that could be waited for. Each second is given a moment of real time, in which what falls due is done; else a deadline of
    /// seconds would pass before anything could begin. Not for what needs an answer of the provider: its deadline would pass while the
    /// request travels, on a machine that is busy enough.
    /// </summary>
    public async Task PassUntilAsync(Task happened)
    {
        var end = Time.GetUtcNow() + longest; // no real time: how many seconds pass in one of those depends on how busy the machine is
        while (!happened.IsCompleted)
        {
            Assert.True(Time.GetUtcNow() < end, $"it does not happen:\n{Logs}");
            Time.Advance(TimeSpan.FromSeconds(1));
            await happened.WaitAsync(TimeSpan.FromMilliseconds(5)).ContinueWith(_ => { }, TaskScheduler.Default);
        }

        await happened;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Provider.DisposeAsync();
        Metrics.Dispose();
        stop.Dispose();
        SecretSearch.Check(Record, Logs, Provider.Ledger.AllSecretsIssued());
        KStatus.Check(Record);
        StatusSchema.Check(Record);
    }

    // A bookmark arrives behind every event that was offered before it, so whoever has read it has read them all.
    private async Task UntilSeenAsync(string version, CancellationToken cancellationToken)
    {
        var bookmarked = 0;
        while (true)
        {
            var signal = Volatile.Read(ref changed).Task;
            var missing = followed.Missing(Expected(), version, mayBeHeldUp: Cluster.Before is not null);
            if (followed.HasReached(version) && missing.Count == 0)
            {
                return;
            }

            SendBookmarks(ref bookmarked);

            if (cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException(
                    $"not read up to {version}: {string.Join(", ", missing)}; all that are open are: {followed.HasReached(version)}\n{Logs}"
                );
            }

            await signal.WaitAsync(Patience, CancellationToken.None);
        }
    }

    /// <summary>Sends a bookmark to each watch, unless none was opened since this was last called with the same count.</summary>
    public void SendBookmarks(ref int bookmarked) => bookmarks.SendBookmarks(ref bookmarked);

    /// <summary>The lists and watches that a process needs.</summary>
    public IReadOnlyList<Followed> Expected()
    {
        var version = Cluster.ResourceVersion;
        if (expected is not { } known || known.Version != version || known.Namespaces != Namespaces)
        {
            expected = known = new ExpectedLists(version, Namespaces, [.. FindExpected()]);
        }

        return known.All;
    }

    // Connections, clients and token Secrets (of each listed namespace), namespaces (where none is listed), each Secret that a client
    // references, and each that is in a connection's way.
    private IEnumerable<Followed> FindExpected() =>
        (Namespaces.Count == 0 ? [null] : Namespaces.Cast<string?>())
            .SelectMany(ns => new[] { typeof(VismaConnection), typeof(OAuthClient), typeof(SecretMetadata) }
                .Concat(Sets is null ? [] : [typeof(VismaConnectionSet)])
                .Select(kind => new Followed(kind, ns, Name: null)))
            .Concat(Sets is null ? [] : Stored<VismaConnectionSet>()
                .Select(TenantSource.ConfigMapOf)
                .OfType<NamespacedName>()
                .Distinct()
                .Select(Followed.Named<ConfigMap>))
            .Concat(Namespaces.Count == 0 ? [new Followed(typeof(Namespace), Namespace: null, Name: null)] : [])
            .Concat(Stored<OAuthClient>().SelectMany(CredentialReader.ReferencesOf).Distinct().Select(Followed.Named<Secret>))
            .Concat(Stored<VismaConnection>()
                .Where(connection => connection.Condition("Stalled")?.Reason == "SecretNotOwned")
                .Select(connection => connection.SecretName())
                .Distinct()
                .Select(Followed.Named<SecretMetadata>));

    private IEnumerable<T> Stored<T>()
        where T : class, IResource<T> =>
        Cluster.Export()
            .Where(stored => stored.Kind == T.ResourceKind)
            .Select(stored => JsonSerializer.Deserialize(stored.Json.Span, (JsonTypeInfo<T>)T.JsonTypeInfo)!);

    /// <summary>What the operator is built from; another replica is built from the same.</summary>
    public OperatorContext Context()
    {
        var policy = new HostPolicy([], ["127.0.0.1"], TransportRule.HttpAllowed);
        var http = OAuthHttp.CreateClient(policy, new OAuthHttpOptions());
        var gate = Gate = new IssuerGate(new IssuerGateOptions(), Time);
        return Change(
            new OperatorContext
            {
                Client = followed,
                Namespaces = Namespaces,
                AllowLists = AllowLists,
                Workers = Workers,
                Leadership = new AlwaysLeader(),
                Tokens = new TokenEndpoint(http, gate, Time),
                Metadata = new ServerMetadataCache(new ServerMetadataEndpoint(http, policy, Time), Time),
                Revocation = new RevocationEndpoint(http, gate, Time),
                Probe = new Lazy<ApiProbe>(() =>
                    new ApiProbe(ApiProbe.CreateClient(AllowLists, new OAuthHttpOptions()), AllowLists, Time)
                ),
                PublicUrl = PublicUrl,
                RandomBytes = RandomNumberGenerator.GetBytes,
                Time = Time,
                Logs = new LoggerFactory([Logs], new LoggerFilterOptions { MinLevel = LogLevel.Trace }),
                Meters = Metrics,
                Metrics = Metrics.Metrics,
                Random = () => 0.5,
                Instance = "test",
                Sets = Sets,
            }
        );
    }

    private void OnAnswered(ClusterRequest request)
    {
        requests.Enqueue(request);
        if (request.Verb is not (ClusterVerb.Get or ClusterVerb.List))
        {
            Pulse();
        }
    }

    /// <summary>Wakes whoever waits for <see cref="NextChange"/>.</summary>
    public void Pulse() =>
        Interlocked.Exchange(ref changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    /// <summary>What must be followed at a version, where these namespaces are served.</summary>
    private sealed record ExpectedLists(string Version, IReadOnlyList<string> Namespaces, IReadOnlyList<Followed> All);
}
