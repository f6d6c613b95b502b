using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.InMemory;
using VismaOperator.Publishing;

namespace VismaOperator.Local;

/// <summary>
/// Keeps the identity of each credential Secret over a restart, without its content: uid, version, and a mark that shows whether the
/// manifest is unchanged. A cluster keeps the identity itself. Without it every start would count as a change of every credential, and
/// every waiting attempt would be made at once.
/// </summary>
internal sealed class CredentialMarks(StateDirectory directory)
{
    /// <summary>Name of its folder in a state directory.</summary>
    public const string Folder = "credentials";

    private const string Digest = "digest";

    // The digest lies beside tokens, in a directory that only its owner can enter. It is slow on purpose all the same, so that nobody can
    // guess a weak secret from it.
    private const int Iterations = 100_000;

    /// <summary>Notes a Secret as it is stored now.</summary>
    public void Write(ClusterObject written)
    {
        var json = JsonNode.Parse(written.Json.Span)!.AsObject();
        json[Digest] = DigestOf(JsonSerializer.Deserialize(written.Json.Span, Secret.JsonTypeInfo)!, json);
        json.Remove("data");
        KeptFile.Write(PathOf(written.Name), Encoding.UTF8.GetBytes(json.ToJsonString()));
    }

    /// <summary>The Secret is gone from the manifests.</summary>
    public void Delete(ClusterObject deleted) => KeptFile.Delete(PathOf(deleted.Name));

    /// <summary>
    /// The Secret as an earlier process stored it, for <see cref="InMemoryCluster.Restore"/>; null when it is new or has changed.
    /// </summary>
    public JsonObject? Recall(Secret manifest)
    {
        var path = PathOf(manifest.Metadata.NamespacedName);
        if (!File.Exists(path))
        {
            return null;
        }

        var kept = KeptFile.Read(path);
        if (kept[Digest]?.GetValue<string>() != DigestOf(manifest, kept))
        {
            return null;
        }

        kept.Remove(Digest);
        kept["data"] = JsonSerializer.SerializeToNode(manifest, Secret.JsonTypeInfo)!["data"]?.DeepClone();
        return kept;
    }

    private static string DigestOf(Secret secret, JsonObject kept) => Convert.ToHexStringLower(Rfc2898DeriveBytes.Pbkdf2(
        TokenSecret.Fingerprint(secret.Data),
        Encoding.UTF8.GetBytes(kept["metadata"]!["uid"]!.GetValue<string>()),
        Iterations,
        HashAlgorithmName.SHA256,
        outputLength: 32));

    private string PathOf(NamespacedName name) =>
        Path.Combine(directory.Path, Folder, SafeNames.Directory(name.Namespace), SafeNames.Directory(name.Name) + ".json");
}
