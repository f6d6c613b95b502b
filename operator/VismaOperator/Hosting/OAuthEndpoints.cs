using Kubernetes.Client.Access;
using OAuth;
using VismaOperator.Api.Validation;
using VismaOperator.Probing;

namespace VismaOperator.Hosting;

/// <summary>The way to authorization servers: one HTTP client, held to the allowed hosts, behind one gate per issuer.</summary>
internal sealed class OAuthEndpoints : IDisposable
{
    private static readonly AllowLists builtIn = new();

    private readonly HttpClient http;
    private readonly Lazy<HttpClient> api;

    public OAuthEndpoints(AllowLists allowLists, TimeProvider time)
        : this(allowLists, time, Options(Environment.GetEnvironmentVariable)) { }

    public OAuthEndpoints(AllowLists allowLists, TimeProvider time, OAuthHttpOptions connection)
    {
        var policy = Policy(allowLists);
        http = OAuthHttp.CreateClient(policy, connection);
        Contact = new ServerContact(policy, connection, time);
        var gate = new IssuerGate(new IssuerGateOptions(), time);
        Tokens = new TokenEndpoint(http, gate, time);
        Revocation = new RevocationEndpoint(http, gate, time);
        api = new Lazy<HttpClient>(() => ApiProbe.CreateClient(allowLists, Options(Environment.GetEnvironmentVariable)));
        Probe = new Lazy<ApiProbe>(() => new ApiProbe(api.Value, allowLists, time));
        Metadata = new ServerMetadataCache(new ServerMetadataEndpoint(http, policy, time), time);
    }

    /// <summary>Asks for tokens.</summary>
    public ITokenEndpoint Tokens { get; }

    /// <summary>Reaches servers without asking them for anything.</summary>
    public ServerContact Contact { get; }

    /// <summary>Asks for revocations.</summary>
    public IRevocationEndpoint Revocation { get; }

    /// <summary>Asks for discovery documents, and remembers them.</summary>
    public IServerMetadataEndpoint Metadata { get; }

    /// <summary>Asks APIs whether they accept a token, by a client of its own: made when it is first used.</summary>
    public Lazy<ApiProbe> Probe { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        http.Dispose();
        if (api.IsValueCreated)
        {
            api.Value.Dispose();
        }
    }

    /// <summary>
    /// How providers are reached. The variables of the proxy are read as for the API server, not as the runtime reads them: it knows no
    /// CIDR in <c>NO_PROXY</c>.
    /// </summary>
    public static OAuthHttpOptions Options(Func<string, string?> variable) => new() { Proxy = ProxyChoice.FromEnvironment(variable) };

    /// <summary>A list that the administrator wrote may name private hosts; the built-in one is known to be public.</summary>
    private static HostPolicy Policy(AllowLists allowLists)
    {
        var hosts = allowLists.AllowedIssuers.Select(issuer => new Uri(issuer).Host).ToList();
        var isBuiltIn = allowLists.AllowedIssuers.SequenceEqual(builtIn.AllowedIssuers, StringComparer.Ordinal);
        var transport = allowLists.AllowInsecureIssuers ? TransportRule.HttpAllowed : TransportRule.HttpsOnly;
        return isBuiltIn ? new HostPolicy(hosts, [], transport) : new HostPolicy([], hosts, transport);
    }
}
