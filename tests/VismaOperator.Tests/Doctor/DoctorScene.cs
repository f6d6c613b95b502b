using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
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
using VismaOperator.Cli.Status;
using VismaOperator.Hosting;
using VismaOperator.Probing;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Doctor;

/// <summary><c>doctor</c> over a cluster in memory and a real HTTP provider.</summary>
internal sealed class DoctorScene : IAsyncDisposable
{
    private readonly StringWriter output = new();
    private readonly FakeTimeProvider clock = new(new DateTimeOffset(2026, 11, 30, 12, 0, 0, TimeSpan.Zero));
    private int version;
    private DoctorReport? last;

    private DoctorScene(VismaConnectStandIn provider)
    {
        Provider = provider;
        Time = clock;
        Cluster = new FaultyCluster(clock) { Reviews = _ => true };
        Issuer = provider.Issuer.OriginalString;
        Connection = Healthy(clock.GetUtcNow());
        TokenSecret = new Secret
        {
            Metadata = new ObjectMeta
            {
                Name = Some.Connection + "-token",
                Namespace = Some.Namespace,
                Labels = new Dictionary<string, string> { [VismaNames.SecretLabel] = VismaNames.TokenSecretValue },
                Annotations = new Dictionary<string, string> { [VismaNames.ConnectionAnnotation] = Some.Connection },
            },
        };
        Connection = Connection with { Spec = Connection.Spec with { BaseUrl = $"{Issuer}/v1" } };
        Client = Some.OAuthClient(Issuer);
        Credentials = Some.Credentials();
        OperatorPod = Pod("visma-operator-5d4f", "visma-system") with
        {
            Spec = new PodSpec { ServiceAccountName = "visma-operator", Containers = [new Container { Args = ["run"] }] },
            Status = new PodStatus { Conditions = [new PodCondition { Type = "Ready", Status = "True" }] },
        };
    }

    public VismaConnectStandIn Provider { get; }

    public FakeTimeProvider Clock => clock;

    /// <summary>The clock of the doctor; certificates are judged by the real one.</summary>
    public TimeProvider Time { get; set; }

    public FaultyCluster Cluster { get; }

    /// <summary>The issuer that may be contacted.</summary>
    public string Issuer { get; set; }

    /// <summary>What else may be.</summary>
    public IReadOnlyList<string> AlsoAllowed { get; set; } = [];

    public VismaConnection Connection { get; set; }

    public OAuthClient? Client { get; set; }

    public Secret? Credentials { get; set; }

    public Secret? TokenSecret { get; set; }

    public Pod? OperatorPod { get; set; }

    public OAuthHttpOptions Http { get; set; } = new();

    public Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; set; } = Dns.GetHostAddressesAsync;

    public DoctorOptions Options { get; set; } =
        new()
        {
            Name = Some.Connection,
            Namespace = Some.Namespace,
            Requests = DoctorRequests.Sent,
        };

    public string Output => output.ToString();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static async Task<DoctorScene> OpenAsync(Func<StandInOptions, StandInOptions>? change = null)
    {
        var options = Some.Provider(new FakeTimeProvider(new DateTimeOffset(2026, 11, 30, 12, 0, 0, TimeSpan.Zero)));
        return new DoctorScene(await VismaConnectStandIn.StartAsync((change ?? (same => same))(options), Ct));
    }

    public static Pod Pod(string name, string ns = Some.Namespace) =>
        new()
        {
            Metadata = new ObjectMeta
            {
                Name = name,
                Namespace = ns,
                Labels = new Dictionary<string, string>
                {
                    ["app.kubernetes.io/name"] = "visma-operator",
                    ["app.kubernetes.io/component"] = "operator",
                },
            },
            Status = new PodStatus { Phase = "Running" },
        };

    /// <summary>Puts an object into the cluster as it is, status too.</summary>
    public void Put<T>(T? resource)
        where T : class, IResource<T>
    {
        if (resource is null)
        {
            return;
        }

        var json = JsonSerializer.SerializeToNode(resource, T.JsonTypeInfo)!.AsObject();
        json["metadata"]!["resourceVersion"] = $"{++version}";
        json["metadata"]!["uid"] ??= $"uid-{version}";
        Cluster.Restore(T.ResourceKind, json);
    }

    /// <summary>What a person reads of the connection in the cluster.</summary>
    public async Task<string> SayAsync(IDoctorSource? source = null, params string[] alsoOf)
    {
        PutAll();
        await DoAsync(source ?? new ClusterObjects(Cluster, "https://cluster.example.com/"), Options with { AllowLists = Allowed }, alsoOf);
        return Output;
    }

    /// <summary>Walks the chain of the connection in the cluster.</summary>
    public Task<DoctorReport> WalkAsync()
    {
        PutAll();
        return RunAsync(new ClusterObjects(Cluster, "https://cluster.example.com/"));
    }

    /// <summary>Walks the chain, and prints it in both forms for the search of secrets.</summary>
    public async Task<DoctorReport> RunAsync(IDoctorSource source)
    {
        var options = Options with { AllowLists = Allowed };
        await DoAsync(source, options with { Output = DoctorOutput.Json, Requests = DoctorRequests.Shown });
        await DoAsync(source, options);
        await output.WriteLineAsync(JsonSerializer.Serialize(last!, DoctorJsonContext.Default.DoctorReport));
        return last!;
    }

    private void PutAll()
    {
        Put(Connection);
        Put(Client);
        Put(Credentials);
        Put(TokenSecret);
        Put(OperatorPod);
    }

    private async Task DoAsync(IDoctorSource source, DoctorOptions options, params string[] alsoOf)
    {
        using var providers = new OAuthEndpoints(options.AllowLists, Time, Http);
        using var api = ApiProbe.CreateClient(options.AllowLists, Http);
        var tools = new DoctorTools
        {
            Source = source,
            Providers = providers,
            Probe = new ApiProbe(api, options.AllowLists, Time),
            Resolve = Resolve,
            ProxyOf = _ => null,
            Time = Time,
            Called = "visma-operator",
        };
        var screen = new StatusScreen(output, TextWriter.Null, Time, "visma-operator");
        var names = alsoOf.Prepend(Options.Name!).Select(name => new NamespacedName(Options.Namespace!, name)).ToList();
        last = (await new DoctorRun(options, tools, screen).RunAsync(names, Ct))[0];
    }

    private static VismaConnection Healthy(DateTimeOffset now) =>
        Some.VismaConnection() with
        {
            Status = new VismaConnectionStatus
            {
                ObservedGeneration = 1,
                SecretName = Some.Connection + "-token",
                Conditions =
                [
                    new Condition
                    {
                        Type = "Ready",
                        Status = "True",
                        Reason = "TokenValid",
                        Message = "Secret acme-production-token holds a token that is valid until 2026-11-30 12:40:00Z.",
                        LastTransitionTime = now - TimeSpan.FromDays(12),
                    },
                ],
                Token = new TokenStatus
                {
                    IssueTime = now - TimeSpan.FromMinutes(20),
                    ExpirationTime = now + TimeSpan.FromMinutes(40),
                    RefreshTime = now + TimeSpan.FromMinutes(20),
                    GrantedScopes = Some.Scopes,
                },
            },
        };

    // Every value of a Secret in the cluster; those of a few letters are in any text.
    private IEnumerable<string> Kept() =>
        Cluster.Export()
            .Where(one => one.Kind == Secret.ResourceKind)
            .SelectMany(one => JsonNode.Parse(one.Json.Span)!["data"]?.AsObject() ?? [])
            .Select(pair => System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(pair.Value!.GetValue<string>())).Trim())
            .Where(value => value.Length > 8 && value != Some.ClientId);

    public AllowLists Allowed =>
        new() { AllowedIssuers = [Issuer, .. AlsoAllowed], AllowedApiHosts = [Provider.Url.Authority], AllowInsecureIssuers = true };

    public async ValueTask DisposeAsync()
    {
        foreach (var secret in Provider.Ledger.AllSecretsIssued().Append(Some.ClientSecret).Concat(Kept()))
        {
            Assert.DoesNotContain(secret, Output, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(secret)), Output, StringComparison.Ordinal);
        }

        await Provider.DisposeAsync();
        await output.DisposeAsync();
    }
}

/// <summary>A server that shows a certificate of our making and has no page.</summary>
internal sealed class TlsServer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly X509Certificate2 certificate;
    private readonly Task serving;

    public TlsServer(string host, DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        certificate = request.CreateSelfSigned(notBefore, notAfter);
        listener.Start();
        serving = ServeAsync();
    }

    /// <summary>Trusted by who takes this as its only root.</summary>
    public X509Certificate2Collection Root => [certificate];

    public Uri Url => new($"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}");

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await serving;
        certificate.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync();
                await using var tls = new SslStream(client.GetStream());
                try
                {
                    await tls.AuthenticateAsServerAsync(certificate);
                    if (await tls.ReadAsync(new byte[4096]) > 0)
                    {
                        await tls.WriteAsync("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray());
                    }
                }
                catch (Exception failure) when (failure is IOException or System.Security.Authentication.AuthenticationException)
                {
                    // as it should be
                }
            }
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // stopped
        }
    }
}
