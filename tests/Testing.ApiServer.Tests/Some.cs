using System.Text.Json.Nodes;

namespace VismaOperator.Testing.ApiServer.Tests;

/// <summary>Objects that tests create.</summary>
internal static class Some
{
    /// <summary>An object that is nothing but its name.</summary>
    public static JsonObject ObjectNamed(string name) => new() { ["metadata"] = new JsonObject { ["name"] = name } };

    /// <summary>An object that is to go with its owner.</summary>
    public static JsonObject ObjectOwnedBy(JsonNode owner, string name)
    {
        var owned = ObjectNamed(name);
        owned["metadata"]!["ownerReferences"] = new JsonArray(new JsonObject
        {
            ["apiVersion"] = owner["apiVersion"]!.DeepClone(),
            ["kind"] = owner["kind"]!.DeepClone(),
            ["name"] = owner["metadata"]!["name"]!.DeepClone(),
            ["uid"] = owner["metadata"]!["uid"]!.DeepClone(),
        });
        return owned;
    }
}
