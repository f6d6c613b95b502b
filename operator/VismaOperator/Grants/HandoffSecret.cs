using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Writing;
using VismaOperator.Api;

namespace VismaOperator.Grants;

/// <summary>Writes a code that was obtained elsewhere into the Secret that hands it to the operator, and reads it back.</summary>
internal static class HandoffSecret
{
    /// <summary>True when the Secret bears our marks for a connection of that name.</summary>
    public static bool IsOf(ObjectMeta secret, string connection) =>
        secret.Label(VismaNames.SecretLabel) == VismaNames.HandoffSecretValue
        && secret.Annotation(VismaNames.ConnectionAnnotation) == connection
        && secret.DeletionTimestamp is null;

    /// <summary>What the Secret hands over; null when something is missing or unreadable.</summary>
    public static Handoff? Read(Secret secret)
    {
        var text = new SecretText(secret.Data);
        return text.Sensitive(HandoffRedeemer.Code) is { } code
            && text.Sensitive(HandoffRedeemer.CodeVerifier) is { } verifier
            && Uri.TryCreate(text.Text(HandoffRedeemer.RedirectUri), UriKind.Absolute, out var redirectUri)
            ? new Handoff(new ConsentCode(code, verifier, redirectUri), text.Instant(HandoffRedeemer.ExpiresAt))
            {
                Asked = text.Text(HandoffRedeemer.Asked),
            }
            : null;
    }

    /// <summary>The Secret for a code. The connection owns it, so that one which nobody redeems goes with the connection.</summary>
    public static Secret Render(VismaConnection connection, Handoff handoff)
    {
        var name = connection.HandoffSecretName();
        return new Secret
        {
            Metadata = new ObjectMeta
            {
                Name = name.Name,
                Namespace = name.Namespace,
                Labels = new Dictionary<string, string>
                {
                    [VismaNames.ManagedByLabel] = VismaNames.ManagedByValue,
                    [VismaNames.SecretLabel] = VismaNames.HandoffSecretValue,
                },
                Annotations = new Dictionary<string, string> { [VismaNames.ConnectionAnnotation] = connection.Metadata.Name },
                OwnerReferences = [OwnerReferences.To(connection)],
            },
            Type = VismaNames.HandoffSecretType,
            Immutable = true,
            Data = new SecretText()
                .Set(HandoffRedeemer.Code, handoff.Code.Code)
                .Set(HandoffRedeemer.CodeVerifier, handoff.Code.CodeVerifier)
                .Set(HandoffRedeemer.RedirectUri, handoff.Code.RedirectUri.OriginalString)
                .Set(HandoffRedeemer.ExpiresAt, handoff.ExpirationTime)
                .Set(HandoffRedeemer.Asked, handoff.Asked)
                .Data,
        };
    }
}

/// <summary>A code on its way to the operator.</summary>
/// <param name="Code">The code, with what proves that we asked for it.</param>
/// <param name="ExpirationTime">When it is too old; null when nobody said.</param>
internal sealed record Handoff(ConsentCode Code, DateTimeOffset? ExpirationTime)
{
    /// <summary>Hash of what the person was asked for; null when the Secret does not say.</summary>
    public string? Asked { get; init; }

    /// <summary>What a person is asked for, hashed: a code that was given for something else must not become a grant for this.</summary>
    public static string AskedFor(VismaConnection connection, Uri issuer, string clientId) =>
        ShortHash.Of(ConnectionHashes.Inputs(connection), issuer.OriginalString, clientId);
}
