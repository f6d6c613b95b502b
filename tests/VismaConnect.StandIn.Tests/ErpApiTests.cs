using System.Net.Http.Headers;
using System.Text.Json;

namespace VismaConnect.StandIn.Tests;

public sealed class ErpApiTests
{
    [Theory]
    [InlineData("/v1/dimension", 200)]
    [InlineData("/v1/organization", 200)]
    [InlineData("/v2/currencyrate", 200)]
    [InlineData("/v2/dimension", 404)]
    [InlineData("/v1/currencyrate", 404)]
    [InlineData("/v1/erp/service/dimension", 404)]
    public async Task Versions_are_per_resource(string path, int status)
    {
        await using var running = await Running.StartAsync();

        Assert.Equal(status, (await GetAsync(running, await TokenAsync(running), path)).Status);
    }

    [Fact]
    public async Task Without_a_token_a_path_is_401_and_a_wrong_path_404()
    {
        await using var running = await Running.StartAsync();

        Assert.Equal(401, (await GetAsync(running, null)).Status);
        Assert.Equal(401, (await GetAsync(running, "e30.e30.c2ln")).Status);
        Assert.Equal(401, (await GetAsync(running, "nonsense")).Status);
        Assert.Equal(404, (await GetAsync(running, null, "/v1/nothing")).Status);
    }

    [Fact]
    public async Task The_customer_tenant_gets_a_token_and_then_401()
    {
        await using var running = await Running.StartAsync();
        running.StandIn.Portal.Set(new StandInTenant(Running.Tenant) { Kind = TenantKind.Customer });

        Assert.Equal(401, (await GetAsync(running, await TokenAsync(running))).Status);
    }

    [Fact]
    public async Task An_expired_token_and_one_changed_by_hand_are_401()
    {
        await using var running = await Running.StartAsync();
        var token = await TokenAsync(running);

        Assert.Equal(401, (await GetAsync(running, token[..^4] + "AAAA")).Status);
        running.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(401, (await GetAsync(running, token)).Status);
    }

    [Fact]
    public async Task A_company_without_a_licence_is_fault_12027()
    {
        await using var running = await Running.StartAsync();
        running.StandIn.Portal.Set(new StandInTenant(Running.Tenant) { IsLicensed = false });

        var answer = await GetAsync(running, await TokenAsync(running));

        Assert.Equal("12027", JsonDocument.Parse(answer.Body).RootElement.GetProperty("ExceptionFaultCode").GetString());
    }

    [Fact]
    public async Task A_token_without_a_scope_to_read_is_403()
    {
        await using var running = await Running.StartAsync();
        var answer = await running.AskAsync(("scope", "vismanet_erp_service_api:create"));

        Assert.Equal(403, (await GetAsync(running, answer.AccessToken)).Status);
    }

    [Fact]
    public async Task The_quota_is_counted_for_each_tenant_and_ends_with_its_window()
    {
        await using var running = await Running.StartAsync(options => options with { ApiRequestsPerHour = 2 });
        var token = await TokenAsync(running);

        Assert.Equal(("2", "1", "3600"), Limits(await GetAsync(running, token)));
        running.Time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(("2", "0", "3000"), Limits(await GetAsync(running, token)));
        var limited = await GetAsync(running, token);
        Assert.Equal((429, "3000"), (limited.Status, limited.Headers["Retry-After"]));
        running.Time.Advance(TimeSpan.FromMinutes(50));
        Assert.Equal(200, (await GetAsync(running, await TokenAsync(running))).Status);
    }

    [Fact]
    public async Task Faults_are_told_apart_by_the_tenant_of_the_token()
    {
        await using var running = await Running.StartAsync();
        running.StandIn.Faults.Always(Fault.Erp("12002", "wrong"), StandInEndpoint.Api, tenantId: "0b9d2c44-1c1e-4b7e-9a55-000000000000");
        running.StandIn.Faults.Next(Fault.ServerError(403), 1, StandInEndpoint.Api, tenantId: Running.Tenant);
        var token = await TokenAsync(running);

        Assert.Equal(403, (await GetAsync(running, token)).Status);
        Assert.Equal(200, (await GetAsync(running, token)).Status);
        Assert.Equal(
            ["fault: answered 403", "answered"],
            running.StandIn.Ledger.Requests.Where(entry => entry.Endpoint == StandInEndpoint.Api).Select(entry => entry.Outcome)
        );
    }

    private static async Task<string> TokenAsync(Running running) => (await running.AskAsync()).AccessToken!;

    private static (string Limit, string Remaining, string Reset) Limits(Got got) =>
        (got.Headers["X-RateLimit-Limit"], got.Headers["X-RateLimit-Remaining"], got.Headers["X-RateLimit-Reset"]);

    private static async Task<Got> GetAsync(Running running, string? token, string path = "/v1/dimension")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(running.StandIn.Url, path));
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        using var response = await running.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return new Got(
            (int)response.StatusCode,
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken),
            response.Headers.ToDictionary(header => header.Key, header => string.Join(',', header.Value))
        );
    }

    private sealed record Got(int Status, string Body, IReadOnlyDictionary<string, string> Headers);
}
