using Kubernetes.Client.Resources;
using Lifecycle;
using OAuth;
using VismaOperator.Api;

namespace VismaOperator.Publishing;

/// <summary>Judges a token Secret: whose it is, and whether its content is what was published.</summary>
internal static class SecretInspector
{
    /// <summary>Whose Secret this is; see <see cref="SecretOwnership"/>.</summary>
    public static SecretFacts Whose(ObjectMeta? secret, VismaConnection connection)
    {
        if (secret is null)
        {
            return new SecretFacts.Absent();
        }

        var isOurs = SecretOwnership.IsOurs(secret, connection);
        return secret switch
        {
            _ when !isOurs && !SecretOwnership.IsOffered(secret, connection) => new SecretFacts.Foreign(
                SecretOwnership.NotOwned(secret, connection)
            ),
            { DeletionTimestamp: not null } => new SecretFacts.Terminating(),
            _ when isOurs => new SecretFacts.Owned(secret.ResourceVersion ?? string.Empty),
            _ => new SecretFacts.Offered(),
        };
    }

    /// <summary>Whose Secret this is, once its content was read: what its owner lends must be able to take a token in.</summary>
    public static SecretFacts Whose(Secret? secret, VismaConnection connection) =>
        secret is null ? new SecretFacts.Absent(IsCertain: true)
        : Whose(secret.Metadata, connection) is var whose and not SecretFacts.Offered ? whose
        : SecretOwnership.Unsuitable(secret, connection) is { } problem ? new SecretFacts.Foreign(problem)
        : new SecretFacts.Offered();

    /// <summary>When the token in the Secret was issued, by our mark on it; null without one.</summary>
    public static DateTimeOffset? IssuedAt(ObjectMeta secret) => SecretInstant.Parse(secret.Annotation(VismaNames.IssuedAtAnnotation));

    /// <summary>Compares the content with what status says was published.</summary>
    public static ContentFacts Judge(Secret secret, VismaConnection connection, TokenRecord? recorded)
    {
        var fingerprint = TokenSecret.FingerprintOf(secret, connection);
        if (recorded is not null && fingerprint == recorded.Fingerprint)
        {
            return HasOurMarks(secret, connection, recorded) ? new ContentFacts.Intact() : new ContentFacts.Healable();
        }

        if (Unrecorded(secret, connection, fingerprint) is { } newer && (recorded is null || newer.IssueTime > recorded.IssueTime))
        {
            return new ContentFacts.Unrecorded(newer, secret.Metadata.Annotation(VismaNames.AnsweredRequestAnnotation));
        }

        return recorded is not null && IsTokenIntact(secret, connection, recorded) ? new ContentFacts.Healable() : new ContentFacts.Lost();
    }

    /// <summary>The token that the Secret holds, with the times that are on record; null when the key is missing.</summary>
    public static IssuedToken? TokenIn(Secret secret, TokenRecord recorded) =>
        HoldsToken(secret)
            ? new IssuedToken
            {
                AccessToken = Sensitive.From(secret.Data![StandardKeys.AccessToken].RevealText()),
                IssueTime = recorded.IssueTime,
                ExpirationTime = recorded.ExpirationTime,
                Inputs = recorded.Inputs,
                GrantedScopes = recorded.GrantedScopes,
                AnsweredRequest = secret.Metadata.Annotation(VismaNames.AnsweredRequestAnnotation),
            }
            : null;

    private static bool HoldsToken(Secret secret) =>
        secret.Data is not null && secret.Data.TryGetValue(StandardKeys.AccessToken, out var value) && value.Length > 0;

    private static bool HasOurMarks(Secret secret, VismaConnection connection, TokenRecord recorded)
    {
        var token = TokenIn(secret, recorded);
        return token is not null && TokenSecret.HasMarks(secret.Metadata, TokenSecret.Render(connection, token, secret).Metadata);
    }

    // Render the content with the token that the Secret holds. It has the recorded fingerprint only if that token is the published one.
    private static bool IsTokenIntact(Secret secret, VismaConnection connection, TokenRecord recorded) =>
        TokenIn(secret, recorded) is { } token
        && TokenSecret.Fingerprint(TokenSecretData.Render(connection, token)) == recorded.Fingerprint;

    // A process that ended between its two writes left a Secret that describes itself, newer than status.
    private static TokenRecord? Unrecorded(Secret secret, VismaConnection connection, string fingerprint)
    {
        var meta = secret.Metadata;
        if (!HoldsToken(secret)
            || meta.Annotation(VismaNames.FingerprintAnnotation) != fingerprint
            || IssuedAt(meta) is not { } issued
            || SecretInstant.Parse(meta.Annotation(VismaNames.ExpiresAtAnnotation)) is not { } expires
            || meta.Annotation(VismaNames.InputsAnnotation) is not { } inputs
            || meta.Annotation(VismaNames.LayoutAnnotation) is not { } layout)
        {
            return null;
        }

        var found = new TokenRecord
        {
            IssueTime = issued,
            ExpirationTime = expires,
            RefreshTime = ConnectionFactsReader.RefreshTime(connection, issued, expires),
            Inputs = inputs,
            Layout = layout,
            Fingerprint = fingerprint,
            SecretName = meta.Name,
            SecretResourceVersion = meta.ResourceVersion ?? string.Empty,
            SecretUid = meta.Uid ?? string.Empty,
            IsSecretLent = SecretOwnership.IsLent(meta, connection),
            GrantedScopes = ScopesIn(secret),
        };

        // Without an owner, or with that of an earlier connection, it has to be written once more.
        return found with { IsRewriteDue = !HasOurMarks(secret, connection, found) };
    }

    private static string[]? ScopesIn(Secret secret) =>
        secret.Data!.TryGetValue(StandardKeys.Scope, out var scope) && scope.Length > 0
            ? scope.RevealText().Split(' ', StringSplitOptions.RemoveEmptyEntries)
            : null;
}
