using Kubernetes.Client;
using Lifecycle;
using OAuth;
using VismaOperator.Api;

namespace VismaOperator.Clients;

/// <summary>A client with everything that a token request needs. What it is made of never changes, so its hashes are taken once.</summary>
internal sealed class ResolvedClient
{
    /// <summary>The OAuthClient.</summary>
    public required NamespacedName Name { get; init; }

    /// <summary>Issuer of the provider.</summary>
    public required Uri Issuer { get; init; }

    /// <summary>Token endpoint that replaces the discovered one; null when none does.</summary>
    public Uri? TokenEndpoint { get; init; }

    /// <summary>Authorization endpoint that replaces the discovered one; null when none does.</summary>
    public Uri? AuthorizationEndpoint { get; init; }

    /// <summary>Revocation endpoint that replaces the discovered one; null when none does.</summary>
    public Uri? RevocationEndpoint { get; init; }

    /// <summary>Where the provider sends browsers back to; null for the operator's own callback.</summary>
    public Uri? RedirectUri { get; init; }

    /// <summary>Client id (RFC 6749 section 2.2).</summary>
    public required string ClientId { get; init; }

    /// <summary>How the client authenticates.</summary>
    public required ClientAuthenticationMethod Method { get; init; }

    /// <summary>The readable secrets in the order of the spec; at least one.</summary>
    public required IReadOnlyList<Credential> Credentials { get; init; }

    /// <summary>The secret that status says worked last; null when none did.</summary>
    public SecretKeyReference? RecordedActive { get; init; }

    /// <summary>The outcome of each secret, as status records it.</summary>
    public IReadOnlyList<ClientSecretStatus> RecordedTrials { get; init; } = [];

    /// <summary>What status says of a refusal of every secret; null when none is on record.</summary>
    public RefusalStatus? RecordedRefusal { get; init; }

    /// <summary>
    /// What was known about its secrets when it was resolved, which the decision to ask is based on; null when that was not read.
    /// </summary>
    public ClientSecretSnapshot? Seen { get; set; }

    /// <summary>The same client with what is known about its secrets at this moment. Its hashes are not taken again.</summary>
    public ResolvedClient SeenWith(ClientSecretSnapshot snapshot)
    {
        var seen = (ResolvedClient)MemberwiseClone();
        seen.Seen = snapshot;
        return seen;
    }

    /// <summary>Which tenants, namespaces and scopes the client serves; null when that is not limited.</summary>
    public IReadOnlyList<TenantRule>? Tenants { get; init; }

    /// <summary>What the owner allows for a connection that the client serves; null when its scopes are not limited.</summary>
    public ScopeLimit? ScopeLimitFor(VismaConnection connection) => ScopeLimitFor(Name, Tenants, connection);

    /// <summary>The same for somebody who does not hold the client's secrets.</summary>
    public static ScopeLimit? ScopeLimitFor(NamespacedName client, IReadOnlyList<TenantRule>? tenants, VismaConnection connection)
    {
        var rules = tenants?.Where(rule => rule.IsFor(connection.Metadata.Namespace ?? string.Empty, connection.Spec.TenantId)).ToList();
        return rules is null || rules.Any(rule => rule.Scopes.Count == 0)
            ? null
            : new ScopeLimit(client.ToString(), [.. rules.Select(rule => rule.Scopes)]) { IsAskedForAll = connection.Spec.AllScopes };
    }

    /// <summary>What a token is requested with, as far as the client decides it, hashed.</summary>
    public string Inputs => field ??= ShortHash.Of(Issuer.AbsoluteUri, TokenEndpoint?.AbsoluteUri, ClientId);

    /// <summary>Changes with the value of one secret, and with what it is sent along with.</summary>
    public string RevisionOf(Credential credential) =>
        ShortHash.Of(Inputs, Method.ToString(), credential.Reference.Name, credential.Reference.Key, credential.Revision);

    /// <summary>
    /// <see cref="RevisionOf"/> as status has it: by the version of the Secret that was read last. The next process reads the same one and
    /// so knows the value, also where the Secret was touched since the value was first seen.
    /// </summary>
    public string RecordedRevisionOf(Credential credential) =>
        ShortHash.Of(Inputs, Method.ToString(), credential.Reference.Name, credential.Reference.Key, credential.SecretVersion);

    /// <summary>A failed request in words. Where every secret was refused, each is named.</summary>
    /// <param name="failure">Why there is no token.</param>
    /// <param name="context">Names for the message.</param>
    public Problem Explain(RequestFailure failure, RequestContext context)
    {
        var named = context with { Provider = Issuer.Host };
        if (failure is not RequestFailure.Refused { IsOfClient: true })
        {
            return failure.Explain(named);
        }

        var tried = Credentials
            .Select(credential => new TriedSecret(credential.Reference.Name, credential.Reference.Key, SecretOddities.Of(credential.Value)))
            .ToList();
        return tried.Count > 0 && Credentials.All(credential => !SecretOddities.CanBeSent(credential.Value))
            ? new Problem(
                Reason.ClientRefused,
                $"No token was requested, since no provider accepts the client secret of OAuthClient {context.Client} in the form that it "
                + $"has in {string.Join("; ", tried.Select(secret => secret.Words))}."
            )
            {
                Stage = FailureStage.Authenticating,
            }
            : failure.Explain(named with { Tried = tried });
    }

    /// <summary>Changes with the client's spec and with every credential.</summary>
    public string Revision => field ??= RevisionBy(credential => credential.Revision);

    /// <summary><see cref="Revision"/> as status has it; see <see cref="RecordedRevisionOf"/>.</summary>
    public string RecordedRevision => field ??= RevisionBy(credential => credential.SecretVersion);

    private string RevisionBy(Func<Credential, string> version) =>
        ShortHash.Of([
            Inputs,
            Method.ToString(),
            .. Credentials.SelectMany(credential => (string[])[credential.Reference.Name, credential.Reference.Key, version(credential)]),
        ]);
}

/// <summary>One readable client secret.</summary>
/// <param name="Reference">Where it was read from.</param>
/// <param name="Revision">Changes with the value and not with anything else; see <see cref="CredentialRevisions"/>.</param>
/// <param name="Value">The secret.</param>
/// <param name="ExpirationTime">The expiry that the user stated; null when none was.</param>
internal sealed record Credential(SecretKeyReference Reference, string Revision, Sensitive Value, DateTimeOffset? ExpirationTime)
{
    /// <summary>Version of the Secret when it was last read; it changes with every change of the Secret.</summary>
    public string SecretVersion { get => field ?? Revision; init; }
}
