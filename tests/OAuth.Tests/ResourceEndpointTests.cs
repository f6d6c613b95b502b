using System.Net;

namespace OAuth.Tests;

/// <summary>A token used at an API.</summary>
public sealed class ResourceEndpointTests
{
    private static readonly Uri address = new("https://api.example/v1/company");
    private static readonly ResourceEndpointOptions options = new() { Headers = ["X-RateLimit-Limit", "X-RateLimit-Remaining"] };

    private readonly FakeTimeProvider time = new(Some.Noon);

    [Fact]
    public async Task Asks_once_with_the_token_in_the_header_and_for_JSON()
    {
        HttpRequestMessage? asked = null;
        using var handler = new ScriptedHandler((request, _) =>
        {
            asked = request;
            return Task.FromResult(Some.Answer("{}"));
        });

        await GetAsync(handler);

        Assert.Equal(
            (HttpMethod.Get, address, "Bearer " + Some.Token, "application/json"),
            (asked!.Method, asked.RequestUri, asked.Headers.Authorization!.ToString(), asked.Headers.Accept.ToString())
        );
        Assert.Null(asked.Content);
        Assert.Single(handler.Requests);
    }

    [Fact]
    public async Task Keeps_of_an_answer_what_was_asked_for()
    {
        var answered = Assert.IsType<ResourceOutcome.Answered>(await GetAsync(() => Limiting(Some.Answer("{}"))));

        Assert.Equal((HttpStatusCode.OK, "application/json"), (answered.Status, answered.MediaType));
        Assert.Equal("{}"u8.ToArray(), answered.Body!.Value.ToArray());
        Assert.Equal(TimeSpan.FromSeconds(30), answered.RetryAfter);
        Assert.Equal([KeyValuePair.Create("X-RateLimit-Limit", "600")], answered.Headers);
        Assert.Equal("600", answered.Headers["x-ratelimit-limit"]);
        Assert.Equal(TimeSpan.FromSeconds(-10.5), answered.Clock!.Ahead);
    }

    [Fact]
    public async Task Keeps_no_header_where_none_is_named()
    {
        var answered = await GetAsync(new ScriptedHandler(() => Limiting(Some.Answer("{}"))), new ResourceEndpointOptions());

        Assert.Empty(Assert.IsType<ResourceOutcome.Answered>(answered).Headers);
    }

    [Fact]
    public async Task A_header_is_cut_and_printable()
    {
        var answered = await GetAsync(() =>
        {
            var answer = Some.Answer("{}");
            answer.Headers.TryAddWithoutValidation("X-RateLimit-Remaining", "\t" + new string('9', 100));
            return answer;
        });

        Assert.Equal(" " + new string('9', 63), Assert.IsType<ResourceOutcome.Answered>(answered).Headers["X-RateLimit-Remaining"]);
    }

    [Theory]
    [InlineData(64 * 1024, true)]
    [InlineData((64 * 1024) + 1, false)]
    public async Task An_answer_above_64_KiB_has_no_body_and_everything_else(int size, bool isRead)
    {
        var answered = Assert.IsType<ResourceOutcome.Answered>(await GetAsync(
            () => Limiting(Some.Answer(new string('x', size), HttpStatusCode.TooManyRequests, "text/plain"))));

        Assert.Equal(isRead, answered.Body is not null);
        Assert.Equal((HttpStatusCode.TooManyRequests, "text/plain"), (answered.Status, answered.MediaType));
        Assert.Equal((TimeSpan.FromSeconds(30), "600"), (answered.RetryAfter!.Value, answered.Headers["X-RateLimit-Limit"]));
    }

    [Fact]
    public async Task A_text_of_the_answer_is_shown_without_the_token()
    {
        var answered = Assert.IsType<ResourceOutcome.Answered>(await GetAsync(() => Some.Answer("{}")));

        Assert.Equal("no such", answered.Quote("no such company", 7));
        Assert.Equal("(withheld: it repeated a credential)", answered.Quote($"no such token: {Some.Token}", 200));
        Assert.DoesNotContain(Some.Token, answered.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_answer_is_a_failure_with_its_cause() =>
        Assert.Equal(
            new ResourceOutcome.Failed("could not connect"),
            await GetAsync(() => throw new HttpRequestException(HttpRequestError.ConnectionError))
        );

    [Fact]
    public async Task Ten_seconds_are_given_to_an_answer()
    {
        var asked = new TaskCompletionSource();
        var asking = GetAsync(new ScriptedHandler((_, cancellationToken) =>
        {
            asked.SetResult();
            return new TaskCompletionSource<HttpResponseMessage>().Task.WaitAsync(cancellationToken);
        }));
        await asked.Task.WaitAsync(Some.Patience());

        time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(asking.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.Equal(new ResourceOutcome.Failed("no complete answer within 10 s"), await asking);
    }

    private static HttpResponseMessage Limiting(HttpResponseMessage answer)
    {
        answer.Headers.TryAddWithoutValidation("Retry-After", "30");
        answer.Headers.TryAddWithoutValidation("X-RateLimit-Limit", "600");
        answer.Headers.TryAddWithoutValidation("X-Else", "1");
        answer.Headers.Date = Some.Noon.AddSeconds(10);
        return answer;
    }

    private Task<ResourceOutcome> GetAsync(Func<HttpResponseMessage> answer) => GetAsync(new ScriptedHandler(answer));

    private async Task<ResourceOutcome> GetAsync(ScriptedHandler handler, ResourceEndpointOptions? own = null)
    {
        using var http = new HttpClient(handler);
        return await new ResourceEndpoint(http, time, own ?? options).GetAsync(address, Sensitive.From(Some.Token), Some.Patience());
    }
}
