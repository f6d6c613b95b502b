using System.Buffers.Text;
using System.Text;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using VismaOperator.Api;
using VismaOperator.Publishing;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>
/// A token Secret that says everything of itself is believed as far as status or the token confirms it: whoever may write Secrets must not
/// be able to silence a renewal.
/// </summary>
public sealed class BelievedTokenTests
{
    private const string Name = "acme-production-token";
    private const string Forged = "a-token-that-nobody-issued";

    [Theory]
    [InlineData("2099-01-01T00:00:00Z", true)]
    [InlineData("2099-01-01T00:00:00Z", false)]
    [InlineData("9999-12-31T23:59:59Z", false)]
    public async Task A_forged_expiry_puts_no_renewal_off(string expiresAt, bool isRecorded)
    {
        await using var test = await TestOperator.StartReadyAsync();
        await ForgeAsync(test, Forged, "2026-11-23T12:00:01Z", expiresAt, isRecorded);
        var requests = test.TokenRequests;

        await test.AdvanceAsync(TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(1));

        Assert.InRange(test.TokenRequests, requests + 1, requests + 2);
        Assert.NotEqual(Forged, (await test.TokenSecretAsync()).Text("access_token"));
        Assert.DoesNotContain(
            test.Record.Of<VismaConnection>(),
            seen => seen.Status.Token?.ExpirationTime > new DateTimeOffset(2026, 11, 23, 15, 0, 0, TimeSpan.Zero)
        );
        Assert.DoesNotContain(
            "expires-at: 2099",
            string.Concat((await test.TokenSecretAsync()).Metadata.Annotations!.Select(pair => $"{pair.Key}: {pair.Value}\n")),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("2098-01-01T00:00:00Z")]
    [InlineData("9999-12-31T23:59:58Z")]
    [InlineData("9999-12-31T23:59:59Z")]
    public async Task A_token_that_claims_to_be_issued_in_the_future_is_replaced_at_once(string issuedAt)
    {
        await using var test = await TestOperator.StartReadyAsync();

        await ForgeAsync(test, Forged, issuedAt, "9999-12-31T23:59:59Z", isRecorded: true);

        Assert.NotEqual(Forged, (await test.TokenSecretAsync()).Text("access_token"));
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
    }

    [Theory]
    [InlineData("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z")]
    [InlineData("0001-01-01T00:00:00Z", "0001-01-01T00:00:01Z")]
    [InlineData("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z")]
    public async Task A_token_of_times_that_cannot_be_reckoned_with_is_replaced_at_once(string issuedAt, string expiresAt)
    {
        await using var test = await TestOperator.StartReadyAsync();

        await ForgeAsync(test, Forged, issuedAt, expiresAt, isRecorded: false);

        Assert.NotEqual(Forged, (await test.TokenSecretAsync()).Text("access_token"));
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
    }

    [Theory]
    [InlineData("no data", true)]
    [InlineData("no data", false)]
    [InlineData("no access_token", true)]
    [InlineData("no access_token", false)]
    [InlineData("an empty access_token", false)]
    public async Task A_Secret_without_a_token_that_says_it_has_one_gets_one_at_once(string what, bool isRecorded)
    {
        await using var test = await TestOperator.StartReadyAsync();

        await ForgeAsync(
            test,
            Forged,
            "2026-11-23T12:00:01Z",
            "2026-11-23T13:00:01Z",
            isRecorded,
            changeData: data => what switch
            {
                "no data" => null,
                "no access_token" => data.Where(pair => pair.Key != StandardKeys.AccessToken).ToDictionary(),
                _ => new(data) { [StandardKeys.AccessToken] = SecretValue.FromText(string.Empty) },
            }
        );

        Assert.NotEmpty((await test.TokenSecretAsync()).Text("access_token"));
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
    }

    [Fact]
    public async Task A_token_of_another_company_is_replaced_at_once()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var theirs = Jwt($$"""{"tenant_id":"{{Some.OtherTenant}}"}""");

        await ForgeAsync(test, theirs, "2026-11-23T12:00:01Z", "2026-11-23T13:00:01Z", isRecorded: true);

        Assert.NotEqual(theirs, (await test.TokenSecretAsync()).Text("access_token"));
    }

    [Fact]
    public async Task A_token_that_claims_an_earlier_end_is_renewed_before_that()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var ending = Jwt(
            $$"""{"tenant_id":"{{Some.Tenant}}","exp":{{new DateTimeOffset(2026, 11, 23, 12, 10, 0, TimeSpan.Zero).ToUnixTimeSeconds()}}}"""
        );
        await ForgeAsync(test, ending, "2026-11-23T12:00:01Z", "2026-11-23T13:00:01Z", isRecorded: true);

        await test.AdvanceAsync(TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(30));

        Assert.NotEqual(ending, (await test.TokenSecretAsync()).Text("access_token"));
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
    }

    [Theory]
    [InlineData(VismaNames.InputsAnnotation)]
    [InlineData(VismaNames.LayoutAnnotation)]
    public async Task An_annotation_that_status_could_not_hold_is_not_believed(string annotation)
    {
        await using var test = await TestOperator.StartReadyAsync();

        await ForgeAsync(
            test,
            Forged,
            "2026-11-23T12:00:01Z",
            "2026-11-23T13:00:01Z",
            isRecorded: true,
            annotations => annotations[annotation] = new string('x', 1_000)
        );

        Assert.NotEqual(Forged, (await test.TokenSecretAsync()).Text("access_token"));
    }

    [Fact]
    public async Task A_request_that_nobody_made_does_not_count_as_answered()
    {
        await using var test = await TestOperator.StartReadyAsync();

        await ForgeAsync(
            test,
            Forged,
            "2026-11-23T12:00:01Z",
            "2026-11-23T13:00:01Z",
            isRecorded: false,
            annotations => annotations[VismaNames.AnsweredRequestAnnotation] = new string('x', 2_000)
        );

        var connection = await test.ConnectionAsync();
        Assert.True(connection.Is("Ready", "True"));
        Assert.Null(connection.Status.LastHandledReconcileAt);
    }

    [Fact]
    public async Task The_scopes_in_the_token_count_and_not_those_in_its_Secret()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.ChangeClientAsync(
            $$"""{"tenants": [{"tenantID": "{{Some.Tenant}}", "scopes": ["{{Some.Scopes[0]}}", "{{Some.Scopes[1]}}"]}]}"""
        );
        await test.UntilIdleAsync();
        var wide = Jwt($$"""{"tenant_id":"{{Some.Tenant}}","scope":["{{Some.Scopes[0]}}","vismanet_erp_service_api:delete"]}""");

        await ForgeAsync(test, wide, "2026-11-23T12:00:01Z", "2026-11-23T13:00:01Z", isRecorded: false);

        Assert.NotEqual(wide, (await test.TokenSecretAsync()).Text("access_token"));
        Assert.DoesNotContain(
            test.Record.Of<VismaConnection>(),
            seen => seen.Status.Token is { } token && token.GrantedScopes.Contains("vismanet_erp_service_api:delete")
        );
    }

    [Theory]
    [InlineData("other company")]
    [InlineData("more scopes than the client's owner allows")]
    public async Task A_token_that_was_put_beside_a_grant_is_published_only_where_its_claims_allow_it(string what)
    {
        await using var test = await SomeConsents.StartConsentedAsync();
        var scope = SomeConsents.InteractiveScopes[0];
        await test.ChangeClientAsync($$"""{"tenants": [{"tenantID": "{{Some.Tenant}}", "scopes": ["{{scope}}"]}]}""");
        await test.UntilIdleAsync();
        await test.StopAsync();
        var forged = what == "other company"
            ? Jwt($$"""{"tenant_id":"{{Some.OtherTenant}}","scope":"{{scope}}"}""")
            : Jwt($$"""{"tenant_id":"{{Some.Tenant}}","scope":"{{scope}} vismanet_erp_interactive_api:delete"}""");
        await test.PutSecretAsync(forged, Some.Connection + AuthorizationSpec.GrantSecretSuffix, "access_token");
        await test.DeleteAsync<Secret>(Name);

        test.Start();
        await test.AdvanceAsync(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));

        Assert.DoesNotContain(test.Record.Of<Secret>(Name), seen => seen.Text("access_token") == forged);
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
    }

    [Fact]
    public async Task A_token_whose_process_ended_before_it_wrote_status_is_recorded_without_a_request()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var requests = test.TokenRequests;
        await test.StopAsync();
        await ForgetAsync(test);

        test.Start();
        var connection = await test.UntilReadyAsync();
        await test.UntilIdleAsync();

        Assert.Equal(requests, test.TokenRequests);
        Assert.Equal("AllGranted", connection.Condition("ScopesGranted")!.Reason);
        Assert.Equal(new DateTimeOffset(2026, 11, 23, 13, 0, 0, TimeSpan.Zero), connection.Status.Token!.ExpirationTime);
    }

    // Everything on the Secret fits together; nothing of it is true.
    private static async Task ForgeAsync(
        TestOperator test,
        string token,
        string issuedAt,
        string expiresAt,
        bool isRecorded,
        Action<Dictionary<string, string>>? change = null,
        Func<Dictionary<string, SecretValue>, Dictionary<string, SecretValue>?>? changeData = null
    )
    {
        await test.StopAsync();
        var secret = await test.TokenSecretAsync();
        Dictionary<string, SecretValue>? data = new(secret.Data!)
        {
            [StandardKeys.AccessToken] = SecretValue.FromText(token),
            [StandardKeys.Authorization] = SecretValue.FromText($"Bearer {token}"),
            [StandardKeys.ExpiresAt] = SecretValue.FromText(expiresAt),
        };
        data = changeData is null ? data : changeData(data);
        var annotations = new Dictionary<string, string>(secret.Metadata.Annotations!)
        {
            [VismaNames.IssuedAtAnnotation] = issuedAt,
            [VismaNames.ExpiresAtAnnotation] = expiresAt,
            [VismaNames.FingerprintAnnotation] = TokenSecret.Fingerprint(data),
        };
        change?.Invoke(annotations);
        await test.Cluster.ReplaceAsync(
            secret with
            {
                Data = data,
                Metadata = secret.Metadata with { Annotations = annotations },
            },
            TestContext.Current.CancellationToken
        );
        if (!isRecorded)
        {
            await ForgetAsync(test);
        }

        test.Start();
        await test.AdvanceAsync(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));
    }

    private static async Task ForgetAsync(TestOperator test)
    {
        var patch = System
            .Text.Json.Nodes.JsonNode.Parse(
                """{"status": {"token": null, "secretName": null, "conditions": null, "observedGeneration": -1}}"""
            )!
            .AsObject();
        await test.Cluster.PatchStatusAsync<VismaConnection>(
            new NamespacedName(Some.Namespace, Some.Connection),
            patch,
            TestContext.Current.CancellationToken
        );
        Assert.Null((await test.ConnectionAsync()).Status.Token);
    }

    private static string Jwt(string claims) =>
        $"{Base64Url.EncodeToString("{}"u8)}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}.signature-of-this-test";
}
