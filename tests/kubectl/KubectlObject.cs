using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace VismaOperator.Kubectl;

/// <summary>An object in a form in which two readings can be compared.</summary>
internal static class KubectlObject
{
    /// <summary>
    /// Members in order of their names, numbers by their value, and the namespace that kubectl adds left out.
    /// </summary>
    internal static string Canonical(JsonNode? node, bool isRoot = false) =>
        node switch
        {
            JsonObject members => "{"
                + string.Join(
                    ',',
                    members
                        .Where(member => !isRoot || member.Key != "metadata" || HasMore(member.Value))
                        .OrderBy(member => member.Key, StringComparer.Ordinal)
                        .Select(member =>
                            $"{JsonValue.Create(member.Key)!.ToJsonString()}:"
                            + Canonical(isRoot && member.Key == "metadata" ? WithoutDefault(member.Value) : member.Value)
                        )
                )
                + "}",
            JsonArray items => "[" + string.Join(',', items.Select(item => Canonical(item))) + "]",
            JsonValue value when value.GetValueKind() == JsonValueKind.Number => (
                double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture) + 0.0
            ).ToString("R", CultureInfo.InvariantCulture),
            _ => node?.ToJsonString() ?? "null",
        };

    private static bool HasMore(JsonNode? metadata) => metadata is not JsonObject members || WithoutDefault(members)!.AsObject().Count > 0;

    private static JsonNode? WithoutDefault(JsonNode? metadata)
    {
        var copy = metadata?.DeepClone();
        if (copy is JsonObject members && members["namespace"]?.GetValue<string>() == "default")
        {
            members.Remove("namespace");
        }

        return copy;
    }
}
