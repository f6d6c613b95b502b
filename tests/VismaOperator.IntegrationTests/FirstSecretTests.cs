using System.Globalization;
using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests;

/// <summary>How soon the main job is done. The bounds are generous, since a loaded machine is no fault; the numbers are in the output.</summary>
public sealed class FirstSecretTests(ApiServerFixture fixture)
{
    private static readonly TimeSpan bound = TimeSpan.FromSeconds(10);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_Secret_follows_the_manifests_at_once()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        scene.Provider.Faults.Always(new Fault.Slow(TimeSpan.FromMilliseconds(5)));
        await scene.UntilStillAsync(TimeSpan.FromSeconds(1));
        await scene.CreateCredentialsAsync();

        await AssertSoonAsync(scene, "first", "in the first seconds of the process");
        await AssertSoonAsync(scene, "second", "in a warm process");
    }

    [Fact]
    public async Task A_Secret_that_was_deleted_is_back_at_once()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        await scene.UntilStillAsync(TimeSpan.FromSeconds(1));

        var deleted = TimeProvider.System.GetTimestamp();
        await scene.Admin.DeleteAsync(scene.SecretPath(), Ct);
        await Eventually.GetAsync("the Secret", token => scene.Admin.FindAsync(scene.SecretPath(), token), Ct);
        var back = TimeProvider.System.GetElapsedTime(deleted);

        Report($"From the deletion of the Secret to the next one: {back.TotalMilliseconds:0} ms.");
        Assert.True(back < bound, $"It took {back}.");
    }

    private static async Task AssertSoonAsync(Scene scene, string name, string when)
    {
        var connection = The.ConnectionSpec();
        connection["oauthClientRef"] = new JsonObject { ["name"] = name };
        var applied = TimeProvider.System.GetTimestamp();
        await scene.CreateClientAsync(name: name);
        await scene.CreateConnectionAsync(connection, name);
        await Eventually.GetAsync("the Secret", token => scene.Admin.FindAsync(scene.SecretPath($"{name}-token"), token), Ct);
        var toSecret = TimeProvider.System.GetElapsedTime(applied);
        await scene.UntilReadyAsync(name);
        var toReady = TimeProvider.System.GetElapsedTime(applied);

        Report($"From applying client and connection {when} to the Secret: {toSecret.TotalMilliseconds:0} ms, to Ready: {toReady.TotalMilliseconds:0} ms.");
        Assert.True(toSecret < bound, $"It took {toSecret}.");
        await scene.UntilStillAsync(TimeSpan.FromSeconds(1));
    }

    private static void Report(FormattableString measured) =>
        TestContext.Current.TestOutputHelper?.WriteLine("{0}", measured.ToString(CultureInfo.InvariantCulture));
}
