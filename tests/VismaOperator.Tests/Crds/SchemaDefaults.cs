using System.Text.Json.Nodes;
using VismaOperator.Api.Crds;

namespace VismaOperator.Tests.Crds;

/// <summary>Applies the defaults of a schema as the API server does.</summary>
internal static class SchemaDefaults
{
    internal static void Apply(JsonNode? value, SchemaNode schema)
    {
        if (value is JsonArray items && schema.Items is { } itemSchema)
        {
            foreach (var item in items)
            {
                Apply(item, itemSchema);
            }
        }

        if (value is not JsonObject members)
        {
            return;
        }

        foreach (var (name, property) in schema.Properties)
        {
            if (members[name] is null && property.Default is { } standard)
            {
                members[name] = standard.DeepClone();
            }

            Apply(members[name], property);
        }
    }
}
