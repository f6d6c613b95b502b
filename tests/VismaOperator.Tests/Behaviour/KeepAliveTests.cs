using Kubernetes.Client.Resources;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Tests.Support;
using static VismaOperator.Tests.Support.SomeConsents;

namespace VismaOperator.Tests.Behaviour;

/// <summary>Grants whose access token nobody needs anew: what keeps their refresh tokens alive, and for how long.</summary>
public sealed class KeepAliveTests
{
    private static readonly Uri pages = new("https://operator.example.com");
    private static readonly TimeSpan step = TimeSpan.FromHours(6);

    /// <summary>Dies of fifteen days without use and of nothing else, unless a test says otherwise.</summary>
    private static readonly StandInRefreshTokens sliding = new()
    {
        Usage = RefreshTokenUsage.OneTime,
        Expiration = RefreshTokenExpiration.Sliding,
        AbsoluteLifetime = TimeSpan.Zero,
        AnnouncesExpiration = true,
    };

    [Theory]
    [InlineData(15, true, 45, 60)] // a week at the latest
    [InlineData(15, false, 45, 60)] // Duende's own, and nothing tells of it
    [InlineData(4, true, 150, 200)] // half-way to the end
    public async Task A_grant_that_nobody_uses_lives_through_a_year(int slidingDays, bool announces, int least, int most)
    {
        await using var test = await StartUnusedAsync(
            sliding with
            {
                SlidingLifetime = TimeSpan.FromDays(slidingDays),
                AnnouncesExpiration = announces,
            }
        );

        await test.AdvanceAsync(TimeSpan.FromDays(364), step);

        var family = await test.FamilyAsync();
        Assert.True((await test.ConnectionAsync()).Is("Authorized", "True"));
        Assert.InRange(family.LiveGeneration!.Value, least, most);
        Assert.All(
            family.RefreshTokens.Where(token => token.ConsumedAt is not null),
            token =>
                Assert.True(
                    token.ExpiresAt - token.ConsumedAt >= TimeSpan.FromDays(slidingDays) / 2 - step,
                    "an outage would have had no time left"
                )
        );
    }

    [Fact]
    public async Task A_grant_whose_token_cannot_be_published_is_kept_alive_too()
    {
        await using var test = await StartConsentedAsync(sliding);
        await test.ApplyAsync(new Secret { Metadata = new ObjectMeta { Name = "of-somebody-else", Namespace = Some.Namespace } });
        await test.ChangeConnectionAsync("""{"secret":{"name":"of-somebody-else"}}""");
        await test.UntilStalledAsync("SecretNotOwned");

        await test.AdvanceAsync(TimeSpan.FromDays(60), step);

        Assert.InRange((await test.FamilyAsync()).LiveGeneration!.Value, 8, 12);
    }

    [Fact]
    public async Task A_suspended_grant_is_never_sent_and_expires_where_refresh_tokens_slide()
    {
        await using var test = await StartConsentedAsync(sliding);
        await test.ChangeConnectionAsync("""{"suspend":true}""");
        await test.UntilIdleAsync();
        var requests = test.TokenRequests;

        await test.AdvanceAsync(TimeSpan.FromDays(16), step);
        Assert.Equal(requests, test.TokenRequests);
        await test.ChangeConnectionAsync("""{"suspend":false}""");

        await test.UntilStalledAsync("ConsentRequired");
    }

    [Fact]
    public async Task An_expiry_that_use_does_not_extend_is_not_approached_in_ever_smaller_steps()
    {
        await using var test = await StartUnusedAsync(
            sliding with
            {
                Expiration = RefreshTokenExpiration.Absolute,
                AbsoluteLifetime = TimeSpan.FromDays(30),
            }
        );

        await test.AdvanceAsync(TimeSpan.FromDays(30) - TimeSpan.FromHours(1), step);
        await test.AdvanceAsync(TimeSpan.FromHours(1) - TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));

        Assert.InRange((await test.FamilyAsync()).LiveGeneration!.Value, 3, 6);
    }

    [Fact]
    public async Task Two_exchanges_in_a_row_do_not_make_a_sliding_end_an_end()
    {
        await using var test = await StartConsentedAsync(sliding);

        await test.AdvanceAsync(TimeSpan.FromSeconds(20));
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        var connection = await test.UntilAsync<VismaConnection>(Some.Connection, found => found.Status.LastHandledReconcileAt == "now");

        Assert.True(connection.Is("ConsentExpiring", "False"));
        Assert.Equal(connection.Status.Authorization!.GrantTime!.Value.AddDays(365), connection.Status.Authorization.ConsentExpirationTime);
    }

    [Fact]
    public async Task A_year_ends_in_four_warnings_and_a_new_consent_takes_them_back()
    {
        await using var test = await StartUnusedAsync(sliding, operatorUnderTest => operatorUnderTest.PublicUrl = pages);
        var (granted, first) = ((await test.ConnectionAsync()).Status.Authorization!, await test.FamilyAsync());
        var seen = new List<(string Left, bool HasLink)> { await WarningAsync(test) };

        foreach (var days in (int[])[31, 30, 14, 7, 1])
        {
            var next = granted.ConsentExpirationTime!.Value.AddDays(-days).AddMinutes(1);
            await test.AdvanceAsync(next - test.Time.GetUtcNow(), step);
            seen.Add(await WarningAsync(test));
        }

        Assert.Equal(granted.GrantTime!.Value.AddDays(365), granted.ConsentExpirationTime);
        Assert.Equal(
            [("", false), ("", false), ("within 30 days", true), ("within 14 days", true), ("within 7 days", true), ("within a day", true)],
            seen
        );
        Assert.Equal(4, test.EventsAbout(Some.Connection).Count(happened => happened.Reason == "ConsentExpiresSoon"));

        await test.HandOverAsync();
        var renewed = await test.UntilAsync<VismaConnection>(
            Some.Connection,
            found => found.Status.Authorization!.GrantTime > granted.GrantTime
        );
        await test.UntilIdleAsync();

        Assert.Equal(("", false), await WarningAsync(test));
        Assert.True(renewed.Is("Ready", "True"));
        Assert.Equal(renewed.Status.Authorization!.GrantTime!.Value.AddDays(365), renewed.Status.Authorization.ConsentExpirationTime);
        Assert.True(test.Provider.Grants.Families.Single(family => family.Id == first.Id).IsRevoked);
    }

    /// <summary>What ConsentExpiring says of the time that is left, empty while it is False, and whether status offers a link.</summary>
    private static async Task<(string Left, bool HasLink)> WarningAsync(TestOperator test)
    {
        var connection = await test.ConnectionAsync();
        var condition = connection.Condition("ConsentExpiring")!;
        var left =
            condition.Status == "True"
                ? condition.Message[
                    (condition.Message.IndexOf('(', StringComparison.Ordinal) + 1)..condition.Message.IndexOf(')', StringComparison.Ordinal)
                ]
                : string.Empty;
        return (left, connection.Status.Authorization!.Url is not null);
    }

    /// <summary>A consent whose access token is good for longer than its refresh token is without use.</summary>
    private static async Task<TestOperator> StartUnusedAsync(StandInRefreshTokens refreshTokens, Action<TestOperator>? prepare = null)
    {
        var test = await StartInteractiveAsync(refreshTokens, prepare);
        test.Provider.Portal.Set(test.Provider.Portal.FindClient(Some.ClientId)! with { AccessTokenLifetime = TimeSpan.FromDays(400) });
        await test.HandOverAsync();
        await test.UntilReadyAsync();
        await test.UntilIdleAsync();
        return test;
    }
}
