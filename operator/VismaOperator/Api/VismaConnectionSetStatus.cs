using Kubernetes.Client.Resources;

namespace VismaOperator.Api;

/// <summary>What the operator reports of a set.</summary>
public sealed record VismaConnectionSetStatus
{
    /// <summary>The most failures that a status lists.</summary>
    public const int MostFailures = 10;

    /// <summary>The status of an object that the operator has not looked at yet, as the schema defaults it.</summary>
    public static VismaConnectionSetStatus Unseen { get; } = new() { ObservedGeneration = -1 };

    /// <summary>Generation of the spec that this status speaks of.</summary>
    public long ObservedGeneration { get; init; }

    /// <summary>Ready, Reconciling, Stalled.</summary>
    public IReadOnlyList<Condition> Conditions { get => field ?? []; init; }

    /// <summary>How many connections of the set are there; null before the first look.</summary>
    public int? Connections { get; init; }

    /// <summary>How many of them are Ready; null before the first look.</summary>
    public int? Ready { get; init; }

    /// <summary>The first connections, by name, that are not as they should be; null when there are none.</summary>
    public IReadOnlyList<SetFailure>? Failures { get; init; }

    /// <summary>
    /// The count of the annotation <see cref="VismaNames.ConfirmRemovalsAnnotation"/> that is or was carried out, or that met nothing to
    /// confirm; it confirms nothing else before the annotation is changed or removed. Null when there is no such annotation.
    /// </summary>
    public int? ConfirmedRemovals { get; init; }

    /// <summary>How many of the confirmed removals are not done yet. Null when none is left.</summary>
    public int? RemovalsLeft { get; init; }
}

/// <summary>A connection of a set that is not as it should be.</summary>
public sealed record SetFailure
{
    /// <summary>Name of the connection.</summary>
    public required string Name { get; init; }

    /// <summary>Why: one of <see cref="Lifecycle.Reason"/>.</summary>
    public required string Reason { get; init; }

    /// <summary>What happened and what to do, for a person; null when nobody has said.</summary>
    public string? Message { get; init; }
}
