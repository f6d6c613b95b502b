using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using Microsoft.Extensions.Time.Testing;
using OAuth;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Cli.Doctor;
using VismaOperator.Cli.Rotate;
using VismaOperator.Hosting;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Rotate;

/// <summary><c>rotate</c> over a cluster in memory and a real HTTP provider, whose portal knows the old secret and the new one.</summary>
internal sealed class RotateScene : IAsyncDisposable
{
    public const string NewSecret = "the-portal-showed-this-too";
    public const string NewKey = "clientSecret-2026-11-30";

    private readonly StringWriter output = new();
    private readonly FakeTimeProvider clock;
    private readonly OAuthEndpoints providers;
    private int version;

    private RotateScene(VismaConnectStandIn provider, FakeTimeProvider clock)
    {
        this.clock = clock;
        Provider = provider;
        Cluster = new FaultyCluster(clock);
        Client = Some.OAuthClient(provider.Issuer.OriginalString);
        Credentials = Some.Credentials();
        Connection = Some.VismaConnection();
        AllowLists = new AllowLists { AllowedIssuers = [provider.Issuer.OriginalString], AllowInsecureIssuers = true };
        providers = new OAuthEndpoints(AllowLists, clock, new OAuthHttpOptions());
        Cluster.Before = (verb, kind, name) => (Before ?? ((_, _, _) => Task.CompletedTask))(verb, kind, name);
        Cluster.Answered = request =>
        {
            if (request is { Verb: ClusterVerb.Patch, StatusCode: HttpStatusCode.OK })
            {
                Writes.Add(request.Kind.Kind);
            }
        };
    }

    public VismaConnectStandIn Provider { get; }

    public FaultyCluster Cluster { get; }

    public AllowLists AllowLists { get; }

    public OAuthClient Client { get; set; }

    public Secret Credentials { get; set; }

    public VismaConnection? Connection { get; set; }

    /// <summary>Who wrote fields of the client, or of the Secret.</summary>
    public Dictionary<string, string> Writers { get; } = [];

    /// <summary>Awaited before each request.</summary>
    public Func<string, ResourceKind, NamespacedName, Task>? Before { get; set; }

    /// <summary>Kinds of what was written, in order.</summary>
    public List<string> Writes { get; } = [];

    public RotateOptions Options { get; set; } = new() { Name = Some.Client };

    /// <summary>The stop that a person asks for.</summary>
    public CancellationToken Stop { get; set; } = Ct;

    public string Output => output.ToString();

    private static NamespacedName Name => new(Some.Namespace, Some.Client);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static async Task<RotateScene> OpenAsync()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 30, 12, 0, 0, TimeSpan.Zero));
        var options = Some.Provider(time) with
        {
            Clients = [new StandInClient(Some.ClientId) { Secrets = [new StandInSecret(Some.ClientSecret), new StandInSecret(NewSecret)] }],
        };
        return new RotateScene(await VismaConnectStandIn.StartAsync(options, Ct), time);
    }

    /// <summary>Puts the objects into the cluster.</summary>
    public void PutAll()
    {
        Put(Client);
        Put(Credentials);
        if (Connection is { } connection)
        {
            Put(connection);
        }
    }

    public void Put<T>(T resource)
        where T : class, IResource<T>
    {
        var json = JsonSerializer.SerializeToNode(resource, T.JsonTypeInfo)!.AsObject();
        json["metadata"]!["resourceVersion"] = $"{++version}";
        json["metadata"]!["uid"] ??= $"uid-{version}";
        if (resource is Secret)
        {
            json["type"] = "Opaque"; // as an API server has it
        }

        if (Writers.TryGetValue(T.ResourceKind.Kind, out var writer))
        {
            json["metadata"]!["managedFields"] = new JsonArray(new JsonObject { ["manager"] = writer });
        }

        Cluster.Restore(T.ResourceKind, json);
    }

    /// <summary>Puts the objects there and runs it.</summary>
    public Task<RotateResult?> RotateAsync(string secret = NewSecret)
    {
        PutAll();
        return AgainAsync(secret);
    }

    /// <summary>Runs it over what is there.</summary>
    public Task<RotateResult?> AgainAsync(string secret = NewSecret)
    {
        var tools = new DoctorTools
        {
            Source = new ClusterObjects(Cluster, "https://cluster.example.com/"),
            Providers = providers,
            Probe = providers.Probe.Value,
            Resolve = Dns.GetHostAddressesAsync,
            ProxyOf = _ => null,
            Time = clock,
            Called = "visma-operator",
        };
        var options = Options with { AllowLists = AllowLists };
        var run = new RotateRun(options, Cluster, tools, "https://cluster.example.com/", output);
        return run.RunAsync(Name, VismaOperator.Cli.Rotate.NewSecret.Judge(secret, SecretJudgement.Usual), Stop);
    }

    public async Task<OAuthClient> ClientAsync() => (await Cluster.FindAsync<OAuthClient>(Name, Ct))!;

    public async Task<Secret> SecretAsync() =>
        (await Cluster.FindAsync<Secret>(Credentials.Metadata.NamespacedName, Ct))!;

    /// <summary>The keys of the list, in order.</summary>
    public async Task<IReadOnlyList<string>> ListAsync() =>
        [.. (await ClientAsync()).Spec.ClientSecrets.Select(entry => entry.SecretKeyRef.Key)];

    public async ValueTask DisposeAsync()
    {
        foreach (var secret in Provider.Ledger.AllSecretsIssued())
        {
            Assert.DoesNotContain(secret, Output, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(secret)), Output, StringComparison.Ordinal);
        }

        providers.Dispose();
        await Provider.DisposeAsync();
        await output.DisposeAsync();
    }
}
