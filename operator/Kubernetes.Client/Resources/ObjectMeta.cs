namespace Kubernetes.Client.Resources;

/// <summary>
/// Standard object metadata (<see href="https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/"/>),
/// as far as this project reads or writes it. <c>managedFields</c> is left out on purpose: an update without it keeps the
/// server's own.
/// </summary>
public sealed record ObjectMeta
{
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    /// <summary>Name; unique in the namespace.</summary>
    public string Name { get => field ?? string.Empty; init; }

    /// <summary>Namespace; null for cluster-scoped kinds.</summary>
    public string? Namespace { get; init; }

    /// <summary>Identity over time: a later object of the same name has another one.</summary>
    public string? Uid { get; init; }

    /// <summary>Version of the object; a precondition when sent with an update.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>Counts changes of the desired state (<c>spec</c>).</summary>
    public long? Generation { get; init; }

    /// <summary>When the server created the object.</summary>
    public DateTimeOffset? CreationTimestamp { get; init; }

    /// <summary>Set once deletion was asked for; the object is being deleted and must not be written.</summary>
    public DateTimeOffset? DeletionTimestamp { get; init; }

    /// <summary>Labels; null when there are none.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Annotations; null when there are none.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>Objects that own this one; the garbage collector deletes it with the last of them.</summary>
    public IReadOnlyList<OwnerReference>? OwnerReferences { get; init; }

    /// <summary>Names that hold up deletion until each is removed. This project adds none.</summary>
    public IReadOnlyList<string>? Finalizers { get; init; }

    /// <summary>
    /// The same without <c>kubectl.kubernetes.io/last-applied-configuration</c>, which repeats the whole object as text. For kinds that are
    /// cached and never written as a whole: an update without the annotation would delete it.
    /// </summary>
    public ObjectMeta WithoutLastApplied() =>
        Annotation(LastApplied) is null
            ? this
            : this with
            {
                Annotations = Annotations!.Count == 1
                    ? null
                    : Annotations.Where(pair => pair.Key != LastApplied).ToDictionary(StringComparer.Ordinal),
            };

    /// <summary>Namespace and name in one.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public NamespacedName NamespacedName => new(Namespace ?? string.Empty, Name);

    /// <summary>The value of a label, or null.</summary>
    public string? Label(string key) => Labels is not null && Labels.TryGetValue(key, out var value) ? value : null;

    /// <summary>The value of an annotation, or null.</summary>
    public string? Annotation(string key) => Annotations is not null && Annotations.TryGetValue(key, out var value) ? value : null;
}

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
