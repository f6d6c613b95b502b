namespace Lifecycle;

/// <summary>How early a token is renewed (<c>spec.refresh</c>).</summary>
/// <param name="MinRemainingValidity">What a reader always finds left while the provider answers.</param>
/// <param name="RenewBefore">How long before expiry to renew; null for a third of the lifetime.</param>
public sealed record RefreshMargins(TimeSpan MinRemainingValidity, TimeSpan? RenewBefore)
{
    /// <summary>The schema's default: ten minutes, which outlasts the 60 to 90 s that a kubelet takes to update a mounted Secret.</summary>
    public static RefreshMargins Default { get; } = new(TimeSpan.FromMinutes(10), RenewBefore: null);
}
