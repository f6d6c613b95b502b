using System.Text.Json.Nodes;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.ChartTests.Support;

/// <summary>Asks the API server what it would make of an object: admission, defaults and validation happen, nothing is stored.</summary>
/// <param name="admin">Who may create everything.</param>
/// <param name="ns">The namespace that takes the place of the object's own, which need not exist.</param>
internal sealed class DryRun(ApiClient admin, string ns)
{
    /// <summary>The object as it would be stored; null when the server does not have its kind.</summary>
    /// <exception cref="ApiException">The server refuses the object.</exception>
    public async Task<JsonNode?> CreateAsync(JsonNode resource)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var version = resource["apiVersion"]!.GetValue<string>();
        var group = version.Contains('/', StringComparison.Ordinal) ? $"/apis/{version}" : $"/api/{version}";
        var known = await admin.FindAsync(group, cancellationToken);
        var found = known
            ?["resources"]!.AsArray()
            .FirstOrDefault(candidate =>
                candidate!["kind"]!.GetValue<string>() == resource.Kind()
                && !candidate["name"]!.GetValue<string>().Contains('/', StringComparison.Ordinal)
            );
        if (found is null)
        {
            return null;
        }

        var copy = resource.DeepClone();
        var isNamespaced = found["namespaced"]!.GetValue<bool>();
        if (isNamespaced)
        {
            copy["metadata"]!["namespace"] = ns;
        }

        return await admin.CreateAsync(
            $"{group}/{(isNamespaced ? $"namespaces/{ns}/" : "")}{found["name"]}?dryRun=All",
            copy,
            cancellationToken
        );
    }

    /// <summary>
    /// The paths that are in what was sent and not in the answer: fields that the server does not know. Values may be written otherwise
    /// (quantities).
    /// </summary>
    public static IReadOnlyList<string> Dropped(JsonNode sent, JsonNode answer) => [.. Missing(sent, answer, string.Empty)];

    private static IEnumerable<string> Missing(JsonNode sent, JsonNode? answer, string path) => (sent, answer) switch
    {
        (_, null) => [path],
        (JsonObject from, JsonObject to) => from
            .Where(pair => pair.Value is not null && !IsEmpty(pair.Value) && pair.Key != "stringData")
            .SelectMany(pair => Missing(pair.Value!, to[pair.Key], path.Length == 0 ? pair.Key : $"{path}.{pair.Key}")),
        (JsonArray from, JsonArray to) => from
            .SelectMany((item, index) => item is null ? [] : Missing(item, index < to.Count ? to[index] : null, $"{path}[{index}]")),
        _ => [],
    };

    // What is empty may be left out of the answer.
    private static bool IsEmpty(JsonNode node) =>
        node is JsonArray { Count: 0 } or JsonObject { Count: 0 }
        || node is JsonValue value && value.TryGetValue<string>(out var text) && text.Length == 0
        || node is JsonValue flag && flag.TryGetValue<bool>(out var on) && !on;
}
