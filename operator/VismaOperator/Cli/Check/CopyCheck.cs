using Kubernetes.Client;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Clients;
using VismaOperator.Copies;
using VismaOperator.Manifests;

namespace VismaOperator.Cli.Check;

/// <summary>Checks where a connection copies its token to, as far as the files declare what decides about that.</summary>
internal sealed class CopyCheck(DeclaredObjects objects, FindingList findings)
{
    internal void Check(Declared<VismaConnection> connection)
    {
        var declared = connection.Resource.Spec.Secret.Copies;
        for (var index = 0; index < declared.Count; index++)
        {
            var name = new NamespacedName(declared[index].Namespace, declared[index].Name);
            var path = FieldPath.Item("spec.secret.copies", index);
            if (name.Namespace == connection.Name.Namespace)
            {
                findings.Error(
                    connection.Document,
                    $"{path}.namespace",
                    Reason.CopyNotAllowed,
                    $"Secret {name} {CopyRules.InOwnNamespace}"
                );
                continue;
            }

            CheckNamespace(connection, name.Namespace, path);
            if (ClaimOn(name, connection) is { } claim)
            {
                findings.Error(
                    connection.Document,
                    $"{path}.name",
                    Reason.SecretNotOwned,
                    $"{claim}, and a copy takes the place of nothing: choose another name"
                );
            }
        }
    }

    private void CheckNamespace(Declared<VismaConnection> connection, string target, string path)
    {
        var source = connection.Name.Namespace;
        switch (objects.LabelsOf(target))
        {
            case NamespaceLabels.Known known when source.Length > 0 && !CopyAcceptance.Accepts(known.Labels, source):
                findings.Error(
                    connection.Document,
                    $"{path}.namespace",
                    Reason.NamespaceNotAccepting,
                    $"Namespace {target} does not accept tokens of namespace {source}, so no copy is written: "
                    + (
                        known.Labels.TryGetValue(VismaNames.AcceptTokensFromLabel, out var other)
                            ? $"it accepts those of {other} only. If that is a mistake, correct the label "
                            : "its owner adds the label "
                    )
                    + $"{VismaNames.AcceptTokensFromLabel}: {source}"
                );
                break;
            case NamespaceLabels.Unreadable:
                findings.Inform(
                    connection.Document,
                    $"{path}.namespace",
                    Reason.NamespaceNotAccepting,
                    $"Namespace {target} is not among the files: whether its owner accepts tokens by the label "
                    + $"{VismaNames.AcceptTokensFromLabel} was not checked"
                );
                break;
        }
    }

    private string? ClaimOn(NamespacedName name, Declared<VismaConnection> connection) =>
        objects.FirstCopier(name) is var first && first != connection
            ? $"VismaConnection {first.Name} ({Line(first.Document, "spec")}) copies to the same Secret {name}"
        : objects.FindPublisher(name) is { } publisher
            ? $"VismaConnection {publisher.Name} ({Line(publisher.Document, "spec")}) publishes in Secret {name}"
        : objects.ClientReading(name) is { } client
            ? $"OAuthClient {client.Name} ({Line(client.Document, "spec")}) reads its credentials from Secret {name}"
        : objects.FindSecret(name) is { } secret ? $"the files declare Secret {name} themselves ({Line(secret, "metadata.name")})"
        : null;

    private static string Line(ManifestDocument document, string path) => $"{document.File}:{document.PositionOf(path).Line}";
}
