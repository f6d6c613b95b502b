using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using Microsoft.Extensions.Logging;
using VismaOperator.Api;
using VismaOperator.Clients;
using VismaOperator.Connections;
using VismaOperator.Consent.Web;
using VismaOperator.Hosting;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Hosting;

/// <summary>What a scraper reads at <c>/metrics</c> of the objects.</summary>
public sealed class MetricsPageTests : IAsyncLifetime
{
    private const string Expiry = "visma_operator_token_expiration_timestamp_seconds";

    private readonly ObjectGauges gauges = new();
    private readonly Store<VismaConnection> connections = new();
    private readonly Store<OAuthClient> clients = new();
    private readonly EmptyWebHost http = HttpHost.Build(
        new OperatorOptions
        {
            HttpPort = 0,
            Logs = new LogOptions { Level = LogLevel.Error },
        }
    );
    private readonly SocketsHttpHandler sockets = new();
    private readonly DateTimeOffset now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    public async ValueTask InitializeAsync()
    {
        http.ServeOperator(new OperatorHealth(), gauges);
        gauges.Add([.. ConnectionSeries.Over(connections.List, _ => 0), .. ClientSeries.Over(clients.List)]);
        await http.StartAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        sockets.Dispose();
        await http.DisposeAsync();
    }

    [Theory]
    [InlineData("text/plain;version=0.0.4", "identity")]
    [InlineData("text/plain;version=0.0.4", "gzip")]
    [InlineData("application/openmetrics-text;version=1.0.0", "identity")]
    [InlineData("application/openmetrics-text;version=1.0.0", "gzip")]
    public async Task Each_of_10_000_connections_has_every_series_however_the_page_is_asked_for(string format, string encoding)
    {
        foreach (var number in Enumerable.Range(0, 10_000))
        {
            connections.Observe(Connection($"c{number}", number));
        }

        var text = await ReadAsync(format, encoding);

        foreach (var metric in new[] { Expiry, "visma_operator_connection_ready", "visma_operator_connection_info" })
        {
            Assert.Equal(10_000, Lines(text, metric).Count());
            Assert.Contains($"\n# TYPE {metric} gauge\n", "\n" + text, StringComparison.Ordinal);
        }

        Assert.Contains(
            $"\n{Expiry}{{namespace=\"{Some.Namespace}\",name=\"c9999\"}} {now.ToUnixTimeSeconds() + 9_999}\n",
            text,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("overflow", text, StringComparison.Ordinal);
        Assert.Equal(format.Contains("openmetrics", StringComparison.Ordinal), text.EndsWith("\n# EOF\n", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_was_deleted_has_no_series_however_many_came_and_went()
    {
        foreach (var number in Enumerable.Range(0, 25_000))
        {
            var connection = Connection($"passing{number}", number);
            connections.Observe(connection);
            connections.ObserveDeletion(connection.Metadata.NamespacedName, connection.Metadata.Uid);
        }

        connections.Observe(Connection("last", 1));

        var text = await ReadAsync("text/plain", "identity");

        Assert.Equal($"{Expiry}{{namespace=\"{Some.Namespace}\",name=\"last\"}}", Assert.Single(Lines(text, Expiry)).Split(' ')[0]);
        Assert.DoesNotContain("passing", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_without_a_token_has_series_too()
    {
        connections.Observe(Some.VismaConnection("new") with { Status = VismaConnectionStatus.Unseen });

        var text = await ReadAsync("text/plain", "identity");

        Assert.EndsWith("} 0", Assert.Single(Lines(text, Expiry)), StringComparison.Ordinal);
        Assert.EndsWith("} 0", Assert.Single(Lines(text, "visma_operator_connection_ready")), StringComparison.Ordinal);
        Assert.Empty(Lines(text, "visma_operator_token_renewal_timestamp_seconds"));
    }

    [Fact]
    public async Task After_a_failure_the_next_attempt_is_told_and_for_a_suspended_connection_none()
    {
        var failing = Connection("failing", 0);
        connections.Observe(failing with
        {
            Status = failing.Status with { Failure = new FailureStatus { NextAttemptTime = now + TimeSpan.FromMinutes(5) } },
        });
        var suspended = Connection("suspended", 0);
        connections.Observe(suspended with { Spec = suspended.Spec with { Suspend = true } });

        var text = await ReadAsync("text/plain", "identity");

        Assert.EndsWith(
            $"{{namespace=\"{Some.Namespace}\",name=\"failing\"}} {now.ToUnixTimeSeconds() + 300}",
            Assert.Single(Lines(text, "visma_operator_token_renewal_timestamp_seconds")),
            StringComparison.Ordinal
        );
        Assert.Contains(Lines(text, "visma_operator_connection_info"), line =>
            line.Contains("name=\"suspended\"", StringComparison.Ordinal) && line.Contains("suspended=\"true\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_being_deleted_expires_without_an_alert()
    {
        var going = Connection("going", 1);
        connections.Observe(going with { Metadata = going.Metadata with { DeletionTimestamp = now } });

        var page = await ReadAsync("text/plain;version=0.0.4", "identity");

        Assert.Empty(Lines(page, Expiry));
        Assert.Empty(Lines(page, "visma_operator_token_renewal_timestamp_seconds"));
        Assert.Single(Lines(page, "visma_operator_connection_info"));
    }

    [Fact]
    public async Task What_is_wrong_with_an_object_is_named_by_condition_and_reason()
    {
        var broken = Connection("broken", 0);
        connections.Observe(broken with
        {
            Status = broken.Status with
            {
                Conditions =
                [
                    Condition("Ready", "True", "TokenValid"),
                    Condition("TokenFresh", "False", "ClientRefused"),
                    Condition("Stalled", "True", "ClientRefused"),
                    Condition("ConsentExpiring", "False", "NoConsentExpiresSoon"),
                    Condition("Reconciling", "True", "ClientRefused"),
                    Condition("ScopesGranted", "Unknown", "Whatever"),
                ],
            },
        });
        var client = Some.OAuthClient("https://connect.visma.com");
        clients.Observe(client with
        {
            Metadata = client.Metadata with { ResourceVersion = "1" },
            Status = new OAuthClientStatus
            {
                Conditions = [Condition("Ready", "False", "ClientRefused"), Condition("SecretExpiring", "True", "SecretExpiresSoon")],
                SecretExpirationTime = now,
            },
        });

        var text = await ReadAsync("text/plain", "identity");

        string of(string name) => $"{{namespace=\"{Some.Namespace}\",name=\"{name}\"";
        Assert.Equal(
            [
                $"visma_operator_connection_problem{of("broken")},condition=\"TokenFresh\",reason=\"ClientRefused\"}} 1",
                $"visma_operator_connection_problem{of("broken")},condition=\"Stalled\",reason=\"ClientRefused\"}} 1",
            ],
            Lines(text, "visma_operator_connection_problem")
        );
        Assert.Equal(
            [
                $"visma_operator_client_problem{of(Some.Client)},condition=\"Ready\",reason=\"ClientRefused\"}} 1",
                $"visma_operator_client_problem{of(Some.Client)},condition=\"SecretExpiring\",reason=\"SecretExpiresSoon\"}} 1",
            ],
            Lines(text, "visma_operator_client_problem")
        );
        Assert.Equal(
            [$"visma_operator_client_secret_expiration_timestamp_seconds{of(Some.Client)}}} {now.ToUnixTimeSeconds()}"],
            Lines(text, "visma_operator_client_secret_expiration_timestamp_seconds")
        );
    }

    [Fact]
    public async Task No_text_in_a_label_can_end_it()
    {
        var odd = Connection("odd", 0);
        connections.Observe(odd with
        {
            Status = odd.Status with { Conditions = [Condition("Stalled", "True", "a\"b\\c\nd")] },
        });

        var text = await ReadAsync("text/plain", "identity");

        Assert.EndsWith(
            """condition="Stalled",reason="a\"b\\c\nd"} 1""",
            Assert.Single(Lines(text, "visma_operator_connection_problem")),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_client_that_does_not_read_keeps_nobody_from_the_page()
    {
        foreach (var number in Enumerable.Range(0, 50_000))
        {
            connections.Observe(Connection($"a-connection-with-a-long-name-{number}", number));
        }

        using var idle = new TcpClient();
        await idle.ConnectAsync(IPAddress.Loopback, http.Port, TestContext.Current.CancellationToken);
        var (stream, ct) = (idle.GetStream(), TestContext.Current.CancellationToken);
        await stream.WriteAsync("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), ct);
        await stream.ReadExactlyAsync(new byte[1], ct); // it is being answered

        var text = await ReadAsync("text/plain", "gzip").WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.Equal(50_000, Lines(text, Expiry).Count());
    }

    [Fact]
    public async Task Without_gauges_nothing_names_an_object()
    {
        gauges.Add([]);
        connections.Observe(Connection("acme", 0));

        Assert.DoesNotContain("name=\"acme\"", await ReadAsync("text/plain", "gzip"), StringComparison.Ordinal);
    }

    private VismaConnection Connection(string name, int number)
    {
        var connection = Some.VismaConnection(name);
        return connection with
        {
            Metadata = connection.Metadata with { ResourceVersion = "1", Uid = $"uid-{name}" },
            Status = new VismaConnectionStatus
            {
                Conditions = [Condition("Ready", "True", "TokenValid")],
                Token = new TokenStatus { ExpirationTime = now + TimeSpan.FromSeconds(number), RefreshTime = now },
            },
        };
    }

    private static Condition Condition(string type, string status, string reason) =>
        new() { Type = type, Status = status, Reason = reason };

    private static IEnumerable<string> Lines(string text, string metric) =>
        text.Split('\n').Where(line => line.StartsWith(metric + "{", StringComparison.Ordinal));

    private async Task<string> ReadAsync(string format, string encoding)
    {
        using var client = new HttpMessageInvoker(sockets, disposeHandler: false);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{http.Port}/metrics");
        request.Headers.TryAddWithoutValidation("Accept", format);
        request.Headers.TryAddWithoutValidation("Accept-Encoding", encoding);
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(encoding == "gzip" ? ["gzip"] : [], response.Content.Headers.ContentEncoding);
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        await using var plain = encoding == "gzip" ? new GZipStream(body, CompressionMode.Decompress) : body;
        using var reader = new StreamReader(plain, Encoding.UTF8);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }
}
