using Xunit;
using static Lifecycle.Tests.Some;
using static Lifecycle.Tests.SomeGrant;

namespace Lifecycle.Tests;

/// <summary>When people are told of an end that is known beforehand, and what status says of a consent.</summary>
public sealed class ExpiryWarningsTests
{
    [Theory]
    [InlineData(40, 10, "")]
    [InlineData(30.001, 0.001, "")]
    [InlineData(30, 16, "within 30 days")]
    [InlineData(14.5, 0.5, "within 30 days")]
    [InlineData(14, 7, "within 14 days")]
    [InlineData(7, 6, "within 7 days")]
    [InlineData(1.5, 0.5, "within 7 days")]
    [InlineData(1, 1, "within a day")]
    [InlineData(0.25, 0.25, "within a day")]
    public void The_words_change_in_steps_and_the_next_one_is_known(double daysLeft, double daysToNext, string words)
    {
        var expiry = Start.AddDays(daysLeft);

        Assert.Equal(words.Length > 0, ExpiryWarnings.IsDue(expiry, Start));
        Assert.Equal(Start.AddDays(daysToNext), ExpiryWarnings.NextStep(expiry, Start)!.Value, TimeSpan.FromMilliseconds(1));
        Assert.True(words.Length == 0 || words == ExpiryWarnings.Left(expiry, Start), ExpiryWarnings.Left(expiry, Start));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void After_the_end_there_is_no_further_step(int days)
    {
        Assert.True(ExpiryWarnings.IsDue(Start.AddDays(days), Start));
        Assert.Null(ExpiryWarnings.NextStep(Start.AddDays(days), Start));
    }

    [Fact]
    public void A_long_way_before_the_end_the_first_step_is_named() =>
        Assert.Equal("within 30 days", ExpiryWarnings.Left(Start.AddDays(100), Start));

    [Fact]
    public void A_report_looks_again_when_the_words_about_the_consent_change()
    {
        var facts = ServingForSomebody().With(grant => grant with { ConsentExpirationTime = Soon.AddDays(30).AddMinutes(5) });

        Assert.Equal(Soon.AddMinutes(5), Of(facts).NextLook);
        Assert.Equal(Due, Of(facts.With(grant => grant with { ConsentExpirationTime = null })).NextLook);
    }

    [Fact]
    public void A_report_has_the_grant_and_what_came_of_the_last_consent()
    {
        var facts = ServingForSomebody().InvitedUntil(Expired).ConsentFailed(Failure);

        var authorization = Of(facts).Authorization!;

        Assert.Equal((Grant(), Failure, null), (authorization.Grant, authorization.LastFailure, authorization.Invitation));
        Assert.Null(Of(Serving()).Authorization);
        Assert.Equal(Link, Of(Unconsented().InvitedUntil(Expired)).Authorization!.Invitation!.Url);
        Assert.Null(Of(Unconsented()).Authorization!.Grant);
    }

    [Fact]
    public void A_link_is_offered_before_the_consent_ends()
    {
        var ending = ServingForSomebody().With(grant => grant with { ConsentExpirationTime = Soon.AddDays(30) }).InvitedUntil(Expired);

        Assert.Equal(Link, Of(ending).Authorization!.Invitation!.Url);
        Assert.Null(Of(ending.With(grant => grant with { ConsentExpirationTime = Soon.AddDays(30.1) })).Authorization!.Invitation);
    }

    [Theory]
    [InlineData(1_000, 1_000)]
    [InlineData(1_001, 1_000)]
    [InlineData(5_000, 1_000)]
    public void A_message_is_cut_to_a_thousand_characters_and_says_so(int length, int expected)
    {
        var message = Report.Fitting(new string('x', length));

        Assert.Equal(expected, message.Length);
        Assert.Equal(length > 1_000, message.EndsWith('…'));
        Assert.StartsWith(new string('x', 999), message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(998, 999)]
    [InlineData(997, 1_000)]
    [InlineData(999, 1_000)]
    public void A_message_is_not_cut_in_the_middle_of_a_character(int before, int expected)
    {
        var message = Report.Fitting(new string('x', before) + "😀" + new string('y', 100));

        Assert.Equal(expected, message.Length);
        Assert.False(char.IsHighSurrogate(message[^2]));
    }

    private static Report Of(Facts facts) => Report.Of(facts, Policy.Decide(facts, Soon), Soon);
}
