using Kubernetes.Client.Resources;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Clients;
using VismaOperator.Manifests;
using VismaOperator.Publishing;

namespace VismaOperator.Cli.Check;

/// <summary>Checks what a connection refers to and where it publishes.</summary>
internal sealed class ConnectionCheck(DeclaredObjects objects, FindingList findings)
{
    private const string ClientPath = "spec.oauthClientRef";
    private const string Removal = "Applied as it is, the operator deletes the Secret that the connection may have";

    private readonly CopyCheck copies = new(objects, findings);

    internal void Check(Declared<VismaConnection> connection)
    {
        var consent = new ConsentCheck(connection, findings);
        CheckFilledIn(connection);
        CheckApi(connection);
        CheckProbe(connection);
        CheckTemplate(connection);
        CheckSecret(connection);
        copies.Check(connection);
        consent.CheckScopes();
        if (objects.FindClient(connection.Resource.ClientName()) is { } client)
        {
            CheckNamespace(connection, client);
            CheckTenant(connection, client);
            consent.CheckClient(client);
        }
        else
        {
            ClientMissing(connection);
        }
    }

    private void CheckFilledIn(Declared<VismaConnection> connection)
    {
        if (connection.Resource.Spec.TenantId == Placeholders.TenantId)
        {
            findings.Error(
                connection.Document,
                "spec.tenantID",
                CheckReasons.NotFilledIn,
                "this tenant id stands for one that is to be filled in: copy that of the company, from Visma Admin > Company > Edit > "
                + "Configuration"
            );
        }
    }

    private void ClientMissing(Declared<VismaConnection> connection)
    {
        var name = connection.Resource.ClientName();
        var known = objects.Clients.Where(client => client.Name.Namespace == name.Namespace).Select(client => client.Name.Name);
        var message = $"OAuthClient {name} is not among the files{Suggestion.For(name.Name, known)}";
        if (name.Namespace == connection.Name.Namespace)
        {
            var remedy = message.EndsWith('?') ? string.Empty : ": correct the name, or add its file with -f";
            findings.Error(connection.Document, $"{ClientPath}.name", Reason.ClientNotAvailable, message + remedy);
        }
        else
        {
            findings.Inform(
                connection.Document,
                $"{ClientPath}.name",
                Reason.ClientNotAvailable,
                $"{message}; whether it allows namespace {connection.Name.Namespace} was not checked"
            );
        }
    }

    private void CheckNamespace(Declared<VismaConnection> connection, OAuthClient client)
    {
        var namespaceName = connection.Name.Namespace;
        switch (ClientResolver.AllowanceOf(client, namespaceName, objects.LabelsOf(namespaceName)))
        {
            case Allowance.Unknown:
                findings.Inform(
                    connection.Document,
                    $"{ClientPath}.namespace",
                    Reason.ClientNotAvailable,
                    $"Namespace {namespaceName} is not among the files: whether its labels match the selector of the client was not checked"
                );
                break;
            case Allowance.Denied:
                findings.Error(
                    connection.Document,
                    $"{ClientPath}.namespace",
                    Reason.ClientNotAvailable,
                    $"OAuthClient {client.Metadata.NamespacedName} does not allow namespace {namespaceName}: add it to the client's "
                    + $"spec.allowedNamespaces, or use another client. {Removal}"
                );
                break;
        }
    }

    private void CheckTenant(Declared<VismaConnection> connection, OAuthClient client)
    {
        if (!ClientResolver.IsTenantAllowed(client.Spec.Tenants, connection.Resource))
        {
            findings.Error(
                connection.Document,
                "spec.tenantID",
                Reason.TenantNotAllowed,
                $"OAuthClient {client.Metadata.NamespacedName} does not serve tenant {connection.Resource.Spec.TenantId ?? "(none)"} "
                + $"with these scopes to namespace {connection.Name.Namespace}: spec.tenants closes the client for all that it does not "
                + $"list, so add the combination there. {Removal}"
            );
        }
    }

    private void CheckSecret(Declared<VismaConnection> connection)
    {
        var name = connection.Resource.SecretName();
        var first = objects.Publisher(name);
        var isNamed = connection.Name.Name.Length > 0 || connection.Resource.Spec.Secret.Name is not null;
        if (isNamed && first != connection)
        {
            findings.Error(
                connection.Document,
                "spec.secret.name",
                Reason.SecretNotOwned,
                $"VismaConnection {first.Name} ({first.Document.File}:{first.Document.PositionOf("spec").Line}) publishes in the same "
                + $"Secret {name}: give one of them another spec.secret.name"
            );
        }

        if (objects.ClientReading(name) is { } client)
        {
            findings.Error(
                connection.Document,
                "spec.secret.name",
                Reason.SecretNotOwned,
                SecretOwnership.HoldsCredentials(name, client.Name.Name).Message
            );
        }
        else if (objects.FindSecret(name) is { } secret && !IsLent(secret, connection.Resource))
        {
            findings.Error(
                connection.Document,
                "spec.secret.name",
                Reason.SecretNotOwned,
                $"the files declare Secret {name} themselves ({secret.File}:{secret.PositionOf("metadata.name").Line}), and the "
                + "operator does not overwrite what it does not own: choose another "
                    + $"spec.secret.name, or lend that Secret with the label {VismaNames.SecretLabel}: {VismaNames.TokenSecretValue} "
                    + $"and the annotation {VismaNames.AdoptAnnotation}: {connection.Name.Name}"
            );
        }
    }

    private static bool IsLent(ManifestDocument secret, VismaConnection connection) =>
        ManifestConversion.ToResource<SecretMetadata>(secret, []) is { } declared
        && SecretOwnership.IsOffered(declared.Metadata, connection);

    private void CheckTemplate(Declared<VismaConnection> connection)
    {
        foreach (var warning in TemplateRules.Warnings(connection.Resource.Spec))
        {
            findings.Warn(connection.Document, warning.Path, warning.Reason, warning.Message);
        }
    }

    private void CheckApi(Declared<VismaConnection> connection)
    {
        if (connection.Resource.Spec.BaseUrl?.TrimEnd('/') == "https://api.finance.visma.net/erp/service")
        {
            findings.Warn(
                connection.Document,
                "spec.baseURL",
                CheckReasons.NotAnApiUrl,
                "this is the audience of the tokens, not the address of the API, and every path under it answers 404: use "
                + "https://api.finance.visma.net/v1, or leave baseURL out"
            );
        }
    }

    private void CheckProbe(Declared<VismaConnection> connection)
    {
        var spec = connection.Resource.Spec;
        if (!spec.Probe.Enabled)
        {
            return;
        }

        if (spec.Probe.Path == ProbeSpec.DefaultPath && spec.BaseUrl?.TrimEnd('/').EndsWith("/v2", StringComparison.Ordinal) == true)
        {
            findings.Warn(
                connection.Document,
                "spec.probe",
                CheckReasons.UnlikelyProbe,
                $"{ProbeSpec.DefaultPath} is a resource of version 1 of the API, and version 2 most likely answers 404: set "
                + "spec.probe.path to one that the connection uses, such as /customerinvoice?pageSize=1"
            );
        }

        if (!spec.AllScopes && !spec.Scopes.Any(scope => scope.EndsWith(":read", StringComparison.Ordinal)) && spec.Scopes.Any(IsOfErp))
        {
            findings.Warn(
                connection.Document,
                "spec.probe",
                CheckReasons.UnlikelyProbe,
                "a probe reads, none of the scopes ends in :read, and the API most likely answers 403: add the scope that reads, or leave "
                + "the probe out"
            );
        }
    }

    private static bool IsOfErp(string scope) =>
        scope.StartsWith("vismanet_erp_service_api:", StringComparison.Ordinal)
        || scope.StartsWith("vismanet_erp_interactive_api:", StringComparison.Ordinal);
}
