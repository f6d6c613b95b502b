using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Writing;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Api.Validation;

namespace VismaOperator.Publishing;

/// <summary>Renders the token Secret, and reads our marks on it. The contract with every application that mounts it.</summary>
internal static class TokenSecret
{
    private static readonly string[] ourAnnotations =
    [
        VismaNames.ConnectionAnnotation,
        VismaNames.IssuedAtAnnotation,
        VismaNames.ExpiresAtAnnotation,
        VismaNames.FingerprintAnnotation,
        VismaNames.InputsAnnotation,
        VismaNames.LayoutAnnotation,
        VismaNames.AnsweredRequestAnnotation,
        VismaNames.TemplateKeysAnnotation,
        VismaNames.KeysAnnotation,
    ];

    /// <summary>The Secret as it should be: content and marks of ours, foreign labels and annotations of the present one kept.</summary>
    /// <param name="connection">Whose token it is.</param>
    /// <param name="token">The token and its times.</param>
    /// <param name="present">The present Secret; null when there is none. Its content counts only if its owner lent it: then foreign keys
    /// are kept.</param>
    public static Secret Render(VismaConnection connection, IssuedToken token, Secret? present)
    {
        var ours = TokenSecretData.Render(connection, token);
        var isLent = present is not null && SecretOwnership.IsLent(present.Metadata, connection);
        return new Secret
        {
            Metadata = Metadata(connection, token, ours, present?.Metadata, isLent),
            Type = connection.Spec.Secret.Template?.Type ?? SecretTemplate.DefaultType,
            Data = isLent ? Merged(present!.Data, ours, IsForeignIn(present.Metadata)) : ours,
        };
    }

    /// <summary>A Secret that was lent, without anything of ours but the label by which it is watched.</summary>
    public static Secret WithoutOurs(Secret lent)
    {
        var (meta, ofTemplate) = (lent.Metadata, TemplateKeysOf(lent.Metadata));
        var labels = Kept(meta.Labels, key => key != VismaNames.ManagedByLabel && !ofTemplate.Contains(key));
        var annotations = Kept(meta.Annotations, key => !ofTemplate.Contains(key) && !ourAnnotations.Contains(key));
        return lent with
        {
            Metadata = meta with { Labels = labels, Annotations = annotations },
            Data = Kept(lent.Data, IsForeignIn(meta)),
        };
    }

    /// <summary>Hash of what is ours in a Secret: all of it, unless its owner lent it.</summary>
    public static string FingerprintOf(Secret secret, VismaConnection connection) => Fingerprint(OursIn(secret, connection));

    /// <summary>The keys that are ours in a Secret: all of them, unless its owner lent it.</summary>
    public static IReadOnlyDictionary<string, SecretValue>? OursIn(Secret secret, VismaConnection connection) =>
        SecretOwnership.IsLent(secret.Metadata, connection) ? Kept(secret.Data, OurKeys(secret.Metadata).Contains) : secret.Data;

    /// <summary>Hash of keys and values; changes with every one of them.</summary>
    public static string Fingerprint(IReadOnlyDictionary<string, SecretValue>? data) =>
        ShortHash.OfContent(data ?? new Dictionary<string, SecretValue>());

    /// <summary>True when every mark of ours is as it would be rendered.</summary>
    public static bool HasMarks(ObjectMeta present, ObjectMeta rendered) =>
        Holds(present.Labels, rendered.Labels) && Holds(present.Annotations, rendered.Annotations) && SameOwner(present, rendered);

    private static ObjectMeta Metadata(
        VismaConnection connection,
        IssuedToken token,
        IReadOnlyDictionary<string, SecretValue> ours,
        ObjectMeta? present,
        bool isLent
    )
    {
        var name = connection.SecretName();
        var (labels, annotations) = Marks(connection, VismaNames.TokenSecretValue, present);
        annotations[VismaNames.ConnectionAnnotation] = connection.Metadata.Name;
        annotations[VismaNames.IssuedAtAnnotation] = SecretInstant.Text(token.IssueTime);
        annotations[VismaNames.ExpiresAtAnnotation] = SecretInstant.Text(token.ExpirationTime);
        annotations[VismaNames.FingerprintAnnotation] = Fingerprint(ours);
        annotations[VismaNames.InputsAnnotation] = token.Inputs;
        annotations[VismaNames.LayoutAnnotation] = ConnectionHashes.Layout(connection);
        Mark(annotations, VismaNames.AnsweredRequestAnnotation, token.AnsweredRequest);
        Mark(annotations, VismaNames.KeysAnnotation, isLent ? string.Join(' ', ours.Keys.Order(StringComparer.Ordinal)) : null);
        Mark(annotations, VismaNames.AdoptAnnotation, isLent ? connection.Metadata.Name : null);
        return new ObjectMeta
        {
            Name = name.Name,
            Namespace = name.Namespace,
            ResourceVersion = present?.ResourceVersion,
            Labels = labels,
            Annotations = annotations,
            OwnerReferences = isLent ? ForeignOwners(present!, connection)
                : connection.Spec.Secret.DeletionPolicy == DeletionPolicy.Retain ? null
                : [OwnerReferences.To(connection)],
            Finalizers = present?.Finalizers,
        };
    }

    /// <summary>
    /// The labels and annotations of a Secret of ours that the template decides; foreign ones of the present Secret are kept.
    /// </summary>
    /// <param name="connection">Whose template it is.</param>
    /// <param name="kind">Value of <see cref="VismaNames.SecretLabel"/>.</param>
    /// <param name="present">The present Secret; null when there is none.</param>
    public static (Dictionary<string, string> Labels, Dictionary<string, string> Annotations) Marks(
        VismaConnection connection,
        string kind,
        ObjectMeta? present
    )
    {
        var template = connection.Spec.Secret.Template?.Metadata;
        var earlier = TemplateKeysOf(present);
        var labels = Merged(present?.Labels, template?.Labels, key => !earlier.Contains(key));
        labels[VismaNames.ManagedByLabel] = VismaNames.ManagedByValue;
        labels[VismaNames.SecretLabel] = kind;
        var annotations = Merged(present?.Annotations, template?.Annotations, key => !earlier.Contains(key));
        Mark(annotations, VismaNames.TemplateKeysAnnotation, TemplateKeys(template));
        return (labels, annotations);
    }

    private static OwnerReference[] ForeignOwners(ObjectMeta present, VismaConnection connection) =>
        [
            .. (present.OwnerReferences ?? []).Where(owner =>
                owner.Kind != VismaConnection.ResourceKind.Kind || owner.Name != connection.Metadata.Name
            ),
        ];

    /// <summary>True for a Secret that says that its owner lends it to a connection.</summary>
    public static bool IsLent(ObjectMeta secret) =>
        secret.Label(VismaNames.SecretLabel) == VismaNames.TokenSecretValue && secret.Annotation(VismaNames.AdoptAnnotation) is not null;

    /// <summary>
    /// A lent Secret as its manifest has it now, with our keys and marks as they are; null where one of the two does not say that it is
    /// lent.
    /// </summary>
    public static Secret? WithManifest(Secret present, Secret manifest)
    {
        if (!IsLent(present.Metadata) || !IsLent(manifest.Metadata))
        {
            return null;
        }

        var ours = OurKeys(present.Metadata);
        return manifest with
        {
            Data = Merged(manifest.Data, Kept(present.Data, ours.Contains), key => !ours.Contains(key)),
            Metadata = present.Metadata with
            {
                Labels = Merged(present.Metadata.Labels, manifest.Metadata.Labels, _ => true),
                Annotations = Merged(present.Metadata.Annotations, manifest.Metadata.Annotations, _ => true),
            },
        };
    }

    // The standard keys are ours even where somebody took the annotation away: a token must not stay because of that.
    private static HashSet<string> OurKeys(ObjectMeta lent) => [.. StandardKeys.All, .. Words(lent.Annotation(VismaNames.KeysAnnotation))];

    private static string[] TemplateKeysOf(ObjectMeta? present) => Words(present?.Annotation(VismaNames.TemplateKeysAnnotation));

    private static string[] Words(string? text) => (text ?? string.Empty).Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static Func<string, bool> IsForeignIn(ObjectMeta lent)
    {
        var ours = OurKeys(lent);
        return key => !ours.Contains(key);
    }

    private static string TemplateKeys(TemplateMetadata? template) =>
        string.Join(
            ' ',
            (template?.Labels?.Keys ?? [])
                .Concat(template?.Annotations?.Keys ?? [])
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal)
        );

    // An empty mark is removed, since the present annotations are kept otherwise.
    private static void Mark(Dictionary<string, string> annotations, string key, string? value)
    {
        annotations.Remove(key);
        if (value is { Length: > 0 })
        {
            annotations[key] = value;
        }
    }

    // Those of the present entries that are kept, and the added ones.
    private static Dictionary<string, T> Merged<T>(
        IReadOnlyDictionary<string, T>? present,
        IReadOnlyDictionary<string, T>? added,
        Func<string, bool> isKept
    )
    {
        var merged = Kept(present, isKept);
        foreach (var (key, value) in added ?? new Dictionary<string, T>())
        {
            merged[key] = value;
        }

        return merged;
    }

    private static Dictionary<string, T> Kept<T>(IReadOnlyDictionary<string, T>? present, Func<string, bool> isKept) =>
        (present ?? new Dictionary<string, T>())
            .Where(pair => isKept(pair.Key))
            .ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal);

    private static bool Holds(IReadOnlyDictionary<string, string>? present, IReadOnlyDictionary<string, string>? wanted) =>
        (wanted ?? new Dictionary<string, string>()).All(pair =>
            present is not null && present.TryGetValue(pair.Key, out var value) && value == pair.Value
        );

    // With our reference, others may stand beside it. Without it, the references must be exactly the kept ones.
    private static bool SameOwner(ObjectMeta present, ObjectMeta rendered)
    {
        var wanted = (rendered.OwnerReferences ?? []).Select(owner => owner.Uid).ToHashSet();
        var found = (present.OwnerReferences ?? []).Select(owner => owner.Uid).ToHashSet();
        return rendered.OwnerReferences is [{ Controller: true }] ? found.IsSupersetOf(wanted) : found.SetEquals(wanted);
    }
}

/// <summary>A token as it goes into a Secret.</summary>
internal sealed record IssuedToken
{
    public required OAuth.Sensitive AccessToken { get; init; }

    /// <summary>When it was issued, to the second.</summary>
    public required DateTimeOffset IssueTime { get; init; }

    /// <summary>When it expires, to the second.</summary>
    public required DateTimeOffset ExpirationTime { get; init; }

    /// <summary>What it was requested with; see <see cref="TokenInputs"/>.</summary>
    public required string Inputs { get; init; }

    /// <summary>Scopes that were granted; null when the provider did not say.</summary>
    public IReadOnlyList<string>? GrantedScopes { get; init; }

    /// <summary>The request that publishing it answers; null when nobody had asked.</summary>
    public string? AnsweredRequest { get; init; }

    /// <summary>A token that the provider answered.</summary>
    /// <param name="tokens">The answer.</param>
    /// <param name="connection">For which connection.</param>
    /// <param name="issueTime">When it was asked for, to the second.</param>
    /// <param name="inputs">What it was requested with.</param>
    /// <param name="claims">What the token itself says; null where that was not read yet.</param>
    public static IssuedToken From(
        OAuth.TokenSet tokens,
        VismaConnection connection,
        DateTimeOffset issueTime,
        string inputs,
        OAuth.TokenClaims? claims = null
    ) => new()
    {
        AccessToken = tokens.AccessToken,
        IssueTime = issueTime,
        // Rounded down, so that the token lives at least until then.
        ExpirationTime = WholeSeconds.Floor(issueTime + (tokens.Lifetime ?? RefreshSchedule.LifetimeWhenUnstated)),
        Inputs = inputs,
        GrantedScopes = Shared(
            Lifecycle.GrantedScopes.Recordable(
                ConnectionRequests.AskedScopes(connection),
                BelievedToken.ScopesOf(tokens.GrantedScopes, claims ?? OAuth.TokenClaims.Of(tokens.AccessToken), connection)
            )
        ),
    };

    // They stay in memory with the status, and most connections have the same scopes.
    private static IReadOnlyList<string>? Shared(IReadOnlyList<string>? scopes) =>
        scopes is null ? null : [.. scopes.Select(SharedStrings.Of)];

    /// <summary>What status says of it once it is in a Secret.</summary>
    public TokenRecord ToRecord(VismaConnection connection, Secret published) =>
        RecordOf(connection, TokenSecret.FingerprintOf(published, connection)) with
        {
            SecretName = published.Metadata.Name,
            SecretUid = published.Metadata.Uid ?? string.Empty,
            IsSecretLent = SecretOwnership.IsLent(published.Metadata, connection),
            SecretResourceVersion = published.Metadata.ResourceVersion ?? string.Empty,
        };

    /// <summary>The same before it is published, without a version of the Secret.</summary>
    public TokenRecord ToRecord(VismaConnection connection) =>
        RecordOf(
            connection,
            // A template that names an unknown key is reported by the rules, and nothing is published with it.
            (connection.Spec.Secret.Template?.Data?.Values ?? []).All(TemplateText.IsValid)
                ? TokenSecret.Fingerprint(TokenSecretData.Render(connection, this))
                : string.Empty
        );

    private TokenRecord RecordOf(VismaConnection connection, string fingerprint) => new()
    {
        IssueTime = IssueTime,
        ExpirationTime = ExpirationTime,
        RefreshTime = ConnectionFactsReader.RefreshTime(connection, IssueTime, ExpirationTime),
        Inputs = Inputs,
        Layout = ConnectionHashes.Layout(connection),
        Fingerprint = fingerprint,
        SecretName = connection.SecretName().Name,
        SecretResourceVersion = string.Empty,
        GrantedScopes = GrantedScopes,
    };
}
