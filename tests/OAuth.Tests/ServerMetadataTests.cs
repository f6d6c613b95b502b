using System.Net;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using VismaConnect.StandIn;

namespace OAuth.Tests;

public sealed class ServerMetadataTests
{
    private const string Issuer = "https://idp.example/realm";
    private static readonly HostPolicy policy = new([], ["idp.example", "tokens.example"], TransportRule.HttpsOnly);
    private readonly SettableTime time = new(Some.Noon);

    [Fact]
    public async Task Reads_the_stand_ins_document()
    {
        await using var standIn = await VismaConnectStandIn.StartAsync(new StandInOptions { Time = time }, Some.Patience());
        var local = new HostPolicy([], ["127.0.0.1"], TransportRule.HttpAllowed);
        using var http = OAuthHttp.CreateClient(local, new OAuthHttpOptions());
        var endpoint = new ServerMetadataEndpoint(http, local, time);

        var found = Assert.IsType<MetadataOutcome.Found>(await endpoint.GetAsync(standIn.Issuer, Some.Patience())).Metadata;

        Assert.Equal(standIn.Issuer.OriginalString, found.Issuer);
        Assert.Equal(standIn.TokenEndpoint, found.TokenEndpoint);
        Assert.Equal("/connect/revocation", found.RevocationEndpoint!.AbsolutePath);
        Assert.True(found.IssParameterSupported);
    }

    [Fact]
    public async Task Falls_back_to_the_path_of_RFC_8414_when_the_first_is_not_found()
    {
        using var handler = new ScriptedHandler((request, _) => Task.FromResult(
            request.RequestUri!.AbsolutePath.EndsWith("openid-configuration", StringComparison.Ordinal)
                ? Some.Answer("", HttpStatusCode.NotFound)
                : Some.Answer(Document())));

        Assert.IsType<MetadataOutcome.Found>(await GetAsync(handler));
        Assert.Equal(
            ["/realm/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/realm"],
            handler.Requests.Select(request => request.Path));
    }

    [Theory]
    [InlineData(404, typeof(MetadataOutcome.Malformed))]
    [InlineData(403, typeof(MetadataOutcome.Malformed))]
    [InlineData(302, typeof(MetadataOutcome.Malformed))]
    [InlineData(503, typeof(MetadataOutcome.Unavailable))]
    [InlineData(429, typeof(MetadataOutcome.Unavailable))]
    public async Task Other_statuses_are_distinguished(int status, Type expected) =>
        Assert.IsType(expected, await GetAsync(new ScriptedHandler(() => Some.Answer("{}", (HttpStatusCode)status))));

    [Theory]
    [InlineData("https://idp.example/realm/")]
    [InlineData("https://IDP.example/realm")]
    [InlineData("https://evil.example")]
    public async Task An_issuer_that_differs_in_a_single_character_is_untrusted(string named)
    {
        var untrusted = Assert.IsType<MetadataOutcome.Untrusted>(await GetAsync(Answering(Document(issuer: named))));

        Assert.Contains(named, untrusted.Cause, StringComparison.Ordinal);
    }

    public static TheoryData<string, string, string> EndpointsThatMayNotBeUsed()
    {
        var data = new TheoryData<string, string, string>();
        foreach (var member in (string[])["token_endpoint", "authorization_endpoint", "revocation_endpoint"])
        {
            data.Add(member, "http://idp.example/token", "not encrypted");
            data.Add(member, "https://evil.example/token", "not allowed");
            data.Add(member, "https://idp.example@evil.example/token", "user information");
            data.Add(member, "https://idp\u2024example/token", "U+2024");
            data.Add(member, "javascript:alert(1)", "https");
            data.Add(member, "/token", "");
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(EndpointsThatMayNotBeUsed))]
    public async Task An_endpoint_that_may_not_be_used_is_untrusted(string member, string endpoint, string reason)
    {
        var document = new JsonObject
        {
            ["issuer"] = Issuer,
            ["token_endpoint"] = "https://idp.example/token",
            ["authorization_endpoint"] = "https://idp.example/authorize",
            ["revocation_endpoint"] = "https://idp.example/revocation",
        };
        Assert.IsType<MetadataOutcome.Found>(await GetAsync(Answering(document.ToJsonString())));
        document[member] = endpoint;

        var untrusted = Assert.IsType<MetadataOutcome.Untrusted>(await GetAsync(Answering(document.ToJsonString())));

        Assert.Contains(member, untrusted.Cause, StringComparison.Ordinal);
        Assert.Contains(reason, untrusted.Cause, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_endpoint_on_another_listed_host_is_fine() =>
        Assert.IsType<MetadataOutcome.Found>(await GetAsync(Answering(Document(token: "https://tokens.example/t"))));

    [Theory]
    [InlineData("{}")]
    [InlineData("<html>")]
    [InlineData("{\"issuer\":\"https://idp.example/realm\"}")]
    [InlineData("{\"issuer\":\"\\ud800\"}")]
    [InlineData("""{"issuer":"https://idp.example/realm","token_endpoint":"https://idp.example","token_endpoint":"https://idp.example"}""")]
    public async Task A_document_that_is_no_metadata_is_malformed(string body) =>
        Assert.IsType<MetadataOutcome.Malformed>(await GetAsync(Answering(body)));

    [Theory]
    [InlineData("\"\\ud800\":1")]
    [InlineData("\"x\":1,\"x\":2")]
    [InlineData("\"authorization_response_iss_parameter_supported\":\"\\ud800\"")]
    public async Task A_member_that_nobody_knows_spoils_nothing(string member) =>
        Assert.IsType<MetadataOutcome.Found>(await GetAsync(Answering(Document().Insert(1, member + ","))));

    [Fact]
    public async Task A_document_above_256_KiB_is_malformed() =>
        Assert.IsType<MetadataOutcome.Malformed>(await GetAsync(Answering(Document() + new string(' ', 256 * 1024))));

    [Fact]
    public async Task The_cache_asks_once_for_all_who_wait_and_once_a_day()
    {
        var source = new Source();
        var cache = new ServerMetadataCache(source, time);

        var waiting = Enumerable.Range(0, 10).Select(_ => cache.GetAsync(new Uri(Issuer), Some.Patience())).ToList();
        await source.AnswerNextAsync(Source.Good);
        Assert.All(await Task.WhenAll(waiting), outcome => Assert.Same(Source.Good, outcome));
        time.Advance(TimeSpan.FromHours(23.9));
        Assert.Same(Source.Good, await cache.GetAsync(new Uri(Issuer), Some.Patience()));
        Assert.Equal(1, source.Asked);
        time.Advance(TimeSpan.FromHours(0.1));
        var again = cache.GetAsync(new Uri(Issuer), Some.Patience());
        await source.AnswerNextAsync(Source.Good);
        await again;

        Assert.Equal(2, source.Asked);
    }

    [Fact]
    public async Task An_old_document_is_served_while_renewing_it_fails()
    {
        var (source, cache) = await FilledAsync();
        time.Advance(TimeSpan.FromHours(25));

        var first = cache.GetAsync(new Uri(Issuer), Some.Patience());
        await source.AnswerNextAsync(Source.Down);
        Assert.Same(Source.Good, await first);
        Assert.Same(Source.Good, await cache.GetAsync(new Uri(Issuer), Some.Patience()));

        Assert.Equal(2, source.Asked);
    }

    [Fact]
    public async Task A_failure_without_a_document_is_repeated_for_two_seconds_only()
    {
        var source = new Source();
        var cache = new ServerMetadataCache(source, time);
        var first = cache.GetAsync(new Uri(Issuer), Some.Patience());
        await source.AnswerNextAsync(Source.Down);
        Assert.Same(Source.Down, await first);
        Assert.Same(Source.Down, await cache.GetAsync(new Uri(Issuer), Some.Patience()));

        time.Advance(TimeSpan.FromSeconds(2));
        var second = cache.GetAsync(new Uri(Issuer), Some.Patience());
        await source.AnswerNextAsync(Source.Good);

        Assert.Same(Source.Good, await second);
    }

    [Fact]
    public async Task JSON_is_asked_for()
    {
        var accepted = new List<string>();
        using var handler = new ScriptedHandler((request, _) =>
        {
            accepted.Add(request.Headers.Accept.ToString());
            return Task.FromResult(Some.Answer(Document()));
        });

        await GetAsync(handler);

        Assert.Equal(["application/json"], accepted);
    }

    [Fact]
    public async Task A_source_that_answers_at_once_is_asked_again_after_a_day()
    {
        var source = new ImmediateSource();
        var cache = new ServerMetadataCache(source, time);

        await cache.GetAsync(new Uri(Issuer), Some.Patience());
        time.Advance(TimeSpan.FromHours(24));
        await cache.GetAsync(new Uri(Issuer), Some.Patience());

        Assert.Equal(2, source.Asked);
    }

    [Fact]
    public async Task The_wait_that_a_server_asks_for_is_kept_to()
    {
        var source = new Source();
        var cache = new ServerMetadataCache(source, time);
        var first = cache.GetAsync(new Uri(Issuer), Some.Patience());
        await source.AnswerNextAsync(new MetadataOutcome.Unavailable("busy", TimeSpan.FromSeconds(30)));
        await first;

        time.Advance(TimeSpan.FromSeconds(29));
        Assert.Same(await first, await cache.GetAsync(new Uri(Issuer), Some.Patience()));
        time.Advance(TimeSpan.FromSeconds(1));
        var second = cache.GetAsync(new Uri(Issuer), Some.Patience());
        await source.AnswerNextAsync(Source.Good);

        Assert.Same(Source.Good, await second);
    }

    [Fact]
    public async Task An_old_document_is_looked_for_again_after_a_minute_and_one_that_is_there_again_replaces_it()
    {
        var (source, cache) = await FilledAsync();
        time.Advance(TimeSpan.FromHours(25));
        var first = cache.GetAsync(new Uri(Issuer), Some.Patience());
        await source.AnswerNextAsync(Source.Down);
        await first;

        time.Advance(TimeSpan.FromSeconds(59));
        Assert.Same(Source.Good, await cache.GetAsync(new Uri(Issuer), Some.Patience()));
        Assert.Equal(2, source.Asked);
        time.Advance(TimeSpan.FromSeconds(1));
        var second = cache.GetAsync(new Uri(Issuer), Some.Patience());
        var another = new MetadataOutcome.Found(new ServerMetadata(Issuer, new Uri("https://tokens.example/t"), null, null, true));
        await source.AnswerNextAsync(another);

        Assert.Same(another, await second);
    }

    [Theory]
    [InlineData("https://idp.example", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")]
    [InlineData("https://idp.example/a/", "/a/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/a")]
    public void The_well_known_paths_are_those_of_the_two_specifications(string issuer, string openId, string oauth)
    {
        Assert.Equal(new Uri("https://idp.example" + openId), ServerMetadataEndpoint.OpenIdPath(new Uri(issuer)));
        Assert.Equal(new Uri("https://idp.example" + oauth), ServerMetadataEndpoint.OAuthPath(new Uri(issuer)));
    }

    [Theory]
    [InlineData(-5)]
    [InlineData(-86_400)]
    public async Task A_clock_that_is_set_back_puts_no_look_off(int seconds)
    {
        var source = new Source();
        var cache = new ServerMetadataCache(source, time);
        var first = cache.GetAsync(new Uri(Issuer), Some.Patience());
        await source.AnswerNextAsync(Source.Down);
        await first;

        time.Step(TimeSpan.FromSeconds(seconds));
        time.Advance(TimeSpan.FromSeconds(2));
        var second = cache.GetAsync(new Uri(Issuer), Some.Patience());
        await source.AnswerNextAsync(Source.Good);

        Assert.Same(Source.Good, await second);
    }

    [Fact]
    public async Task One_who_gives_up_does_not_end_the_look_of_the_others()
    {
        var source = new Source();
        var cache = new ServerMetadataCache(source, time);
        using var hasty = new CancellationTokenSource();
        var leaving = cache.GetAsync(new Uri(Issuer), hasty.Token);
        var staying = cache.GetAsync(new Uri(Issuer), Some.Patience());

        await hasty.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        await source.AnswerNextAsync(Source.Good);

        Assert.Same(Source.Good, await staying);
        Assert.Equal(1, source.Asked);
    }

    private async Task<(Source Source, ServerMetadataCache Cache)> FilledAsync()
    {
        var source = new Source();
        var cache = new ServerMetadataCache(source, time);
        var filling = cache.GetAsync(new Uri(Issuer), Some.Patience());
        await source.AnswerNextAsync(Source.Good);
        await filling;
        return (source, cache);
    }

    private async Task<MetadataOutcome> GetAsync(HttpMessageHandler handler)
    {
        using var http = new HttpClient(handler);
        return await new ServerMetadataEndpoint(http, policy, time).GetAsync(new Uri(Issuer), Some.Patience());
    }

    private static ScriptedHandler Answering(string body) => new(() => Some.Answer(body));

    private static string Document(string issuer = Issuer, string token = "https://idp.example/token") =>
        $$"""{"issuer":"{{issuer}}","token_endpoint":"{{token}}"}""";

    /// <summary>A source whose looks have ended when it returns.</summary>
    private sealed class ImmediateSource : IServerMetadataEndpoint
    {
        public int Asked { get; private set; }

        public Task<MetadataOutcome> GetAsync(Uri issuer, CancellationToken cancellationToken)
        {
            Asked++;
            return Task.FromResult(Source.Good);
        }
    }

    /// <summary>A source whose looks end when the test says so.</summary>
    private sealed class Source : IServerMetadataEndpoint
    {
        public static readonly MetadataOutcome Good = new MetadataOutcome.Found(
            new ServerMetadata(Issuer, new Uri("https://idp.example/token"), null, null, false));

        public static readonly MetadataOutcome Down = new MetadataOutcome.Unavailable("down", null);

        private readonly Channel<TaskCompletionSource<MetadataOutcome>> looks =
            Channel.CreateUnbounded<TaskCompletionSource<MetadataOutcome>>();

        private int asked;

        public int Asked => asked;

        public async Task AnswerNextAsync(MetadataOutcome outcome) => (await looks.Reader.ReadAsync(Some.Patience())).SetResult(outcome);

        public Task<MetadataOutcome> GetAsync(Uri issuer, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref asked);
            var look = new TaskCompletionSource<MetadataOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
            looks.Writer.TryWrite(look);
            return look.Task;
        }
    }
}
