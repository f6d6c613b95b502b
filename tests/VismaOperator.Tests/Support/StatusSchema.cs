using System.Text.Json.Nodes;
using VismaOperator.Api.Crds;
using VismaOperator.Cli.Check;

namespace VismaOperator.Tests.Support;

/// <summary>
/// Holds every status ever written to the schema of its own kind, as the API server does: one that breaks it is refused whole, and nobody
/// learns anything.
/// </summary>
internal static class StatusSchema
{
    /// <summary>Checks the whole history of a cluster.</summary>
    public static void Check(ClusterRecord record)
    {
        foreach (var entry in record.All.Where(entry => !entry.IsGone))
        {
            var schema = entry.Object.Kind.Kind switch
            {
                "VismaConnection" => Schemas.VismaConnection,
                "OAuthClient" => Schemas.OAuthClient,
                "VismaConnectionSet" => Schemas.VismaConnectionSet,
                _ => null,
            };
            if (schema is not null && JsonNode.Parse(entry.Object.Json.Span)!["status"] is JsonObject status)
            {
                Assert.Equal([], Problems(status, schema.Properties["status"]));
            }
        }
    }

    /// <summary>What is wrong with a status.</summary>
    public static IEnumerable<string> Problems(JsonObject status, SchemaNode schema) =>
        SchemaCheck.Check(status, schema).Select(problem => $"{problem.Path}: {problem.Message}");
}
