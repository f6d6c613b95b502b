using System.Net;
using Kubernetes.Client.Access;
using Kubernetes.Client.Contract;
using Kubernetes.Client.Tests.Access;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Xunit;

namespace Kubernetes.Client.Tests.Http;

/// <summary>Who we are to the server, and who the server must be.</summary>
public sealed class CredentialTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_refused_token_is_read_again_once_and_the_request_repeated_once()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("token", "old");
        await using var server = await ScriptedApiServer.StartAsync(
            (_, context) =>
                context.Request.Headers.Authorization == "Bearer new"
                    ? context.SendAsync(Answers.Widget("one", 1))
                    : context.SendAsync(Answers.Status(401, "Unauthorized", "Unauthorized"), 401)
        );
        using var test = new ClientUnderTest(
            ClientUnderTest.To(server) with
            {
                Credential = clock => new TokenFileCredential(path, "test", clock),
            }
        );
        await Assert.ThrowsAsync<KubernetesException>(() => FindAsync(test));
        folder.Write("token", "new\n");

        await test.Client.CreateAsync(Some.Widget("one"), Cancellation);

        Assert.Equal(
            ["Bearer old", "Bearer old", "Bearer new"],
            server.Requests.Select(request => request.Headers.Authorization.ToString())
        );
        Assert.Equal(server.Requests.ElementAt(1).Body, server.Requests.ElementAt(2).Body);
    }

    [Fact]
    public async Task A_token_that_cannot_be_renewed_is_tried_once_and_never_shown()
    {
        await using var server = await ScriptedApiServer.StartAsync(
            (_, context) => context.SendAsync(Answers.Status(401, "Unauthorized", "Unauthorized"), 401)
        );
        using var test = new ClientUnderTest(ClientUnderTest.To(server, token: "s3cret"));

        var refused = await Assert.ThrowsAsync<KubernetesException>(() => FindAsync(test));

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Contains("renew", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", refused.ToString(), StringComparison.Ordinal);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_credential_that_cannot_be_had_is_an_error_of_the_connection()
    {
        await using var server = await StartAsync(new ScriptedTls());
        using var test = new ClientUnderTest(
            ClientUnderTest.To(server) with
            {
                Credential = clock => new TokenFileCredential("/absent/token", "test", clock),
            }
        );

        var failed = await Assert.ThrowsAsync<HttpRequestException>(() => FindAsync(test));

        Assert.Contains("/absent/token", failed.Message, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task A_client_certificate_proves_who_we_are()
    {
        using var certificates = new TestCertificates();
        await using var server = await StartAsync(new ScriptedTls(certificates.Server, ClientAuthority: certificates.Authority));
        var access = ClientUnderTest.To(server) with
        {
            Authorities = [certificates.Authority],
            Credential = _ => new FixedCredential(
                null,
                Certificates.ClientCertificate(certificates.Client.ExportCertificatePem(), certificates.ClientKeyPem, "test")
            ),
        };
        using var known = new ClientUnderTest(access);
        using var unknown = new ClientUnderTest(access with { Credential = _ => new FixedCredential(null, null) });

        Assert.NotNull(await FindAsync(known));
        await Assert.ThrowsAsync<HttpRequestException>(() => FindAsync(unknown));
    }

    [Fact]
    public async Task A_server_that_our_authority_did_not_sign_gets_no_token()
    {
        using var certificates = new TestCertificates();
        using var others = new TestCertificates();
        await using var server = await StartAsync(new ScriptedTls(certificates.Server));
        using var trusting = new ClientUnderTest(
            ClientUnderTest.To(server) with
            {
                Authorities = [others.Authority, certificates.Authority],
            }
        );
        using var refusing = new ClientUnderTest(ClientUnderTest.To(server) with { Authorities = [others.Authority] });
        using var usual = new ClientUnderTest(ClientUnderTest.To(server));

        Assert.Contains(
            "was signed by 'CN=authority', which none of the cluster's authorities",
            await RefusalAsync(refusing),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "was signed by 'CN=authority', which none of the authorities of this machine",
            await RefusalAsync(usual),
            StringComparison.Ordinal
        );
        Assert.Empty(server.Requests);
        Assert.NotNull(await FindAsync(trusting));
    }

    [Fact]
    public async Task The_name_in_the_servers_certificate_can_be_configured()
    {
        using var certificates = new TestCertificates();
        await using var server = await StartAsync(new ScriptedTls(certificates.Server));
        var access = ClientUnderTest.To(server) with { Authorities = [certificates.Authority] };
        using var right = new ClientUnderTest(access with { TlsServerName = "kubernetes.test" });
        using var wrong = new ClientUnderTest(access with { TlsServerName = "other.test" });

        Assert.NotNull(await FindAsync(right));
        Assert.Contains(
            "is for 'kubernetes.test', '127.0.0.1', not for 'other.test': correct the server address",
            await RefusalAsync(wrong),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Each_certificate_among_the_authorities_may_end_the_chain()
    {
        using var certificates = new TestCertificates();
        await using var server = await StartAsync(new ScriptedTls(certificates.IssuedServer));
        var access = ClientUnderTest.To(server);
        using var issuing = new ClientUnderTest(access with { Authorities = [certificates.Issuing] });
        using var itself = new ClientUnderTest(access with { Authorities = [certificates.IssuedServer] });
        // the server does not send what is between
        using var root = new ClientUnderTest(access with { Authorities = [certificates.Authority] });

        Assert.NotNull(await FindAsync(issuing));
        Assert.NotNull(await FindAsync(itself));
        Assert.Contains("was signed by 'CN=issuing'", await RefusalAsync(root), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_authority_is_known_by_its_content_and_not_by_its_name()
    {
        using var certificates = new TestCertificates();
        using var alike = new TestCertificates();
        await using var server = await StartAsync(new ScriptedTls(alike.IssuedServer) { Chain = [alike.Issuing, alike.Authority] });
        using var test = new ClientUnderTest(
            ClientUnderTest.To(server) with
            {
                Authorities = [certificates.Authority, certificates.Issuing],
            }
        );

        await RefusalAsync(test);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task An_expired_certificate_is_reported()
    {
        using var certificates = new TestCertificates();
        await using var server = await StartAsync(new ScriptedTls(certificates.OutdatedServer));
        using var test = new ClientUnderTest(ClientUnderTest.To(server) with { Authorities = [certificates.Authority] });

        Assert.Contains("is valid from 2020-01-01 00:00:00Z to 2020-02-01 00:00:00Z", await RefusalAsync(test), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_without_TLS_is_reported_in_our_words_and_not_those_of_the_runtime()
    {
        await using var server = await StartAsync(new ScriptedTls());
        var access = ClientUnderTest.To(server) with { Server = new UriBuilder(server.Address) { Scheme = "https" }.Uri };
        using var test = new ClientUnderTest(access);

        var refusal = await RefusalAsync(test);

        Assert.StartsWith($"the TLS handshake with {access.Server} failed", refusal, StringComparison.Ordinal);
        Assert.DoesNotContain("inner exception", refusal, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Insecure_skip_tls_verify_is_obeyed()
    {
        using var certificates = new TestCertificates();
        await using var server = await StartAsync(new ScriptedTls(certificates.Server));
        using var test = new ClientUnderTest(ClientUnderTest.To(server) with { SkipsTlsVerification = true });

        Assert.NotNull(await FindAsync(test));
    }

    [Theory]
    [InlineData(HttpProtocols.Http1AndHttp2, "HTTP/2")]
    [InlineData(HttpProtocols.Http1, "HTTP/1.1")]
    public async Task The_newest_protocol_of_the_server_is_spoken(HttpProtocols protocols, string expected)
    {
        using var certificates = new TestCertificates();
        await using var server = await StartAsync(new ScriptedTls(certificates.Server, Protocols: protocols));
        using var test = new ClientUnderTest(ClientUnderTest.To(server) with { Authorities = [certificates.Authority] });

        await FindAsync(test);

        Assert.Equal(expected, Assert.Single(server.Requests).Protocol);
    }

    private static Task<ScriptedApiServer> StartAsync(ScriptedTls tls) =>
        ScriptedApiServer.StartAsync((_, context) => context.SendAsync(Answers.Widget("one", 1)), tls);

    private static async Task<string> RefusalAsync(ClientUnderTest test) =>
        (await Assert.ThrowsAsync<HttpRequestException>(() => FindAsync(test))).Message;

    private static Task<Widget?> FindAsync(ClientUnderTest test) => test.Client.FindAsync<Widget>(Some.Named("one"), Cancellation);
}
