namespace Kubernetes.Client.Resources;

/// <summary>An object that owns another one in the same namespace.</summary>
public sealed record OwnerReference
{
    /// <summary>API version of the owner.</summary>
    public required string ApiVersion { get; init; }

    /// <summary>Kind of the owner.</summary>
    public required string Kind { get; init; }

    /// <summary>Name of the owner.</summary>
    public required string Name { get; init; }

    /// <summary>UID of the owner; a later object of the same name is not the owner.</summary>
    public required string Uid { get; init; }

    /// <summary>True for the one owner that manages the object.</summary>
    public bool? Controller { get; init; }

    /// <summary>
    /// True when a foreground deletion of the owner waits for this object. This project sets false, so that no Secret can hold up a
    /// namespace.
    /// </summary>
    public bool? BlockOwnerDeletion { get; init; }
}
