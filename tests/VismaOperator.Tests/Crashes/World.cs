using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.InMemory;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Grants;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Crashes;

/// <summary>
/// A cluster, a provider and operator processes in one thread. Nothing happens unless time is made to pass, and randomness comes from one
/// seed, so that a schedule runs the same way each time.
/// </summary>
internal sealed class World
{
    public static readonly NamespacedName Key = new(Some.Namespace, Some.Connection);

    private static readonly TimeSpan tick = TimeSpan.FromSeconds(1);

    private readonly List<(DateTimeOffset At, Action Act)> timers = [];
    private readonly List<Disturbance> armed = [];
    private readonly Action<string>? trace;
    private int replicas;

    public World(Random random, StandInRefreshTokens refreshTokens, Action<string>? trace)
    {
        (Random, this.trace) = (random, trace);
        Time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
        Cluster = new InMemoryCluster(Time, new InMemoryClusterOptions { HistoryLength = 1, NewUid = () => new Guid(RandomBytes(16)) });
        Provider = new SimulatedProvider(Time, refreshTokens);
        Judge = new Judge(this, refreshTokens);
        Lease = new SimulatedLease(this);
    }

    public Random Random { get; }

    public FakeTimeProvider Time { get; }

    public InMemoryCluster Cluster { get; }

    public SimulatedProvider Provider { get; }

    public ApiTrouble Api { get; } = new();

    /// <summary>Where everything runs.</summary>
    public OneThread Thread { get; } = new();

    public SimulatedLease Lease { get; }

    public Judge Judge { get; }

    /// <summary>The processes that live.</summary>
    public List<Replica> Replicas { get; } = [];

    /// <summary>How often processes were killed, by where they were.</summary>
    public Dictionary<KillStage, int> Kills { get; } = [];

    public byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        Random.NextBytes(bytes);
        return bytes;
    }

    public ILoggerFactory LogsOf(Replica replica) => trace is null ? NullLoggerFactory.Instance : new TracedLogs(replica, this);

    public void Note(string what) => trace?.Invoke($"{Time.GetUtcNow():HH:mm:ss} {what}");

    public Replica StartReplica(TimeSpan clockError)
    {
        var replica = new Replica(this, $"process {++replicas}", clockError);
        Replicas.Add(replica);
        Note($"{replica} starts");
        return replica;
    }

    /// <summary>Arms something to happen at a point that some process is about to pass.</summary>
    public void Arm(Disturbance disturbance) => armed.Add(disturbance);

    /// <summary>A process passes a point.</summary>
    public void AtPoint(Replica replica, string where)
    {
        trace?.Invoke($"{Time.GetUtcNow():HH:mm:ss}   {replica} {where}");
        foreach (var disturbance in armed.ToList())
        {
            if (--disturbance.Countdown <= 0 && armed.Remove(disturbance))
            {
                Note($"{disturbance.Name} ({replica} {where})");
                disturbance.Strike(replica);
            }
        }
    }

    /// <summary>Does something after a time.</summary>
    public void After(TimeSpan span, Action act) => timers.Add((Time.GetUtcNow() + span, act));

    public Task AfterAsync(TimeSpan span)
    {
        var over = new TaskCompletionSource();
        After(span, () => over.TrySetResult());
        return over.Task;
    }

    /// <summary>Kills a process; another one is started after a while, as a kubelet does.</summary>
    public void Kill(Replica replica, TimeSpan restartAfter)
    {
        Kills[replica.KillStage] = Kills.GetValueOrDefault(replica.KillStage) + 1;
        replica.Kill("killed");
        After(restartAfter, () => StartReplica(ClockError()));
    }

    /// <summary>The error of a process's wall clock: mostly none, seconds at the worst.</summary>
    public TimeSpan ClockError() => TimeSpan.FromSeconds(Random.Next(3) == 0 ? Random.Next(-4, 5) : 0);

    /// <summary>Somebody else writes an object.</summary>
    public void Touch(NamespacedName name)
    {
        var patch = new JsonObject
        {
            ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["example.com/touched"] = $"{Random.Next()}" } },
        };
        try
        {
            _ =
                name == Key
                    ? (object)Cluster.PatchAsync<VismaConnection>(name, patch, default).Result
                    : Cluster.PatchAsync<Secret>(name, patch, default).Result;
        }
        catch (AggregateException)
        {
            // There is nothing to touch.
        }
    }

    /// <summary>What is stored of the grant; null when its Secret is gone.</summary>
    public GrantDocument? StoredGrant() =>
        Cluster.FindAsync<Secret>(GrantStore.NameOf(Key), default).Result is { } secret ? GrantSecret.Read(secret) : null;

    public VismaConnection? Connection() => Cluster.FindAsync<VismaConnection>(Key, default).Result;

    /// <summary>The objects of a connection that nobody has consented to.</summary>
    public void SetUp()
    {
        Apply(new Namespace { Metadata = new ObjectMeta { Name = "kube-system" } });
        Apply(Some.OAuthClient(SimulatedProvider.Issuer.OriginalString) with { Spec = ClientSpec() });
        Cluster
            .PatchStatusAsync<OAuthClient>(
                new NamespacedName(Some.Namespace, Some.Client),
                JsonNode.Parse("""{"status":{"activeSecret":{"name":"acme-credentials","key":"clientSecret"}}}""")!.AsObject(),
                default
            )
            .Wait();
        Apply(SomeConsents.InteractiveConnection());
    }

    public void Apply<T>(T resource)
        where T : class, IResource<T> => Cluster.CreateAsync(resource, default).Wait();

    /// <summary>Lets time pass, in seconds while anything is under way and in leaps while nothing is.</summary>
    public void Pass(TimeSpan span)
    {
        var end = Time.GetUtcNow() + span;
        while (Time.GetUtcNow() is var now && now < end)
        {
            var leap = IsQuiet() ? NextLook(end) - now : tick;
            Step(leap > tick ? leap : tick);
        }
    }

    /// <summary>Nothing is wrong from here on: what was stopped goes on, and one process at least lives.</summary>
    public void Heal()
    {
        Note("all is well from here on");
        armed.Clear();
        Provider.Next = null;
        Api.Heal();
        foreach (var replica in Replicas.Where(replica => replica.IsPaused).ToList())
        {
            replica.Resume(clockFirst: true);
        }

        Replicas.Where(replica => replica.IsCutOff).ToList().ForEach(replica => replica.Reconnect());
    }

    private static OAuthClientSpec ClientSpec()
    {
        var issuer = SimulatedProvider.Issuer.OriginalString;
        return Some.OAuthClient(issuer).Spec with
        {
            Endpoints = new EndpointsSpec
            {
                Token = issuer + "/connect/token",
                Authorization = issuer + "/connect/authorize",
                Revocation = issuer + "/connect/revocation",
            },
        };
    }

    private void Step(TimeSpan by)
    {
        Time.Advance(by);
        foreach (var due in timers.Where(timer => timer.At <= Time.GetUtcNow()).OrderBy(timer => timer.At).ToList())
        {
            timers.Remove(due);
            due.Act();
            Thread.Settle();
        }

        var order = Replicas.OrderBy(_ => Random.Next()).ToList();
        order.ForEach(replica =>
        {
            replica.Advance(by);
            Thread.Settle();
        });
        Lease.Look(leapt: by > tick);
        order.Where(replica => replica.IsActing).ToList().ForEach(replica => replica.CatchUp());
        order.ForEach(replica => replica.Work());
        Replicas.RemoveAll(replica => replica.IsDead);
        Judge.Passed(by);
    }

    private bool IsQuiet() => !Api.IsOut
        && Lease.IsHeldByOneThatActs
        && Replicas.TrueForAll(replica => replica is { IsActing: true, IsBusy: false, IsUpToDate: true })
        && !Judge.IsAwaitingStore;

    private DateTimeOffset NextLook(DateTimeOffset end)
    {
        var next = timers.Select(timer => timer.At).Append(end).Min();
        foreach (var replica in Replicas.Where(replica => replica.Leadership.IsLeader))
        {
            // By the world's clock, whatever that of the process says.
            var due = replica.NextLook - (replica.Time.GetUtcNow() - Time.GetUtcNow());
            next = due < next ? due.Value : next;
        }

        return next;
    }

    private sealed class TracedLogs(Replica replica, World world) : ILoggerFactory, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => world.Note($"{replica} logs: {formatter(state, exception)}");
    }
}

/// <summary>Something that strikes at a point which a process passes.</summary>
internal sealed class Disturbance(string name, int countdown, Action<Replica> strike)
{
    public string Name => name;

    public int Countdown { get; set; } = countdown;

    public Action<Replica> Strike => strike;
}
