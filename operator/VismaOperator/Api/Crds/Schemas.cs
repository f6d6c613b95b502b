using System.Reflection;
using System.Text.Json.Nodes;
using VismaOperator.Manifests;

namespace VismaOperator.Api.Crds;

/// <summary>The schemas of the embedded custom resource definitions.</summary>
internal static class Schemas
{
    private static readonly Lazy<SchemaNode> oauthClient = new(() => Load(EmbeddedCrds.OAuthClient()));
    private static readonly Lazy<SchemaNode> vismaConnection = new(() => Load(EmbeddedCrds.VismaConnection()));
    private static readonly Lazy<SchemaNode> vismaConnectionSet = new(() => Load(EmbeddedCrds.VismaConnectionSet()));

    // ObjectMeta of https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/, which no definition describes.
    private static readonly SchemaNode metadata = new(
        (JsonObject)
            JsonNode.Parse(
                """
                {"type": "object", "properties": {
                  "name": {"type": "string"}, "generateName": {"type": "string"}, "namespace": {"type": "string"},
                  "labels": {"type": "object", "additionalProperties": {"type": "string"}}, "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
                  "finalizers": {"type": "array", "items": {"type": "string"}}, "ownerReferences": {"type": "array", "items": {"type": "object"}},
                  "managedFields": {"type": "array", "items": {"type": "object"}}, "uid": {"type": "string"}, "resourceVersion": {"type": "string"}, "selfLink": {"type": "string"},
                  "generation": {"type": "integer"}, "deletionGracePeriodSeconds": {"type": "integer"},
                  "creationTimestamp": {"type": "string", "format": "date-time"}, "deletionTimestamp": {"type": "string", "format": "date-time"}}}
                """
            )!
    );

    /// <summary>The metadata of every object.</summary>
    internal static SchemaNode Metadata => metadata;

    internal static SchemaNode OAuthClient => oauthClient.Value;

    internal static SchemaNode VismaConnection => vismaConnection.Value;

    internal static SchemaNode VismaConnectionSet => vismaConnectionSet.Value;

    private static SchemaNode Load(string yaml)
    {
        var definition = ManifestReader.ReadText("the embedded definition", yaml).Documents.Single().Content;
        return new((JsonObject)definition["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!);
    }
}

/// <summary>The custom resource definitions, as the folder <c>crds/</c> has them, embedded into the executable.</summary>
public static class EmbeddedCrds
{
    /// <summary>The definition of OAuthClient as YAML.</summary>
    public static string OAuthClient() => Read("crds/visma-operator.io_oauthclients.yaml");

    /// <summary>The definition of VismaConnection as YAML.</summary>
    public static string VismaConnection() => Read("crds/visma-operator.io_vismaconnections.yaml");

    /// <summary>The definition of VismaConnectionSet as YAML.</summary>
    public static string VismaConnectionSet() => Read("crds/visma-operator.io_vismaconnectionsets.yaml");

    private static string Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The executable was built without {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
