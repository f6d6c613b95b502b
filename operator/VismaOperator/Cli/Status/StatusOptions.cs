using Kubernetes.Client;
using VismaOperator.Cli.Cluster;

namespace VismaOperator.Cli.Status;

/// <summary>Everything that <c>status</c> can be told.</summary>
internal sealed record StatusOptions
{
    /// <summary>The one object that is asked for; null for all.</summary>
    public string? Name { get; init; }

    /// <summary>Its kind; null where it was not named: a connection, or else a client.</summary>
    public ResourceKind? Kind { get; init; }

    /// <summary>The namespace; null for that of the context.</summary>
    public string? Namespace { get; init; }

    /// <summary>Which namespaces are listed.</summary>
    public NamespaceRange Range { get; init; }

    /// <summary>Where that is.</summary>
    public NamedSource Source { get; init; } = new();

    /// <summary>How it is printed.</summary>
    public StatusOutput Output { get; init; }

    /// <summary>True to go on and tell what changes.</summary>
    public bool Watch { get; init; }

    /// <summary>Only what ends within this time and is not renewed; null for everything.</summary>
    public TimeSpan? ExpiringWithin { get; init; }
}

/// <summary>Which namespaces a verb works on.</summary>
internal enum NamespaceRange
{
    /// <summary>One.</summary>
    One,

    /// <summary>All of them.</summary>
    All,
}

/// <summary>How <c>status</c> prints.</summary>
internal enum StatusOutput
{
    /// <summary>A table for people, or one object in detail.</summary>
    Text,

    /// <summary>A table with more columns and absolute times.</summary>
    Wide,

    /// <summary>JSON.</summary>
    Json,

    /// <summary>The same as YAML.</summary>
    Yaml,

    /// <summary>Names, as <c>kubectl get -o name</c>.</summary>
    Name,
}

/// <summary>Where <c>status</c> prints, and when.</summary>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error: everything that is not the answer.</param>
/// <param name="Time">The clock.</param>
/// <param name="Called">What the person typed to get here.</param>
internal sealed record StatusScreen(TextWriter Output, TextWriter Error, TimeProvider Time, string Called)
{
    /// <summary>The size of the terminal that output goes to, in columns and rows; null where it is none.</summary>
    public Func<(int Columns, int Rows)>? Size { get; init; }

    /// <summary>True for colours.</summary>
    public bool IsColoured { get; init; }
}
