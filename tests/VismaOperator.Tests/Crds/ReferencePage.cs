using System.Globalization;
using System.Text;
using VismaOperator.Api.Crds;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Crds;

/// <summary>Writes the reference of one kind from its schema.</summary>
internal sealed class ReferencePage
{
    private readonly StringBuilder text = new();

    internal static string Of(string kind, string shortName, string file, SchemaNode schema)
    {
        var page = new ReferencePage();
        page.Line($"# {kind}");
        page.Line(string.Empty);
        page.Line($"<!-- Written by `make docs` from crds/{file}. Change the descriptions there. -->");
        page.Line(string.Empty);
        page.Line($"`apiVersion: visma-operator.io/v1`, `kind: {kind}`; namespaced; `kubectl get {shortName}`.");
        page.Line(string.Empty);
        page.Line(schema.Description.Wrapped());
        page.Section("spec", schema.Properties["spec"]);
        page.Section("status", schema.Properties["status"]);
        page.Rules(schema);
        return page.text.ToString();
    }

    private void Section(string path, SchemaNode schema)
    {
        Line(string.Empty);
        Line($"## {path}");
        Line(string.Empty);
        Line(schema.Description.Wrapped());
        Line(string.Empty);
        Line("| field | type | description |");
        Line("|---|---|---|");
        foreach (var (name, field) in schema.Properties)
        {
            Line(
                $"| `{name}`{(schema.Required.Contains(name) ? " (required)" : string.Empty)} | {TypeOf(field)} | "
                + $"{Escaped(field.Description)} |"
            );
        }

        foreach (var (name, field) in schema.Properties)
        {
            Below($"{path}.{name}", field);
        }
    }

    private void Below(string path, SchemaNode field)
    {
        if (field.Properties.Count > 0)
        {
            Section(path, field);
        }
        else if (field.Items is { Properties.Count: > 0 } items)
        {
            Section(path + "[]", items);
        }
    }

    private void Rules(SchemaNode schema)
    {
        Line(string.Empty);
        Line("## What is refused, and what it says");
        Line(string.Empty);
        Line(
            ("By API servers from 1.25 on when the object is applied (rules in CEL), by `visma-operator check`, and by the operator "
            + "itself (condition Stalled). "
            + "kube-apiserver 1.20.2, which the tests use, accepts the definition and drops the CEL rules: there a CEL evaluator runs "
            + "each rule and compares it with the operator's own check. An outside check on Kubernetes 1.36.2 reported that it accepts "
            + "the definition and enforces the rules.").Wrapped()
        );
        Line(string.Empty);
        Line("| where | message |");
        Line("|---|---|");
        foreach (var (path, rule) in AllRules("", schema))
        {
            Line($"| `{(path.Length == 0 ? "metadata.name" : path)}` | {Escaped(rule.Message)} |");
        }
    }

    private static IEnumerable<(string Path, SchemaRule Rule)> AllRules(string path, SchemaNode schema) =>
    [
        .. schema.Validations.Select(rule => (path, rule)),
        .. schema.Properties.SelectMany(property => AllRules(path.Length == 0 ? property.Key : $"{path}.{property.Key}", property.Value)),
        .. schema.Items is { } items ? AllRules(path + "[]", items) : [],
        .. schema.AdditionalProperties is { } values ? AllRules(path + "{}", values) : [],
    ];

    private static string TypeOf(SchemaNode field) => field.Type switch
    {
        "array" => $"list of {(field.Items!.Type == "object" ? "objects" : "texts")}",
        "object" when field.AdditionalProperties is not null => "map of texts",
        "string" when field.Enum.Count > 0 => string.Join(", ", field.Enum.Select(value => $"`{value}`")),
        "string" when field.Format == "date-time" => "time (RFC 3339)",
        "string" => string.Create(CultureInfo.InvariantCulture, $"text, at most {field.MaxLength}"),
        "integer" => "whole number",
        "boolean" => "true or false",
        var type => type,
    };

    private static string Escaped(string markdown) =>
        markdown
            .Replace("|", "\\|", StringComparison.Ordinal)
            .Replace("*", "\\*", StringComparison.Ordinal)
            .Replace("<", "&lt;", StringComparison.Ordinal);

    private void Line(string line) => text.Append(line).Append('\n');
}
