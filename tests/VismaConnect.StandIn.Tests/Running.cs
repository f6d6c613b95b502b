using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;

namespace VismaConnect.StandIn.Tests;

/// <summary>A running stand-in with one client and one tenant, and a client of the plain platform to ask it.</summary>
public sealed class Running : IAsyncDisposable
{
    public const string ClientId = "isv_acme";
    public const string Secret = "s3cret-of-acme";
    public const string Tenant = "2f5c0b7e-7a54-4b07-9f0e-6d1c8f1f0a11";

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    public VismaConnectStandIn StandIn { get; private set; } = null!;

    public HttpClient Http { get; } = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });

    public static async Task<Running> StartAsync(Func<StandInOptions, StandInOptions>? change = null)
    {
        var running = new Running();
        var options = new StandInOptions
        {
            Time = running.Time,
            Clients = [new StandInClient(ClientId) { Secrets = [new StandInSecret(Secret)] }],
            Tenants = [new StandInTenant(Tenant)],
        };
        running.StandIn = await VismaConnectStandIn.StartAsync(change?.Invoke(options) ?? options, TestContext.Current.CancellationToken);
        return running;
    }

    public Task<Answered> AskAsync(params (string Name, string Value)[] changes)
    {
        var form = new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["client_id"] = ClientId,
            ["client_secret"] = Secret,
            ["tenant_id"] = Tenant,
            ["scope"] = "vismanet_erp_service_api:read",
        };
        foreach (var (name, value) in changes)
        {
            form[name] = value;
        }

        var kept = form.Where(field => field.Value.Length > 0);
        return SendAsync(new HttpRequestMessage(HttpMethod.Post, StandIn.TokenEndpoint) { Content = new FormUrlEncodedContent(kept) });
    }

    public Task<Answered> AskWithBasicAsync(string encodedPair)
    {
        var form = new Dictionary<string, string> { ["grant_type"] = "client_credentials", ["tenant_id"] = Tenant };
        var request = new HttpRequestMessage(HttpMethod.Post, StandIn.TokenEndpoint) { Content = new FormUrlEncodedContent(form) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(encodedPair)));
        return SendAsync(request);
    }

    public async Task<Answered> SendAsync(HttpRequestMessage request)
    {
        using (request)
        {
            using var response = await Http.SendAsync(request, TestContext.Current.CancellationToken);
            var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            return new Answered((int)response.StatusCode, body, response.Headers.RetryAfter) { Location = response.Headers.Location };
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await StandIn.DisposeAsync();
    }
}

public sealed record Answered(int Status, string Body, RetryConditionHeaderValue? RetryAfter)
{
    public Uri? Location { get; init; }

    public string? Error => Member("error");

    public string? AccessToken => Member("access_token");

    /// <summary>The payload of the JWT in that member.</summary>
    public JsonElement Claims(string name) => JsonDocument.Parse(Base64Url.DecodeFromChars(Member(name)!.Split('.')[1])).RootElement;

    public string? Member(string name) =>
        JsonDocument.Parse(Body).RootElement.TryGetProperty(name, out var value) ? value.ToString() : null;
}
