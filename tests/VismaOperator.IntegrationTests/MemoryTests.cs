using System.Globalization;
using System.Text.Json.Nodes;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.IntegrationTests;

/// <summary>What the cluster holds for others must not cost the operator memory, and many credentials must not cost it watches.</summary>
[Collection(OwnServerFixture.Collection)]
public sealed class MemoryTests(OwnServerFixture fixture)
{
    private const int Strangers = 1_000;
    private const int StrangerBytes = 24_576;
    private const int Clients = 300;

    // The least of a few starts: single ones differ by tens of MB, by when the garbage collector last ran. Held in memory, the strangers
    // would be well over 20 MB.
    private const int Starts = 3;
    private const long Noise = 12 << 20;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static ParallelOptions Few => new() { MaxDegreeOfParallelism = 8, CancellationToken = Ct };

    [Fact]
    public async Task A_thousand_large_Secrets_of_others_cost_no_memory()
    {
        await using var scene = await Scene.OpenAsync(fixture.Server, new SceneOptions { Reach = Reach.Cluster });
        await scene.CreateAllAsync();
        await scene.EndOperatorAsync(ProcessSignal.Terminate);
        var without = await MeasureAsync(scene);

        var value = new string('x', StrangerBytes);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Strangers),
            Few,
            async (number, _) => await scene.CreateSecretAsync($"stranger-{number}", ("value", value))
        );
        var with = await MeasureAsync(scene);

        TestContext.Current.TestOutputHelper?.WriteLine(
            "{0}",
            $"Resident memory without strangers: {without >> 20} MB, with {Strangers} Secrets of others: {with >> 20} MB."
        );
        Assert.True(with - without < Noise, $"{with >> 20} MB with strangers, {without >> 20} MB without.");
        // Lists of tests that share the server would be long. One by one: the server gives the deletion of a collection a minute.
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Strangers),
            Few,
            async (number, token) => await scene.Admin.DeleteAsync(scene.SecretPath($"stranger-{number}"), token)
        );
    }

    [Fact]
    public async Task Three_hundred_clients_with_a_Secret_each_are_served()
    {
        await using var scene = await Scene.OpenAsync(fixture.Server);
        await Parallel.ForEachAsync(Enumerable.Range(0, Clients), Few, async (number, _) => await CreateAsync(scene, number));

        for (var number = 0; number < Clients; number++)
        {
            await scene.UntilReadyAsync($"connection-{number}");
        }

        Assert.Equal(Clients, scene.Provider.Ledger.TokenRequests.Count);
        Assert.True(scene.Proxy.Watches.Open > Clients, $"{scene.Proxy.Watches.Open} watches are open.");
    }

    private static async Task CreateAsync(Scene scene, int number)
    {
        var client = The.ClientSpec(scene.Provider.Issuer.OriginalString);
        client["clientSecrets"]![0]!["secretKeyRef"]!["name"] = $"credentials-{number}";
        var connection = The.ConnectionSpec();
        connection["oauthClientRef"] = new JsonObject { ["name"] = $"client-{number}" };
        await scene.CreateCredentialsAsync($"credentials-{number}");
        await scene.CreateClientAsync(client, $"client-{number}");
        await scene.CreateConnectionAsync(connection, $"connection-{number}");
    }

    /// <summary>The resident memory in bytes of an operator that has just looked at everything: the least of a few starts.</summary>
    private static async Task<long> MeasureAsync(Scene scene)
    {
        var least = long.MaxValue;
        for (var start = 0; start < Starts; start++)
        {
            least = Math.Min(least, await MeasureOnceAsync(scene));
        }

        return least;
    }

    private static async Task<long> MeasureOnceAsync(Scene scene)
    {
        var running = await scene.StartOperatorAsync();
        await scene.UntilStillAsync(TimeSpan.FromSeconds(2));
        var line = File.ReadLines($"/proc/{running.Process.Id}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        await scene.EndOperatorAsync(ProcessSignal.Terminate);
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
