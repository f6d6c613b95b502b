using System.Text.Json;
using VismaOperator.Api;

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
    public void Only_used_parts_of_an_object_are_cached()
    {
        const string Applied = "kubectl.kubernetes.io/last-applied-configuration";
        const string Annotations = $$$"""{"visma-operator.io/requestedAt":"1","{{{Applied}}}":"{}"}""";
        var connection = JsonSerializer.Deserialize(
            $$$$"""{"metadata":{"annotations":{{{{Annotations}}}},"managedFields":[{}]},"spec":{"oauthClientRef":{"name":"acme"},"later":{"version":2}}}""",
            VismaConnection.JsonTypeInfo
        )!;
        var client = JsonSerializer.Deserialize(
            $$$$"""{"metadata":{"annotations":{"{{{{Applied}}}}":"{}"}},"spec":{"clientID":"isv_acme","clientSecrets":[]}}""",
            OAuthClient.JsonTypeInfo
        )!;

        Assert.Equal(["visma-operator.io/requestedAt"], connection.Metadata.Annotations!.Keys);
        Assert.Null(client.Metadata.Annotations);
        Assert.DoesNotContain("later", JsonSerializer.Serialize(connection, VismaConnection.JsonTypeInfo), StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_of_a_newer_version_does_not_make_the_object_unreadable()
    {
        var json = SmallestConnection.Replace("\"spec\":{", "\"spec\":{\"grant\":\"DeviceCode\",", StringComparison.Ordinal);

        var connection = JsonSerializer.Deserialize(json, VismaConnection.JsonTypeInfo)!;

        Assert.Equal(Grant.Unrecognized, connection.Spec.Grant);
    }

    [Fact]
    public void A_connection_without_a_consent_shows_nothing_of_one()
    {
        var connection = JsonSerializer.Deserialize(SmallestConnection, VismaConnection.JsonTypeInfo)!;

        Assert.DoesNotContain(
            "authorization",
            JsonSerializer.Serialize(connection, VismaConnection.JsonTypeInfo),
            StringComparison.OrdinalIgnoreCase
        );
    }

    [Fact]
    public void The_declared_consent_lifetime_is_kept()
    {
        var connection = Interactive(["a:b"]);
        connection = connection with
        {
            Spec = connection.Spec with
            {
                Authorization = new() { DeletionPolicy = GrantDeletionPolicy.Retain, ConsentLifetime = "720h" },
            },
        };

        var read = JsonSerializer.Deserialize(
            JsonSerializer.Serialize(connection, VismaConnection.JsonTypeInfo),
            VismaConnection.JsonTypeInfo
        )!;

        Assert.Equal(GrantDeletionPolicy.Retain, read.Spec.Authorization.DeletionPolicy);
        Assert.Equal(TimeSpan.FromDays(30), read.Spec.Authorization.ConsentLifetimeSpan());
    }

    [Fact]
    public void The_secrets_of_a_consent_are_named_after_the_connection()
    {
        var connection = Interactive(["a:b"]);

        Assert.Equal("integrations/acme-visma-grant", connection.GrantSecretName().ToString());
        Assert.Equal("integrations/acme-visma-handoff", connection.HandoffSecretName().ToString());
    }

    [Fact]
    public void A_consent_asks_for_a_refresh_token_whether_that_was_written_or_not()
    {
        Assert.Equal(["a:b", "offline_access"], Interactive(["a:b"]).Spec.RequestedScopes());
        Assert.Equal(["a:b", "offline_access"], Interactive(["offline_access", "a:b"]).Spec.RequestedScopes());
        Assert.Equal(["a:b"], (Interactive(["a:b"]).Spec with { Grant = Grant.ClientCredentials }).RequestedScopes());
        Assert.Empty((Interactive([]).Spec with { Grant = Grant.ClientCredentials, AllScopes = true }).RequestedScopes());
    }

    [Fact]
    public void A_client_that_lists_scopes_of_a_tenant_need_not_list_the_refresh_token()
    {
        var rule = new TenantRule { TenantId = "T", Scopes = ["a:b"] };

        Assert.True(rule.Serves(Interactive(["a:b"])));
        Assert.True(rule.Serves(Interactive(["a:b", "offline_access"])));
        Assert.False(rule.Serves(Interactive(["a:b", "a:c"])));
    }

    [Fact]
    public void Acronyms_are_written_as_kubernetes_does()
    {
        var client = new OAuthClient
        {
            Spec = new() { ClientId = "isv_acme", ClientSecrets = [], RedirectUri = "https://a/b", Tenants = [new() { TenantId = "t" }] },
        };

        var json = JsonSerializer.Serialize(client, OAuthClient.JsonTypeInfo);

        Assert.Contains("\"clientID\":\"isv_acme\"", json, StringComparison.Ordinal);
        Assert.Contains("\"tenantID\":\"t\"", json, StringComparison.Ordinal);
        Assert.Contains("\"redirectURI\":\"https://a/b\"", json, StringComparison.Ordinal);
        Assert.Contains("\"authenticationMethod\":\"client_secret_post\"", json, StringComparison.Ordinal);
    }

    private static VismaConnection Interactive(IReadOnlyList<string> scopes) => new()
    {
        Metadata = new() { Name = "acme", Namespace = "integrations" },
        Spec = new() { OAuthClientRef = new() { Name = "acme" }, Grant = Grant.AuthorizationCode, TenantId = "t", Scopes = scopes },
    };
}
