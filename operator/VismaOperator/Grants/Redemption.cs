using Lifecycle;
using OAuth;

namespace VismaOperator.Grants;

/// <summary>A code that a person's consent gave, with what proves that we asked for it.</summary>
internal sealed record ConsentCode(Sensitive Code, Sensitive CodeVerifier, Uri RedirectUri)
{
    /// <summary>How long a code can be redeemed: Duende's own, and half of what RFC 6749 section 4.1.2 recommends at most.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>The grant that stood when the code was taken, which this consent is to replace; null when there was none.</summary>
    public FormerGrant? Replaces { get; init; }
}

/// <summary>What became of a code.</summary>
internal abstract record Redemption
{
    private Redemption()
    {
    }

    /// <summary>The grant is stored.</summary>
    public sealed record Stored(GrantSnapshot Snapshot) : Redemption;

    /// <summary>The grant is held in memory: the API server does not take it yet.</summary>
    public sealed record Pending : Redemption;

    /// <summary>There is no new grant, and why.</summary>
    public sealed record Failed(ConsentFailure Failure) : Redemption
    {
        /// <summary>What is wrong with the consent.</summary>
        public required ConsentFault Fault { get; init; }
    }
}

/// <summary>A consent that gives no grant, and why.</summary>
internal sealed record FailedConsent(Problem Problem)
{
    /// <summary>What is wrong with it.</summary>
    public ConsentFault Fault { get; init; } = ConsentFault.Provider;

    /// <summary>The same with one more sentence.</summary>
    public FailedConsent Adding(string sentence) =>
        this with
        {
            Problem = Problem with { Message = $"{Problem.Message} {sentence}" },
        };
}

/// <summary>What is wrong with a consent that gives no grant.</summary>
internal enum ConsentFault
{
    /// <summary>The provider said that something is wrong, or gave nothing that can be used.</summary>
    Provider,

    /// <summary>The person, or the provider on its behalf, said no.</summary>
    Denied,

    /// <summary>It is for another company, or does not say for which.</summary>
    OtherTenant,

    /// <summary>It gives more than was asked for, or than the client's owner allows.</summary>
    OtherScopes,

    /// <summary>Another consent was stored first, which is what counts.</summary>
    Superseded,
}
