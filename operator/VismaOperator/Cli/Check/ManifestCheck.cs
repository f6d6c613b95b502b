using Kubernetes.Client.Resources;
using VismaOperator.Api;
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
        var (clients, connections) = (single.Clients(manifests.Documents), single.Connections(manifests.Documents));
        var sets = new SetCheck(manifests.Documents, clients, connections, allowLists, findings);
        var made = single.Sets(manifests.Documents).Select(sets.Make).ToList();
        var objects = new DeclaredObjects(
            clients,
            [.. connections, .. made.SelectMany(ofSet => ofSet)],
            [.. manifests.Documents.Where(document => document.Is<Secret>())],
            [.. manifests.Documents.Where(document => document.Is<Namespace>())])
        {
            Live = live,
        };
        CheckReferences(objects, connections, time, findings);
        made.ForEach(ofSet => CheckMade(objects, ofSet, findings));
        return new() { Objects = manifests.Documents.Count(ObjectCheck.IsOurs), Findings = findings.InOrder() };
    }

    // Of each kind of finding the first: what is wrong with one connection of a set is wrong with many.
    private static void CheckMade(DeclaredObjects objects, IReadOnlyList<Declared<VismaConnection>> made, FindingList findings)
    {
        var found = new FindingList();
        var check = new ConnectionCheck(objects, found);
        foreach (var connection in made)
        {
            check.Check(connection);
        }

        foreach (var finding in found.InOrder().DistinctBy(finding => (finding.Path, finding.Reason, finding.Severity)))
        {
            findings.Add(finding);
        }
    }

    private static void CheckReferences(
        DeclaredObjects objects,
        IReadOnlyList<Declared<VismaConnection>> declared,
        TimeProvider time,
        FindingList findings
    )
    {
        var clients = new ClientCheck(objects, time, findings);
        var removals = new RemovalCheck(objects, findings);
        foreach (var client in objects.Clients)
        {
            clients.Check(client);
            removals.Check(client);
        }

        var connections = new ConnectionCheck(objects, findings);
        foreach (var connection in declared)
        {
            connections.Check(connection);
        }
    }
}
