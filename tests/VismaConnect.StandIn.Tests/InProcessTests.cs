using Microsoft.Extensions.Time.Testing;

namespace VismaConnect.StandIn.Tests;

/// <summary>The rules without HTTP decide as the server does: the same random requests to both, the same verdicts.</summary>
public sealed class InProcessTests
{
    private const int Requests = 60;

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(3, 5)]
    [InlineData(4, 5)]
    [InlineData(5, 60)]
    [InlineData(6, null)]
    [InlineData(7, 5, false)]
    public async Task The_same_requests_get_the_same_verdicts(int seed, int? grace, bool revokesFamily = true)
    {
        var tokens = grace is { } seconds
            ? Interactive.OneTime(seconds) with { RevokesFamilyOnReuse = revokesFamily }
            : new StandInRefreshTokens();
        await using var served = await Interactive.StartAsync(tokens);
        var clock = new FakeTimeProvider(served.Running.Time.GetUtcNow());
        var inProcess = new InProcessStandIn(new StandInOptions
        {
            Time = clock,
            Clients = [Interactive.Client with { RefreshTokens = tokens }],
            Tenants = [new StandInTenant(Running.Tenant)],
            Users = [new StandInUser(Interactive.Kari, "sub-of-kari") { Tenants = [Running.Tenant] }],
        });
        var (overHttp, direct) = (new OverHttp(served), new Direct(inProcess, clock));

        Assert.Equal(await VerdictsAsync(overHttp, new Random(seed)), await VerdictsAsync(direct, new Random(seed)));
        Assert.Equal(Shape(served.StandIn.Grants), Shape(inProcess.Grants));
    }

    private static async Task<List<string>> VerdictsAsync(IWay way, Random random)
    {
        var verdicts = new List<string>();
        var (codes, tokens) = (new List<string> { await way.CodeAsync() }, new List<string>());
        for (var request = 0; request < Requests; request++)
        {
            way.Pass(TimeSpan.FromSeconds(random.Next(4) == 0 ? random.Next(90) : 1));
            var (error, token) = random.Next(12) switch
            {
                0 => await NewCodeAsync(way, codes),
                1 or 2 => await way.RedeemAsync(codes[random.Next(codes.Count)]),
                3 when tokens.Count > 0 && random.Next(4) == 0 => await way.RevokeAsync(tokens[random.Next(tokens.Count)]),
                _ when tokens.Count == 0 => await way.RedeemAsync(codes[^1]),
                4 => await way.RefreshAsync(tokens[random.Next(tokens.Count)]),
                _ => await way.RefreshAsync(tokens[^1]),
            };
            verdicts.Add(error ?? "granted");
            if (token is not null)
            {
                tokens.Add(token);
            }
        }

        return verdicts;
    }

    private static async Task<(string? Error, string? Token)> NewCodeAsync(IWay way, List<string> codes)
    {
        codes.Add(await way.CodeAsync());
        return (null, null);
    }

    private static List<string> Shape(IssuedGrants grants) =>
        [
            .. grants.Families.Select(family =>
                $"{family.Revocation} {family.SpendsOfConsumed} "
                + string.Join(',', family.RefreshTokens.Select(Shape))
            ),
        ];

    private static string Shape(IssuedRefreshToken token) =>
        $"{token.Generation}{(token.IsLive ? " live" : "")}{(token.IsAccepted ? " accepted" : "")}";

    private interface IWay
    {
        void Pass(TimeSpan time);

        Task<string> CodeAsync();

        Task<(string? Error, string? Token)> RedeemAsync(string code);

        Task<(string? Error, string? Token)> RefreshAsync(string token);

        Task<(string? Error, string? Token)> RevokeAsync(string token);
    }

    private sealed class OverHttp(Interactive interactive) : IWay
    {
        public void Pass(TimeSpan time) => interactive.Pass(time);

        public Task<string> CodeAsync() => interactive.CodeAsync();

        public async Task<(string? Error, string? Token)> RedeemAsync(string code) => Of(await interactive.RedeemAsync(code));

        public async Task<(string? Error, string? Token)> RefreshAsync(string token) => Of(await interactive.RefreshAsync(token));

        public async Task<(string? Error, string? Token)> RevokeAsync(string token)
        {
            await interactive.RevokeAsync(token);
            return (null, null);
        }

        private static (string? Error, string? Token) Of(Answered answer) => (answer.Error, answer.Member("refresh_token"));
    }

    private sealed class Direct(InProcessStandIn standIn, FakeTimeProvider time) : IWay
    {
        public void Pass(TimeSpan span) => time.Advance(span);

        public Task<string> CodeAsync() => Task.FromResult(standIn.Approve(new InProcessConsent
        {
            ClientId = Interactive.ClientId,
            UserName = Interactive.Kari,
            TenantId = Running.Tenant,
            Scopes = Interactive.Scope.Split(' '),
            RedirectUri = Interactive.RedirectUri,
            CodeChallenge = Interactive.Challenge,
        }));

        public Task<(string? Error, string? Token)> RedeemAsync(string code) =>
            AskAsync(
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", Interactive.RedirectUri),
                ("code_verifier", Interactive.Verifier)
            );

        public Task<(string? Error, string? Token)> RefreshAsync(string token) =>
            AskAsync(("grant_type", "refresh_token"), ("refresh_token", token));

        public Task<(string? Error, string? Token)> RevokeAsync(string token)
        {
            standIn.Revoke(token, Interactive.ClientId);
            return Task.FromResult<(string?, string?)>((null, null));
        }

        private Task<(string? Error, string? Token)> AskAsync(params (string Name, string Value)[] fields)
        {
            var form = fields.Append(("client_id", Interactive.ClientId)).Append(("client_secret", Interactive.Secret));
            var answer = standIn.Ask(form.ToDictionary(field => field.Item1, field => field.Item2));
            return Task.FromResult((answer.Error?.Code, answer.RefreshToken));
        }
    }
}
