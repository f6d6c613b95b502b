using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Lifecycle;
using VismaOperator.Api;

namespace VismaOperator.Publishing;

/// <summary>
/// Whose a token Secret is. Four marks speak for a connection: our label, the annotation with its name, the owner reference with its UID,
/// and its status, which names the Secret and has its UID on record. One mark alone proves nothing: anybody may set a label, and a name may
/// have passed to another object.
/// </summary>
internal static class SecretOwnership
{
    /// <summary>
    /// True when enough marks agree, and no other object controls the Secret: label and annotation (so it is after a restore, which gives
    /// the connection another UID); annotation and owner reference or recorded UID; owner reference and status; or, of a Secret that was
    /// lent, the mark for that and the recorded UID.
    /// </summary>
    public static bool IsOurs(ObjectMeta secret, VismaConnection connection)
    {
        var label = secret.Label(VismaNames.SecretLabel);
        if ((HoldsAGrant(label) && !IsOnRecord(secret, connection)) || IsControlledByAnother(secret, connection))
        {
            return false;
        }

        var isNamed = secret.Annotation(VismaNames.ConnectionAnnotation) == connection.Metadata.Name;
        var isLabelled = label == VismaNames.TokenSecretValue;
        var isOwned = (secret.OwnerReferences ?? []).Any(owner => owner.Uid == connection.Metadata.Uid);
        return (isNamed && (isLabelled || isOwned || IsOnRecord(secret, connection)))
            || (isOwned && connection.Status.SecretName == secret.Name)
            || (IsMarkedForAdoption(secret, connection) && IsOnRecord(secret, connection));
    }

    /// <summary>True when its owner lends the Secret to this connection and nothing of ours is in it yet.</summary>
    public static bool IsOffered(ObjectMeta secret, VismaConnection connection) =>
        secret.Label(VismaNames.SecretLabel) == VismaNames.TokenSecretValue
        && IsMarkedForAdoption(secret, connection)
        && !IsControlledByAnother(secret, connection);

    /// <summary>
    /// True when the Secret belongs to somebody who lent it. The mark says so, or status does: if only the mark counted, its removal would
    /// make the owner's keys ours.
    /// </summary>
    public static bool IsLent(ObjectMeta secret, VismaConnection connection) =>
        IsMarkedForAdoption(secret, connection)
        || (connection.Status.Token?.SecretAdopted == true && IsOnRecord(secret, connection));

    /// <summary>
    /// True when somebody else may have keys in the Secret, so that only ours may be deleted: it is lent, or an annotation says which keys
    /// are ours. A lent Secret has that annotation even where its owner took the mark away.
    /// </summary>
    public static bool MayHoldForeignKeys(ObjectMeta secret, VismaConnection connection) =>
        IsLent(secret, connection) || secret.Annotation(VismaNames.KeysAnnotation) is not null;

    /// <summary>
    /// Why a Secret that is lent cannot take a token in; null when it can. It is never recreated: its owner has other things in it.
    /// </summary>
    public static Problem? Unsuitable(Secret secret, VismaConnection connection)
    {
        var (type, wanted) = (
            secret.Type ?? SecretTemplate.DefaultType,
            connection.Spec.Secret.Template?.Type ?? SecretTemplate.DefaultType
        );
        var name = secret.Metadata.NamespacedName;
        return secret switch
        {
            { Immutable: true } => Taken(
                $"Secret {name} was marked for adoption and is immutable, so no token can be put into it. Recreate it "
                + "without immutable: true, or choose another spec.secret.name."),
            _ when type != wanted => Taken(
                $"Secret {name} was marked for adoption and has the type {type}, but spec.secret.template.type asks for "
                + $"{wanted}. Make the two the same, or choose another spec.secret.name."),
            _ => null,
        };
    }

    /// <summary>
    /// Why a Secret is left as it is. It names the object that the Secret belongs to, which the Secret names itself.
    /// </summary>
    public static Problem NotOwned(ObjectMeta secret, VismaConnection connection)
    {
        var other = secret.Annotation(VismaNames.ConnectionAnnotation);
        return secret.Label(VismaNames.SecretLabel) switch
        {
            VismaNames.GrantSecretValue or VismaNames.HandoffSecretValue => Taken(
                $"Secret {secret.NamespacedName} holds the grant of VismaConnection {other}, so no token is put into it."
                + " Choose another spec.secret.name."),
            VismaNames.TokenSecretValue when other is not null && other != connection.Metadata.Name => Taken(
                $"Secret {secret.NamespacedName} belongs to VismaConnection {other}, which asks for the same name. Give "
                + "one of the two another spec.secret.name."),
            VismaNames.CopySecretValue => Taken(
                $"Secret {secret.NamespacedName} is a copy of the token Secret of "
                + $"{(other is null ? "another connection" : $"VismaConnection {other}")}, so it is left as it is. Choose another "
                + "spec.secret.name, or have that copy removed from spec.secret.copies there."),
            _ => Taken(
                $"Secret {secret.NamespacedName} exists and does not belong to VismaConnection "
                + $"{connection.Metadata.Name}, so it is left as it is. Choose another spec.secret.name. "
                + "To put the token into that Secret beside its other keys, its owner runs: "
                + $"kubectl label secret {secret.Name} -n {secret.Namespace} {VismaNames.SecretLabel}={VismaNames.TokenSecretValue} && "
                + $"kubectl annotate secret {secret.Name} -n {secret.Namespace} {VismaNames.AdoptAnnotation}={connection.Metadata.Name}"),
        };
    }

    /// <summary>
    /// A client reads its credentials from the Secret of this name, and it is not the connection's. Nothing is written there.
    /// </summary>
    public static Problem HoldsCredentials(NamespacedName secret, string client) => Taken(
        $"Secret {secret} is where OAuthClient {client} reads its credentials, so no token is put into it. Choose "
        + "another spec.secret.name.");

    // A Secret that is labelled as a grant or a hand-off is not ours unless status has its UID.
    private static bool HoldsAGrant(string? label) => label is VismaNames.GrantSecretValue or VismaNames.HandoffSecretValue;

    private static bool IsMarkedForAdoption(ObjectMeta secret, VismaConnection connection) =>
        secret.Annotation(VismaNames.AdoptAnnotation) == connection.Metadata.Name;

    private static bool IsOnRecord(ObjectMeta secret, VismaConnection connection) =>
        secret.Uid is { Length: > 0 } uid && connection.Status.Token?.SecretUid == uid && connection.Status.SecretName == secret.Name;

    private static bool IsControlledByAnother(ObjectMeta secret, VismaConnection connection) =>
        (secret.OwnerReferences ?? []).Any(owner => owner.Controller == true && !IsThisConnection(owner, connection));

    // By name: after a restore the connection has another UID.
    private static bool IsThisConnection(OwnerReference owner, VismaConnection connection) =>
        owner.Kind == VismaConnection.ResourceKind.Kind
        && owner.Name == connection.Metadata.Name
        && owner.ApiVersion == VismaNames.ApiVersion;

    private static Problem Taken(string message) => new(Reason.SecretNotOwned, message) { Stage = FailureStage.WritingTakenName };
}
