using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Leadership;
using Kubernetes.Controllers.Telemetry;
using Kubernetes.InMemory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Hosting;
using VismaOperator.Probing;

namespace VismaOperator.Benchmarks.Scale;

/// <summary>
/// The controllers of the operator over the cluster of local mode, in this process, on a clock that is moved by a day: what they keep
/// after thousands of renewals must be what they kept after hundreds.
/// </summary>
internal sealed class DayRow
{
    internal const int Connections = 200;
    private const string Place = "integrations";
    private const double Mebibyte = 1024 * 1024;
    private static readonly TimeSpan step = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan early = TimeSpan.FromHours(4);
    private static readonly TimeSpan day = TimeSpan.FromHours(24);

    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    private readonly Provider provider = new();

    /// <summary>Lets the day pass. The heap is that of everything in this process that is still in use.</summary>
    public async Task<IReadOnlyList<Measurement>> MeasureAsync(CancellationToken cancellationToken)
    {
        var cluster = new InMemoryCluster(time, new InMemoryClusterOptions { HistoryLength = 1 });
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var metrics = new ControllerMetrics(services.GetRequiredService<IMeterFactory>());
        using var controllers = new OperatorControllers(Context(cluster, services, metrics));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await PopulateAsync(cluster, stop.Token);
        List<Task> loops = [.. controllers.Caches.Select(loop => loop.RunAsync(stop.Token))];
        await controllers.WaitUntilSyncedAsync(stop.Token);
        loops.AddRange(controllers.Controllers.Select(loop => loop.RunAsync(stop.Token)));

        var measurement = new Measurement(RowNames.Day, Contender.Operator, Connections);
        measurement.Values["early_mib"] = await PassAsync(controllers, early);
        measurement.Values["late_mib"] = await PassAsync(controllers, day - early);
        measurement.Values["growth_mib"] = measurement.Values["late_mib"] - measurement.Values["early_mib"];
        measurement.Values["renewals"] = provider.Requests - Connections;
        await stop.CancelAsync();
        await Task.WhenAll(loops).ContinueWith(_ => { }, TaskScheduler.Default); // each ends by the cancellation
        return [measurement];
    }

    private async Task<double> PassAsync(OperatorControllers controllers, TimeSpan span)
    {
        for (var passed = TimeSpan.Zero; passed < span; passed += step)
        {
            await controllers.WhenAtRestAsync();
            time.Advance(step);
        }

        await controllers.WhenAtRestAsync();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return GC.GetTotalMemory(forceFullCollection: true) / Mebibyte;
    }

    private OperatorContext Context(InMemoryCluster cluster, ServiceProvider services, ControllerMetrics metrics) => new()
    {
        Client = cluster,
        Namespaces = [],
        AllowLists = new AllowLists(),
        Workers = 16,
        Leadership = new AlwaysLeader(),
        Tokens = provider,
        Metadata = provider,
        Revocation = provider,
        Probe = new Lazy<ApiProbe>(() => throw new InvalidOperationException("No connection of the benchmark is probed.")),
        Time = time,
        Logs = NullLoggerFactory.Instance,
        Meters = services.GetRequiredService<IMeterFactory>(),
        Metrics = metrics,
        Random = () => 0.5,
        RandomBytes = RandomNumberGenerator.GetBytes,
        Instance = "benchmark",
    };

    private static async Task PopulateAsync(InMemoryCluster cluster, CancellationToken cancellationToken)
    {
        await cluster.CreateAsync(
            new Secret
            {
                Metadata = new ObjectMeta { Name = "credentials", Namespace = Place },
                Data = new Dictionary<string, SecretValue> { ["clientSecret"] = SecretValue.FromText("made-up-for-the-benchmark") },
            },
            cancellationToken
        );
        await cluster.CreateAsync(
            new OAuthClient
            {
                Metadata = new ObjectMeta { Name = "bench", Namespace = Place },
                Spec = new OAuthClientSpec
                {
                    ClientId = "isv_bench",
                    ClientSecrets =
                    [
                        new ClientSecretSpec { SecretKeyRef = new SecretKeyReference { Name = "credentials", Key = "clientSecret" } },
                    ],
                },
            },
            cancellationToken
        );
        foreach (var number in Enumerable.Range(0, Connections))
        {
            await cluster.CreateAsync(
                new VismaConnection
                {
                    Metadata = new ObjectMeta { Name = $"company-{number:000}", Namespace = Place },
                    Spec = new VismaConnectionSpec
                    {
                        OAuthClientRef = new OAuthClientReference { Name = "bench" },
                        TenantId = $"2f5c8a54-51ab-4c5e-9d3a-{number:x12}",
                        Scopes = ["vismanet_erp_service_api:read"],
                    },
                },
                cancellationToken
            );
        }
    }

    /// <summary>Grants everything at once, without HTTP.</summary>
    private sealed class Provider : ITokenEndpoint, IServerMetadataEndpoint, IRevocationEndpoint
    {
        private int requests;

        public int Requests => Volatile.Read(ref requests);

        public Task<TokenOutcome> RequestAsync(
            Uri endpoint, ClientCredentials client, TokenRequest request, CancellationToken cancellationToken)
        {
            var number = Interlocked.Increment(ref requests);
            request.TurnCame?.Invoke();
            var token = number.ToString(System.Globalization.CultureInfo.InvariantCulture).PadLeft(1200, 't');
            return Task.FromResult<TokenOutcome>(
                new TokenOutcome.Granted(new TokenSet(Sensitive.From(token), "Bearer", TimeSpan.FromHours(1), null, null, null)));
        }

        public Task<MetadataOutcome> GetAsync(Uri issuer, CancellationToken cancellationToken) =>
            Task.FromResult<MetadataOutcome>(
                new MetadataOutcome.Found(
                    new ServerMetadata(
                        issuer.OriginalString,
                        new Uri(issuer, "/connect/token"),
                        AuthorizationEndpoint: null,
                        RevocationEndpoint: null,
                        IssParameterSupported: false
                    )
                )
            );

        public Task<RevocationOutcome> RevokeAsync(
            Uri endpoint, ClientCredentials client, Sensitive token, CancellationToken cancellationToken) =>
            Task.FromResult<RevocationOutcome>(new RevocationOutcome.Revoked());
    }
}
