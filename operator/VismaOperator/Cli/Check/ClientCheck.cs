using System.Globalization;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Clients;
using VismaOperator.Manifests;

namespace VismaOperator.Cli.Check;

/// <summary>Checks what a client refers to, and how far it is open.</summary>
internal sealed class ClientCheck(DeclaredObjects objects, TimeProvider time, FindingList findings)
{
    // The operator's own condition SecretExpiring turns True this long ahead.
    private static readonly TimeSpan soon = TimeSpan.FromDays(30);

    internal void Check(Declared<OAuthClient> client)
    {
        var spec = client.Resource.Spec;
        if (spec.ClientId == Placeholders.ClientId)
        {
            findings.Error(
                client.Document,
                "spec.clientID",
                CheckReasons.NotFilledIn,
                $"{Placeholders.ClientId} stands for the client id: put in that of the application, from the Visma developer portal"
            );
        }

        if (spec.ClientIdFrom is { } source)
        {
            CheckReference(client, "spec.clientIDFrom.secretKeyRef", source.SecretKeyRef);
            CheckClientId(client, "spec.clientIDFrom.secretKeyRef", source.SecretKeyRef);
        }

        for (var index = 0; index < spec.ClientSecrets.Count; index++)
        {
            var path = FieldPath.Item("spec.clientSecrets", index);
            CheckReference(client, $"{path}.secretKeyRef", spec.ClientSecrets[index].SecretKeyRef);
            CheckExpiry(client, $"{path}.expirationTime", spec.ClientSecrets[index].ExpirationTime);
        }

        if (spec.AllowedNamespaces.From is NamespaceScope.All or NamespaceScope.Selector && spec.Tenants is null)
        {
            findings.Warn(
                client.Document,
                "spec.allowedNamespaces",
                CheckReasons.OpenClient,
                "other namespaces may use this client for every tenant: list in spec.tenants which namespace may ask for which tenant"
            );
        }
    }

    private static bool HasKey(ManifestDocument secret, string part, string key) =>
        secret.Content[part] is JsonObject data && data.ContainsKey(key);

    // Keys that are not declared are left as they are by an apply.
    private static bool IsWithoutKeys(ManifestDocument secret) =>
        secret.Content["data"] is null or JsonObject { Count: 0 } && secret.Content["stringData"] is null or JsonObject { Count: 0 };

    // A value in stringData replaces that in data.
    private static bool IsEmpty(ManifestDocument secret, string key) =>
        (HasKey(secret, "stringData", key) ? secret.Content["stringData"] : secret.Content["data"]) is JsonObject data
        && data.TryGetPropertyValue(key, out var value)
        && (value is null || (value is JsonValue text && text.TryGetValue<string>(out var written) && written.Length == 0));

    // Of data and stringData; null where it has no such key.
    private static string? ValueOf(ManifestDocument secret, string key) =>
        ManifestConversion.ToResource<Secret>(secret, [])?.Data?.GetValueOrDefault(key) is { } value
            ? CredentialSecret.Trimmed(value.RevealText())
            : null;

    private static string SubjectOf(NamespacedName name, ManifestDocument secret) =>
        $"Secret {name} ({secret.File}:{secret.PositionOf("metadata.name").Line})";

    private void CheckReference(Declared<OAuthClient> client, string path, SecretKeyReference reference)
    {
        var name = new NamespacedName(client.Name.Namespace, reference.Name);
        if (objects.FindSecret(name) is not { } secret)
        {
            findings.Inform(
                client.Document,
                $"{path}.name",
                Reason.SecretNotFound,
                $"Secret {name} is not among the files: see to it that it is in the cluster, with the key {reference.Key}"
            );
        }
        else if (IsWithoutKeys(secret))
        {
            findings.Inform(
                client.Document,
                $"{path}.key",
                Reason.SecretKeyNotFound,
                $"{SubjectOf(name, secret)} has no key in the files: see to it that it has the key {reference.Key} in the cluster"
            );
        }
        else if (IsEmpty(secret, reference.Key))
        {
            findings.Error(
                client.Document,
                $"{path}.key",
                Reason.SecretKeyNotFound,
                $"{SubjectOf(name, secret)} has an empty value under the key {reference.Key}, which an apply writes over that of the "
                + "cluster: put the value in, or leave the key out there"
            );
        }
        else if (ValueOf(secret, reference.Key) == Placeholders.ClientSecret)
        {
            findings.Error(
                client.Document,
                $"{path}.key",
                CheckReasons.NotFilledIn,
                $"{SubjectOf(name, secret)} has {Placeholders.ClientSecret} under the key {reference.Key}: put the client secret in, or "
                + "leave the key out there"
            );
        }
        else if (!HasKey(secret, "data", reference.Key) && !HasKey(secret, "stringData", reference.Key))
        {
            findings.Error(
                client.Document,
                $"{path}.key",
                Reason.SecretKeyNotFound,
                $"{SubjectOf(name, secret)} has no key {reference.Key}: correct the key here or add it there"
            );
        }
    }

    // What the operator would refuse at once. A value is looked at and never printed.
    private void CheckClientId(Declared<OAuthClient> client, string path, SecretKeyReference reference)
    {
        var name = new NamespacedName(client.Name.Namespace, reference.Name);
        if (objects.FindSecret(name) is not { } secret)
        {
            return;
        }

        var subject = SubjectOf(name, secret);
        if (!IsLabelled(secret))
        {
            findings.Error(
                client.Document,
                $"{path}.name",
                Reason.SecretNotLabelled,
                $"{subject} has not the label {VismaNames.ClientCredentialsLabel}: \"{VismaNames.ClientCredentialsValue}\", without which "
                + "no client id is read from it: add it to that Secret if it may be visible in every browser"
            );
        }
        else if (ValueOf(secret, reference.Key) is { } value && !OAuthClientRules.IsClientId(value))
        {
            findings.Error(
                client.Document,
                $"{path}.key",
                Reason.ClientIDInvalid,
                $"the value under the key {reference.Key} of {subject} is no client id: {OAuthClientRules.ClientIdRule}"
            );
        }
    }

    private static bool IsLabelled(ManifestDocument secret) =>
        secret.Content["metadata"] is JsonObject metadata
        && metadata["labels"] is JsonObject labels
        && labels[VismaNames.ClientCredentialsLabel] is JsonValue value
        && value.TryGetValue<string>(out var text)
        && text == VismaNames.ClientCredentialsValue;

    private void CheckExpiry(Declared<OAuthClient> client, string path, DateTimeOffset? expiry)
    {
        if (expiry is not { } at || at > time.GetUtcNow() + soon)
        {
            return;
        }

        var date = at.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        findings.Warn(client.Document, path, Reason.SecretExpiresSoon, at <= time.GetUtcNow()
            ? $"the secret expired on {date}: make a new one in the developer portal and list it first"
            : $"the secret expires on {date}: make a new one in the developer portal and list it beside this one");
    }
}
