using System.Text.Json.Nodes;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests;

/// <summary>GitOps tools apply objects in any order; each order ends well, without a Stalled in between.</summary>
public sealed class AnyOrderTests(ApiServerFixture fixture)
{
    private static readonly string[] orders = ["scv", "svc", "csv", "cvs", "vsc", "vcs"]; // Secret, client, VismaConnection

    [Fact]
    [Trait("Reach", "Cluster")]
    public async Task Objects_applied_in_any_order_end_Ready_without_a_Stalled_in_between()
    {
        await using var scene = await Scene.OpenAsync(fixture);

        await Task.WhenAll(orders.Select(order => ApplyAsync(scene, order)));

        foreach (var sighting in scene.History.Sightings.Where(sighting => sighting.Kind is "VismaConnection" or "OAuthClient"))
        {
            Assert.True(
                sighting.Resource.Condition("Stalled") is null,
                $"{sighting.Kind} {sighting.Name} was Stalled: {sighting.Resource["status"]}"
            );
        }

        Assert.Equal(orders.Length, scene.Provider.Ledger.TokenRequests.Count);
    }

    private static async Task ApplyAsync(Scene scene, string order)
    {
        foreach (var kind in order)
        {
            await ApplyAsync(scene, kind, order);
        }

        await scene.UntilReadyAsync($"connection-{order}");
        await scene.UntilAsync(
            scene.ClientPath($"client-{order}"),
            $"OAuthClient {order} to be Ready",
            node => node.IsObserved() && node.Condition("Ready")?.Status == "True"
        );
    }

    // After each step the operator has had its say about it, so that what is missing is really noticed.
    private static async Task ApplyAsync(Scene scene, char kind, string order)
    {
        switch (kind)
        {
            case 's':
                await scene.CreateCredentialsAsync($"credentials-{order}");
                break;
            case 'c':
                var client = The.ClientSpec(scene.Provider.Issuer.OriginalString);
                client["clientSecrets"]![0]!["secretKeyRef"]!["name"] = $"credentials-{order}";
                await scene.CreateClientAsync(client, $"client-{order}");
                await scene.UntilAsync(scene.ClientPath($"client-{order}"), "the client to be looked at", node => node.IsObserved());
                break;
            default:
                var connection = The.ConnectionSpec();
                connection["oauthClientRef"] = new JsonObject { ["name"] = $"client-{order}" };
                await scene.CreateConnectionAsync(connection, $"connection-{order}");
                await scene.UntilAsync(
                    scene.ConnectionPath($"connection-{order}"),
                    "the connection to be looked at",
                    node => node.IsObserved()
                );
                break;
        }
    }
}
