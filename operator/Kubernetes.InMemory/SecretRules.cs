using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.Resources;

namespace Kubernetes.InMemory;

/// <summary>What the API server does to Secrets only. No message names a value.</summary>
internal static class SecretRules
{
    private const int LargestContent = 1024 * 1024; // MaxSecretSize of the API server, in bytes

    private static readonly SearchValues<char> keyLetters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
    );

    /// <summary>
    /// Moves <c>stringData</c> into <c>data</c>, sets the default type, and refuses keys and sizes that the API server refuses.
    /// </summary>
    public static void Complete(NamespacedName name, JsonObject secret)
    {
        if (secret["stringData"] is JsonObject texts)
        {
            secret["data"] ??= new JsonObject();
            foreach (var (key, text) in texts)
            {
                secret["data"]![key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(text?.GetValue<string>() ?? string.Empty));
            }
        }

        secret.Remove("stringData");
        if (secret.Text("type").Length == 0)
        {
            secret["type"] = "Opaque";
        }

        CheckContent(name, secret["data"] as JsonObject ?? []);
    }

    /// <summary>The type never changes; an immutable Secret keeps its content and stays immutable.</summary>
    public static void CheckUpdate(StoredObject current, JsonObject before, JsonObject after)
    {
        if (!KindRules.IsSecret(current.Kind))
        {
            return;
        }

        if (before.Text("type") != after.Text("type"))
        {
            throw ApiError.Invalid(current.Kind, current.Name, "type: Invalid value: field is immutable");
        }

        if (!IsImmutable(before))
        {
            return;
        }

        if (!IsImmutable(after))
        {
            throw ApiError.Invalid(current.Kind, current.Name, "immutable: Forbidden: field is immutable when `immutable` is set");
        }

        if (!JsonNode.DeepEquals(before["data"], after["data"]))
        {
            throw ApiError.Invalid(current.Kind, current.Name, "data: Forbidden: field is immutable when `immutable` is set");
        }
    }

    private static bool IsImmutable(JsonObject secret) => secret["immutable"]?.GetValueKind() == JsonValueKind.True;

    private static void CheckContent(NamespacedName name, JsonObject data)
    {
        var size = 0L;
        foreach (var (key, value) in data)
        {
            if (key.Length is 0 or > 253 || key.AsSpan().ContainsAnyExcept(keyLetters))
            {
                throw ApiError.Invalid(
                    Secret.ResourceKind,
                    name,
                    "data: Invalid value: a key must consist of alphanumeric characters, '-', '_' or '.'"
                );
            }

            size += value?.GetValue<string>().Length * 3L / 4 ?? 0;
        }

        if (size > LargestContent)
        {
            throw ApiError.Invalid(Secret.ResourceKind, name, $"data: Too long: must have at most {LargestContent} bytes");
        }
    }
}
