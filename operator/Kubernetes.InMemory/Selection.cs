using Kubernetes.Client;

namespace Kubernetes.InMemory;

/// <summary>A <see cref="ResourceSelector"/>, read and checked.</summary>
internal sealed class Selection
{
    private readonly ResourceKind kind;
    private readonly string? inNamespace;
    private readonly LabelSelector labels;
    private readonly FieldSelector fields;

    public Selection(ResourceKind kind, ResourceSelector selector)
    {
        this.kind = kind;
        inNamespace = selector.Namespace;
        fields = FieldSelector.Parse(selector.FieldSelector, kind);
        try
        {
            labels = LabelSelector.Parse(selector.LabelSelector);
        }
        catch (FormatException unreadable)
        {
            throw Refusal.BadRequest($"unable to parse requirement: {unreadable.Message}");
        }
    }

    public bool Matches(StoredObject stored) =>
        stored.Kind == kind
        && (string.IsNullOrEmpty(inNamespace) || stored.Name.Namespace == inNamespace)
        && labels.Matches(stored.Metadata.Labels)
        && fields.Matches(stored);
}
