using System.Text.Json.Nodes;
using VismaOperator.Manifests;

namespace VismaOperator.Crds;

/// <summary>The schemas of the embedded custom resource definitions.</summary>
internal static class Schemas
{
    private static readonly Lazy<SchemaNode> oauthClient = new(() => Load(EmbeddedCrds.OAuthClient()));
    private static readonly Lazy<SchemaNode> vismaConnection = new(() => Load(EmbeddedCrds.VismaConnection()));

    internal static SchemaNode OAuthClient => oauthClient.Value;

    internal static SchemaNode VismaConnection => vismaConnection.Value;

    private static SchemaNode Load(string yaml)
    {
        var definition = ManifestReader.ReadText("the embedded definition", yaml).Documents.Single().Content;
        return new((JsonObject)definition["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!);
    }
}
