namespace VismaOperator.Api.Validation;

/// <summary>What a connection must fulfil for the consent of a person.</summary>
internal static class AuthorizationRules
{
    // 253 (a DNS subdomain) less the longer of the two suffixes, that of the hand-off Secret.
    private const int MaxName = 239;

    private static readonly DurationRule consentLifetime = new(
        TimeSpan.FromHours(1),
        TimeSpan.FromHours(87_600),
        "the lifetime of a consent must be between 1h and 87600h, written with the units h, m, s and ms in this order (no days), such as "
        + "720h for 30 days");

    /// <summary>Checks that the Secrets of the connection can be named after it.</summary>
    internal static void CheckName(Findings findings, VismaConnection connection) =>
        findings.Require(
            connection.Spec.Grant != Grant.AuthorizationCode || connection.Metadata.Name.Length <= MaxName,
            "metadata.name",
            "with the grant AuthorizationCode the connection's name must not be longer than 239 characters, since the Secret of a "
            + "consent is named after it: shorten the name"
        );

    internal static void Check(Findings findings, VismaConnectionSpec spec)
    {
        findings.Require(
            !spec.AllScopes || spec.Grant != Grant.AuthorizationCode,
            "spec.allScopes",
            "allScopes goes with the grant ClientCredentials only, since a person consents to scopes by name: list them in scopes");
        if (spec.DeclaredAuthorization is not { } authorization)
        {
            return;
        }

        findings.Require(
            spec.Grant == Grant.AuthorizationCode,
            "spec.authorization",
            "authorization speaks of a person's consent, which only the grant AuthorizationCode has: set grant to AuthorizationCode, or "
            + "remove authorization"
        );
        findings.Require(
            authorization.DeletionPolicy != GrantDeletionPolicy.Unrecognized,
            "spec.authorization.deletionPolicy",
            NameRules.UnknownValue
        );
        consentLifetime.Check(findings, "spec.authorization.consentLifetime", authorization.ConsentLifetime);
    }
}
