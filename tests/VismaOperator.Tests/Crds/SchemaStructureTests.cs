using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Kubernetes.Client.Resources;
using VismaOperator.Api;
using VismaOperator.Api.Crds;

namespace VismaOperator.Tests.Crds;

/// <summary>The definitions and the records say the same: every difference, in either direction, fails.</summary>
public sealed class SchemaStructureTests
{
    // Always written by the operator, so not required of the JSON that it reads.
    private static readonly string[] alwaysWritten = ["lastTransitionTime", "message"];

    [Fact]
    public void Clients_have_the_same_fields_in_schema_and_record() =>
        Assert.Equal([], Differences(OAuthClient.JsonTypeInfo, Schemas.OAuthClient, "OAuthClient"));

    [Fact]
    public void Connections_have_the_same_fields_in_schema_and_record() =>
        Assert.Equal([], Differences(VismaConnection.JsonTypeInfo, Schemas.VismaConnection, "VismaConnection"));

    [Fact]
    public void Sets_have_the_same_fields_in_schema_and_record() =>
        Assert.Equal([], Differences(VismaConnectionSet.JsonTypeInfo, Schemas.VismaConnectionSet, "VismaConnectionSet"));

    /// <summary>A status is written as the difference of two records (<c>StatusPatch</c>), which knows no maps and no converters.</summary>
    [Fact]
    public void Statuses_have_neither_maps_nor_members_with_a_converter_of_their_own()
    {
        Assert.Equal([], Unpatchable(typeof(OAuthClientStatus)));
        Assert.Equal([], Unpatchable(typeof(VismaConnectionStatus)));
        Assert.Equal([], Unpatchable(typeof(VismaConnectionSetStatus)));
        Assert.NotEmpty(Unpatchable(typeof(ObjectMeta)));

        static IEnumerable<string> Unpatchable(Type type) =>
            from member in VismaJsonContext.Default.Options.GetTypeInfo(type).Properties
            let kind = VismaJsonContext.Default.Options.GetTypeInfo(member.PropertyType).Kind
            from found in kind is JsonTypeInfoKind.Dictionary || member.CustomConverter is not null ? [$"{type.Name}.{member.Name}"]
                : kind is JsonTypeInfoKind.Object ? Unpatchable(member.PropertyType)
                : []
            select found;
    }

    [Fact]
    public void A_difference_is_found_in_both_directions()
    {
        var schema = new SchemaNode(
            (JsonObject)JsonNode.Parse("""{"type":"object","properties":{"name":{"type":"integer"},"extra":{"type":"string"}}}""")!
        );

        var differences = Differences(VismaJsonContext.Default.Options.GetTypeInfo(typeof(SecretKeyReference)), schema, "x").ToList();

        Assert.Contains(differences, difference => difference.StartsWith("x: only the schema has extra", StringComparison.Ordinal));
        Assert.Contains(differences, difference => difference.StartsWith("x: only the record has key", StringComparison.Ordinal));
        Assert.Contains(differences, difference => difference.StartsWith("x.name: ", StringComparison.Ordinal));
        Assert.Contains(differences, difference => difference.Contains("required", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"clientSecrets":[]}""")]
    [InlineData(
        """{"clientSecrets":[{"secretKeyRef":{"name":"a","key":"b"}}],"endpoints":{},"redirectURI":"https://a/b","clientIDFrom":{"secretKeyRef":{"name":"a","key":"b"}},"allowedNamespaces":{"selector":{"matchExpressions":[{"key":"a","operator":"Exists"}]}},"tenants":[{"tenantID":"t"}]}"""
    )]
    public void Clients_have_the_same_defaults_in_schema_and_record(string spec) =>
        AssertSameDefaults(OAuthClient.JsonTypeInfo, Schemas.OAuthClient, spec);

    [Theory]
    [InlineData("""{"oauthClientRef":{"name":"a"}}""")]
    [InlineData("""{"oauthClientRef":{"name":"a"},"refresh":{},"secret":{"template":{"metadata":{}}}}""")]
    [InlineData("""{"oauthClientRef":{"name":"a"},"grant":"AuthorizationCode","authorization":{}}""")]
    [InlineData("""{"oauthClientRef":{"name":"a"},"probe":{"enabled":true}}""")]
    [InlineData("""{"oauthClientRef":{"name":"a"},"restart":[{"kind":"DaemonSet","name":"a"}]}""")]
    public void Connections_have_the_same_defaults_in_schema_and_record(string spec) =>
        AssertSameDefaults(VismaConnection.JsonTypeInfo, Schemas.VismaConnection, spec);

    [Theory]
    [InlineData("""{"tenants":[{"name":"a","tenantID":"t"}],"template":{"spec":{"oauthClientRef":{"name":"a"}}}}""")]
    [InlineData(
        """{"tenantsFrom":{"namespaceSelector":{"matchExpressions":[{"key":"a","operator":"Exists"}]},"annotation":"b"},"template":{"metadata":{},"spec":{"oauthClientRef":{"name":"a"},"probe":{},"authorization":{}}}}"""
    )]
    public void Sets_have_the_same_defaults_in_schema_and_record(string spec) =>
        AssertSameDefaults(VismaConnectionSet.JsonTypeInfo, Schemas.VismaConnectionSet, spec);

    private static void AssertSameDefaults<T>(JsonTypeInfo<T> type, SchemaNode schema, string spec)
    {
        var given = new JsonObject
        {
            ["apiVersion"] = VismaNames.ApiVersion,
            ["kind"] = typeof(T).Name,
            ["metadata"] = new JsonObject { ["name"] = "a" },
            ["spec"] = JsonNode.Parse(spec),
        };
        var ofRecord = WithoutEmptyLists(JsonSerializer.SerializeToNode<T>(given.Deserialize(type)!, type)!);
        SchemaDefaults.Apply(given, schema);

        Assert.Equal(Sorted(WithoutEmptyLists(given))!.ToJsonString(), Sorted(ofRecord)!.ToJsonString());
    }

    private static IEnumerable<string> Differences(JsonTypeInfo type, SchemaNode schema, string path) =>
        type.Kind switch
        {
            JsonTypeInfoKind.Object => ObjectDifferences(type, schema, path),
            JsonTypeInfoKind.Enumerable =>
            [
                .. Same("type", "array", schema.Type, path),
                .. Differences(TypeInfo(type.ElementType!), schema.Items!, path + "[]"),
            ],
            JsonTypeInfoKind.Dictionary =>
            [
                .. Same("type", "object", schema.Type, path),
                .. Differences(TypeInfo(type.ElementType!), schema.AdditionalProperties!, path + "{}"),
            ],
            _ => ScalarDifferences(type.Type, schema, path),
        };

    private static IEnumerable<string> ObjectDifferences(JsonTypeInfo type, SchemaNode schema, string path)
    {
        if (type.Type == typeof(ObjectMeta))
        {
            return Same("type", "object", schema.Type, path);
        }

        var ofRecord = type.Properties.Select(property => property.Name).ToHashSet();
        var required = type.Properties.Where(property => property.IsRequired).Select(property => property.Name).Order();
        return
        [
            .. Same("type", "object", schema.Type, path),
            .. Same(
                "required",
                string.Join(",", required),
                string.Join(",", schema.Required.Except(type.Type == typeof(Condition) ? alwaysWritten : []).Order()),
                path
            ),
            .. schema.Properties.Keys.Except(ofRecord).Select(name => $"{path}: only the schema has {name}"),
            .. ofRecord.Except(schema.Properties.Keys).Select(name => $"{path}: only the record has {name}"),
            .. type.Properties.Where(property => schema.Properties.ContainsKey(property.Name)).SelectMany(property =>
                Differences(TypeInfo(property.PropertyType), schema.Properties[property.Name], $"{path}.{property.Name}")),
        ];
    }

    private static IEnumerable<string> ScalarDifferences(Type type, SchemaNode schema, string path)
    {
        var actual = $"{schema.Type} {schema.Format} {string.Join(",", schema.Enum)}";
        if (type == typeof(string))
        {
            // Conditions are Kubernetes' own type, in which the status is a text.
            return Same("type", "string  ", schema.Enum is ["True", "False", "Unknown"] ? "string  " : actual, path);
        }

        var expected = type switch
        {
            _ when type == typeof(bool) => "boolean  ",
            _ when type == typeof(int) => "integer int32 ",
            _ when type == typeof(long) => "integer int64 ",
            _ when type == typeof(DateTimeOffset) => "string date-time ",
            { IsEnum: true } => $"string  {string.Join(",", Names(type))}",
            _ => $"no mapping for {type}",
        };
        return Same("type", expected, actual, path);
    }

    private static IEnumerable<string> Names(Type type) =>
        Enum.GetValues(type)
            .Cast<object>()
            .Select(value => JsonSerializer.Serialize(value, TypeInfo(type)))
            .Where(json => json != "null")
            .Select(json => json.Trim('"'));

    private static IEnumerable<string> Same(string what, string ofRecord, string ofSchema, string path) =>
        ofRecord == ofSchema ? [] : [$"{path}: {what} is '{ofRecord}' in the record and '{ofSchema}' in the schema"];

    private static JsonTypeInfo TypeInfo(Type type) =>
        VismaJsonContext.Default.Options.GetTypeInfo(Nullable.GetUnderlyingType(type) ?? type);

    private static JsonNode WithoutEmptyLists(JsonNode node)
    {
        switch (node)
        {
            case JsonObject members:
                foreach (var (name, value) in members.ToList())
                {
                    if (value is null or JsonArray { Count: 0 })
                    {
                        members.Remove(name);
                    }
                    else
                    {
                        WithoutEmptyLists(value);
                    }
                }

                break;
            case JsonArray items:
                foreach (var item in items)
                {
                    WithoutEmptyLists(item!);
                }

                break;
        }

        return node;
    }

    private static JsonNode? Sorted(JsonNode? node) =>
        node switch
        {
            JsonObject members => new JsonObject(
                members
                    .OrderBy(member => member.Key, StringComparer.Ordinal)
                    .Select(member => KeyValuePair.Create(member.Key, Sorted(member.Value)))
            ),
            JsonArray items => new JsonArray([.. items.Select(Sorted)]),
            _ => node?.DeepClone(),
        };
}
