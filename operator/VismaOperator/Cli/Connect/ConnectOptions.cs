using System.Net;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Cli.Cluster;
using VismaOperator.Clients;
using VismaOperator.Reporting;

namespace VismaOperator.Cli.Connect;

/// <summary>The options of <c>connect</c>.</summary>
internal sealed record ConnectOptions
{
    /// <summary>Where a browser comes back to unless something else is registered: the operator's own path, on this machine.</summary>
    public const string DefaultRedirectPath = OAuthClientSpec.DefaultRedirectPath;

    /// <summary>The port that Visma's pages name for work on one's own machine.</summary>
    public const int DefaultPort = 8888;

    /// <summary>How long a person may take, unless something else is said.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(5);

    /// <summary>Name of the connection.</summary>
    public string Name { get; init; } = string.Empty;

    /// <summary>Its namespace; null for the one of the kubeconfig's context, else <c>default</c>.</summary>
    public string? Namespace { get; init; }

    /// <summary>Where that is.</summary>
    public NamedSource Source { get; init; } = new();

    /// <summary>Redirect URI, as it is registered with the provider.</summary>
    public Uri RedirectUri { get; init; } = DefaultRedirectUri(DefaultPort);

    /// <summary>Client id to use instead of reading it; null to read it.</summary>
    public string? ClientId { get; init; }

    /// <summary>How the person gets to the provider.</summary>
    public BrowserUse Browser { get; init; }

    /// <summary>How long the person may take.</summary>
    public TimeSpan Timeout { get; init; } = DefaultTimeout;

    /// <summary>What the administrator allows.</summary>
    public AllowLists AllowLists { get; init; } = new();

    /// <summary>The redirect URI on a port of this machine.</summary>
    public static Uri DefaultRedirectUri(int port) => new($"http://localhost:{port}{DefaultRedirectPath}");
}

/// <summary>How a person gets to the provider.</summary>
internal enum BrowserUse
{
    /// <summary>A browser is opened; where none can be, the URL is printed.</summary>
    Opened,

    /// <summary>The URL is printed, for a browser of the person's choice.</summary>
    Printed,
}

/// <summary><c>connect</c> cannot go on, for a reason that the person can mend.</summary>
internal sealed class ConnectException(string message, Exception? cause = null) : ExplainedException(message, cause);

/// <summary>What <c>connect</c> works with.</summary>
internal sealed record ConnectTools
{
    /// <summary>Where the connection lives.</summary>
    public required IConnectionSource Source { get; init; }

    /// <summary>Where the provider is asked for what.</summary>
    public required ProviderEndpoints Endpoints { get; init; }

    /// <summary>Opens pages.</summary>
    public required IBrowser Browser { get; init; }

    /// <summary>Looks host names up.</summary>
    public required Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; }

    /// <summary>Bytes that nobody can guess.</summary>
    public required Func<int, byte[]> RandomBytes { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Where progress is written.</summary>
    public required TextWriter Output { get; init; }
}

/// <summary>How a consent from a terminal ended.</summary>
internal abstract record ConsentResult
{
    private ConsentResult()
    {
    }

    /// <summary>The grant is stored.</summary>
    /// <param name="By">Who consented; null when the provider does not say.</param>
    /// <param name="ExpirationTime">When the consent ends; null when nobody knows.</param>
    public sealed record Consented(string? By, DateTimeOffset? ExpirationTime) : ConsentResult;

    /// <summary>There is no new grant.</summary>
    /// <param name="Message">Cause and remedy.</param>
    public sealed record Failed(string Message) : ConsentResult;
}

/// <summary>What a consent is asked for.</summary>
/// <param name="Connection">The connection.</param>
/// <param name="Client">Its client.</param>
/// <param name="ClientId">The client's id.</param>
/// <param name="Doubt">What the operator says would prevent the use of the code, as one sentence; null when nothing does.</param>
internal sealed record ConsentSubject(VismaConnection Connection, OAuthClient Client, string ClientId, string? Doubt)
{
    /// <summary>Issuer of the provider.</summary>
    public Uri Issuer => new(Client.Spec.Issuer);

    /// <summary>Authorization endpoint that replaces the discovered one; null when none does.</summary>
    public Uri? DeclaredEndpoint => Client.Spec.Endpoints?.Authorization is { Length: > 0 } url ? new Uri(url) : null;
}
