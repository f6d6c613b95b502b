using System.Net;
using System.Text.Json.Nodes;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Proxy;

namespace VismaOperator.IntegrationTests;

/// <summary>
/// Admission webhooks, policies and quotas that deny the operator's writes of Secrets: status gives name and code from the first failed
/// write on, and repeats none of their words.
/// </summary>
public sealed class AdmissionTests(ApiServerFixture fixture)
{
    private const string Quoted = "eyJhbGciOiJub25lIn0.quoted-from-the-secret";
    private const string Name = "guard.policies.example.com";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string, int, string> Guards => new()
    {
        { "webhook down", 500, "SecretNotWritten" },
        { "webhook denies", 403, "SecretNotWritten" },
        { "webhook denies without a code", 400, "SecretNotWritten" },
        { "quota", 403, "SecretNotWritten" },
        { "policy", 422, "SecretInvalid" },
    };

    [Fact]
    public async Task A_webhook_that_fails_while_the_token_expires_is_reported_and_Ready_turns_False()
    {
        await using var scene = await Scene.OpenAsync(fixture, SceneOptions.WithLifetime(TimeSpan.FromSeconds(20)));
        await scene.CreateAllAsync();
        using var webhook = scene.Proxy.Inject(FaultEffect.WebhookDown(Name, Quoted), request => request.IsSecretWrite());

        var serving = await scene.UntilAsync(
            scene.ConnectionPath(),
            "the failed write to be told",
            node => node.Condition("TokenFresh")?.Reason == "SecretNotWritten"
        );
        var expired = await scene.UntilAsync(
            scene.ConnectionPath(),
            "Ready to turn False",
            node => node.Condition("Ready")?.Status == "False",
            TimeSpan.FromSeconds(40)
        );

        Assert.Equal("True", serving.Condition("Ready")!.Status);
        Told(serving, "TokenFresh", 500);
        Told(expired, "Ready", 500);
        Assert.InRange(scene.Provider.Ledger.TokenRequests.Count, 2, 4);
        webhook.Dispose();
        await scene.UntilReadyAsync(within: TimeSpan.FromSeconds(60));
    }

    [Theory]
    [MemberData(nameof(Guards))]
    public async Task A_first_token_that_is_not_let_through_is_reported_by_name_and_code(string guard, int code, string reason)
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateCredentialsAsync();
        await scene.CreateClientAsync();
        using var refused = scene.Proxy.Inject(EffectOf(guard), request => request.IsSecretWrite());

        await scene.CreateConnectionAsync();
        var connection = await scene.UntilAsync(
            scene.ConnectionPath(),
            "the refusal to be told",
            node => node.Condition("Ready") is { Reason: not "ClientNotAvailable" }
        );

        Told(connection, "Ready", code);
        Assert.Equal(reason, connection.Condition("Ready")!.Reason); // a refusal is believed once it has lasted
        Assert.Single(scene.Provider.Ledger.TokenRequests);
        refused.Dispose();
        await scene.RequestRefreshAsync("now");
        await scene.UntilReadyAsync();
        await scene.UntilHandledAsync("now");
        Assert.Equal(2, scene.Provider.Ledger.TokenRequests.Count); // the token of before answers no request that came since
        Assert.DoesNotContain(Quoted, string.Join('\n', scene.Operator!.Process.Lines), StringComparison.Ordinal);
    }

    private static FaultEffect.Answer EffectOf(string guard) => guard switch
    {
        "webhook down" => FaultEffect.WebhookDown(Name, Quoted),
        "webhook denies" => FaultEffect.WebhookDenies(Name, Quoted),
        "webhook denies without a code" => FaultEffect.WebhookDenies(Name, Quoted) with { Status = HttpStatusCode.BadRequest },
        "quota" => FaultEffect.QuotaExceeded(The.TokenSecret, Name),
        _ => FaultEffect.PolicyDenies(The.TokenSecret, Name, Quoted),
    };

    private static void Told(JsonNode connection, string type, int code)
    {
        var condition = connection.Condition(type)!;
        Assert.Equal("False", condition.Status);
        Assert.Contains(Name, condition.Message, StringComparison.Ordinal);
        Assert.Contains(code.ToString(System.Globalization.CultureInfo.InvariantCulture), condition.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Quoted, connection.ToJsonString(), StringComparison.Ordinal);
        Assert.NotNull(connection["status"]!["failure"]!["nextAttemptTime"]);
    }
}
