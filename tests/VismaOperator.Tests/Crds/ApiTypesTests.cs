using System.Text.Json;
using VismaOperator.OAuthClients;
using VismaOperator.VismaConnections;

namespace VismaOperator.Tests.Crds;

public sealed class ApiTypesTests
{
    private const string SmallestConnection =
        """{"metadata":{"name":"acme","namespace":"integrations"},"spec":{"oauthClientRef":{"name":"acme"}}}""";

    [Fact]
    public void Defaults_survive_an_object_that_leaves_everything_out()
    {
        var connection = JsonSerializer.Deserialize(SmallestConnection, VismaConnection.JsonTypeInfo)!;

        Assert.Equal("visma-operator.io/v1", connection.ApiVersion);
        Assert.Equal("https://api.finance.visma.net/v1", connection.Spec.EffectiveBaseUrl());
        Assert.Equal("acme-token", connection.SecretName().Name);
        Assert.Equal("integrations/acme", connection.ClientName().ToString());
        Assert.Equal(TimeSpan.FromMinutes(10), connection.Spec.Refresh.MinRemainingValiditySpan());
        Assert.Equal(Grant.ClientCredentials, connection.Spec.Grant);
        Assert.Equal(GrantDeletionPolicy.Revoke, connection.Spec.Authorization.DeletionPolicy);
        Assert.Equal(TimeSpan.FromDays(365), connection.Spec.Authorization.ConsentLifetimeSpan());
        Assert.Equal(-1, connection.Status.ObservedGeneration);
        Assert.Empty(connection.Spec.Scopes);
    }

    [Fact]
    public void A_name_of_a_newer_version_does_not_make_the_object_unreadable()
    {
        var json = SmallestConnection.Replace("\"spec\":{", "\"spec\":{\"grant\":\"DeviceCode\",", StringComparison.Ordinal);

        var connection = JsonSerializer.Deserialize(json, VismaConnection.JsonTypeInfo)!;

        Assert.Equal(Grant.Unrecognized, connection.Spec.Grant);
    }

    [Fact]
    public void Acronyms_are_written_as_kubernetes_does()
    {
        var client = new OAuthClient
        {
            Spec = new() { ClientId = "isv_acme", ClientSecrets = [], Tenants = [new() { TenantId = "t" }] },
        };

        var json = JsonSerializer.Serialize(client, OAuthClient.JsonTypeInfo);

        Assert.Contains("\"clientID\":\"isv_acme\"", json, StringComparison.Ordinal);
        Assert.Contains("\"tenantID\":\"t\"", json, StringComparison.Ordinal);
        Assert.Contains("\"authenticationMethod\":\"client_secret_post\"", json, StringComparison.Ordinal);
    }
}
