using System.Globalization;

namespace VismaConnect.StandIn.Tests;

public sealed class RefreshTokenLifetimeTests
{
    [Theory]
    [InlineData(RefreshTokenUsage.ReUse)]
    [InlineData(RefreshTokenUsage.OneTime)]
    public async Task An_absolute_lifetime_counts_from_consent(RefreshTokenUsage usage)
    {
        await using var interactive = await Interactive.StartAsync(new StandInRefreshTokens { Usage = usage, AnnouncesExpiration = true });
        var token = await interactive.GrantAsync();
        interactive.Pass(TimeSpan.FromDays(29));

        var answer = await interactive.RefreshAsync(token);

        Assert.Equal("86400", answer.Member("refresh_token_expires_in"));
        interactive.Pass(TimeSpan.FromDays(1));
        Assert.Equal("invalid_grant", (await interactive.RefreshAsync(answer.Member("refresh_token")!)).Error);
        Assert.Equal((GrantVerdict.RefusedExpired, false), (interactive.LastTrace.Verdict, interactive.Family.IsRevoked));
    }

    [Fact]
    public async Task A_sliding_lifetime_is_put_off_by_use_up_to_the_absolute_one()
    {
        await using var interactive = await Interactive.StartAsync(
            new StandInRefreshTokens { Expiration = RefreshTokenExpiration.Sliding, AnnouncesExpiration = true }
        );
        var token = await interactive.GrantAsync();

        Assert.Equal(TimeSpan.FromDays(15), await TimeLeftAsync(interactive, token, passed: 0));
        Assert.Equal(TimeSpan.FromDays(15), await TimeLeftAsync(interactive, token, passed: 14));
        Assert.Equal(TimeSpan.FromDays(6), await TimeLeftAsync(interactive, token, passed: 10));
        interactive.Pass(TimeSpan.FromDays(6));
        Assert.Equal("invalid_grant", (await interactive.RefreshAsync(token)).Error);
    }

    [Fact]
    public async Task An_absolute_lifetime_of_zero_lets_a_token_slide_for_ever()
    {
        await using var interactive = await Interactive.StartAsync(
            new StandInRefreshTokens
            {
                Expiration = RefreshTokenExpiration.Sliding,
                AbsoluteLifetime = TimeSpan.Zero,
                AnnouncesExpiration = true,
            }
        );
        var token = await interactive.GrantAsync();

        for (var month = 0; month < 24; month++)
        {
            Assert.Equal(TimeSpan.FromDays(15), await TimeLeftAsync(interactive, token, passed: 14));
        }
    }

    [Fact]
    public async Task Changed_settings_apply_after_the_next_consent()
    {
        await using var interactive = await Interactive.StartAsync();
        var token = await interactive.GrantAsync();

        interactive.StandIn.Portal.Set(Interactive.Client with { RefreshTokens = Interactive.OneTime() });

        Assert.Equal(token, (await interactive.RefreshAsync(token)).Member("refresh_token"));
        var next = await interactive.GrantAsync();
        Assert.NotEqual(next, (await interactive.RefreshAsync(next)).Member("refresh_token"));
    }

    [Fact]
    public void A_grace_over_a_minute_is_not_taken() => Assert.Throws<ArgumentOutOfRangeException>(() => Interactive.OneTime(grace: 61));

    private static async Task<TimeSpan> TimeLeftAsync(Interactive interactive, string token, int passed)
    {
        interactive.Pass(TimeSpan.FromDays(passed));
        return TimeSpan.FromSeconds(
            int.Parse((await interactive.RefreshAsync(token)).Member("refresh_token_expires_in")!, CultureInfo.InvariantCulture)
        );
    }
}
