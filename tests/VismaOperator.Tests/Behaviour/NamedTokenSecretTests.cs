using Kubernetes.Client.Resources;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>
/// An OAuthClient may name any Secret of its namespace. One that names the Secret of a connection stalls itself and nobody
/// else, and nothing that stands in such a Secret is sent anywhere.
/// </summary>
public sealed class NamedTokenSecretTests
{
    private const string Token = "acme-production-token";
    private const string Thief = "thief";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_names_a_token_Secret_stalls_itself_and_not_the_connection(bool isClientId)
    {
        await using var test = await TestOperator.StartReadyAsync();

        await NameAsync(test, Token, "access_token", isClientId);
        await test.AdvanceAsync(TimeSpan.FromMinutes(41), TimeSpan.FromMinutes(1));

        await RefusedAsync(test, Token);
        await IsServedAsync(test);
        Assert.Equal(2, test.TokenRequests); // the second one renewed the token
    }

    [Fact]
    public async Task The_Secret_that_such_a_client_names_is_healed_and_comes_back()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await NameAsync(test, Token, "access_token", isClientId: false);
        await test.AdvanceAsync(TimeSpan.FromSeconds(10));

        await test.PatchAsync<Secret>(Token, """{"metadata": {"labels": {"visma-operator.io/secret": null}}}""");
        await test.UntilIdleAsync();
        Assert.Equal("token", (await test.TokenSecretAsync()).Metadata.Label(VismaNames.SecretLabel));
        await test.DeleteAsync<Secret>(Token);
        await test.UntilIdleAsync();

        await RefusedAsync(test, Token);
        await IsServedAsync(test);
        Assert.Equal(2, test.TokenRequests);
    }

    [Fact]
    public async Task The_same_holds_in_a_process_that_has_just_been_started()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.StopAsync();
        await NameAsync(test, Token, "access_token", isClientId: false);
        await test.PatchAsync<Secret>(Token, """{"metadata": {"labels": {"visma-operator.io/secret": null}}}""");

        test.Start();
        await test.UntilIdleAsync();

        await RefusedAsync(test, Token);
        await IsServedAsync(test);
        Assert.Equal("token", (await test.TokenSecretAsync()).Metadata.Label(VismaNames.SecretLabel));
        Assert.Equal(1, test.TokenRequests);
    }

    [Theory]
    [InlineData("access_token")]
    [InlineData("authorization")]
    [InlineData("tenant_id")]
    public async Task No_key_of_a_token_Secret_is_sent_as_a_client_secret(string key)
    {
        await using var test = await TestOperator.StartReadyAsync();
        await NameAsync(test, Token, key, isClientId: false);

        await test.ApplyAsync(
            Some.VismaConnection("thieves") with
            {
                Spec = Some.VismaConnection().Spec with { OAuthClientRef = new OAuthClientReference { Name = Thief } },
            }
        );
        var stalled = await test.UntilStalledAsync("SecretHoldsToken", "thieves");
        await test.AdvanceAsync(TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(1));

        Assert.Contains($"OAuthClient {Some.Namespace}/{Thief}", stalled.Condition("Stalled")!.Message, StringComparison.Ordinal);
        Assert.Equal(1, test.TokenRequests);
    }

    [Theory]
    [InlineData("acme-production-visma-grant", "refresh_token")]
    [InlineData("acme-production-visma-grant", "client_id")]
    [InlineData("another-visma-handoff", "code")]
    public async Task Neither_a_grant_nor_a_code_serves_as_credential_of_a_client(string secret, string key)
    {
        await using var test = await SomeConsents.StartConsentedAsync();
        await test.ApplyAsync(SomeConsents.Handoff("another", "a-code", "a-verifier", test.Time.GetUtcNow().AddMinutes(5)));

        await NameAsync(test, secret, key, isClientId: false);

        await RefusedAsync(test, secret);
        await IsServedAsync(test);
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task A_client_is_served_again_once_it_names_a_Secret_of_its_own()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await NameAsync(test, Token, "access_token", isClientId: false);
        await RefusedAsync(test, Token);

        await test.PatchAsync<OAuthClient>(
            Thief,
            """{"spec": {"clientSecrets": [{"secretKeyRef": {"name": "acme-credentials", "key": "clientSecret"}}]}}"""
        );

        await test.UntilAsync<OAuthClient>(Thief, client => client.Is("Ready", "True"));
    }

    [Fact]
    public async Task A_Secret_that_its_owner_only_lends_and_that_holds_no_token_yet_still_serves_its_client()
    {
        await using var test = await TestOperator.StartReadyAsync();

        await test.PatchAsync<Secret>(
            "acme-credentials",
            """{"metadata": {"labels": {"visma-operator.io/secret": "token"}, "annotations": {"visma-operator.io/adopt": "second"}}}"""
        );
        await test.ApplyAsync(Some.VismaConnection("second").WithSecret(new SecretSpec { Name = "acme-credentials" }));
        var stalled = await test.UntilStalledAsync("SecretNotOwned", "second");
        await test.AdvanceAsync(TimeSpan.FromMinutes(41), TimeSpan.FromMinutes(1));

        Assert.Contains($"OAuthClient {Some.Client}", stalled.Condition("Stalled")!.Message, StringComparison.Ordinal);
        Assert.Equal(Some.ClientSecret, (await test.TokenSecretAsync("acme-credentials")).Text("clientSecret"));
        Assert.Equal(2, test.TokenRequests);
    }

    // Labelled for a client id, so that nothing else stands in the way.
    private static async Task NameAsync(TestOperator test, string secret, string key, bool isClientId)
    {
        var reference = new SecretKeyReference { Name = secret, Key = key };
        if (isClientId)
        {
            await test.PatchAsync<Secret>(secret, """{"metadata": {"labels": {"visma-operator.io/client-credentials": "true"}}}""");
        }

        var thief = test.Client() with { Metadata = new ObjectMeta { Name = Thief, Namespace = Some.Namespace } };
        await test.ApplyAsync(thief.With(spec => isClientId
            ? spec with { ClientId = null, ClientIdFrom = new ClientIdSource { SecretKeyRef = reference } }
            : spec with { ClientSecrets = [new ClientSecretSpec { SecretKeyRef = reference }] }));
    }

    private static async Task RefusedAsync(TestOperator test, string secret)
    {
        var thief = await test.UntilAsync<OAuthClient>(Thief, client => client.Condition("Stalled")?.Reason == "SecretHoldsToken");
        Assert.Contains($"Secret {Some.Namespace}/{secret}", thief.Condition("Stalled")!.Message, StringComparison.Ordinal);
    }

    private static async Task IsServedAsync(TestOperator test)
    {
        var connection = await test.ConnectionAsync();
        Assert.True(connection.Is("Ready", "True"), connection.Condition("Ready")?.ToString());
        Assert.True(connection.Is("TokenFresh", "True"), connection.Condition("TokenFresh")?.ToString());
        Assert.Null(connection.Condition("Stalled"));
        Assert.NotNull(await test.TokenSecretAsync());
    }
}
