using Kubernetes.Client;
using Kubernetes.Client.Resources;
using VismaOperator.Api;
using VismaOperator.Publishing;

namespace VismaOperator.Copies;

/// <summary>Renders a copy of a token Secret, and tells whose a Secret is by its marks. An owner cannot be of another namespace.</summary>
internal static class TokenCopy
{
    /// <summary>Name of the index that finds copies by their connection, as <c>namespace/name</c>.</summary>
    public const string Index = "copies of a connection";

    /// <summary>The name of a copy.</summary>
    public static NamespacedName NameOf(SecretCopy copy) => new(copy.Namespace, copy.Name);

    /// <summary>The values of a Secret in that index.</summary>
    public static IEnumerable<string> IndexValues(SecretMetadata secret) =>
        IsCopy(secret.Metadata) && secret.Metadata.Annotation(VismaNames.ConnectionAnnotation) is { } connection ? [connection] : [];

    /// <summary>The connection that a Secret says it is a copy for; null where it says none.</summary>
    public static NamespacedName? ConnectionOf(ObjectMeta? secret) =>
        secret?.Annotation(VismaNames.ConnectionAnnotation)?.Split('/') is [{ Length: > 0 } ns, { Length: > 0 } name]
            ? new NamespacedName(ns, name)
            : null;

    /// <summary>True for a Secret with the label of copies.</summary>
    public static bool IsCopy(ObjectMeta? secret) => secret?.Label(VismaNames.SecretLabel) == VismaNames.CopySecretValue;

    /// <summary>
    /// True when two of these agree: the label, the name of the connection, its UID, and its status, which lists the copy. A name that is
    /// another's, another value of the label, or an object that controls the Secret, speaks against it.
    /// </summary>
    public static bool IsOurs(ObjectMeta secret, VismaConnection connection)
    {
        var (label, named) = (secret.Label(VismaNames.SecretLabel), secret.Annotation(VismaNames.ConnectionAnnotation));
        if (
            (label is not null && label != VismaNames.CopySecretValue)
            || (named is not null && named != connection.Metadata.NamespacedName.ToString())
            || IsControlled(secret)
        )
        {
            return false;
        }

        var uid = secret.Annotation(VismaNames.ConnectionUidAnnotation);
        var isOfConnection = uid is not null && uid == connection.Metadata.Uid;
        return new[] { label is not null, named is not null, isOfConnection, IsOnRecord(secret, connection) }.Count(mark => mark) >= 2;
    }

    /// <summary>True for the copy of a connection that is gone.</summary>
    public static bool IsOrphan(ObjectMeta secret, NamespacedName connection) =>
        IsCopy(secret) && ConnectionOf(secret) == connection && !IsControlled(secret);

    /// <summary>The copy as it should be; foreign labels and annotations of the present one are kept, foreign keys are not.</summary>
    /// <param name="connection">Whose token it is. Status has it on record.</param>
    /// <param name="copy">Which copy.</param>
    /// <param name="data">The content of the token Secret.</param>
    /// <param name="present">The present Secret; null when there is none.</param>
    public static Secret Render(
        VismaConnection connection,
        SecretCopy copy,
        IReadOnlyDictionary<string, SecretValue> data,
        ObjectMeta? present
    ) => new()
    {
        Metadata = Metadata(connection, copy, present),
        Type = TypeOf(connection),
        Data = data,
    };

    /// <summary>True when every mark of ours is as it would be rendered.</summary>
    public static bool HasMarks(ObjectMeta present, VismaConnection connection, SecretCopy copy) =>
        TokenSecret.HasMarks(present, Metadata(connection, copy, present));

    /// <summary>True when the content is what the token Secret holds by status, in a Secret of the right type.</summary>
    public static bool HasContent(Secret present, VismaConnection connection) =>
        TokenSecret.Fingerprint(present.Data) == connection.Status.Token?.Fingerprint
        && (present.Type ?? SecretTemplate.DefaultType) == TypeOf(connection);

    private static string TypeOf(VismaConnection connection) => connection.Spec.Secret.Template?.Type ?? SecretTemplate.DefaultType;

    // By the template of the spec and not by the token Secret, where anybody who may write that one could have put anything.
    private static ObjectMeta Metadata(VismaConnection connection, SecretCopy copy, ObjectMeta? present)
    {
        var token = connection.Status.Token;
        var (labels, annotations) = TokenSecret.Marks(connection, VismaNames.CopySecretValue, present);
        annotations[VismaNames.ConnectionAnnotation] = connection.Metadata.NamespacedName.ToString();
        annotations[VismaNames.ConnectionUidAnnotation] = connection.Metadata.Uid ?? string.Empty;
        annotations[VismaNames.IssuedAtAnnotation] = token?.IssueTime is { } issued ? SecretInstant.Text(issued) : string.Empty;
        annotations[VismaNames.ExpiresAtAnnotation] = token?.ExpirationTime is { } expires ? SecretInstant.Text(expires) : string.Empty;
        annotations[VismaNames.FingerprintAnnotation] = token?.Fingerprint ?? string.Empty;
        annotations[VismaNames.LayoutAnnotation] = ConnectionHashes.Layout(connection); // it tells of another type or template
        return new ObjectMeta
        {
            Name = copy.Name,
            Namespace = copy.Namespace,
            ResourceVersion = present?.ResourceVersion,
            Labels = labels,
            Annotations = annotations,
            OwnerReferences = present?.OwnerReferences,
            Finalizers = present?.Finalizers,
        };
    }

    private static bool IsOnRecord(ObjectMeta secret, VismaConnection connection) =>
        (connection.Status.Copies ?? []).Any(copy => copy.Namespace == secret.Namespace && copy.Name == secret.Name);

    private static bool IsControlled(ObjectMeta secret) => (secret.OwnerReferences ?? []).Any(owner => owner.Controller == true);
}
