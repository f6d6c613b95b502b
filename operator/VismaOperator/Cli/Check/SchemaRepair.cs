using System.Globalization;
using System.Text.Json.Nodes;
using VismaOperator.Api.Crds;

namespace VismaOperator.Cli.Check;

/// <summary>
/// Makes a document fit its schema, so that what does not fit hides no other finding: a value of another type becomes what was probably
/// meant, or is left out; what is required and missing becomes empty. What is repaired here is a finding of <see cref="SchemaCheck"/>.
/// </summary>
internal static class SchemaRepair
{
    private const string Object = "object";
    private const string Array = "array";

    /// <summary>The document without what the schema does not know.</summary>
    internal static JsonObject Repair(JsonObject content, SchemaNode schema) => Members(content, schema);

    private static JsonNode? Node(JsonNode? value, SchemaNode schema) => (schema.Type, value) switch
    {
        (_, null) => null,
        (Object, JsonObject members) => Members(members, schema),
        (Array, JsonArray items) => Items(items, schema),
        (Array, JsonValue single) => Items([single.DeepClone()], schema),
        ("string", JsonValue scalar) => Text(scalar, schema),
        ("integer", JsonValue scalar) => Whole(scalar),
        ("boolean", JsonValue scalar) => Truth(scalar),
        _ => null,
    };

    private static JsonObject Members(JsonObject members, SchemaNode schema)
    {
        if (schema.IsOpen)
        {
            return members.DeepClone().AsObject();
        }

        var repaired = new JsonObject();
        foreach (var (name, value) in members)
        {
            if (
                (schema.Properties.GetValueOrDefault(name) ?? schema.AdditionalProperties) is { } member
                && Node(value, member) is { } fitting
            )
            {
                repaired[name] = fitting;
            }
        }

        foreach (var name in schema.Required.Where(name => !repaired.ContainsKey(name)))
        {
            repaired[name] = Empty(schema.Properties[name]);
        }

        return repaired;
    }

    // An item that cannot be repaired stays as an empty one: the indexes of the others must not change.
    private static JsonArray Items(JsonArray items, SchemaNode schema) =>
        [.. items.Select(item => Node(item, schema.Items!) ?? Empty(schema.Items!))];

    private static JsonNode Empty(SchemaNode schema) =>
        schema.Type switch
        {
            Object => Members([], schema),
            Array => new JsonArray(),
            "integer" => JsonValue.Create(schema.Minimum ?? 0),
            "boolean" => JsonValue.Create(false),
            _ => JsonValue.Create(
                schema.Format == "date-time" ? DateTimeOffset.UnixEpoch.ToString("O", CultureInfo.InvariantCulture) : string.Empty
            ),
        };

    private static JsonValue? Text(JsonValue scalar, SchemaNode schema)
    {
        var text = scalar.TryGetValue<string>(out var given) ? given : scalar.ToJsonString();
        if (schema.Format != "date-time")
        {
            return JsonValue.Create(text);
        }

        // More forms are understood here than JSON has.
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var instant)
            ? JsonValue.Create(instant.ToString("O", CultureInfo.InvariantCulture))
            : null;
    }

    private static JsonValue? Whole(JsonValue scalar)
    {
        var text = scalar.TryGetValue<string>(out var given) ? given : scalar.ToJsonString();
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? JsonValue.Create(number)
            : null;
    }

    private static JsonValue? Truth(JsonValue scalar) =>
        scalar.TryGetValue<bool>(out var truth) || (scalar.TryGetValue<string>(out var text) && bool.TryParse(text, out truth))
            ? JsonValue.Create(truth)
            : null;
}

/// <summary>Finds what someone probably meant.</summary>
internal static class Suggestion
{
    /// <summary><c>: did you mean x?</c> for the nearest candidate, or nothing when none is near.</summary>
    internal static string For(string given, IEnumerable<string> candidates)
    {
        // A third of the letters may differ: enough for a swapped pair or a wrong case, too little for another word.
        var allowed = Math.Max(2, given.Length / 3);
        var nearest = candidates.Select(candidate => (Candidate: candidate, Distance: Distance(given, candidate)))
            .Where(pair => pair.Distance <= allowed)
            .OrderBy(pair => pair.Distance)
            .Select(pair => pair.Candidate)
            .FirstOrDefault();
        return nearest is null ? string.Empty : $": did you mean {nearest}?";
    }

    // Levenshtein's distance; another case of the same letter is free.
    private static int Distance(string left, string right)
    {
        var previous = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var row = 1; row <= left.Length; row++)
        {
            var current = new int[right.Length + 1];
            current[0] = row;
            for (var column = 1; column <= right.Length; column++)
            {
                var cost = char.ToLowerInvariant(left[row - 1]) == char.ToLowerInvariant(right[column - 1]) ? 0 : 1;
                current[column] = Math.Min(previous[column - 1] + cost, Math.Min(previous[column], current[column - 1]) + 1);
            }

            previous = current;
        }

        return previous[^1];
    }
}
