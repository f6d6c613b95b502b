using VismaConnect.StandIn;
using VismaOperator.Api;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>
/// Compares the requests to the provider with what the cluster held at that time. Both were recorded by somebody outside the operator: the
/// stand-in's ledger and a watch of the grant Secrets.
/// </summary>
internal sealed class GrantLedger(VismaConnectStandIn provider, Chronicle history)
{
    // The writer knows of a write before a watch reports it: a family that is revoked right after it was replaced must not look as if it
    // were still the stored one.
    private static readonly TimeSpan watchLag = TimeSpan.FromSeconds(1);

    private readonly List<Stored> stored = [.. VersionsIn(history)];

    private readonly List<LedgerEntry> exchanges = [.. provider.Ledger.Requests.Where(entry => entry.Grant is not null)];

    /// <summary>Requests that presented a refresh token whose successor was stored by then.</summary>
    public IReadOnlyList<LedgerEntry> SpendsOfASucceededToken =>
        [
            .. exchanges.Where(entry =>
                entry.Request.GrantType == "refresh_token"
                && exchanges
                    .TakeWhile(earlier => earlier.Number < entry.Number)
                    .Any(earlier =>
                        earlier.Grant!.Presented == entry.Grant!.Presented
                        && earlier.Grant.Issued is { } issued
                        && stored.Exists(token => token.Token == issued && token.At < entry.Time)
                    )
            ),
        ];

    /// <summary>
    /// Requests that revoked a family of which a live token was stored. One that was stored over a recorded refusal was stored after the
    /// request that the provider refused.
    /// </summary>
    public IReadOnlyList<LedgerEntry> RevocationsOfALiveToken => [.. exchanges.Where(entry => entry.Grant!.RevokedFamily && stored
        .Where(token => token.At < entry.Time + (token.IsOverARefusal ? TimeSpan.Zero : watchLag))
        .GroupBy(token => token.Secret)
        .Select(versions => versions.Last().Token)
        .Any(token => IsOf(entry.Grant.Family, token) && !WasSpentBefore(entry, token)))];

    private bool IsOf(string family, string token) =>
        provider.Grants.Families.Single(known => known.Id == family).RefreshTokens.Any(issued => issued.Sha256 == token);

    private bool WasSpentBefore(LedgerEntry entry, string token) =>
        exchanges.Exists(earlier => earlier.Number < entry.Number && earlier.Grant!.Presented == token && earlier.Grant.Issued is not null);

    private static IEnumerable<Stored> VersionsIn(Chronicle history)
    {
        var last = new Dictionary<string, Stored>(StringComparer.Ordinal);
        foreach (var (at, _, secret) in history.Sightings.Where(IsOfGrant))
        {
            var name = secret["metadata"]!["name"]!.GetValue<string>();
            var (token, former) = (GrantTrace.HashOf(secret.Value("refresh_token")), last.GetValueOrDefault(name));
            yield return last[name] = new Stored(at, name, token)
            {
                IsRefused = secret["data"]!["refused_at"] is not null,
                IsOverARefusal = former?.Token == token ? former.IsOverARefusal : former?.IsRefused == true,
            };
        }
    }

    private static bool IsOfGrant(Sighting sighting) =>
        sighting.Kind == "Secret"
        && sighting.Name.EndsWith(AuthorizationSpec.GrantSecretSuffix, StringComparison.Ordinal)
        && sighting.Resource["data"]?["refresh_token"] is not null
        && sighting.Change != "DELETED";

    /// <summary>A version of a grant Secret.</summary>
    private sealed record Stored(DateTimeOffset At, string Secret, string Token)
    {
        /// <summary>It says that the provider refused the token.</summary>
        public bool IsRefused { get; init; }

        /// <summary>The version before this token said so of the token before.</summary>
        public bool IsOverARefusal { get; init; }
    }
}
