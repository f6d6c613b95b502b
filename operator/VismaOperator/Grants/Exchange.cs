using Lifecycle;

namespace VismaOperator.Grants;

/// <summary>What became of an exchange.</summary>
internal abstract record Exchange
{
    private Exchange()
    {
    }

    /// <summary>The new refresh token is stored.</summary>
    public sealed record Renewed(GrantSnapshot Snapshot) : Exchange;

    /// <summary>The provider no longer accepts the token, which is on record.</summary>
    public sealed record Refused(GrantSnapshot Snapshot) : Exchange;

    /// <summary>The takeover of another process's open exchange is announced. Nothing was sent.</summary>
    public sealed record Announced(GrantSnapshot Snapshot) : Exchange;

    /// <summary>Another attempt, or a new consent, has taken the place of this one: look again.</summary>
    public sealed record Superseded : Exchange;

    /// <summary>
    /// No token can be published. The grant is as it was, with the intent open; or without it (<see cref="Withdrawn"/>), where nothing was
    /// sent or the token was refused before; or a new refresh token is stored, and the access token that came with it must not be published
    /// or could not be read.
    /// </summary>
    public sealed record Failed(Problem Problem, TimeSpan? RetryAfter) : Exchange
    {
        /// <summary>As <see cref="RequestFailure.IsUnsent"/>.</summary>
        public bool IsUnsent { get; init; }

        /// <summary>
        /// The grant without the intent of this exchange: with the intent that stood there before, if any, where nothing was sent; with
        /// none where the token was refused before, whether it was sent now or not. Null where the intent was not withdrawn.
        /// </summary>
        public GrantSnapshot? Withdrawn { get; init; }
    }
}
