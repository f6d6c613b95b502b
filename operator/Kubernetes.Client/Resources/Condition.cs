namespace Kubernetes.Client.Resources;

/// <summary>One condition of an object's status (<c>metav1.Condition</c>).</summary>
public sealed record Condition
{
    /// <summary>Type in CamelCase; unique in the list.</summary>
    public required string Type { get; init; }

    /// <summary><c>True</c>, <c>False</c> or <c>Unknown</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Generation of the object that the condition speaks of.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>When <see cref="Status"/> last changed.</summary>
    public DateTimeOffset LastTransitionTime { get; init; }

    /// <summary>Machine-readable reason in CamelCase.</summary>
    public required string Reason { get; init; }

    /// <summary>What happened and what to do, for a person.</summary>
    public string Message { get => field ?? string.Empty; init; }
}
