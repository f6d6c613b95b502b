using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace VismaConnect.StandIn.Tests;

public sealed class DocumentTests
{
    [Theory]
    [InlineData("/.well-known/openid-configuration")]
    [InlineData("/.well-known/oauth-authorization-server")]
    public async Task Both_well_known_paths_serve_the_document(string path)
    {
        await using var running = await Running.StartAsync();

        var document = await GetAsync(running, path);

        Assert.Equal(running.StandIn.Url.OriginalString, document.GetProperty("issuer").GetString());
        Assert.Equal(running.StandIn.TokenEndpoint.OriginalString, document.GetProperty("token_endpoint").GetString());
        Assert.False(document.TryGetProperty("pushed_authorization_request_endpoint", out _));
        Assert.DoesNotContain("vismanet_erp_service_api", document.GetProperty("scopes_supported").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_issuer_can_be_another_to_play_a_mismatch()
    {
        await using var running = await Running.StartAsync(options => options with { Issuer = "https://connect.visma.com" });

        Assert.Equal(
            "https://connect.visma.com",
            (await GetAsync(running, "/.well-known/openid-configuration")).GetProperty("issuer").GetString()
        );
    }

    [Fact]
    public async Task Tokens_are_signed_with_the_published_key()
    {
        await using var running = await Running.StartAsync();
        var key = (await GetAsync(running, "/.well-known/openid-configuration/jwks")).GetProperty("keys")[0];
        using var rsa = RSA.Create(new RSAParameters
        {
            Modulus = Base64Url.DecodeFromChars(key.GetProperty("n").GetString()),
            Exponent = Base64Url.DecodeFromChars(key.GetProperty("e").GetString()),
        });

        var token = (await running.AskAsync()).AccessToken!;

        var end = token.LastIndexOf('.');
        Assert.True(
            rsa.VerifyData(
                Encoding.ASCII.GetBytes(token[..end]),
                Base64Url.DecodeFromChars(token.AsSpan(end + 1)),
                HashAlgorithmName.SHA256,
                RSASignaturePadding.Pkcs1
            )
        );
    }

    [Fact]
    public async Task Documents_can_fail_without_the_token_endpoint()
    {
        await using var running = await Running.StartAsync();
        running.StandIn.Faults.Always(Fault.ServerError(), StandInEndpoint.Metadata);

        var document = await running.SendAsync(
            new HttpRequestMessage(HttpMethod.Get, new Uri(running.StandIn.Url, "/.well-known/openid-configuration"))
        );

        Assert.Equal(500, document.Status);
        Assert.Equal(200, (await running.AskAsync()).Status);
    }

    [Fact]
    public async Task Https_serves_its_own_certificate()
    {
        await using var running = await Running.StartAsync(options => options with { Scheme = StandInScheme.Https });
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.Add(running.StandIn.Certificate!);
        using var http = new HttpClient(new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = trust } });

        var document = await http.GetStringAsync(
            new Uri(running.StandIn.Url, "/.well-known/openid-configuration"),
            TestContext.Current.CancellationToken
        );

        Assert.Equal("https", running.StandIn.Url.Scheme);
        Assert.Contains(running.StandIn.Url.OriginalString, document, StringComparison.Ordinal);
    }

    private static async Task<JsonElement> GetAsync(Running running, string path) =>
        JsonDocument
            .Parse((await running.SendAsync(new HttpRequestMessage(HttpMethod.Get, new Uri(running.StandIn.Url, path)))).Body)
            .RootElement;
}
