using System.Buffers.Text;
using System.Text;
using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Grants;
using VismaOperator.Tests.Support;
using static VismaOperator.Tests.Support.SomeConsents;

namespace VismaOperator.Tests.Behaviour;

/// <summary>
/// Whatever a provider answers, status keeps within its own schema, so that it is written. <see cref="StatusSchema"/> looks at every status
/// at the end of each test.
/// </summary>
public sealed class ExtremeAnswerTests
{
    private const string Read = "vismanet_erp_service_api:read";
    private const string GrantSecretName = Some.Connection + AuthorizationSpec.GrantSecretSuffix;

    public static TheoryData<string> Answers => [.. answers.Keys];

    private static readonly Dictionary<string, JsonObject> answers = new()
    {
        ["1,025 scopes"] = Granted(scope: string.Join(' ', Enumerable.Range(0, 1_025).Select(number => $"scope{number}"))),
        ["a scope of 10,000 characters"] = Granted(scope: $"{Read} {new string('x', 10_000)}"),
        ["scopes that are no ASCII"] = Granted(scope: $"{Read} \u0000\u0007 \u00e5😀 {new string('å', 600)}"),
        ["a scope that ends in half a character where it is cut"] = Granted(scope: new string('x', 508) + "😀😀😀😀"),
        ["scopes as a list"] = With(Granted(), "scope", new JsonArray(Read, "a b", "")),
        ["an empty scope"] = Granted(scope: ""),
        ["ten years"] = With(Granted(), "expires_in", 315_576_000),
        ["a refresh token life that is no number"] = With(With(Granted(), "refresh_expires_in", "soon"), "refresh_token_expires_in", 1e300),
        ["a long description"] = With(new() { ["error"] = "invalid_scope" }, "error_description", new string('d', 100_000)),
        ["a description that is no ASCII"] = With(new() { ["error"] = "invalid_scope" }, "error_description", "\u0000\n\u00e5😀"),
        ["a long code"] = new() { ["error"] = new string('e', 100_000) },
        ["a code that is no word"] = new() { ["error"] = "\n 😀 {}" },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task An_answer_makes_a_status_that_is_written(string answer)
    {
        await using var test = await TestOperator.StartAsync(prepared =>
            prepared.Provider.Faults.Always(
                new Fault.Answer(
                    answers[answer].ContainsKey("error") ? 400 : 200,
                    answers[answer].ToJsonString(),
                    "application/json",
                    new Dictionary<string, string>()
                )
            )
        );
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.ApplyAsync(Some.VismaConnection());

        await test.UntilIdleAsync();

        Assert.Equal(
            answers[answer].ContainsKey("error") ? "False" : "True",
            (await test.ConnectionAsync()).Condition("Ready")!.Status
        );
    }

    [Fact]
    public async Task A_list_of_scopes_that_is_too_long_is_cut_and_said_so()
    {
        await using var test = await TestOperator.StartReadyAsync(prepared =>
            prepared.Provider.Portal.Set(
                prepared.Provider.Portal.FindClient(Some.ClientId)! with
                {
                    GrantedScopes = [.. Enumerable.Range(0, 1_025).Select(number => $"scope{number}"), Read],
                }
            )
        );

        var connection = await test.ConnectionAsync();

        Assert.Equal((1_024, Read), (connection.Status.Token!.GrantedScopes.Count, connection.Status.Token.GrantedScopes[0]));
        Assert.Contains("ends after 1024 scopes", connection.Condition("ScopesGranted")!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("authorization_endpoint")]
    [InlineData("revocation_endpoint")]
    [InlineData("token_endpoint")]
    public async Task An_endpoint_that_status_could_not_hold_is_not_trusted(string member)
    {
        await using var test = await TestOperator.StartAsync(prepared =>
        {
            var document = new JsonObject
            {
                ["issuer"] = prepared.Provider.Issuer.OriginalString,
                ["token_endpoint"] = new Uri(prepared.Provider.Url, "/connect/token").AbsoluteUri,
                [member] = new Uri(prepared.Provider.Url, "/" + new string('å', 2_000)).OriginalString,
            };
            prepared.Provider.Faults.Always(
                new Fault.Answer(200, document.ToJsonString(), "application/json", new Dictionary<string, string>()),
                StandInEndpoint.Metadata
            );
        });
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.ApplyAsync(Some.VismaConnection());

        await test.UntilStalledAsync("MetadataUntrusted");
    }

    [Theory]
    [InlineData(GrantKeys.Sequence, "9223372036854775807")]
    [InlineData(GrantKeys.GrantedBy, null)]
    [InlineData(GrantKeys.GrantTime, "9999-12-31T23:59:59Z")]
    [InlineData(GrantKeys.ExpiresAt, "9999-12-31T23:59:59Z")]
    [InlineData(GrantKeys.IssuedAt, "9999-12-31T23:59:59Z")]
    [InlineData(GrantKeys.IssuedAt, "0001-01-01T00:00:00Z")]
    [InlineData(GrantKeys.RefreshTokenExpiresAt, "9999-12-31T23:59:59Z")]
    [InlineData(GrantKeys.GrantedScope, null)]
    [InlineData(GrantKeys.Inputs, null)]
    [InlineData(GrantKeys.RefusedAt, "9999-12-31T23:59:59Z")]
    public async Task A_forged_grant_causes_no_invalid_status(string key, string? value)
    {
        await using var test = await StartConsentedAsync();
        await test.StopAsync();
        await test.PutSecretAsync(value ?? new string('x', 100_000), GrantSecretName, key);

        test.Start();
        await test.UntilIdleAsync();
        await test.AdvanceAsync(TimeSpan.FromHours(3), TimeSpan.FromMinutes(30));

        Assert.DoesNotContain("System.", test.Logs.ToString(), StringComparison.Ordinal);
        Assert.Equal((await test.ConnectionAsync()).Metadata.Generation, (await test.ConnectionAsync()).Status.ObservedGeneration);
    }

    [Theory]
    [InlineData("a reason\n{}", "message")]
    [InlineData("ConsentFailed", null)]
    public async Task A_forged_outcome_of_a_consent_causes_no_invalid_status(string reason, string? message)
    {
        await using var test = await StartConsentedAsync();
        await test.StopAsync();
        await test.PutSecretAsync(reason, GrantSecretName, GrantKeys.OutcomeReason);
        await test.PutSecretAsync(message ?? new string('m', 100_000), GrantSecretName, GrantKeys.OutcomeMessage);
        await test.PutSecretAsync("2026-11-23T12:00:00Z", GrantSecretName, GrantKeys.OutcomeTime);

        test.Start();
        await test.UntilIdleAsync();

        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
    }

    private static JsonObject Granted(string scope = Read) =>
        new()
        {
            ["access_token"] =
                $"{Part("{}")}.{Part($$"""{"tenant_id":"{{Some.Tenant}}","sub":"{{new string('s', 10_000)}}","name":["a"]}""")}.signature-of-this-test",
            ["token_type"] = "Bearer",
            ["expires_in"] = 3600,
            ["scope"] = scope,
        };

    private static JsonObject With(JsonObject answer, string member, JsonNode value)
    {
        answer[member] = value;
        return answer;
    }

    private static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}
