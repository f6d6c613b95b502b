using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using VismaOperator.Api;
using VismaOperator.Api.Crds;
using VismaOperator.Api.Validation;
using VismaOperator.Manifests;

namespace VismaOperator.Cli.Check;

/// <summary>Checks each object by itself: kind, name, schema, rules.</summary>
internal sealed class ObjectCheck(AllowLists allowLists, FindingList findings)
{
    private static readonly string[] kinds =
        [OAuthClient.ResourceKind.Kind, VismaConnection.ResourceKind.Kind, VismaConnectionSet.ResourceKind.Kind];

    /// <summary>True for a document of the operator's group, of any version and kind.</summary>
    internal static bool IsOurs(ManifestDocument document) =>
        document.ApiVersion == VismaNames.Group || document.ApiVersion.StartsWith(VismaNames.Group + "/", StringComparison.Ordinal);

    /// <summary>True for one of the operator's kinds whose group is a typing error away; others have kinds of these names, too.</summary>
    private static bool IsNearlyOurs(ManifestDocument document) =>
        kinds.Contains(document.Kind) && Suggestion.For(document.ApiVersion.Split('/')[0], [VismaNames.Group]).Length > 0;

    /// <summary>The clients that can be read; what is wrong with them becomes findings.</summary>
    internal IReadOnlyList<Declared<OAuthClient>> Clients(IEnumerable<ManifestDocument> documents) =>
        Check<OAuthClient>(documents, Schemas.OAuthClient, client => OAuthClientRules.Check(client.Spec, allowLists));

    /// <summary>The connections that can be read; what is wrong with them becomes findings.</summary>
    internal IReadOnlyList<Declared<VismaConnection>> Connections(IEnumerable<ManifestDocument> documents) =>
        Check<VismaConnection>(documents, Schemas.VismaConnection, connection => VismaConnectionRules.Check(connection, allowLists));

    /// <summary>The sets that can be read; what is wrong with them becomes findings.</summary>
    internal IReadOnlyList<Declared<VismaConnectionSet>> Sets(IEnumerable<ManifestDocument> documents) =>
        Check<VismaConnectionSet>(documents, Schemas.VismaConnectionSet, VismaConnectionSetRules.Check);

    /// <summary>Objects of the operator's group that it does not know.</summary>
    internal void UnknownKinds(IEnumerable<ManifestDocument> documents)
    {
        foreach (var document in documents.Where(document => IsOurs(document) || IsNearlyOurs(document)))
        {
            if (!IsOurs(document))
            {
                findings.Error(
                    document,
                    "apiVersion",
                    CheckReasons.UnknownKind,
                    $"there is no kind {document.Kind} in {document.ApiVersion}: did you mean {VismaNames.ApiVersion}?"
                );
            }
            else if (document.ApiVersion != VismaNames.ApiVersion)
            {
                findings.Error(
                    document,
                    "apiVersion",
                    CheckReasons.UnknownKind,
                    $"there is no version {document.ApiVersion}: write {VismaNames.ApiVersion}"
                );
            }
            else if (!kinds.Contains(document.Kind))
            {
                findings.Error(
                    document,
                    "kind",
                    CheckReasons.UnknownKind,
                    $"there is no kind {document.Kind} in {VismaNames.Group}{Suggestion.For(document.Kind, kinds)}"
                );
            }
        }
    }

    /// <summary>The checks for documents of every kind that the operator works with.</summary>
    internal void Common(IEnumerable<ManifestDocument> documents)
    {
        var metadata = new MetadataCheck(findings);
        foreach (
            var document in documents.Where(document =>
                IsOurs(document)
                || document.Is<Secret>()
                || document.Is<Namespace>()
                || document.ApiVersion.StartsWith("ENC[", StringComparison.Ordinal)
            )
        )
        {
            if (document.EncryptedPath is { } path)
            {
                findings.Warn(
                    document,
                    path,
                    CheckReasons.EncryptedManifest,
                    "this document is encrypted by SOPS, so only its names were checked, and applied as it is, the cipher text would be "
                    + "used: let Flux or another tool decrypt it, or check what sops --decrypt prints"
                );
                findings.Ignore(document, [string.Empty]);
            }

            foreach (var key in document.TurnedKeys)
            {
                findings.Warn(
                    document,
                    key.Path,
                    CheckReasons.KeyNotQuoted,
                    $"kubectl reads the key {key.Written} as {key.Read}, as YAML 1.1 has it: put the key in quotes"
                );
            }

            metadata.Check(document);
        }
    }

    private List<Declared<T>> Check<T>(IEnumerable<ManifestDocument> documents, SchemaNode schema, Func<T, IReadOnlyList<FieldError>> rules)
        where T : class, IResource<T>
    {
        var declared = new List<Declared<T>>();
        var named = new Dictionary<NamespacedName, Declared<T>>();
        foreach (var document in documents.Where(document => document.Is<T>()))
        {
            findings.Broken(document, [.. SchemaCheck.Check(document.Content, schema).Where(IsOfTheUser)]);
            if (ManifestConversion.ToResource<T>(document, Repaired(document, schema), []) is { } resource)
            {
                foreach (var problem in rules(resource))
                {
                    findings.Error(document, problem.Path, problem.Reason, problem.Message);
                }

                var added = new Declared<T>(resource, document);
                if (IsFirst(named, added))
                {
                    declared.Add(added);
                }
            }
        }

        return declared;
    }

    /// <summary>The content without what does not fit the schema, and without what the API server writes.</summary>
    internal static JsonObject Repaired(ManifestDocument document, SchemaNode schema)
    {
        var repaired = SchemaRepair.Repair(document.Content, schema);
        repaired.Remove("status"); // nobody looks at it, and it may be of another version
        var metadata = SchemaRepair.Repair(document.Content["metadata"] as JsonObject ?? [], Schemas.Metadata);
        metadata.Remove("ownerReferences"); // the server's own, as an exported object has them
        repaired["metadata"] = metadata;
        return repaired;
    }

    // An object that was exported from a cluster carries a status, which the API server ignores.
    private static bool IsOfTheUser(FieldError problem) => !problem.Path.StartsWith("status", StringComparison.Ordinal);

    private bool IsFirst<T>(Dictionary<NamespacedName, Declared<T>> named, Declared<T> added)
        where T : class, IResource<T>
    {
        // Objects with generated names are different ones.
        if (added.Name.Name.Length == 0 || named.TryAdd(added.Name, added))
        {
            return true;
        }

        var first = named[added.Name];
        var position = first.Document.PositionOf("metadata.name");
        findings.Error(
            added.Document,
            "metadata.name",
            CheckReasons.DuplicateObject,
            $"{added.Document.Kind} {added.Name} is declared twice, first in {first.Document.File}:{position.Line}: the last one "
            + "applied would win; remove one of them"
        );
        return false;
    }
}
