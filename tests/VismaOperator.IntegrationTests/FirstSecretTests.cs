using System.Globalization;
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

        var applied = TimeProvider.System.GetTimestamp();
        await scene.CreateClientAsync();
        await scene.CreateConnectionAsync();
        await Eventually.GetAsync("the Secret", token => scene.Admin.FindAsync(scene.SecretPath(), token), Ct);
        var toSecret = TimeProvider.System.GetElapsedTime(applied);
        await scene.UntilReadyAsync();
        var toReady = TimeProvider.System.GetElapsedTime(applied);

        Report($"From applying client and connection to the Secret: {toSecret.TotalMilliseconds:0} ms, to Ready: {toReady.TotalMilliseconds:0} ms.");
        Assert.True(toSecret < bound, $"It took {toSecret}.");
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

    private static void Report(FormattableString measured) =>
        TestContext.Current.TestOutputHelper?.WriteLine("{0}", measured.ToString(CultureInfo.InvariantCulture));
}
