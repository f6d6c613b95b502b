using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Api.Validation;

namespace VismaOperator.Clients;

/// <summary>
/// Which Secret may serve as a client id (<c>spec.clientIDFrom</c>). A client id is shown in the redirect to the provider and on the
/// consent page. Without a rule, somebody who may create an OAuthClient and a VismaConnection could read every Secret of the namespace
/// there. So the owner of the Secret allows it by a label, and the value must be one that <c>spec.clientID</c> would take.
/// </summary>
internal static class ClientIdSecret
{
    /// <summary>True when the owner of a Secret allows it as a client id.</summary>
    /// <param name="labels">The labels of the Secret.</param>
    public static bool IsAllowed(IReadOnlyDictionary<string, string>? labels) =>
        labels is not null
        && labels.TryGetValue(VismaNames.ClientCredentialsLabel, out var value)
        && value == VismaNames.ClientCredentialsValue;

    /// <summary>The command that sets the label.</summary>
    /// <param name="secret">The Secret.</param>
    /// <param name="labels">Its labels: kubectl replaces a value only with --overwrite.</param>
    public static string CommandFor(NamespacedName secret, IReadOnlyDictionary<string, string>? labels) =>
        $"kubectl label secret {secret.Name} -n {secret.Namespace} {VismaNames.ClientCredentialsLabel}={VismaNames.ClientCredentialsValue}"
        + (labels?.ContainsKey(VismaNames.ClientCredentialsLabel) == true ? " --overwrite" : string.Empty);

    /// <summary>The client id in a Secret, or why there is none.</summary>
    /// <param name="secret">The Secret.</param>
    /// <param name="reference">What the client references.</param>
    /// <param name="client">The client.</param>
    public static (string? ClientId, Problem? Problem) Read(Secret secret, SecretKeyReference reference, NamespacedName client)
    {
        var name = secret.Metadata.NamespacedName;
        if (CredentialSecret.Objection(secret, client) is { } objection)
        {
            return (null, objection);
        }

        if (!IsAllowed(secret.Metadata.Labels))
        {
            return (
                null,
                new Problem(
                    Reason.SecretNotLabelled,
                    $"Secret {name} may not serve as the client id of OAuthClient {client}, because its owner has not labelled it for "
                    + "that: a client id is visible in every browser. If it holds one, set the label: "
                    + $"{CommandFor(name, secret.Metadata.Labels)}"
                )
            );
        }

        return CredentialSecret.ValueOf(secret, reference.Key) switch
        {
            "" => (null, CredentialSecret.NoValue(secret, reference, client)),
            var value when !OAuthClientRules.IsClientId(value) =>
                (null, NotOne(name, reference.Key, client, OAuthClientRules.ClientIdRule)),
            var value => (value, null),
        };
    }

    /// <summary>The value serves as a client secret, so it is not sent where everybody can read it.</summary>
    public static Problem IsClientSecret(OAuthClient client, SecretKeyReference reference) =>
        NotOne(
            new NamespacedName(client.Metadata.Namespace ?? string.Empty, reference.Name),
            reference.Key,
            client.Metadata.NamespacedName,
            "it serves an OAuthClient of this namespace as client secret"
        );

    private static Problem NotOne(NamespacedName secret, string key, NamespacedName client, string why) =>
        new(
            Reason.ClientIDInvalid,
            $"The value under the key {key} of Secret {secret}, which OAuthClient {client} references as its client id, is no client "
            + $"id: {why}. Correct the value, or the reference in spec.clientIDFrom."
        );
}
