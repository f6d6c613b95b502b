using System.Globalization;
using Lifecycle;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Cli.Status;
using VismaOperator.Clients;
using VismaOperator.Grants;
using VismaOperator.Publishing;

namespace VismaOperator.Cli.Doctor;

/// <summary>
/// The token request: shown, or where it is asked for sent, with client credentials only. The token that comes back is looked at and
/// discarded. A grant is never sent: a refresh token may work once.
/// </summary>
internal static class TokenLinks
{
    /// <summary>A request was asked for, and none could be sent.</summary>
    public const string NoToken = "No token was got: see Token request.";

    /// <summary>The provider recognizes the client, and answers.</summary>
    public static async Task<LinkFinding> TokenAsync(DoctorCase subject, CancellationToken stop)
    {
        if (subject.Connection.Spec.Grant != Grant.ClientCredentials)
        {
            return LinkFinding.Skipped(
                DoctorReason.NotApplicable,
                $"The grant is {subject.Connection.Spec.Grant}: a refresh token may work once, so that only the operator sends it. See "
                    + "Consent and Status."
            );
        }

        if (subject.Options.Requests == DoctorRequests.Shown)
        {
            return LinkFinding.Skipped(
                DoctorReason.NotAsked,
                $"{Shown(subject)} Not sent: {subject.Tools.Called} doctor --request sends it."
            );
        }

        if (subject.ClientId is null || subject.Secrets.Count == 0)
        {
            return LinkFinding.Unknown(DoctorReason.NotFound, $"{Shown(subject)} Not sent: the client id or the secret could not be read.");
        }

        return await SendAsync(subject, stop);
    }

    /// <summary>The tenant is known to the provider and approved the application.</summary>
    public static Task<LinkFinding> TenantAsync(DoctorCase subject, CancellationToken stop)
    {
        var tenant = subject.Connection.Spec.TenantId;
        return Task.FromResult(
            subject.Answer switch
            {
                TokenOutcome.Refused { Error: "invalid_tenant" } => LinkFinding.Broken(Explain(subject, [])),
                TokenOutcome.Refused => LinkFinding.Unknown(DoctorReason.NotFound, "The provider refused before it said anything of it."),
                TokenOutcome.Granted granted when OfTheToken(subject, granted) is { Reason: Reason.TenantMismatch } other =>
                    LinkFinding.Broken(other),
                _ when tenant is null => LinkFinding.Skipped(DoctorReason.NotApplicable, "spec.tenantID is not set: none is asked for."),
                TokenOutcome.Granted => LinkFinding.Ok($"The provider issued a token for tenant {tenant}."),
                _ when HasToken(subject) is { } issued =>
                    LinkFinding.Ok($"The operator got a token for tenant {tenant}, {TimeText.Distance(issued, subject.Now)}."),
                _ when IsAskedInVain(subject) => LinkFinding.Unknown(DoctorReason.NotFound, NoToken),
                _ => LinkFinding.Unknown(
                    DoctorReason.NotAsked,
                    $"Whether tenant {tenant} approved the application shows when a token is asked for"
                        + $"{(subject.Connection.Spec.Grant == Grant.ClientCredentials ? " (--request)" : string.Empty)}."
                ),
            }
        );
    }

    /// <summary>What was asked for was granted, and no more.</summary>
    public static Task<LinkFinding> ScopesAsync(DoctorCase subject, CancellationToken stop)
    {
        var spec = subject.Connection.Spec;
        var asked = spec.AllScopes ? "all that the application is allowed" : GrantedScopes.Named(spec.Scopes);
        return Task.FromResult(
            subject.Answer switch
            {
                TokenOutcome.Refused { Error: "invalid_scope" } => LinkFinding.Broken(Explain(subject, [])),
                TokenOutcome.Refused => LinkFinding.Unknown(DoctorReason.NotFound, $"Asked for: {asked}. The provider refused."),
                TokenOutcome.Granted granted => OfGranted(
                    subject,
                    BelievedToken.ScopesOf(granted.Tokens.GrantedScopes, TokenClaims.Of(granted.Tokens.AccessToken), subject.Connection)
                ),
                _ when HasToken(subject) is not null => OfGranted(subject, subject.Connection.Status.Token!.GrantedScopes),
                _ when OfOtherGrant(spec) is { } other => other,
                _ when IsAskedInVain(subject) => LinkFinding.Unknown(DoctorReason.NotFound, NoToken),
                _ => LinkFinding.Unknown(
                    DoctorReason.NotAsked,
                    $"Asked for: {asked}. What is granted shows when a token is asked for"
                        + $"{(spec.Grant == Grant.ClientCredentials ? " (--request)" : string.Empty)}."
                ),
            }
        );
    }

    private static bool IsAskedInVain(DoctorCase subject) =>
        subject.Options.Requests == DoctorRequests.Sent && subject.Connection.Spec.Grant == Grant.ClientCredentials;

    private static async Task<LinkFinding> SendAsync(DoctorCase subject, CancellationToken stop)
    {
        var spec = subject.Connection.Spec;
        var request = new TokenRequest.ClientCredentialsGrant(
            spec.RequestedScopes(),
            ConnectionRequests.TenantField(subject.Connection)
        );
        List<Credential> refused = [];
        foreach (var secret in subject.Secrets)
        {
            var credentials = new ClientCredentials(subject.ClientId!, secret.Value, MethodOf(subject.Client!));
            subject.Answer = await subject.Tools.Providers.Tokens.RequestAsync(subject.TokenEndpoint!, credentials, request, stop);
            if (subject.Answer is not TokenOutcome.Refused { Error: "invalid_client" })
            {
                return Told(subject, secret, refused);
            }

            refused.Add(secret);
        }

        return LinkFinding.Broken(Explain(subject, refused));
    }

    // A refusal of the tenant or of a scope shows that client and secret are right: its own link reports it.
    private static LinkFinding Told(DoctorCase subject, Credential secret, List<Credential> refused)
    {
        var named = $"Secret {subject.Client!.Metadata.Namespace}/{secret.Reference.Name}, key {secret.Reference.Key}";
        var others = refused.Count == 0 ? string.Empty : $" Refused: {string.Join(", ", refused.Select(one => one.Reference.Name))}.";
        var accepted = $"The provider accepted the client with {named}.{others}";
        return subject.Answer switch
        {
            TokenOutcome.Granted { Tokens.Lifetime: { } lifetime } => Accepted($"{accepted} It issued a token for {Words(lifetime)}, which "
                + "was discarded."),
            TokenOutcome.Granted => Accepted($"{accepted} It issued a token, which was discarded."),
            TokenOutcome.Refused { Error: "invalid_tenant" or "invalid_scope" } => Accepted($"{accepted} It issued no token."),
            _ => LinkFinding.Broken(Explain(subject, refused)),
        };

        LinkFinding Accepted(string message) =>
            refused.Count == 0 ? LinkFinding.Ok(message) : LinkFinding.Warning(Reason.ClientRefused, message);
    }

    private static LinkFinding OfGranted(DoctorCase subject, IReadOnlyList<string>? granted)
    {
        var asked = ConnectionRequests.AskedScopes(subject.Connection);
        var limit = ResolvedClient.ScopeLimitFor(
            subject.Client!.Metadata.NamespacedName,
            subject.Client.Spec.Tenants,
            subject.Connection
        );
        var (missing, more) = (GrantedScopes.Missing(asked, granted), GrantedScopes.Unasked(asked, granted));
        return limit?.ProblemWith(granted) is { } beyond ? LinkFinding.Broken(beyond)
            : missing.Count > 0
                ? LinkFinding.Warning(
                    Reason.ScopesMissing,
                    $"Not granted: {GrantedScopes.Named(missing)}. Add them to the application in the Visma developer portal and have the "
                        + "tenant approve it, or remove them from spec.scopes."
                )
            : more.Count > 0
                ? LinkFinding.Warning(
                    Reason.ScopesExceeded,
                    $"Granted and not asked for: {GrantedScopes.Named(more)}. Remove them from the application, or add them to spec.scopes."
                )
            : LinkFinding.Ok($"Granted: {(granted is { Count: > 0 } ? GrantedScopes.Named(granted) : "what was asked for")}.");
    }

    private static LinkFinding? OfOtherGrant(VismaConnectionSpec spec)
    {
        var (prefix, right) = spec.Grant == Grant.AuthorizationCode
            ? ("vismanet_erp_service_api:", "vismanet_erp_interactive_api:")
            : ("vismanet_erp_interactive_api:", "vismanet_erp_service_api:");
        return spec.Scopes.FirstOrDefault(scope => scope.StartsWith(prefix, StringComparison.Ordinal)) is { } other
            ? LinkFinding.Warning(
                DoctorReason.ScopeOfOtherGrant,
                $"{other} is a scope of the other kind of integration; with the grant {spec.Grant} they begin with {right}. Correct "
                    + "spec.scopes or spec.grant."
            )
            : null;
    }

    private static Problem? OfTheToken(DoctorCase subject, TokenOutcome.Granted granted) =>
        GrantedTokenCheck.ProblemOf(subject.Connection, client: null, granted.Tokens.AccessToken, granted.Tokens.GrantedScopes);

    private static Problem Explain(DoctorCase subject, List<Credential> refused) =>
        subject.Answer!.Failure()!.Explain(
            ConnectionRequests.ContextOf(subject.Connection) with
            {
                Provider = subject.TokenEndpoint!.Host,
                Tried =
                [
                    .. refused.Select(one => new TriedSecret(one.Reference.Name, one.Reference.Key, SecretOddities.Of(one.Value))),
                ],
            }
        );

    // When the operator got the token that is in service for this spec; null where there is none.
    private static DateTimeOffset? HasToken(DoctorCase subject)
    {
        var (metadata, status) = (subject.Connection.Metadata, subject.Connection.Status);
        return status.ObservedGeneration == (metadata.Generation ?? status.ObservedGeneration)
            && status.Token is { ExpirationTime: { } end, IssueTime: { } issued }
            && end > subject.Now
            && subject.Connection.Status.Conditions.Any(condition => condition is { Type: ConditionType.Ready, Status: "True" })
            ? issued
            : null;
    }

    /// <summary>The request in words, without the secret.</summary>
    private static string Shown(DoctorCase subject)
    {
        var (spec, client) = (subject.Connection.Spec, subject.Client!);
        var reference = subject.Secrets is [var first, ..] ? first.Reference : client.Spec.ClientSecrets[0].SecretKeyRef;
        var secret = $"(from Secret {reference.Name}, key {reference.Key}; not shown)";
        var id = client.Spec.ClientIdFrom?.SecretKeyRef is { } source // who takes a secret for an id must not see it here
            ? $"(from Secret {source.Name}, key {source.Key}; not shown)"
            : client.Spec.ClientId;
        List<string> fields = ["grant_type=client_credentials"];
        if (spec.RequestedScopes() is { Count: > 0 } scopes)
        {
            fields.Add($"scope={string.Join(' ', scopes)}");
        }

        fields.AddRange(ConnectionRequests.TenantField(subject.Connection).Select(field => $"{field.Key}={field.Value}"));
        fields.AddRange(
            MethodOf(client) == ClientAuthenticationMethod.ClientSecretPost
                ? [$"client_id={id}", $"client_secret={secret}"]
                : [$"in the Basic header: {id} and the client secret {secret}"]
        );
        return $"POST {subject.TokenEndpoint}: {string.Join(", ", fields)}.";
    }

    private static ClientAuthenticationMethod MethodOf(OAuthClient client) =>
        client.Spec.AuthenticationMethod == AuthenticationMethod.ClientSecretBasic
            ? ClientAuthenticationMethod.ClientSecretBasic
            : ClientAuthenticationMethod.ClientSecretPost;

    private static string Words(TimeSpan lifetime) => string.Create(CultureInfo.InvariantCulture, $"{lifetime.TotalMinutes:0.#} minutes");
}
