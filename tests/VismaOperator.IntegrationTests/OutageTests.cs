using System.Buffers.Text;
using System.Globalization;
using System.Text.Json.Nodes;
using OAuth;
using VismaConnect.StandIn;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests;

/// <summary>The provider is away for longer than any margin, and comes back to twenty connections that all want a token.</summary>
public sealed class OutageTests(ApiServerFixture fixture)
{
    private const int Connections = 20;

    private static readonly TimeSpan lifetime = TimeSpan.FromSeconds(20);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tokens_are_served_until_they_really_expire_and_renewed_without_a_burst()
    {
        await using var scene = await Scene.OpenAsync(fixture, SceneOptions.WithLifetime(lifetime));
        await scene.CreateCredentialsAsync();
        await scene.CreateClientAsync();
        await Task.WhenAll(Names.Select(name => scene.CreateConnectionAsync(name: name)));
        await UntilAllAsync(scene, "True");

        scene.Provider.Faults.Always(new Fault.CutBefore());
        await UntilAllAsync(scene, "False");
        scene.Provider.Ledger.Reset();
        scene.Provider.Faults.Clear();
        scene.Provider.Faults.Always(new Fault.Slow(TimeSpan.FromMilliseconds(200))); // so that a burst would show
        await UntilAllAsync(scene, "True");

        Assert.InRange(scene.Provider.Ledger.MaxInFlight, 1, new IssuerGateOptions().MaxConcurrency);
        AssertNoReaderFoundAnExpiredToken(scene);
        AssertReadyUntilExpiry(scene);
    }

    private static IEnumerable<string> Names => Enumerable.Range(1, Connections).Select(number => $"tenant-{number:00}");

    private static Task UntilAllAsync(Scene scene, string ready) =>
        Eventually.BecomesTrueAsync(
            $"Ready={ready} of all connections",
            async token =>
            {
                var list = await scene.Admin.GetAsync(scene.Home.Of(The.Group, "vismaconnections"), token);
                return list["items"]!.AsArray().Count(item => item!.Condition("Ready")?.Status == ready) == Connections;
            },
            Ct,
            TimeSpan.FromMinutes(3)
        );

    private static void AssertNoReaderFoundAnExpiredToken(Scene scene)
    {
        foreach (var sighting in scene.History.Sightings.Where(sighting => sighting.Kind == "Secret"))
        {
            Assert.NotEqual("DELETED", sighting.Change);
            var published = DateTimeOffset.Parse(sighting.Resource.Value("expires_at"), CultureInfo.InvariantCulture);
            Assert.True(published <= ExpiryOf(sighting.Resource.Value("access_token")), "The Secret promises more than the token holds.");
            Assert.True(sighting.At < published, $"The Secret was written at {sighting.At:O} with a token that expired at {published:O}.");
        }
    }

    // Status is written in whole seconds, and by the same clock as this one.
    private static void AssertReadyUntilExpiry(Scene scene)
    {
        foreach (
            var versions in scene.History.Sightings.Where(sighting => sighting.Kind == "VismaConnection").GroupBy(sighting => sighting.Name)
        )
        {
            var turned = versions.Zip(versions.Skip(1)).First(step => IsReady(step.First) && !IsReady(step.Second));
            var expiry = turned.First.Resource["status"]!["token"]!["expirationTime"]!.GetValue<string>();
            Assert.True(
                turned.Second.At >= DateTimeOffset.Parse(expiry, CultureInfo.InvariantCulture),
                $"{versions.Key} was given up before {expiry}."
            );
            Assert.Equal("False", turned.Second.Resource.Condition("TokenFresh")?.Status);
        }
    }

    private static bool IsReady(Sighting sighting) => sighting.Resource.Condition("Ready")?.Status == "True";

    private static DateTimeOffset ExpiryOf(string token) =>
        DateTimeOffset.FromUnixTimeSeconds(JsonNode.Parse(Base64Url.DecodeFromChars(token.Split('.')[1]))!["exp"]!.GetValue<long>());
}
