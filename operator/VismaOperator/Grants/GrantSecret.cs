using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Lifecycle;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Publishing;

namespace VismaOperator.Grants;

/// <summary>
/// Writes a grant into a Secret and reads it back. No owner reference and no finalizer: a mistaken prune costs no consent, and nothing can
/// wedge a namespace.
/// </summary>
internal static class GrantSecret
{
    // As long as a sub claim is by OpenID Connect Core section 2. What somebody else wrote there must not make a status that is refused.
    private const int MaxSubject = 255;
    private const int MaxReason = 128;

    /// <summary>True when the Secret bears our marks for a connection of that name.</summary>
    public static bool IsOf(ObjectMeta secret, string connection) =>
        secret.Label(VismaNames.SecretLabel) == VismaNames.GrantSecretValue
        && secret.Annotation(VismaNames.ConnectionAnnotation) == connection;

    /// <summary>
    /// What the Secret holds. Parts that are incomplete or unreadable read as absent; a grant that is stays in
    /// <see cref="GrantDocument.Kept"/>.
    /// </summary>
    public static GrantDocument Read(Secret secret)
    {
        var text = new SecretText(secret.Data);
        var held = HeldIn(text);
        return new GrantDocument
        {
            Held = held,
            Kept = text.Without(held is null ? GrantKeys.OfTheRest : GrantKeys.All),
            Intent =
                text.Text(GrantKeys.IntentId) is { } id
                && text.Text(GrantKeys.IntentTokenHash) is { } hash
                && text.Instant(GrantKeys.IntentTime) is { } time
                    ? new ExchangeIntent(id, hash, time) { TakeoverTime = text.Instant(GrantKeys.IntentTakeoverTime) }
                    : null,
            Attempts = ConsentAttempt.ReadAll(text),
            LastFailure = LastFailureIn(text),
            DeletionPolicy = text.Text(GrantKeys.DeletionPolicy) is null or nameof(GrantDeletionPolicy.Revoke)
                ? GrantDeletionPolicy.Revoke
                : GrantDeletionPolicy.Retain,
            RevocationTime = text.Instant(GrantKeys.RevocationTime),
        };
    }

    /// <summary>The Secret for a document.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="connection">Name of the connection whose grant it is.</param>
    /// <param name="document">What it is to hold.</param>
    /// <param name="present">Metadata of the present Secret; its version is the precondition. Null when there is none.</param>
    public static Secret Render(NamespacedName name, string connection, GrantDocument document, ObjectMeta? present) =>
        new()
        {
            Metadata = new ObjectMeta
            {
                Name = name.Name,
                Namespace = name.Namespace,
                ResourceVersion = present?.ResourceVersion,
                Labels = With(
                    present?.Labels,
                    (VismaNames.ManagedByLabel, VismaNames.ManagedByValue),
                    (VismaNames.SecretLabel, VismaNames.GrantSecretValue)
                ),
                Annotations = With(
                    present?.Annotations,
                    (VismaNames.ConnectionAnnotation, connection),
                    (VismaNames.ConsentAttemptsAnnotation, MarksOf(document.Attempts)),
                    (VismaNames.RevokingAnnotation, document.RevocationTime is null ? null : "true")
                ),
                Finalizers = present?.Finalizers,
            },
            Type = VismaNames.GrantSecretType,
            Data = Write(document).Data,
        };

    /// <summary>True when the metadata have this mark of an attempt.</summary>
    public static bool IsMarked(ObjectMeta secret, string mark) =>
        secret.Annotation(VismaNames.ConsentAttemptsAnnotation)?.Split(' ', ConsentAttempt.MaxOpen + 1).Contains(mark) == true;

    /// <summary>True when the metadata say that the revocation of the grant has begun.</summary>
    public static bool IsBeingRevoked(ObjectMeta secret) => secret.Annotation(VismaNames.RevokingAnnotation) is not null;

    private static string? MarksOf(IReadOnlyList<ConsentAttempt> attempts) =>
        attempts is [] ? null : string.Join(' ', attempts.Select(attempt => attempt.Mark));

    // A null value takes the key away.
    private static Dictionary<string, string> With(
        IReadOnlyDictionary<string, string>? present, params ReadOnlySpan<(string Key, string? Value)> ours)
    {
        var all = new Dictionary<string, string>(present ?? new Dictionary<string, string>(), StringComparer.Ordinal);
        foreach (var (key, value) in ours)
        {
            if (value is null)
            {
                all.Remove(key);
            }
            else
            {
                all[key] = value;
            }
        }

        return all;
    }

    private static HeldGrant? HeldIn(SecretText text) =>
        text.Sensitive(GrantKeys.RefreshToken) is { } refreshToken
        && text.Text(GrantKeys.Family) is { } family
        && text.Number(GrantKeys.Sequence) is { } sequence
        && text.Instant(GrantKeys.GrantTime) is { } granted
        && NameIn(text, GrantKeys.OAuthClient) is { } client
        && BindingIn(text) is { } binding
        && AccessTokenIn(text) is { } accessToken
            ? new HeldGrant
            {
                Connection = NameIn(text, GrantKeys.Connection),
                Binding = binding,
                Client = client,
                Family = family,
                Replaced = [.. (text.Text(GrantKeys.ReplacedFamilies) ?? string.Empty)
                    .Split(' ', StringSplitOptions.RemoveEmptyEntries)
                    .Take(HeldGrant.MaxReplaced)],
                Sequence = sequence,
                RefreshToken = refreshToken,
                RefreshTokenExpirationTime = text.Instant(GrantKeys.RefreshTokenExpiresAt),
                RefreshTokenSlides = text.Truth(GrantKeys.RefreshTokenSlides),
                GrantTime = granted,
                GrantedBy = text.Text(GrantKeys.GrantedBy) is { Length: <= MaxSubject } subject ? subject : null,
                RefusalTime = text.Instant(GrantKeys.RefusedAt),
                AccessToken = accessToken,
            }
            : null;

    private static NamespacedName? NameIn(SecretText text, string key) =>
        text.Text(key)?.Split('/') is [var namespaceName, var name] ? new NamespacedName(namespaceName, name) : null;

    private static GrantBinding? BindingIn(SecretText text) =>
        text.Text(GrantKeys.Issuer) is { } issuer
        && text.Text(GrantKeys.TokenEndpoint) is { } endpoint
        && text.Text(GrantKeys.ClientId) is { } clientId
            ? new GrantBinding
            {
                Issuer = issuer,
                TokenEndpoint = endpoint,
                ClientId = clientId,
                TenantId = text.Text(GrantKeys.TenantId) ?? string.Empty,
                Scopes = text.Text(GrantKeys.Scope) ?? string.Empty,
                Cluster = text.Text(GrantKeys.Cluster) ?? string.Empty,
            }
            : null;

    private static IssuedToken? AccessTokenIn(SecretText text) =>
        text.Sensitive(GrantKeys.AccessToken) is { } token
        && text.Instant(GrantKeys.IssuedAt) is { } issued
        && text.Instant(GrantKeys.ExpiresAt) is { } expires
            ? new IssuedToken
            {
                AccessToken = token,
                IssueTime = issued,
                ExpirationTime =
                    TokenClaims.Of(token).Lifetime is { } lifetime && issued + lifetime < expires ? issued + lifetime : expires,
                Inputs = text.Text(GrantKeys.Inputs) ?? string.Empty,
                AnsweredRequest = text.Text(GrantKeys.AnsweredRequest),
                GrantedScopes = GrantedScopes.Recordable(
                    [],
                    text.Text(GrantKeys.GrantedScope)?.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                ),
            }
            : null;

    private static ConsentFailure? LastFailureIn(SecretText text) =>
        text.Text(GrantKeys.OutcomeReason) is { } reason && IsReason(reason) && text.Instant(GrantKeys.OutcomeTime) is { } when
            ? new ConsentFailure(RecordedProblem.Of(reason, text.Text(GrantKeys.OutcomeMessage)), when)
            : null;

    private static bool IsReason(string text) =>
        text.Length is > 0 and <= MaxReason && char.IsAsciiLetter(text[0]) && text.All(char.IsAsciiLetterOrDigit);

    private static SecretText Write(GrantDocument document)
    {
        var text = new SecretText(document.Held is null ? document.Kept : new SecretText(document.Kept).Without(GrantKeys.OfTheGrant))
            .Set(
                GrantKeys.DeletionPolicy,
                document.DeletionPolicy == GrantDeletionPolicy.Revoke
                    ? nameof(GrantDeletionPolicy.Revoke)
                    : nameof(GrantDeletionPolicy.Retain)
            )
            .Set(GrantKeys.RevocationTime, document.RevocationTime)
            .Set(GrantKeys.IntentId, document.Intent?.Id)
            .Set(GrantKeys.IntentTokenHash, document.Intent?.TokenHash)
            .Set(GrantKeys.IntentTime, document.Intent?.Time)
            .Set(GrantKeys.IntentTakeoverTime, document.Intent?.TakeoverTime)
            .Set(GrantKeys.OutcomeReason, document.LastFailure?.Problem.Reason)
            .Set(GrantKeys.OutcomeMessage, document.LastFailure?.Problem.Message)
            .Set(GrantKeys.OutcomeTime, document.LastFailure?.Time);
        if (document.Held is { } held)
        {
            WriteHeld(text, held);
        }

        ConsentAttempt.WriteAll(text, document.Attempts);
        return text;
    }

    private static void WriteHeld(SecretText text, HeldGrant held) => text
        .Set(GrantKeys.Connection, held.Connection?.ToString())
        .Set(GrantKeys.Issuer, held.Binding.Issuer)
        .Set(GrantKeys.TokenEndpoint, held.Binding.TokenEndpoint)
        .Set(GrantKeys.ClientId, held.Binding.ClientId)
        .Set(GrantKeys.TenantId, held.Binding.TenantId)
        .Set(GrantKeys.Scope, held.Binding.Scopes)
        .Set(GrantKeys.Cluster, held.Binding.Cluster)
        .Set(GrantKeys.OAuthClient, held.Client.ToString())
        .Set(GrantKeys.Family, held.Family)
        .Set(GrantKeys.ReplacedFamilies, held.Replaced is [] ? null : string.Join(' ', held.Replaced))
        .Set(GrantKeys.Sequence, held.Sequence)
        .Set(GrantKeys.RefreshToken, held.RefreshToken)
        .Set(GrantKeys.RefreshTokenExpiresAt, held.RefreshTokenExpirationTime)
        .Set(GrantKeys.RefreshTokenSlides, held.RefreshTokenSlides)
        .Set(GrantKeys.GrantTime, held.GrantTime)
        .Set(GrantKeys.GrantedBy, held.GrantedBy)
        .Set(GrantKeys.RefusedAt, held.RefusalTime)
        .Set(GrantKeys.AccessToken, held.AccessToken.AccessToken)
        .Set(GrantKeys.IssuedAt, held.AccessToken.IssueTime)
        .Set(GrantKeys.ExpiresAt, held.AccessToken.ExpirationTime)
        .Set(GrantKeys.Inputs, held.AccessToken.Inputs)
        .Set(GrantKeys.AnsweredRequest, held.AccessToken.AnsweredRequest)
        .Set(GrantKeys.GrantedScope, held.AccessToken.GrantedScopes is { } scopes ? string.Join(' ', scopes) : null);
}
