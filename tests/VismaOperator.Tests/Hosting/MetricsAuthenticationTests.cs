using System.Net;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using Microsoft.Extensions.Logging;
using VismaOperator.Hosting;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Hosting;

/// <summary>Who may read the metrics while the API server is slow, away, or asked about made-up tokens.</summary>
public sealed class MetricsAuthenticationTests
{
    private const string Prometheus = "Bearer prometheus";

    private static readonly IPAddress home = IPAddress.Parse("10.0.0.7");
    private static readonly IPAddress elsewhere = IPAddress.Parse("10.0.0.8");

    private readonly SettableTime time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    private readonly CapturedLogs logs = new();
    private readonly ReviewingServer server = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_flood_of_made_up_tokens_does_not_keep_out_whoever_was_let_in()
    {
        var readers = Readers();
        Assert.Equal(HttpStatusCode.OK, await readers.JudgeAsync(Prometheus, home, Ct));
        time.Advance(TimeSpan.FromSeconds(61)); // it is asked about again
        var (silence, flood) = Flood(readers, elsewhere);

        Assert.Equal(HttpStatusCode.OK, await readers.JudgeAsync(Prometheus, home, Ct).WaitAsync(TestOperator.Patience, Ct));

        silence.SetResult();
        Assert.All(await Task.WhenAll(flood), answer => Assert.Equal(HttpStatusCode.Unauthorized, answer));
        var asked = server.Asked;
        Assert.Equal(HttpStatusCode.OK, await readers.JudgeAsync(Prometheus, home, Ct));
        Assert.Equal(asked, server.Asked); // still known
    }

    [Fact]
    public async Task A_flood_does_not_keep_out_a_new_token_from_where_one_was_let_in()
    {
        var readers = Readers();
        Assert.Equal(HttpStatusCode.OK, await readers.JudgeAsync(Prometheus, home, Ct));
        var (silence, flood) = Flood(readers, elsewhere);

        var rotated = readers.JudgeAsync("Bearer prometheus-rotated", home, Ct);

        Assert.Equal(HttpStatusCode.OK, await rotated.WaitAsync(TestOperator.Patience, Ct));
        silence.SetResult();
        await Task.WhenAll(flood);
    }

    [Fact]
    public async Task Where_a_token_was_let_in_counts_for_ten_minutes()
    {
        var readers = Readers();
        Assert.Equal(HttpStatusCode.OK, await readers.JudgeAsync("Bearer prometheus-rotated", elsewhere, Ct));
        time.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal(HttpStatusCode.OK, await readers.JudgeAsync(Prometheus, home, Ct));
        var (silence, flood) = Flood(readers, elsewhere);

        var rotated = readers.JudgeAsync("Bearer prometheus-rotated-again", home, Ct);

        Assert.Equal(HttpStatusCode.OK, await rotated.WaitAsync(TestOperator.Patience, Ct));
        silence.SetResult();
        await Task.WhenAll(flood);
    }

    [Fact]
    public async Task A_flood_from_where_a_token_was_let_in_does_not_keep_that_token_out()
    {
        var readers = Readers();
        Assert.Equal(HttpStatusCode.OK, await readers.JudgeAsync(Prometheus, home, Ct));
        time.Advance(TimeSpan.FromSeconds(61));
        var (silence, flood) = Flood(readers, home);

        Assert.Equal(HttpStatusCode.OK, await readers.JudgeAsync(Prometheus, home, Ct).WaitAsync(TestOperator.Patience, Ct));

        silence.SetResult();
        await Task.WhenAll(flood);
    }

    [Fact]
    public async Task An_operator_that_may_not_ask_lets_nobody_in_and_says_so_once_a_minute()
    {
        var readers = Readers();
        Assert.Equal(HttpStatusCode.OK, await readers.JudgeAsync(Prometheus, home, Ct));
        server.Before = _ => throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "no");
        time.Advance(TimeSpan.FromSeconds(61));

        for (var number = 0; number < 50; number++)
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await readers.JudgeAsync($"Bearer made-up-{number}", elsewhere, Ct));
        }

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await readers.JudgeAsync(Prometheus, home, Ct));
        Assert.Single(Warnings());
        time.Advance(TimeSpan.FromSeconds(61));
        await readers.JudgeAsync(Prometheus, home, Ct);
        Assert.Equal(2, Warnings().Count);
    }

    [Fact]
    public async Task A_missing_permission_is_told_also_in_the_minute_of_an_outage()
    {
        var readers = Readers();
        server.Before = _ => throw new HttpRequestException("connection refused");
        await readers.JudgeAsync("Bearer made-up", elsewhere, Ct);
        server.Before = _ => throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "no");
        await readers.JudgeAsync(Prometheus, home, Ct);

        Assert.Equal([false, true], Warnings().Select(line => line.Contains("tokenreviews", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task While_the_API_server_is_away_only_whoever_was_let_in_is_and_not_for_ever()
    {
        var readers = Readers();
        Assert.Equal(HttpStatusCode.OK, await readers.JudgeAsync(Prometheus, home, Ct));
        server.Before = _ => throw new HttpRequestException("connection refused");
        time.Advance(TimeSpan.FromMinutes(9));

        Assert.Equal(HttpStatusCode.OK, await readers.JudgeAsync(Prometheus, home, Ct));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await readers.JudgeAsync("Bearer stranger", home, Ct));
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await readers.JudgeAsync(Prometheus, home, Ct));
    }

    [Fact]
    public async Task Whoever_is_refused_after_it_was_let_in_is_let_in_no_more()
    {
        var readers = Readers();
        Assert.Equal(HttpStatusCode.OK, await readers.JudgeAsync(Prometheus, home, Ct));
        time.Advance(TimeSpan.FromSeconds(61));
        server.IsAllowed = false;
        Assert.Equal(HttpStatusCode.Forbidden, await readers.JudgeAsync(Prometheus, home, Ct));

        server.Before = _ => throw new HttpRequestException("connection refused");
        time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await readers.JudgeAsync(Prometheus, home, Ct));
    }

    private List<string> Warnings() => [.. logs.Lines.Where(line => line.StartsWith("Warning", StringComparison.Ordinal))];

    // Strangers of whom the API server says nothing before the silence ends.
    private (TaskCompletionSource Silence, IReadOnlyList<Task<HttpStatusCode>> Answers) Flood(MetricsAuthentication readers, IPAddress from)
    {
        var silence = new TaskCompletionSource();
        server.Before = token => token.StartsWith("made-up", StringComparison.Ordinal) ? silence.Task : Task.CompletedTask;
        return (silence, [.. Enumerable.Range(0, 300).Select(number => readers.JudgeAsync($"Bearer made-up-{number}", from, Ct))]);
    }

    private MetricsAuthentication Readers() => new(server, time, new LoggerFactory([logs]).CreateLogger("Metrics"));

    /// <summary>An API server that knows one account, and answers nothing else.</summary>
    private sealed class ReviewingServer : TestClient
    {
        private int asked;

        public Func<string, Task> Before { get; set; } = _ => Task.CompletedTask;

        public bool IsAllowed { get; set; } = true;

        public int Asked => asked;

        public override async Task<T> CreateAsync<T>(T resource, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref asked);
            switch (resource)
            {
                case TokenReview review:
                    await Before(review.Spec.Token ?? string.Empty);
                    var isKnown = review.Spec.Token?.StartsWith("prometheus", StringComparison.Ordinal) == true;
                    var status = new TokenReviewStatus { Authenticated = isKnown, User = new ReviewedUser { Username = "prometheus" } };
                    return (review with { Status = status } as T)!;
                case SubjectAccessReview review:
                    return (review with { Status = new AccessReviewStatus { Allowed = IsAllowed } } as T)!;
                default:
                    throw new NotSupportedException();
            }
        }
    }
}
