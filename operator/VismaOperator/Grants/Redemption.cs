using Lifecycle;
using OAuth;

namespace VismaOperator.Grants;

/// <summary>A code that a person's consent gave, with what proves that we asked for it.</summary>
internal sealed record ConsentCode(Sensitive Code, Sensitive CodeVerifier, Uri RedirectUri)
{
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

    /// <summary>The grant waits in memory: the API server does not take it yet.</summary>
    public sealed record Pending : Redemption;

    /// <summary>There is no new grant, and why.</summary>
    public sealed record Failed(Problem Problem, ConsentFailureCause Cause = ConsentFailureCause.ProviderFailed) : Redemption
    {
        /// <summary>When it was recorded.</summary>
        public DateTimeOffset Time { get; init; }

        /// <summary>The same with one more sentence.</summary>
        public Failed Adding(string sentence) =>
            this with
            {
                Problem = Problem with { Message = $"{Problem.Message} {sentence}" },
            };
    }
}
