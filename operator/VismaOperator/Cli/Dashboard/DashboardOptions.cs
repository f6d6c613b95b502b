using VismaOperator.Cli.Cluster;
using VismaOperator.Cli.Connect;
using VismaOperator.Cli.Status;

namespace VismaOperator.Cli.Dashboard;

/// <summary>Everything that <c>dashboard</c> can be told.</summary>
internal sealed record DashboardOptions
{
    /// <summary>The namespace; null for that of the context, or for all of a state directory.</summary>
    public string? Namespace { get; init; }

    /// <summary>Which namespaces are shown.</summary>
    public NamespaceRange Range { get; init; }

    /// <summary>Where that is.</summary>
    public NamedSource Source { get; init; } = new();

    /// <summary>Port of 127.0.0.1; 0 for a free one.</summary>
    public int Port { get; init; }

    /// <summary>How the page gets into a browser.</summary>
    public BrowserUse Browser { get; init; }
}
