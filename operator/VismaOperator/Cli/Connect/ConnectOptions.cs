using VismaOperator.Api;
using VismaOperator.Api.Validation;

namespace VismaOperator.Cli.Connect;

/// <summary>Everything that <c>connect</c> can be told.</summary>
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

    /// <summary>Path of a kubeconfig; null to search as kubectl does.</summary>
    public string? Kubeconfig { get; init; }

    /// <summary>Context of the kubeconfig; null for its current one.</summary>
    public string? Context { get; init; }

    /// <summary>State directory of local mode; null for a cluster.</summary>
    public string? State { get; init; }

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
