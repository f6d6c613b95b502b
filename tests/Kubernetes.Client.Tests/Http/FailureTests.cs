using System.Diagnostics.Metrics;
using System.Net;
using Kubernetes.Client.Contract;
using Xunit;

namespace Kubernetes.Client.Tests.Http;

/// <summary>What becomes of answers that are no success.</summary>
public sealed class FailureTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_refusal_names_request_reason_and_cause()
    {
        var refused = await RefusedAsync(context => context.SendAsync(Answers.Status(403, "Forbidden", "user x cannot get widgets"), 403));

        Assert.True(refused.IsForbidden);
        Assert.Equal("Forbidden", refused.Reason);
        Assert.Equal(
            "GET widgets.contract.visma-operator.io home/one: 403 Forbidden: user x cannot get widgets. Where a permission is missing, "
            + "grant it to this account with a Role or ClusterRole.",
            refused.Message
        );
    }

    [Fact]
    public async Task An_object_that_does_not_exist_is_null()
    {
        await using var server = await ScriptedApiServer.StartAsync(
            (_, context) => context.SendAsync(Answers.Status(404, "NotFound", "not found"), 404)
        );
        using var test = new ClientUnderTest(server);

        Assert.Null(await test.Client.FindAsync<Widget>(Some.Named("one"), Cancellation));
    }

    [Fact]
    public async Task A_kind_that_is_not_installed_is_an_error()
    {
        var refused = await RefusedAsync(context => context.SendAsync("404 page not found\n", 404, "text/plain"));

        Assert.True(refused.IsNotFound);
        Assert.Contains("the kind is not installed", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Retry_after_is_read_in_seconds()
    {
        var refused = await RefusedAsync(context =>
        {
            context.Response.Headers.RetryAfter = "7";
            return context.SendAsync(Answers.Status(429, "TooManyRequests", "slow down", """{"retryAfterSeconds":9}"""), 429);
        });

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(7), refused.RetryAfter);
    }

    [Theory]
    [InlineData("Sun, 01 Mar 2026 12:00:30 GMT", 30)]
    [InlineData("Sun, 01 Mar 2026 11:00:00 GMT", 0)]
    public async Task Retry_after_is_read_as_a_date(string date, int seconds)
    {
        var refused = await RefusedAsync(context =>
        {
            context.Response.Headers.RetryAfter = date;
            return context.SendAsync("busy", 503, "text/plain");
        });

        Assert.Equal(TimeSpan.FromSeconds(seconds), refused.RetryAfter);
    }

    [Fact]
    public async Task Retry_after_is_read_from_the_status()
    {
        var refused = await RefusedAsync(context =>
            context.SendAsync(Answers.Status(500, "ServerTimeout", "try again", """{"retryAfterSeconds":9}"""), 500)
        );

        Assert.Equal(TimeSpan.FromSeconds(9), refused.RetryAfter);
    }

    [Theory]
    [InlineData("<html>Bad Gateway s3cret</html>", "text/html")]
    [InlineData("""{"error":"s3cret"}""", "application/json")]
    [InlineData("", "text/plain")]
    public async Task An_error_page_of_something_else_is_not_quoted(string body, string type)
    {
        var refused = await RefusedAsync(context => context.SendAsync(body, 502, type));

        Assert.Equal(HttpStatusCode.BadGateway, refused.StatusCode);
        Assert.DoesNotContain("s3cret", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_page_is_read_only_to_its_limit()
    {
        var refused = await RefusedAsync(async context =>
        {
            context.Response.StatusCode = 500;
            var block = new byte[64 * 1024];
            for (var sent = 0; sent < 100 && !context.RequestAborted.IsCancellationRequested; sent++)
            {
                await context.Response.Body.WriteAsync(block);
            }
        });

        Assert.Equal(HttpStatusCode.InternalServerError, refused.StatusCode);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"spec":{"size":"large"}}""")]
    public async Task An_answer_that_is_no_object_is_an_error_of_the_connection(string body)
    {
        await using var server = await ScriptedApiServer.StartAsync((_, context) => context.SendAsync(body));
        using var test = new ClientUnderTest(server);

        var failed = await Assert.ThrowsAsync<HttpRequestException>(() => test.Client.FindAsync<Widget>(Some.Named("one"), Cancellation));

        Assert.Equal(HttpRequestError.InvalidResponse, failed.HttpRequestError);
        Assert.Contains("home/one", failed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"metadata":{},"items":[]}""")]
    [InlineData("""{"metadata":{"resourceVersion":"1"},"items":[null]}""")]
    public async Task A_list_that_is_none_is_an_error_of_the_connection(string body)
    {
        await using var server = await ScriptedApiServer.StartAsync((_, context) => context.SendAsync(body));
        using var test = new ClientUnderTest(server);

        await Assert.ThrowsAsync<HttpRequestException>(() =>
            test.Client.ListPageAsync<Widget>(ResourceSelector.All, 1, null, Cancellation)
        );
    }

    [Fact]
    public async Task An_answer_without_end_is_not_read_whole()
    {
        await using var server = await ScriptedApiServer.StartAsync(async (_, context) =>
        {
            var block = new byte[64 * 1024];
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(block);
            }
        });
        using var test = new ClientUnderTest(server);

        var failed = await Assert.ThrowsAsync<HttpRequestException>(() => test.Client.FindAsync<Widget>(Some.Named("one"), Cancellation));

        Assert.Equal(HttpRequestError.ConfigurationLimitExceeded, failed.HttpRequestError);
    }

    [Fact]
    public async Task A_refusal_of_a_secret_names_fields_but_quotes_nothing()
    {
        const string Message =
            "Secret in version v1 cannot be handled: illegal base64 data, error found in #10 byte of ...|aGlkZGVuLWNvbnRlbnQ|...";
        await using var server = await ScriptedApiServer.StartAsync(
            (_, context) =>
                context.SendAsync(
                    Answers.Status(
                        422,
                        "Invalid",
                        Message,
                        """{"causes":[{"reason":"FieldValueInvalid","message":"aGlkZGVuLWNvbnRlbnQ","field":"data[key]"}]}"""
                    ),
                    422
                )
        );
        using var test = new ClientUnderTest(server);

        var refused = await Assert.ThrowsAsync<KubernetesException>(() =>
            test.Client.CreateAsync(Some.Secret("one", "hidden-content"), Cancellation)
        );

        Assert.True(refused.IsInvalid);
        Assert.Contains("refused fields: data (", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("aGlkZGVu", refused.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", refused.ToString(), StringComparison.Ordinal);
    }

    // The wordings of Kubernetes 1.33 and later.
    [Theory]
    [InlineData(
        403,
        "Forbidden",
        """admission webhook \"policy.example.com\" denied the request: hidden-content""",
        AdmissionRuleKind.Webhook,
        "policy.example.com"
    )]
    [InlineData(
        409,
        "Conflict",
        """admission webhook \"policy.example.com\" denied the request without explanation""",
        AdmissionRuleKind.Webhook,
        "policy.example.com"
    )]
    [InlineData(
        500,
        "InternalError",
        """Internal error occurred: failed calling webhook \"policy.example.com\": failed to call webhook: Post \"https://x/?hidden-content\": EOF""",
        AdmissionRuleKind.Webhook,
        "policy.example.com"
    )]
    [InlineData(
        403,
        "Forbidden",
        """secrets \"one\" is forbidden: exceeded quota: few-secrets, requested: secrets=1, used: secrets=5, limited: secrets=5""",
        AdmissionRuleKind.Quota,
        "few-secrets"
    )]
    [InlineData(
        403,
        "Forbidden",
        """secrets \"one\" is forbidden: failed quota: few-secrets: must specify limits.cpu for: hidden-content""",
        AdmissionRuleKind.Quota,
        "few-secrets"
    )]
    [InlineData(
        422,
        "Invalid",
        """secrets \"one\" is forbidden: ValidatingAdmissionPolicy 'no-tokens.example.com' with binding 'all' denied request: hidden-content""",
        AdmissionRuleKind.Policy,
        "no-tokens.example.com"
    )]
    [InlineData(
        422,
        "Invalid",
        """ValidatingAdmissionPolicy 'no-tokens' with binding 'all' denied request: hidden-content""",
        AdmissionRuleKind.Policy,
        "no-tokens"
    )]
    [InlineData(
        422,
        "Invalid",
        """secrets \"one\" is forbidden: ValidatingAdmissionPolicy 'no-tokens' denied request: hidden-content""",
        AdmissionRuleKind.Policy,
        "no-tokens"
    )]
    public async Task A_refusal_names_the_webhook_policy_or_quota_and_nothing_else(
        int code,
        string reason,
        string message,
        AdmissionRuleKind kind,
        string name
    )
    {
        var refused = await RefusedSecretAsync(Answers.Status(code, reason, message), code);

        Assert.Equal(new AdmissionRule(kind, name), refused.DeniedBy);
        Assert.Contains(name, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", refused.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""admission webhook \"Hidden Content\" denied the request: no""")]
    [InlineData("""admission webhook \"hidden_content\" denied the request: no""")]
    [InlineData("""it says: admission webhook \"hidden.content\" denied the request: no""")]
    [InlineData("""secrets \"one\" is forbidden: exceeded quota: hidden-content requested: secrets=1""")]
    [InlineData("""secrets \"one\" is forbidden: ValidatingAdmissionPolicy 'hidden-content' with binding 'a b' denied request: no""")]
    [InlineData("""secrets \"one\" is forbidden: hidden: exceeded quota: hidden-content, requested: secrets=1""")]
    public async Task A_message_in_other_words_than_the_API_servers_names_no_rule(string message)
    {
        var refused = await RefusedSecretAsync(Answers.Status(403, "Forbidden", message), 403);

        Assert.Null(refused.DeniedBy);
        Assert.DoesNotContain("idden-content", refused.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", refused.Message, StringComparison.OrdinalIgnoreCase);
    }

    // A webhook chooses every member of its answer.
    [Theory]
    [InlineData("hidden", "no", "{}")]
    [InlineData("Conflict", "hidden", "{}")]
    [InlineData("NotFound", "hidden", "{}")]
    [InlineData("AlreadyExists", "hidden", "{}")]
    [InlineData("Invalid", "no", """{"causes":[{"reason":"hidden","message":"no","field":"data[key]"}]}""")]
    [InlineData("Invalid", "no", """{"causes":[{"reason":"no","message":"hidden","field":"data[hidden]"}]}""")]
    [InlineData("Invalid", "no", """{"causes":[{"reason":"no","message":"no","field":"hidden"}]}""")]
    public async Task Nothing_that_a_webhook_chose_is_quoted(string reason, string message, string details)
    {
        var refused = await RefusedSecretAsync(Answers.Status(403, reason, message, details), 403);

        Assert.DoesNotContain("hidden", refused.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", refused.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data", "data")]
    [InlineData("data[hidden]", "data")]
    [InlineData("dataOfHidden", "")]
    [InlineData("metadata", "metadata")]
    [InlineData("metadata.name", "metadata.name")]
    [InlineData("metadata.namespace", "metadata.namespace")]
    [InlineData("metadata.labels.hidden", "metadata.labels")]
    [InlineData("metadata.hidden", "metadata")]
    [InlineData("status.token[hidden]", "status.token")]
    [InlineData("status.tokenHidden", "status")]
    [InlineData("hidden.data", "")]
    public async Task Of_a_refused_field_the_part_is_told_that_nobody_can_choose(string field, string told)
    {
        var details = $$"""{"causes":[{"reason":"FieldValueInvalid","message":"hidden","field":"{{field}}"}]}""";

        var refused = await RefusedSecretAsync(Answers.Status(422, "Invalid", "hidden", details), 422);

        Assert.Contains($"refused fields: {told} (", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", refused.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_status_that_is_refused_is_not_quoted_since_it_may_hold_a_link()
    {
        await using var server = await ScriptedApiServer.StartAsync(
            (_, context) =>
                context.SendAsync(
                    Answers.Status(
                        422,
                        "Invalid",
                        "status.authorization.url: Invalid value: hidden",
                        """{"causes":[{"reason":"FieldValueInvalid","message":"hidden","field":"status.authorization.url"}]}"""
                    ),
                    422
                )
        );
        using var test = new ClientUnderTest(server);

        var refused = await Assert.ThrowsAsync<KubernetesException>(() =>
            test.Client.PatchStatusAsync<Widget>(Some.Named("one"), [], Cancellation)
        );

        Assert.Contains("refused fields: status.authorization (", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_given_up_in_time()
    {
        var asked = new TaskCompletionSource();
        await using var server = await ScriptedApiServer.StartAsync(async (server, _) =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, server.Stopping);
        });
        using var test = new ClientUnderTest(server);
        var request = test.Client.FindAsync<Widget>(Some.Named("one"), Cancellation);
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(90), Cancellation);

        test.Clock.Advance(TimeSpan.FromSeconds(30));

        var failed = await Assert.ThrowsAsync<HttpRequestException>(() => request);
        Assert.Contains("within 30 s", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_call_ends_in_a_cancellation_and_not_in_a_timeout()
    {
        var asked = new TaskCompletionSource();
        await using var server = await ScriptedApiServer.StartAsync(async (server, _) =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, server.Stopping);
        });
        using var test = new ClientUnderTest(server);
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var request = test.Client.FindAsync<Widget>(Some.Named("one"), cancelled.Token);
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(90), Cancellation);

        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_an_error_of_the_connection()
    {
        // Nothing listens on port 1 of the loopback address.
        using var test = new ClientUnderTest(new Client.Access.ClusterAccess { Server = new Uri("http://127.0.0.1:1"), Source = "test" });

        await Assert.ThrowsAsync<HttpRequestException>(() => test.Client.FindAsync<Widget>(Some.Named("one"), Cancellation));
    }

    [Fact]
    public async Task Requests_are_counted_by_code_and_method()
    {
        await using var server = await ScriptedApiServer.StartAsync((_, context) => context.Request.Method == "GET"
            ? context.SendAsync(Answers.Widget("one", 1))
            : context.SendAsync(Answers.Status(409, "AlreadyExists", "taken"), 409));
        using var test = new ClientUnderTest(server);
        var counted = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Scope == test.Meters && instrument.Name == "rest_client_requests_total")
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>(
            (_, count, tags, _) => counted.Add($"{count} {string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))}")
        );
        listener.Start();

        await test.Client.FindAsync<Widget>(Some.Named("one"), Cancellation);
        await Assert.ThrowsAsync<KubernetesException>(() => test.Client.CreateAsync(Some.Widget("one"), Cancellation));

        Assert.Equal(["1 code=200 method=GET", "1 code=409 method=POST"], counted);
    }

    private static async Task<KubernetesException> RefusedSecretAsync(string answer, int code)
    {
        await using var server = await ScriptedApiServer.StartAsync((_, context) => context.SendAsync(answer, code));
        using var test = new ClientUnderTest(server);
        return await Assert.ThrowsAsync<KubernetesException>(() =>
            test.Client.CreateAsync(Some.Secret("one", "hidden-content"), Cancellation)
        );
    }

    private static async Task<KubernetesException> RefusedAsync(Func<Microsoft.AspNetCore.Http.HttpContext, Task> answer)
    {
        await using var server = await ScriptedApiServer.StartAsync((_, context) => answer(context));
        using var test = new ClientUnderTest(server);
        return await Assert.ThrowsAsync<KubernetesException>(() => test.Client.FindAsync<Widget>(Some.Named("one"), Cancellation));
    }
}
