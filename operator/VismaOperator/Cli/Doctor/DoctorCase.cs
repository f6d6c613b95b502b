using System.Net;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Cli.Cluster;
using VismaOperator.Clients;
using VismaOperator.Hosting;
using VismaOperator.Probing;
using VismaOperator.Sets;

namespace VismaOperator.Cli.Doctor;

/// <summary>Everything that <c>doctor</c> can be told.</summary>
internal sealed record DoctorOptions
{
    /// <summary>The connection, or the set; null for all connections of the manifests.</summary>
    public string? Name { get; init; }

    /// <summary>Whether a connection is looked at, or a set of connections.</summary>
    public ResourceKind Kind { get; init; } = VismaConnection.ResourceKind;

    /// <summary>Its namespace; null for that of the context.</summary>
    public string? Namespace { get; init; }

    /// <summary>Path of the kubeconfig; null for the default.</summary>
    public string? Kubeconfig { get; init; }

    /// <summary>Context of the kubeconfig; null for the current one.</summary>
    public string? Context { get; init; }

    /// <summary>Manifests to read instead of a cluster; null for a cluster.</summary>
    public Manifests.ManifestSource? Manifests { get; init; }

    /// <summary>The manifests as options, for a command to copy.</summary>
    public string Files => string.Concat((Manifests?.Paths ?? []).Select(path => $" -f {NamedSource.Quoted(path)}"));

    /// <summary>State directory of local mode to read instead of a cluster; null for none.</summary>
    public string? State { get; init; }

    /// <summary>Where that is; of manifests nothing.</summary>
    public NamedSource Source => new(Kubeconfig, Context, State);

    /// <summary>Whether requests may be sent that need a client secret.</summary>
    public DoctorRequests Requests { get; init; }

    /// <summary>The operator's service account; null to find it by its Pods.</summary>
    public NamespacedName? ServiceAccount { get; init; }

    /// <summary>How it is printed.</summary>
    public DoctorOutput Output { get; init; }

    /// <summary>What may be contacted.</summary>
    public AllowLists AllowLists { get; init; } = new();
}

/// <summary>Whether requests are sent that need a client secret or a token.</summary>
internal enum DoctorRequests
{
    /// <summary>They are shown.</summary>
    Shown,

    /// <summary>They are sent, and the token is discarded.</summary>
    Sent,
}

/// <summary>How <c>doctor</c> prints.</summary>
internal enum DoctorOutput
{
    /// <summary>One line for each link.</summary>
    Text,

    /// <summary>JSON.</summary>
    Json,
}

/// <summary>The parts of <c>doctor</c> that reach out.</summary>
internal sealed record DoctorTools
{
    /// <summary>Where objects are read.</summary>
    public required IDoctorSource Source { get; init; }

    /// <summary>The way to providers.</summary>
    public required OAuthEndpoints Providers { get; init; }

    /// <summary>Tries a token at its API.</summary>
    public required ApiProbe Probe { get; init; }

    /// <summary>Looks the addresses of a host up.</summary>
    public required Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; }

    /// <summary>The proxy for an address; null where there is none.</summary>
    public required Func<Uri, Uri?> ProxyOf { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>What the person types to run this program.</summary>
    public required string Called { get; init; }

    /// <summary>What was found of the way to each provider in this run: connections of one client, or of one issuer, share it.</summary>
    public Dictionary<Uri, ProviderFindings> Ways { get; } = [];
}

/// <summary>The way to one provider, as far as it was looked at.</summary>
internal sealed class ProviderFindings
{
    /// <summary>Of its name; null until somebody looked.</summary>
    public LinkFinding? Dns { get; set; }

    /// <summary>What came of reaching it; null until somebody tried.</summary>
    public ContactOutcome? Contact { get; set; }
}

/// <summary>One connection or set that is looked at, and what is known of it so far. Each link adds what later ones need.</summary>
/// <param name="connection">The connection.</param>
/// <param name="options">What was asked for.</param>
/// <param name="tools">The parts that reach out.</param>
internal sealed class DoctorCase(VismaConnection connection, DoctorOptions options, DoctorTools tools)
{
    /// <summary>The connection. Of a set, what it makes of its first tenant, or of a stand-in while no tenant is known.</summary>
    public VismaConnection Connection { get; private set; } = connection;

    /// <summary>What was asked for.</summary>
    public DoctorOptions Options => options;

    /// <summary>The parts that reach out.</summary>
    public DoctorTools Tools => tools;

    /// <summary>The set that is looked at; null where a connection is.</summary>
    public VismaConnectionSet? Set { get; init; }

    /// <summary>The tenants of the set; null until they are known. The connection is then that of the first one.</summary>
    public IReadOnlyList<SetTenant>? Tenants
    {
        get;
        set
        {
            field = value;
            if (value is [var first, ..])
            {
                Connection = SetConnections.Render(Set!, [first])[0];
            }
        }
    }

    /// <summary>The client that is named; null where its name is made of that of a tenant, and no tenant is known.</summary>
    public NamespacedName? ClientName =>
        IsOfStandIn
        && Set!.Spec.Template.Spec.OAuthClientRef is var named
        && $"{named.Namespace}{named.Name}".Contains('$', StringComparison.Ordinal)
            ? null
            : Connection.ClientName();

    /// <summary>Where the token is copied to; empty where no tenant is known, since the namespace may bear the name of a tenant.</summary>
    public IEnumerable<string> CopyNamespaces => IsOfStandIn ? [] : Connection.Spec.Secret.Copies.Select(copy => copy.Namespace);

    private bool IsOfStandIn => this is { Set: not null, Tenants: null or [] };

    /// <summary>The kind of what is looked at.</summary>
    public ResourceKind Kind => Set is null ? VismaConnection.ResourceKind : VismaConnectionSet.ResourceKind;

    /// <summary>The name of what is looked at.</summary>
    public NamespacedName Name => Set?.Metadata.NamespacedName ?? Connection.Metadata.NamespacedName;

    /// <summary>Where objects are read.</summary>
    public IDoctorSource Source => tools.Source;

    /// <summary>What other verbs need to find it, to follow its name.</summary>
    public string SourceOptions => options.Source.ToString();

    /// <summary>The time.</summary>
    public DateTimeOffset Now => tools.Time.GetUtcNow();

    /// <summary>Its client; null until it is found.</summary>
    public OAuthClient? Client { get; set; }

    /// <summary>The client id; null until it is read.</summary>
    public string? ClientId { get; set; }

    /// <summary>The client secrets that can be sent, the one that worked last first.</summary>
    public IReadOnlyList<Credential> Secrets { get; set; } = [];

    /// <summary>Where tokens are asked for; null until it is known.</summary>
    public Uri? TokenEndpoint { get; set; }

    /// <summary>The way to the provider, which other connections may have looked at.</summary>
    public ProviderFindings Way => WayTo(ContactAddress);

    /// <summary>The way to another server.</summary>
    public ProviderFindings WayTo(Uri address) =>
        tools.Ways.TryGetValue(address, out var known) ? known : tools.Ways[address] = new ProviderFindings();

    /// <summary>What the provider answered; null where nothing was sent.</summary>
    public TokenOutcome? Answer { get; set; }

    /// <summary>The operator's Pods; empty until they are found.</summary>
    public IReadOnlyList<Pod> OperatorPods { get; set; } = [];

    /// <summary>What is asked for to see whether the provider is reached.</summary>
    public Uri ContactAddress =>
        Client!.Spec.Endpoints?.Token is { Length: > 0 }
            ? new Uri(Provider, "/")
            : new Uri(Client.Spec.Issuer.TrimEnd('/') + "/.well-known/openid-configuration");

    /// <summary>The provider's server: that of the token endpoint where the spec names one, else the issuer's.</summary>
    public Uri Provider => new(Client!.Spec.Endpoints?.Token is { Length: > 0 } declared ? declared : Client.Spec.Issuer);
}
