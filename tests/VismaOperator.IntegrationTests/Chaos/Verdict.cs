using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.IntegrationTests.Support;

namespace VismaOperator.IntegrationTests.Chaos;

/// <summary>
/// What must hold after the blows, judged by what others recorded: a watch of the Secrets and the ledger of the stand-in.
/// </summary>
internal sealed class Verdict(ChaosWorld world, IReadOnlyList<Struck> blows)
{
    // A token is renewed when half of its minute is left. With so long a time in which everything works, it must have been: the longest
    // blow leaves a backoff of some seconds behind.
    private static readonly TimeSpan margin = ChaosWorld.Lifetime / 2;
    private static readonly TimeSpan enough = TimeSpan.FromSeconds(20);

    // How long the provider still takes a spent refresh token.
    private static readonly TimeSpan grace = TimeSpan.FromMinutes(1);

    private readonly IReadOnlyList<LedgerEntry> ledger = world.Scene.Provider.Ledger.TokenRequests;

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>Times in which a Secret held an expired token.</summary>
    public IReadOnlyList<Expired> ExpiredTokens => [.. world.Connections.SelectMany(ExpiredTokensOf)];

    /// <summary>Those during which, or before which, everything had worked for long enough.</summary>
    public IEnumerable<string> NeedlesslyExpired() =>
        ExpiredTokens
            .Where(expired => LongestCalm(expired.From - margin, expired.To) >= enough)
            .Select(expired => $"{expired.Secret} held an expired token for {expired.For.TotalSeconds:0.0} s from {expired.From:HH:mm:ss}");

    /// <summary>Tokens that were requested again within a quarter of their lifetime, without a reason.</summary>
    public IEnumerable<string> NeedlesslyRenewed() =>
        from connection in world.Connections
        let granted = ledger.Where(entry => entry.IsGranted && entry.Request.TenantId == connection.Tenant).ToList()
        from pair in granted.Zip(granted.Skip(1))
        where pair.Second.Time - pair.First.Time < ChaosWorld.Lifetime / 4
        where !IsOfAConsent(pair.First) && !IsOfAConsent(pair.Second)
        where !pair.First.Outcome.Contains("cut", StringComparison.Ordinal)
        where !world.Excuses.Any(excuse => IsFor(excuse, connection, pair.First.Time, pair.Second.Time))
        select $"{connection.Name} was granted a token at {pair.First.Time:HH:mm:ss.fff} and at {pair.Second.Time:HH:mm:ss.fff}";

    /// <summary>Secrets whose content is not that of their connection, with a token that the provider issued for it.</summary>
    public async Task<IReadOnlyList<string>> WrongSecretsAsync(IEnumerable<ChaosConnection> served)
    {
        List<string> wrong = [];
        foreach (var connection in served)
        {
            var secret = await world.Scene.Admin.GetAsync(connection.SecretPath, TestContext.Current.CancellationToken);
            var token = secret.Value("access_token");
            if (
                secret.Value("tenant_id") != connection.Tenant
                || TenantOf(token) != connection.Tenant
                || ExpiryOf(secret) <= Now
                || !world.Scene.Provider.Ledger.AllSecretsIssued().Contains(token)
            )
            {
                wrong.Add($"{connection.SecretName} holds a token of {TenantOf(token)} until {ExpiryOf(secret):HH:mm:ss}");
            }
        }

        return wrong;
    }

    /// <summary>
    /// Connections whose grant is lost although the provider would have taken its refresh token again: the first answer to it was lost less
    /// than its grace before the last attempt.
    /// </summary>
    public async Task<IReadOnlyList<string>> NeedlesslyLostAsync(IEnumerable<ChaosConnection> lost)
    {
        List<string> needlessly = [];
        foreach (var connection in lost)
        {
            var grant = await world.Scene.Admin.GetAsync(world.Scene.GrantPath(connection.Name), TestContext.Current.CancellationToken);
            var token = GrantTrace.HashOf(grant.Value("refresh_token"));
            var spends = ledger.Where(entry => entry.Grant?.Presented == token).ToList();
            var granted = spends.Find(entry => entry.Grant!.Issued is not null);
            if (granted is null || spends[^1].Time - granted.Time <= grace)
            {
                needlessly.Add($"{connection.Name} lost its grant; its token was presented at "
                    + string.Join(", ", spends.Select(entry => $"{entry.Time:HH:mm:ss} ({entry.Outcome})")));
            }
        }

        return needlessly;
    }

    // The versions of the Secret say until when its token was valid; what replaced a version, or removed it, came at the next sighting.
    private IEnumerable<Expired> ExpiredTokensOf(ChaosConnection connection)
    {
        var versions = world.Scene.History.Of("Secret", connection.SecretName);
        for (var at = 0; at < versions.Count; at++)
        {
            if (versions[at].Change == "DELETED" || versions[at].Resource["data"]?["expires_at"] is null)
            {
                continue;
            }

            var expiry = ExpiryOf(versions[at].Resource);
            var end = at + 1 < versions.Count ? versions[at + 1].At : Now;
            if (end > expiry)
            {
                yield return new Expired(connection.SecretName, expiry, end);
            }
        }
    }

    private TimeSpan LongestCalm(DateTimeOffset from, DateTimeOffset to)
    {
        var (longest, since) = (TimeSpan.Zero, from);
        foreach (var blow in blows.Where(blow => blow.Ended > from && blow.Begun < to).OrderBy(blow => blow.Begun))
        {
            longest = Max(longest, blow.Begun - since);
            since = blow.Ended > since ? blow.Ended : since;
        }

        return Max(longest, to - since);
    }

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static bool IsOfAConsent(LedgerEntry entry) => entry.Request.GrantType == "authorization_code";

    private static bool IsFor(Excuse excuse, ChaosConnection connection, DateTimeOffset from, DateTimeOffset to) =>
        (excuse.Tenant ?? connection.Tenant) == connection.Tenant && excuse.IsBetween(from - TimeSpan.FromSeconds(2), to);

    // By the clock of the provider, since that of the operator is among the blows; as the Secret says where somebody overwrote the token.
    private static DateTimeOffset ExpiryOf(JsonNode secret) =>
        ClaimsOf(secret.Value("access_token"))?["exp"]?.GetValue<long>() is { } expiry
            ? DateTimeOffset.FromUnixTimeSeconds(expiry)
            : DateTimeOffset.Parse(secret.Value("expires_at"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private static string? TenantOf(string token) => ClaimsOf(token)?["tenant_id"]?.GetValue<string>();

    // The second part of a JWT (RFC 7519 section 3); null where it is none.
    private static JsonNode? ClaimsOf(string token)
    {
        if (token.Split('.') is not [_, var claims, _])
        {
            return null;
        }

        var text = claims.Replace('-', '+').Replace('_', '/');
        var json = Encoding.UTF8.GetString(Convert.FromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '=')));
        return JsonNode.Parse(json);
    }
}

/// <summary>A time in which a Secret held an expired token.</summary>
/// <param name="Secret">Its name.</param>
/// <param name="From">When the token expired.</param>
/// <param name="To">When another one replaced it, or it was deleted.</param>
internal sealed record Expired(string Secret, DateTimeOffset From, DateTimeOffset To)
{
    public TimeSpan For => To - From;
}
