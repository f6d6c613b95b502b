using Kubernetes.Client;
using VismaOperator.Crds;
using VismaOperator.Manifests;
using VismaOperator.OAuthClients;
using VismaOperator.Rules;
using VismaOperator.VismaConnections;

namespace VismaOperator.Checking;

/// <summary>Checks each object by itself: kind, name, schema, rules.</summary>
internal sealed class ObjectCheck(AllowLists allowLists, FindingList findings)
{
    private const int MaxName = 253;

    private static readonly string[] kinds = [OAuthClient.ResourceKind.Kind, VismaConnection.ResourceKind.Kind];

    /// <summary>True for a document of the operator's group, whatever its version and kind.</summary>
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

    /// <summary>Objects of the operator's group that it does not know.</summary>
    internal void UnknownKinds(IEnumerable<ManifestDocument> documents)
    {
        foreach (var document in documents.Where(document => IsOurs(document) || IsNearlyOurs(document)))
        {
            if (!IsOurs(document))
            {
                findings.Error(document, "apiVersion", CheckReasons.UnknownKind, $"there is no kind {document.Kind} in {document.ApiVersion}: did you mean {VismaNames.ApiVersion}?");
            }
            else if (document.ApiVersion != VismaNames.ApiVersion)
            {
                findings.Error(document, "apiVersion", CheckReasons.UnknownKind, $"there is no version {document.ApiVersion}: write {VismaNames.ApiVersion}");
            }
            else if (!kinds.Contains(document.Kind))
            {
                findings.Error(document, "kind", CheckReasons.UnknownKind, $"there is no kind {document.Kind} in {VismaNames.Group}{Suggestion.For(document.Kind, kinds)}");
            }
        }
    }

    private List<Declared<T>> Check<T>(IEnumerable<ManifestDocument> documents, SchemaNode schema, Func<T, IReadOnlyList<Problem>> rules)
        where T : class, IResource<T>
    {
        var declared = new List<Declared<T>>();
        foreach (var document in documents.Where(document => document.Is<T>()))
        {
            CheckName(document);
            var problems = SchemaCheck.Check(document.Content, schema).Where(IsOfTheUser).ToList();
            if (ManifestConversion.ToResource<T>(document, []) is { } resource)
            {
                var known = problems.ConvertAll(problem => problem.Path);
                problems.AddRange(rules(resource).Where(problem => !known.Contains(problem.Path)));
                AddUnlessTwice(declared, new(resource, document));
            }

            problems.ForEach(problem => findings.Error(document, problem.Path, problem.Reason, problem.Message));
        }

        return declared;
    }

    // An object that was exported from a cluster carries a status, which the API server ignores.
    private static bool IsOfTheUser(Problem problem) => !problem.Path.StartsWith("status", StringComparison.Ordinal);

    private void CheckName(ManifestDocument document)
    {
        if (document.Name.Length is 0 or > MaxName || !Patterns.Subdomain.IsMatch(document.Name))
        {
            findings.Error(document, "metadata.name", ProblemReasons.InvalidSpec, "metadata.name must be made of at most 253 lower-case letters, digits, dashes and dots and begin and end with a letter or digit");
        }
    }

    private void AddUnlessTwice<T>(List<Declared<T>> declared, Declared<T> added)
        where T : class, IResource<T>
    {
        if (declared.Find(earlier => earlier.Name == added.Name) is { } first)
        {
            var place = first.Document.PositionOf("metadata.name");
            findings.Error(added.Document, "metadata.name", CheckReasons.DuplicateObject, $"{added.Document.Kind} {added.Name} is declared twice, first in {first.Document.File}:{place.Line}: the last one applied would win; remove one of them");
            return;
        }

        declared.Add(added);
    }
}
