using Microsoft.Extensions.Logging;
using VismaConnect.StandIn;
using VismaOperator.Api.Validation;
using VismaOperator.Hosting;
using VismaOperator.Local;

namespace VismaOperator.Tests.Support;

/// <summary>Manifests that a verb wrote, with the client secret filled in, through local mode to the end.</summary>
internal static class LocalOnce
{
    /// <summary>Runs local mode once; fails where a connection is not Ready.</summary>
    public static async Task IsReadyAsync(TemporaryFolder folder, VismaConnectStandIn provider, string manifests)
    {
        const string Place = "# stringData:\n#   clientSecret: YOUR_CLIENT_SECRET\n";
        Assert.Contains(Place, manifests, StringComparison.Ordinal);
        folder.CreateFolder("manifests");
        folder.Write(
            "manifests/all.yaml",
            manifests.Replace(Place, $"stringData:\n  clientSecret: {Some.ClientSecret}\n", StringComparison.Ordinal)
        );
        var output = new StringWriter();
        var options = new LocalOptions
        {
            Manifests = [folder["manifests"]],
            Output = folder["out"],
            State = folder["state"],
            Until = LocalRun.Settled,
            AllowLists = new AllowLists { AllowedIssuers = [provider.Issuer.OriginalString], AllowInsecureIssuers = true },
            Logs = new LogOptions { Format = LogFormat.Text, Level = LogLevel.Critical },
        };
        var isReady = await new LocalMode(options, output, TimeProvider.System)
            .RunAsync(TestContext.Current.CancellationToken)
            .WaitAsync(TestOperator.Patience, TestContext.Current.CancellationToken);
        Assert.True(isReady, output.ToString());
    }
}
