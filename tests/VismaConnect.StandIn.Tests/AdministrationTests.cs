using System.Diagnostics;
using System.Text.Json;

namespace VismaConnect.StandIn.Tests;

public sealed class AdministrationTests
{
    [Fact]
    public async Task Another_process_can_set_and_read_everything()
    {
        await using var running = await Running.StartAsync();

        await OrderAsync(
            running,
            HttpMethod.Put,
            "clients",
            """{"clientId":"isv_two","secrets":[{"value":"second"}],"allowedScopes":["x:read"]}"""
        );
        await OrderAsync(running, HttpMethod.Put, "lifetime", "\"00:01:30\"");
        var answer = await running.AskAsync(("client_id", "isv_two"), ("client_secret", "second"), ("scope", ""));
        Assert.Equal(("x:read", "90"), (answer.Member("scope"), answer.Member("expires_in")));

        await OrderAsync(running, HttpMethod.Put, "tenantError", """{"code":"access_denied","description":"ask them"}""");
        await OrderAsync(running, HttpMethod.Delete, "tenants/" + Running.Tenant, null);
        Assert.Equal("access_denied", (await running.AskAsync()).Error);
        await OrderAsync(running, HttpMethod.Put, "tenants", $$"""{"tenantId":"{{Running.Tenant}}","kind":"customer"}""");
        Assert.Equal(200, (await running.AskAsync()).Status);

        await OrderAsync(running, HttpMethod.Post, "faults", """{"kind":"serverError","status":503}""");
        Assert.Equal(503, (await running.AskAsync()).Status);
        await OrderAsync(running, HttpMethod.Delete, "faults", null);
        Assert.Equal(200, (await running.AskAsync()).Status);

        var ledger = JsonDocument.Parse((await OrderAsync(running, HttpMethod.Get, "ledger", null)).Body).RootElement;
        Assert.Equal(
            ["granted", "access_denied", "granted", "fault: answered 503", "granted"],
            ledger.GetProperty("requests").EnumerateArray().Select(entry => entry.GetProperty("outcome").GetString()));
        Assert.Contains("second", (await OrderAsync(running, HttpMethod.Get, "secrets", null)).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_process_can_follow_families_without_seeing_a_token()
    {
        await using var interactive = await Interactive.StartAsync(Interactive.OneTime());
        var first = await interactive.GrantAsync();
        var second = (await interactive.RefreshAsync(first)).Member("refresh_token")!;

        var body = (await OrderAsync(interactive.Running, HttpMethod.Get, "families", null)).Body;

        var family = JsonDocument.Parse(body).RootElement[0];
        Assert.Equal((2, false), (family.GetProperty("liveGeneration").GetInt32(), family.GetProperty("isRevoked").GetBoolean()));
        Assert.Equal(
            [(GrantTrace.HashOf(first), false, true), (GrantTrace.HashOf(second), true, false)],
            family
                .GetProperty("refreshTokens")
                .EnumerateArray()
                .Select(token =>
                    (
                        token.GetProperty("sha256").GetString(),
                        token.GetProperty("isLive").GetBoolean(),
                        token.GetProperty("consumedAt").ValueKind == JsonValueKind.String
                    )
                )
        );
        Assert.DoesNotContain(first, body, StringComparison.Ordinal);
        Assert.DoesNotContain(second, body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_process_can_set_people_interactive_clients_and_withdraw_a_consent()
    {
        await using var interactive = await Interactive.StartAsync();
        await OrderAsync(
            interactive.Running,
            HttpMethod.Put,
            "users",
            $$"""{"name":"{{Interactive.Kari}}","subject":"another","tenants":["{{Running.Tenant}}"]}"""
        );
        await OrderAsync(
            interactive.Running,
            HttpMethod.Put,
            "clients",
            $$"""
            {"clientId":"{{Interactive.ClientId}}","secrets":[{"value":"{{Interactive.Secret}}"}],"allowedScopes":["vismanet_erp_interactive_api:read"],
             "allowedGrants":["authorization_code","refresh_token"],"redirectUris":["{{Interactive.RedirectUri}}"],"allowOfflineAccess":true,
             "refreshTokens":{"usage":"oneTime","grace":"00:00:30","revokesFamilyOnReuse":false,"expiration":"sliding","announcesExpiration":true}
            }
            """);

        var token = await interactive.GrantAsync();
        Assert.Equal("another", interactive.Family.Subject);
        Assert.Equal("1296000", (await interactive.RefreshAsync(token)).Member("refresh_token_expires_in"));

        await OrderAsync(interactive.Running, HttpMethod.Delete, "families/" + interactive.Family.Id, null);
        Assert.Equal("invalid_grant", (await interactive.RefreshAsync(token)).Error);
    }

    [Theory]
    [InlineData("""{"kind":"earthquake"}""")]
    [InlineData("""{"kind":"slow","secs":5}""")]
    [InlineData("{")]
    public async Task A_wrong_order_is_reported(string body)
    {
        await using var running = await Running.StartAsync();

        Assert.Equal(400, (await running.SendAsync(Order(running, HttpMethod.Post, "faults", body))).Status);
        Assert.Equal(200, (await running.AskAsync()).Status);
    }

    [Theory]
    [InlineData("tooManyRequests", 429)]
    [InlineData("garbage", 200)]
    [InlineData("html", 200)]
    [InlineData("huge", 200)]
    [InlineData("redirect", 302)]
    [InlineData("error", 400)]
    public async Task Every_kind_of_answer_can_be_ordered(string kind, int status)
    {
        await using var running = await Running.StartAsync();

        await OrderAsync(running, HttpMethod.Post, "faults", $$"""{"kind":"{{kind}}","count":1}""");

        Assert.Equal(status, (await running.AskAsync()).Status);
        Assert.StartsWith("fault:", running.StandIn.Ledger.TokenRequests.Single().Outcome, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_program_reads_its_configuration_prints_its_URL_and_writes_the_secrets_file()
    {
        var folder = Directory.CreateTempSubdirectory("stand-in-");
        var (config, secrets) = (Path.Combine(folder.FullName, "config.json"), Path.Combine(folder.FullName, "secrets"));
        await File.WriteAllTextAsync(
            config,
            """
            {"accessTokenLifetime":"00:01:30","consentTimeout":"00:05:00","sendsAuthorizationResponseIssuer":false,"authorizationErrors":"onPage",
             "clients":[{"clientId":"isv_one","secrets":[{"value":"first","expirationTime":"2126-03-01T00:00:00Z"}],"refreshTokens":{"usage":"oneTime","grace":"00:01:00"}}],
             "users":[{"name":"kari@acme.example","subject":"1f0d","tenants":["2f5c0b7e-7a54-4b07-9f0e-6d1c8f1f0a11"]}]}
            """,
            TestContext.Current.CancellationToken
        );
        using var program = Process.Start(
            new ProcessStartInfo(
                "dotnet",
                [
                    typeof(VismaConnectStandIn).Assembly.Location,
                    "--config",
                    config,
                    "--secrets-file",
                    secrets,
                    "--tenant",
                    Running.Tenant,
                    "--client",
                    "isv_two=second",
                ]
            )
            {
                RedirectStandardOutput = true,
                UseShellExecute = false,
            }
        )!;
        try
        {
            var line = await program.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
            using var http = new HttpClient(new SocketsHttpHandler());
            using var response = await http.PostAsync(
                new Uri(line!.Split(' ')[^1] + "/connect/token"),
                new FormUrlEncodedContent(new Dictionary<string, string>
                {
                    ["grant_type"] = "client_credentials",
                    ["client_id"] = "isv_one",
                    ["client_secret"] = "first",
                    ["tenant_id"] = Running.Tenant,
                }),
                TestContext.Current.CancellationToken);
            var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;

            Assert.Equal(90, body.GetProperty("expires_in").GetInt32());
            Assert.Equal(
                ["first", "second", body.GetProperty("access_token").GetString()!],
                await File.ReadAllLinesAsync(secrets, TestContext.Current.CancellationToken));
        }
        finally
        {
            program.Kill();
            await program.WaitForExitAsync(CancellationToken.None);
            folder.Delete(recursive: true);
        }
    }

    private static async Task<Answered> OrderAsync(Running running, HttpMethod method, string path, string? body)
    {
        var answer = await running.SendAsync(Order(running, method, path, body));
        Assert.InRange(answer.Status, 200, 299);
        return answer;
    }

    private static HttpRequestMessage Order(Running running, HttpMethod method, string path, string? body) =>
        new(method, new Uri(running.StandIn.Url, "/_standin/" + path)) { Content = body is null ? null : new StringContent(body) };
}
