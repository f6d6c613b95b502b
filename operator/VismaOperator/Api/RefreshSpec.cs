namespace VismaOperator.Api;

/// <summary>When a token is renewed. Durations are Go-style strings (<c>10m</c>, <c>1h30m</c>).</summary>
public sealed record RefreshSpec
{
    /// <summary>Ten minutes: longer than a usual deployment of the provider, a sixth of its usual token lifetime of an hour.</summary>
    public const string DefaultMinRemainingValidity = "10m";

    /// <summary>A reader never finds less than this left while the provider answers.</summary>
    public string MinRemainingValidity { get => field ?? DefaultMinRemainingValidity; init; }

    /// <summary>How long before expiry the renewal is due; null: a third of the real lifetime.</summary>
    public string? RenewBefore { get; init; }

    /// <summary><see cref="MinRemainingValidity"/> as a span; the default where it cannot be read (the rules report that).</summary>
    public TimeSpan MinRemainingValiditySpan() =>
        GoDuration.TryParse(MinRemainingValidity, out var span) ? span : TimeSpan.FromMinutes(10);

    /// <summary><see cref="RenewBefore"/> as a span; null where it is absent or cannot be read (the rules report that).</summary>
    public TimeSpan? RenewBeforeSpan() =>
        RenewBefore is not null && GoDuration.TryParse(RenewBefore, out var span) ? span : null;
}
