using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Lifecycle;
using VismaOperator.Api.Crds;
using VismaOperator.Api.Validation;
using VismaOperator.Manifests;

namespace VismaOperator.Cli.Check;

/// <summary>Holds a document against a schema, as the API server does, but refuses unknown fields instead of dropping them.</summary>
internal sealed class SchemaCheck
{
    private const string NotATime = "must be a date and time with seconds and zone, such as \"2027-03-01T00:00:00Z\"";

    // RFC 3339, as the API server reads it. The runtime takes much more for a time.
    private static readonly Regex instant = new(
        @"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[-+][0-9]{2}:[0-9]{2})\z",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture
    );

    private readonly List<FieldError> problems = [];

    private SchemaCheck()
    {
    }

    /// <summary>Every field whose content does not fit.</summary>
    /// <param name="content">The document, or a part of it.</param>
    /// <param name="schema">What it must fit.</param>
    /// <param name="path">The path of the part; empty for the document.</param>
    internal static IReadOnlyList<FieldError> Check(JsonNode content, SchemaNode schema, string path = "")
    {
        var check = new SchemaCheck();
        check.Node(content, schema, path);
        return check.problems;
    }

    private static SchemaNode? MemberSchema(SchemaNode schema, string name) =>
        schema.Properties.TryGetValue(name, out var property) ? property : schema.AdditionalProperties;

    private void Node(JsonNode value, SchemaNode schema, string path)
    {
        switch (schema.Type, value)
        {
            case ("object", JsonObject members):
                Object(members, schema, path);
                break;
            case ("array", JsonArray items):
                Array(items, schema, path);
                break;
            case ("string", JsonValue scalar) when scalar.TryGetValue<string>(out var text):
                Text(text, schema, path);
                break;
            case ("integer", JsonValue scalar) when scalar.TryGetValue<long>(out var number):
                Require(number >= (schema.Minimum ?? long.MinValue), path, $"must be at least {schema.Minimum}");
                break;
            case ("boolean", JsonValue scalar) when scalar.TryGetValue<bool>(out _):
                break;
            default:
                WrongType(value, schema, path);
                break;
        }
    }

    private void Object(JsonObject members, SchemaNode schema, string path)
    {
        Require(members.Count <= (schema.MaxProperties ?? long.MaxValue), path, $"must not have more than {schema.MaxProperties} entries");
        foreach (var name in schema.Required.Where(name => members[name] is null))
        {
            Add(FieldPath.Member(path, name), $"{name} is missing: it is required");
        }

        foreach (var (name, value) in members)
        {
            var memberPath = FieldPath.Member(path, name);
            if (MemberSchema(schema, name) is { } member)
            {
                if (value is not null)
                {
                    Node(value, member, memberPath);
                }
            }
            else if (!schema.IsOpen)
            {
                Add(memberPath, $"there is no field {name} here{Suggestion.For(name, schema.Properties.Keys)}");
            }
        }
    }

    private void Array(JsonArray items, SchemaNode schema, string path)
    {
        Require(
            items.Count >= (schema.MinItems ?? 0),
            path,
            schema.MinItems == 1 ? "must have at least one entry" : $"must have at least {schema.MinItems} entries"
        );
        Require(items.Count <= (schema.MaxItems ?? long.MaxValue), path, $"must not have more than {schema.MaxItems} entries");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var index = 0; index < items.Count; index++)
        {
            var itemPath = FieldPath.Item(path, index);
            if (items[index] is not { } item)
            {
                Add(itemPath, "must not be empty: write a value or remove the entry");
                continue;
            }

            Node(item, schema.Items!, itemPath);
            if (schema.ListType == "set" && !seen.Add(item.ToJsonString()))
            {
                Add(itemPath, "is listed twice: remove one of them");
            }
        }
    }

    private void Text(string text, SchemaNode schema, string path)
    {
        if (schema.Enum.Count > 0)
        {
            Require(
                schema.Enum.Contains(text),
                path,
                $"must be one of {string.Join(", ", schema.Enum)}{Suggestion.For(text, schema.Enum)}"
            );
            return;
        }

        // The API server counts code points.
        var length = text.EnumerateRunes().Count();
        Require(length >= (schema.MinLength ?? 0), path, "must not be empty");
        Require(length <= (schema.MaxLength ?? long.MaxValue), path, $"must not be longer than {schema.MaxLength} characters");
        if (length > 0)
        {
            Form(text, schema, path);
        }
    }

    private void Form(string text, SchemaNode schema, string path)
    {
        var fits = schema.Pattern?.IsMatch(text) ?? true;
        if (schema.Format == "date-time")
        {
            Require(
                fits
                    && instant.IsMatch(text)
                    && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out _),
                path,
                NotATime
            );
        }
        else
        {
            Require(
                fits,
                path,
                "has a character or a form that is not allowed here (pattern "
                + $"{schema.Pattern?.ToString().Replace(@"\z", "$", StringComparison.Ordinal)})"
            );
        }
    }

    private void WrongType(JsonNode value, SchemaNode schema, string path)
    {
        var hint = (schema.Type, value) switch
        {
            ("string", JsonValue) => ": put it in quotes",
            ("boolean" or "integer", JsonValue scalar) when scalar.TryGetValue<string>(out _) => ": write it without quotes",
            ("array", JsonValue) => ": write it as [value]",
            _ => string.Empty,
        };
        Add(path, $"must be {Named(schema.Type)}, but is {Named(value.GetValueKind())}{hint}");
    }

    private static string Named(string type) => type switch
    {
        "object" => "an object",
        "array" => "a list",
        "string" => "a text",
        "integer" => "a whole number",
        _ => "true or false",
    };

    private static string Named(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        _ => "true or false",
    };

    private void Require(bool isMet, string path, string message)
    {
        if (!isMet)
        {
            Add(path, message);
        }
    }

    private void Add(string path, string message) => problems.Add(new(path, Reason.InvalidSpec, message));
}
