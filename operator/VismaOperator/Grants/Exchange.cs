using Lifecycle;

namespace VismaOperator.Grants;

/// <summary>What became of an exchange.</summary>
internal abstract record Exchange
{
    private Exchange()
    {
    }

    /// <summary>The successor is stored.</summary>
    public sealed record Renewed(GrantSnapshot Snapshot) : Exchange;

    /// <summary>The provider no longer accepts the token, which is on record.</summary>
    public sealed record Refused(GrantSnapshot Snapshot) : Exchange;

    /// <summary>An exchange of another process stands open; that it will be taken over is announced, and nothing was sent.</summary>
    public sealed record Announced(GrantSnapshot Snapshot) : Exchange;

    /// <summary>Another attempt, or a new consent, has taken the place of this one: look again.</summary>
    public sealed record Superseded : Exchange;

    /// <summary>No successor is stored (yet). What stands in the Secret is as it was, with the intent open.</summary>
    public sealed record Failed(Problem Problem, TimeSpan? RetryAfter) : Exchange;
}
