using System.Net;
using Kubernetes.Client;
using Microsoft.Extensions.Time.Testing;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Clients;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Clients;

/// <summary>What requests that are under way at the same time make of one refusal.</summary>
public sealed class ClientTokenSourceTests
{
    private const int Connections = 8;
    private readonly FakeTimeProvider time = new();
    private readonly Provider provider = new();
    private readonly ClientSecretTracker tracker;
    private readonly ClientTokenSource source;

    public ClientTokenSourceTests()
    {
        tracker = new ClientSecretTracker(time);
        source = new ClientTokenSource(
            provider,
            tracker,
            new ClockWatch(Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance),
            new ProviderMetrics(new UnreadMeters(), [], time),
            new TokenAudit(Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance)
        );
    }

    [Fact]
    public async Task A_secret_that_stops_working_under_many_requests_is_one_refusal()
    {
        var client = Client("first", "second");
        FirstWorks(client);

        var outcomes = await RequestTogetherAsync(client);

        Assert.All(outcomes, outcome => Assert.Equal("invalid_client", Assert.IsType<TokenOutcome.Refused>(outcome).Error));
        var snapshot = tracker.SnapshotOf(client);
        Assert.Equal(1, snapshot.Refusals);
        Assert.Equal(TimeSpan.FromMinutes(1), snapshot.RetryAt - time.GetUtcNow());
        Assert.Equal(Connections + 1, provider.Asked);
    }

    [Fact]
    public async Task A_refusal_is_reported_once_every_secret_is_refused()
    {
        var client = Client("first");
        var areAllRefused = new List<bool>();
        FirstWorks(client);
        tracker.Tried += _ => areAllRefused.Add(tracker.SnapshotOf(client).RetryAt is not null);

        await RequestTogetherAsync(client);

        Assert.True(Assert.Single(areAllRefused));
    }

    [Fact]
    public async Task A_secret_that_expires_under_many_requests_gives_way_to_the_next_one_for_all_of_them()
    {
        var client = Client("first", "second");
        FirstWorks(client);
        provider.Works = "second";

        var outcomes = await RequestTogetherAsync(client);

        Assert.All(outcomes, outcome => Assert.IsType<TokenOutcome.Granted>(outcome));
        Assert.Equal("second", tracker.SnapshotOf(client).Working?.Name);
        Assert.Equal(2 * Connections, provider.Asked);
    }

    [Fact]
    public async Task A_refusal_that_comes_after_another_secret_was_accepted_takes_nothing_back()
    {
        var client = Client("first");
        FirstWorks(client);
        var seen = tracker.SnapshotOf(client);
        tracker.AllRefused(client, client.Credentials, seen, description: null);
        tracker.Accepted(client, client.Credentials[0], refused: []);
        var known = tracker.SnapshotOf(client);

        tracker.AllRefused(client, client.Credentials, seen, description: null);

        Assert.Equivalent(known, tracker.SnapshotOf(client), strict: true);
    }

    [Fact]
    public async Task A_decision_before_a_refusal_leads_to_no_request()
    {
        var client = Client("first");
        tracker.Follow(client);
        client.Seen = tracker.SnapshotOf(client);
        tracker.AllRefused(client, client.Credentials, client.Seen, "expired");
        provider.AnswersAtOnce();

        var outcomes = await RequestTogetherAsync(client);

        Assert.All(outcomes, outcome => Assert.Equal("expired", Assert.IsType<TokenOutcome.Refused>(outcome).Description));
        Assert.Equal((0, 1), (provider.Asked, tracker.SnapshotOf(client).Refusals));
    }

    [Fact]
    public async Task A_decision_after_a_refusal_leads_to_a_request()
    {
        var client = Client("first");
        tracker.Follow(client);
        tracker.AllRefused(client, client.Credentials, tracker.SnapshotOf(client), description: null);
        client.Seen = tracker.SnapshotOf(client);
        provider.AnswersAtOnce();

        await RequestTogetherAsync(client);

        Assert.Equal((1, 2), (provider.Asked, tracker.SnapshotOf(client).Refusals));
    }

    [Fact]
    public async Task A_refused_secret_is_seen_together_with_the_outcome()
    {
        var client = Client("first", "second");
        var during = new List<SecretTrial>();
        FirstWorks(client);
        provider.AnswersAtOnce();
        provider.BeforeAnswer = () => during.AddRange(tracker.SnapshotOf(client).Trials.Select(trial => trial.Trial));
        var changes = new List<SecretTrial>();
        tracker.Changed += _ => changes.AddRange(tracker.SnapshotOf(client).Trials.Select(trial => trial.Trial));

        await AskAsync(client);

        Assert.Equal([SecretTrial.Accepted, SecretTrial.NotTried, SecretTrial.Accepted, SecretTrial.NotTried], during);
        Assert.Equal([SecretTrial.Refused, SecretTrial.Refused], changes);
    }

    [Fact]
    public async Task A_refused_secret_is_on_record_where_the_next_one_gets_no_answer()
    {
        var client = Client("first", "second");
        FirstWorks(client);
        provider.AnswersAtOnce();
        provider.IsAway = secret => secret == "second";

        Assert.IsType<TokenOutcome.Unavailable>(await AskAsync(client));

        Assert.Equal([SecretTrial.Refused, SecretTrial.NotTried], tracker.SnapshotOf(client).Trials.Select(trial => trial.Trial));
    }

    // Otherwise the attempt would not count, and the refused secret would be sent again after ten seconds.
    [Fact]
    public async Task An_attempt_whose_first_secret_was_refused_has_sent_something_though_the_next_one_is_turned_away()
    {
        var client = Client("first", "second");
        FirstWorks(client);
        provider.AnswersAtOnce();
        provider.IsTurnedAway = secret => secret == "second";

        Assert.True(Assert.IsType<TokenOutcome.Unavailable>(await AskAsync(client)).HadTurn);
    }

    [Fact]
    public async Task A_wait_for_another_request_that_takes_too_long_has_sent_nothing()
    {
        var client = Client("first");
        tracker.Follow(client);
        using var deadline = new CancellationTokenSource();
        var probing = AskAsync(client);

        var waiting = AskAsync(client, deadline.Token);
        await deadline.CancelAsync();
        var outcome = Assert.IsType<TokenOutcome.Unavailable>(await waiting);
        provider.AnswersAtOnce();
        await probing;

        Assert.False(outcome.MayHaveBeenProcessed);
        Assert.Contains("nothing was sent", outcome.Cause, StringComparison.Ordinal);
        Assert.Equal(1, provider.Asked);
    }

    private void FirstWorks(ResolvedClient client)
    {
        tracker.Follow(client);
        tracker.Accepted(client, client.Credentials[0], refused: []);
    }

    private async Task<TokenOutcome[]> RequestTogetherAsync(ResolvedClient client)
    {
        var requests = Enumerable
            .Range(0, Connections)
            .Select(_ => AskAsync(client))
            .ToList();
        return await Task.WhenAll(requests).WaitAsync(TestOperator.Patience, TestContext.Current.CancellationToken);
    }

    private Task<TokenOutcome> AskAsync(ResolvedClient client, CancellationToken? deadline = null) => source.RequestAsync(
        new NamespacedName("integrations", "acme"),
        client,
        client.TokenEndpoint!,
        new TokenRequest.ClientCredentialsGrant([], new Dictionary<string, string>()),
        deadline ?? TestContext.Current.CancellationToken);

    private static ResolvedClient Client(params string[] secrets) =>
        new()
        {
            Name = new NamespacedName("integrations", "acme"),
            Issuer = new Uri("https://connect.visma.com"),
            TokenEndpoint = new Uri("https://connect.visma.com/connect/token"),
            ClientId = "isv_acme",
            Method = ClientAuthenticationMethod.ClientSecretPost,
            Credentials =
            [
                .. secrets.Select(secret => new Credential(
                    new SecretKeyReference { Name = secret, Key = "clientSecret" },
                    "1",
                    Sensitive.From(secret),
                    ExpirationTime: null
                )),
            ],
        };

    /// <summary>Answers nobody before all have asked, so that each asks by what was known before.</summary>
    private sealed class Provider : ITokenEndpoint
    {
        private readonly TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int asked;

        public int Asked => asked;

        public string? Works { get; set; }

        public Action? BeforeAnswer { get; set; }

        public Predicate<string>? IsAway { get; set; }

        public Predicate<string>? IsTurnedAway { get; set; }

        public void AnswersAtOnce() => all.SetResult();

        public async Task<TokenOutcome> RequestAsync(
            Uri endpoint,
            ClientCredentials client,
            TokenRequest request,
            CancellationToken cancellationToken
        )
        {
            request.TurnCame?.Invoke();
            if (Interlocked.Increment(ref asked) >= Connections)
            {
                all.TrySetResult();
            }

            await all.Task.WaitAsync(cancellationToken);
            if (IsTurnedAway?.Invoke(client.ClientSecret.Reveal()) == true)
            {
                return new TokenOutcome.Unavailable("a pause", RetryAfter: null, MayHaveBeenProcessed: false) { HadTurn = false };
            }

            BeforeAnswer?.Invoke();
            if (IsAway?.Invoke(client.ClientSecret.Reveal()) == true)
            {
                return new TokenOutcome.Unavailable("it answered 503", RetryAfter: null, MayHaveBeenProcessed: true);
            }

            return client.ClientSecret.Reveal() == Works
                ? new TokenOutcome.Granted(
                    new TokenSet(
                        Sensitive.From("t"),
                        "Bearer",
                        TimeSpan.FromHours(1),
                        GrantedScopes: null,
                        RefreshToken: null,
                        RefreshTokenLifetime: null
                    )
                )
                : new TokenOutcome.Refused("invalid_client", Description: null, HttpStatusCode.BadRequest, RetryAfter: null);
        }
    }
}
