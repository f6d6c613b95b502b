using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.InMemory;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Leadership;
using Kubernetes.Controllers.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using OAuth;
using VismaConnect.StandIn;
using VismaOperator.Hosting;
using VismaOperator.Rules;
using VismaOperator.VismaConnections;
using VismaOperator.Wiring;

namespace VismaOperator.Tests.Support;

/// <summary>
/// The operator's real controllers over an in-memory cluster, a real HTTP provider (the stand-in) and a clock that
/// moves only when told. One worker a kind, so that what was asked first is done first.
/// </summary>
internal sealed class TestOperator : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentQueue<ClusterRequest> requests = new();
    private readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private CancellationTokenSource stop = new();
    private Task running = Task.CompletedTask;
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private TestOperator(VismaConnectStandIn provider, FakeTimeProvider time)
    {
        Provider = provider;
        Time = time;
        Cluster = new InMemoryCluster(time) { Answered = OnAnswered };
    }

    public FakeTimeProvider Time { get; }

    public InMemoryCluster Cluster { get; }

    public VismaConnectStandIn Provider { get; }

    public CapturedLogs Logs { get; } = new();

    public AllowLists AllowLists { get; set; } = new();

    /// <summary>Token requests that reached the provider, so far.</summary>
    public int TokenRequests => Provider.Ledger.TokenRequests.Count;

    /// <summary>What the operator and the test asked of the cluster, events left out, since the last <see cref="ForgetRequests"/>.</summary>
    public IReadOnlyList<ClusterRequest> Requests => [.. requests.Where(request => request.Kind != Event.ResourceKind)];

    public static async Task<TestOperator> StartAsync()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
        var provider = await VismaConnectStandIn.StartAsync(Some.Provider(time), TestContext.Current.CancellationToken);
        var test = new TestOperator(provider, time);
        test.AllowLists = test.AllowLists with { AllowedIssuers = [provider.Issuer.OriginalString], AllowInsecureIssuers = true };
        test.Start();
        return test;
    }

    /// <summary>Starts the controllers; after <see cref="StopAsync"/>, as a new process would.</summary>
    public void Start()
    {
        stop = new CancellationTokenSource();
        var controllers = new OperatorControllers(Context());
        var group = controllers.Caches.Select(loop => loop.RunAsync(stop.Token)).ToList();
        running = Task.Run(async () =>
        {
            await controllers.WaitUntilSyncedAsync(stop.Token);
            group.AddRange(controllers.Controllers.Select(loop => loop.RunAsync(stop.Token)));
            await Task.WhenAll(group);
        });
    }

    public async Task StopAsync()
    {
        await stop.CancelAsync();
        await running.WaitAsync(Patience).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    public void ForgetRequests() => requests.Clear();

    public Task<T> ApplyAsync<T>(T resource)
        where T : class, IResource<T> => Cluster.CreateAsync(resource, TestContext.Current.CancellationToken);

    public Task<T?> FindAsync<T>(string name, string place = Some.Place)
        where T : class, IResource<T> => Cluster.FindAsync<T>(new NamespacedName(place, name), TestContext.Current.CancellationToken);

    public Task PatchAsync<T>(string name, JsonObject patch, string place = Some.Place)
        where T : class, IResource<T> => Cluster.PatchAsync<T>(new NamespacedName(place, name), patch, TestContext.Current.CancellationToken);

    public Task DeleteAsync<T>(string name, string place = Some.Place)
        where T : class, IResource<T> => Cluster.DeleteAsync<T>(new NamespacedName(place, name), null, TestContext.Current.CancellationToken);

    /// <summary>Waits until an object is as wanted, looking again after every answer of the cluster.</summary>
    public async Task<T> UntilAsync<T>(string name, Func<T, bool> isWanted, string place = Some.Place)
        where T : class, IResource<T>
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            var signal = Volatile.Read(ref changed).Task;
            if (await Cluster.FindAsync<T>(new NamespacedName(place, name), CancellationToken.None) is { } found && isWanted(found))
            {
                return found;
            }

            try
            {
                await signal.WaitAsync(patience.Token);
            }
            catch (OperationCanceledException impatience)
            {
                throw new TimeoutException($"{T.ResourceKind.Kind} {place}/{name} did not become as wanted. It is: {System.Text.Json.JsonSerializer.Serialize((await FindAsync<T>(name, place))!, T.JsonTypeInfo)}\n{Logs}", impatience);
            }
        }
    }

    public Task<VismaConnection> UntilReadyAsync(string name = Some.Connection) =>
        UntilAsync<VismaConnection>(name, connection => connection.Is("Ready", "True"));

    /// <summary>Waits until everything that is due has been done: a fresh connection, asked for last, has been looked at.</summary>
    public async Task UntilIdleAsync()
    {
        var name = $"sentinel-{Guid(requests.Count)}";
        var spec = Some.VismaConnection(name).Spec with { Suspend = true, OAuthClientRef = new OAuthClientReference { Name = name } }; // counted by no client of the test
        await ApplyAsync(Some.VismaConnection(name) with { Spec = spec });
        await UntilAsync<VismaConnection>(name, connection => connection.Status.ObservedGeneration == 1);
        await DeleteAsync<VismaConnection>(name);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Provider.DisposeAsync();
        await services.DisposeAsync();
        stop.Dispose();
    }

    private static string Guid(int count) => count.ToString("x8", System.Globalization.CultureInfo.InvariantCulture);

    private OperatorContext Context()
    {
        var policy = new HostPolicy([], ["127.0.0.1"], TransportRule.HttpAllowed);
        var http = OAuthHttp.CreateClient(policy, new OAuthHttpOptions());
        var gate = new IssuerGate(new IssuerGateOptions(), Time);
        return new OperatorContext
        {
            Client = Cluster,
            Namespaces = [],
            AllowLists = AllowLists,
            Workers = 1,
            Leadership = new AlwaysLeader(),
            Tokens = new TokenEndpoint(http, gate, Time),
            Metadata = new ServerMetadataCache(new ServerMetadataEndpoint(http, policy, Time, new ServerMetadataOptions()), Time, new ServerMetadataOptions()),
            Time = Time,
            Logs = LoggerFactory.Create(builder => builder.SetMinimumLevel(LogLevel.Debug).AddProvider(Logs)),
            Meters = services.GetRequiredService<IMeterFactory>(),
            Metrics = new ControllerMetrics(services.GetRequiredService<IMeterFactory>()),
            Random = () => 0.5,
            Instance = "test",
        };
    }

    private void OnAnswered(ClusterRequest request)
    {
        requests.Enqueue(request);
        Interlocked.Exchange(ref changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }
}
