namespace Lifecycle;

/// <summary>Why a connection that acts for a person cannot, in words for a person.</summary>
public static class ConsentLacking
{
    /// <summary>What is missing. Called only where a consent is needed.</summary>
    public static Problem Of(Facts facts) =>
        facts.Grant switch
        {
            GrantFacts.Unusable unusable => unusable.Problem with { Message = $"{unusable.Problem.Message} {How(facts)}" },
            GrantFacts.Held { Grant.IsBound: false } => new(
                Reason.SpecChanged,
                $"The consent was given for another client, tenant or scopes than spec asks for now. {How(facts)} Or undo the change.",
                FailureKind.NeedsConsent
            ),
            GrantFacts.Held { Grant.RefusalTime: { } refused } => new(
                Reason.ConsentRequired,
                $"The provider has not accepted the grant since {InstantText.Of(refused)} (invalid_grant): it expired, was revoked, or "
                + $"was used by somebody else. {How(facts)}",
                FailureKind.NeedsConsent
            ),
            GrantFacts.None when !IsOfFirstConsent(facts) => new(
                Reason.ConsentRequired,
                "The Secret that held the grant is gone or empty. If it was not moved to another cluster, restore it from a backup if "
                + $"there is one. {How(facts)}",
                FailureKind.NeedsConsent
            ),
            _ => new(Reason.AwaitingConsent, $"Nobody has consented yet. {How(facts)}", FailureKind.NeedsConsent),
        };

    /// <summary>True when nobody has consented before.</summary>
    public static bool IsOfFirstConsent(Facts facts) => facts is { Grant: GrantFacts.None, Consent.RecordedSequence: null };

    // Never the link itself: messages go to events and logs, and everybody who has the link can consent.
    /// <summary>How to consent, as a sentence.</summary>
    public static string How(Facts facts)
    {
        var (namespaceName, name) = facts.Connection.Name.Split('/') is [var first, var second]
            ? (first, second)
            : (string.Empty, facts.Connection.Name);
        var command = $"visma-operator connect {facts.Connection.Name}";
        if (facts.Consent.ConnectArguments is { } arguments)
        {
            return $"Run {command} {arguments}.";
        }

        return facts.Consent.CanInvite
            ? $"Open the link that kubectl get vc {name} -n {namespaceName} -o jsonpath='{{.status.authorization.url}}' prints, or run "
                + $"{command}."
            : $"Run {command}; or set --public-url, so that the operator offers a link.";
    }
}
