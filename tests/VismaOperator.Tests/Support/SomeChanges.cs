using System.Text.Json;
using System.Text.Json.Nodes;
using Kubernetes.Client.Resources;
using VismaOperator.Api;

namespace VismaOperator.Tests.Support;

/// <summary>Changes of objects, in few words.</summary>
internal static class SomeChanges
{
    /// <summary>Changes the spec of the connection by a merge patch.</summary>
    public static Task ChangeConnectionAsync(
        this TestOperator test,
        string spec,
        string name = Some.Connection,
        string ns = Some.Namespace
    ) => test.PatchAsync<VismaConnection>(name, new JsonObject { ["spec"] = JsonNode.Parse(spec) }, ns);

    /// <summary>Changes the spec of the client by a merge patch.</summary>
    public static Task ChangeClientAsync(this TestOperator test, string spec) =>
        test.PatchAsync<OAuthClient>(Some.Client, new JsonObject { ["spec"] = JsonNode.Parse(spec) });

    /// <summary>Sets an annotation of the connection.</summary>
    public static Task AnnotateAsync(this TestOperator test, string key, string? value, string name = Some.Connection) =>
        test.PatchAsync<VismaConnection>(
            name,
            new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [key] = value } } }
        );

    /// <summary>Puts a value under a key of a Secret.</summary>
    public static Task PutSecretAsync(
        this TestOperator test,
        string value,
        string name = "acme-credentials",
        string key = "clientSecret"
    ) =>
        test.PatchAsync<Secret>(
            name,
            new JsonObject { ["data"] = new JsonObject { [key] = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(value)) } }
        );

    /// <summary>A connection with another spec.</summary>
    public static VismaConnection With(this VismaConnection connection, Func<VismaConnectionSpec, VismaConnectionSpec> change) =>
        connection with { Spec = change(connection.Spec) };

    /// <summary>A client with another spec.</summary>
    public static OAuthClient With(this OAuthClient client, Func<OAuthClientSpec, OAuthClientSpec> change) =>
        client with { Spec = change(client.Spec) };

    /// <summary>A connection whose spec has other members, given as JSON.</summary>
    public static VismaConnection Changed(this VismaConnection connection, string spec)
    {
        var json = JsonSerializer.SerializeToNode(connection, VismaConnection.JsonTypeInfo)!;
        foreach (var (key, value) in JsonNode.Parse(spec)!.AsObject())
        {
            json["spec"]![key] = value?.DeepClone();
        }

        return json.Deserialize(VismaConnection.JsonTypeInfo)!;
    }

    /// <summary>A connection with another Secret.</summary>
    public static VismaConnection WithSecret(this VismaConnection connection, SecretSpec secret) =>
        connection.With(spec => spec with { Secret = secret });

    /// <summary>A condition of a client.</summary>
    public static Condition? Condition(this OAuthClient client, string type) =>
        client.Status.Conditions.FirstOrDefault(condition => condition.Type == type);

    /// <summary>True when a condition of a client has a status.</summary>
    public static bool Is(this OAuthClient client, string type, string status) => client.Condition(type)?.Status == status;
}
