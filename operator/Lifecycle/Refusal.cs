namespace Lifecycle;

/// <summary>
/// What an <c>error</c> code of a token endpoint (RFC 6749 section 5.2, and Visma's own <c>invalid_tenant</c>) asks a
/// person to do. Decided by the code alone, never by the description.
/// </summary>
public static class Refusal
{
    /// <summary>The problem in words; unknown codes are passed through as they are.</summary>
    /// <param name="error">The <c>error</c> member.</param>
    /// <param name="description">The <c>error_description</c> member, already cut and cleaned; null when absent.</param>
    /// <param name="context">Names for the message.</param>
    public static Problem Explain(string error, string? description, RefusalContext context)
    {
        var (reason, remedy) = error switch
        {
            "invalid_client" => (
                Reason.ClientRefused,
                $"{TriedWords(context.Tried)}The client id or every client secret of OAuthClient {context.Client} is wrong or has "
                + "expired; the provider does not say which. Check spec.clientID, make a new secret in the Visma developer portal if "
                + "need be, and put it into the referenced Secret."
            ),
            "invalid_scope" => (
                Reason.ScopeRefused,
                $"A scope of [{context.Scopes}] does not exist or is not granted to this application. Check spec.scopes against the "
                + $"application's APIs in the Visma developer portal{AndOfflineAccess(context)}."
            ),
            "unauthorized_client" => (
                Reason.GrantTypeRefused,
                $"The application behind OAuthClient {context.Client} may not use this grant. Enable the grant type in the Visma "
                + "developer portal."
            ),
            "invalid_grant" => (
                Reason.ConsentRequired,
                "What was presented (a refresh token or a code) has expired, was revoked or was used before: a person must consent again."
            ),
            "invalid_tenant" => (
                Reason.TenantRefused,
                $"Tenant {context.Tenant} is unknown or has not approved this application. Check spec.tenantID (the company's tenant id "
                + "from Visma Admin > Company > Configuration) and let an Integration Administrator of that tenant approve the "
                + "application; an approval can take 15 minutes to count."
            ),
            _ => (Reason.RequestRefused, "Look the code up in RFC 6749 section 5.2 or in the provider's documentation."),
        };
        var said = string.IsNullOrEmpty(description) ? string.Empty : $" ({description})";
        return new Problem(reason, $"The provider refused with {error}{said}. {remedy}");
    }

    // The messages of conditions have a limit, and a client may list eight.
    private static string TriedWords(IReadOnlyList<TriedSecret> tried)
    {
        const int Named = 3;
        var more = tried.Count > Named ? $" and {tried.Count - Named} more" : string.Empty;
        return tried.Count == 0 ? string.Empty : $"Tried: {string.Join("; ", tried.Take(Named).Select(secret => secret.Words))}{more}. ";
    }

    // It stands in no spec, and in the portal it is a setting of its own.
    private static string AndOfflineAccess(RefusalContext context) =>
        context.Scopes.Split(' ').Contains("offline_access") ? ", and that it has offline access there" : string.Empty;
}

/// <summary>Names for the message of a refusal.</summary>
/// <param name="Client">Namespace and name of the OAuthClient.</param>
/// <param name="Tenant">The tenant id; empty when none is set.</param>
/// <param name="Scopes">The scopes asked for, separated by spaces.</param>
public sealed record RefusalContext(string Client, string Tenant, string Scopes)
{
    /// <summary>The client secrets that were refused; empty where none is to be named.</summary>
    public IReadOnlyList<TriedSecret> Tried { get; init; } = [];
}

/// <summary>A client secret that was sent to the provider, by where it stands.</summary>
/// <param name="Name">Name of the Secret.</param>
/// <param name="Key">Key in it.</param>
/// <param name="Oddities">What looks wrong about the value, in fixed words that hold nothing of it.</param>
public sealed record TriedSecret(string Name, string Key, IReadOnlyList<string> Oddities)
{
    /// <summary>As it stands in messages.</summary>
    public string Words =>
        $"Secret {Name}, key {Key}{(Oddities.Count == 0 ? string.Empty : $" (its value {string.Join(", ", Oddities)})")}";
}
