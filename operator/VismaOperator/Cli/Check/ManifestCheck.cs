using Kubernetes.Client.Resources;
using VismaOperator.Api.Validation;
using VismaOperator.Manifests;

namespace VismaOperator.Cli.Check;

/// <summary>The offline check as a whole: each object by itself, then what they say about each other.</summary>
public static class ManifestCheck
{
    /// <summary>
    /// Checks what was read. Kinds of other groups are left alone, but Secrets and Namespaces serve as targets of references.
    /// </summary>
    public static CheckReport Check(ManifestSet manifests, AllowLists allowLists, TimeProvider time) =>
        Check(manifests, allowLists, time, live: null);

    /// <summary>The same, compared with what is in a cluster.</summary>
    internal static CheckReport Check(ManifestSet manifests, AllowLists allowLists, TimeProvider time, LiveObjects? live)
    {
        var findings = new FindingList();
        foreach (var problem in manifests.Problems)
        {
            findings.Add(problem);
        }

        var single = new ObjectCheck(allowLists, findings);
        single.UnknownKinds(manifests.Documents);
        single.Common(manifests.Documents);
        var objects = new DeclaredObjects(
            single.Clients(manifests.Documents),
            single.Connections(manifests.Documents),
            [.. manifests.Documents.Where(document => document.Is<Secret>())],
            [.. manifests.Documents.Where(document => document.Is<Namespace>())])
        {
            Live = live,
        };
        CheckReferences(objects, time, findings);
        return new() { Objects = manifests.Documents.Count(ObjectCheck.IsOurs), Findings = findings.InOrder() };
    }

    private static void CheckReferences(DeclaredObjects objects, TimeProvider time, FindingList findings)
    {
        var clients = new ClientCheck(objects, time, findings);
        var removals = new RemovalCheck(objects, findings);
        foreach (var client in objects.Clients)
        {
            clients.Check(client);
            removals.Check(client);
        }

        var connections = new ConnectionCheck(objects, findings);
        foreach (var connection in objects.Connections)
        {
            connections.Check(connection);
        }
    }
}
