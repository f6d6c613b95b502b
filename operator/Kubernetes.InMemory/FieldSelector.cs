using Kubernetes.Client;

namespace Kubernetes.InMemory;

/// <summary>
/// Field selectors as every kind has them (<c>metadata.name</c>, <c>metadata.namespace</c>), and <c>type</c> for Secrets.
/// </summary>
internal sealed class FieldSelector
{
    private readonly IReadOnlyList<Requirement> requirements;

    private FieldSelector(IReadOnlyList<Requirement> requirements) => this.requirements = requirements;

    public static FieldSelector Parse(string? text, ResourceKind kind) =>
        new(string.IsNullOrWhiteSpace(text) ? [] : [.. text.Split(',').Select(part => ParseRequirement(part.Trim(), kind))]);

    public bool Matches(StoredObject stored) => requirements.All(requirement => requirement.Holds(stored));

    private static Requirement ParseRequirement(string part, ResourceKind kind)
    {
        foreach (var sign in new[] { "!=", "==", "=" })
        {
            var at = part.IndexOf(sign, StringComparison.Ordinal);
            if (at > 0)
            {
                var field = part[..at];
                return IsSupported(field, kind)
                    ? new Requirement(field, part[(at + sign.Length)..], sign != "!=")
                    : throw ApiError.BadRequest($"field label not supported: {field}");
            }
        }

        throw ApiError.BadRequest($"'{part}' is no field selector; write metadata.name=value or metadata.namespace=value");
    }

    private static bool IsSupported(string field, ResourceKind kind) =>
        field is "metadata.name" or "metadata.namespace" || (field == "type" && KindRules.IsSecret(kind));

    private sealed record Requirement(string Field, string Value, bool MustEqual)
    {
        public bool Holds(StoredObject stored) => (ValueOf(stored) == Value) == MustEqual;

        private string ValueOf(StoredObject stored) => Field switch
        {
            "metadata.name" => stored.Name.Name,
            "metadata.namespace" => stored.Name.Namespace,
            _ => stored.Parse()["type"]?.GetValue<string>() ?? string.Empty,
        };
    }
}
