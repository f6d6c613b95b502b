using VismaOperator.Api.Validation;
using VismaOperator.Cli.Cluster;

namespace VismaOperator.Cli.Rotate;

/// <summary>Everything that <c>rotate</c> can be told.</summary>
internal sealed record RotateOptions
{
    /// <summary>Name of the client.</summary>
    public required string Name { get; init; }

    /// <summary>Its namespace; null for that of the context.</summary>
    public string? Namespace { get; init; }

    /// <summary>The key that the new secret gets; null for one with today's date.</summary>
    public string? Key { get; init; }

    /// <summary>When the new secret expires, as the portal says; null where that is not stated.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>What the new secret is held to.</summary>
    public SecretJudgement Judgement { get; init; }

    /// <summary>Whether it is tried before anything is written.</summary>
    public RotateTrial Trial { get; init; }

    /// <summary>Whether an object is written that somebody else keeps.</summary>
    public KeptObjects Kept { get; init; }

    /// <summary>How long to wait until the operator uses the new secret; null not to wait.</summary>
    public TimeSpan? Wait { get; init; }

    /// <summary>Path of the kubeconfig; null for the default.</summary>
    public string? Kubeconfig { get; init; }

    /// <summary>Context of the kubeconfig; null for the current one.</summary>
    public string? Context { get; init; }

    /// <summary>Where that is.</summary>
    public NamedSource Source => new(Kubeconfig, Context, State: null);

    /// <summary>What may be contacted.</summary>
    public AllowLists AllowLists { get; init; } = new();
}

/// <summary>Whether a new secret is tried.</summary>
internal enum RotateTrial
{
    /// <summary>By a token request, where a connection of the client allows one.</summary>
    Made,

    /// <summary>Not at all.</summary>
    Skipped,
}

/// <summary>What is done with objects that are declared elsewhere.</summary>
internal enum KeptObjects
{
    /// <summary>The change is printed, and nothing is written.</summary>
    Printed,

    /// <summary>They are written all the same.</summary>
    Written,
}
