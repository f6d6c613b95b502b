using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Clients;
using VismaOperator.Grants;
using VismaOperator.Publishing;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>Whether a token that was received may be stored over what stands in the cluster by then.</summary>
public sealed class PendingGrantTests
{
    private static readonly DateTimeOffset noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_result_of_an_attempt_is_stored_while_the_attempt_is_open()
    {
        var stored = new GrantDocument { Held = Held("family", "spent"), Intent = new ExchangeIntent("attempt", "hash", noon) };

        Assert.NotNull(Of(Held("family", "next"), "attempt").Over(stored));
        Assert.Null(Of(Held("family", "next"), "another").Over(stored));
        Assert.Null(Of(Held("family", "next"), "attempt").Over(stored with { RevocationTime = noon }));
    }

    [Fact]
    public void A_consent_whose_write_arrived_unnoticed_does_not_go_over_what_came_of_it()
    {
        var consent = Of(Held("family", "first"));

        Assert.True(consent.IsIn(new GrantDocument { Held = Held("family", "first") }));
        Assert.True(consent.IsIn(new GrantDocument { Held = Held("family", "second") }), "the grant was exchanged since");
    }

    [Fact]
    public void A_consent_replaces_the_grant_that_was_stored_when_its_code_was_taken_regardless_of_clocks()
    {
        var consent = Of(Held("new", "one")) with { Replaces = new FormerGrant("former", IsOurs: true) };

        Assert.NotNull(consent.Over(new GrantDocument { Held = Held("former", "old") }));
        Assert.NotNull(
            consent.Over(new GrantDocument { Held = Held("former", "exchanged since") with { GrantTime = noon.AddHours(1), Sequence = 9 } })
        );
        Assert.NotNull(consent.Over(GrantDocument.Empty));
    }

    [Fact]
    public void A_consent_does_not_go_over_one_that_came_between_or_that_replaced_it()
    {
        Assert.Null(
            (Of(Held("new", "one")) with { Replaces = new FormerGrant("former", IsOurs: true) }).Over(
                new GrantDocument { Held = Held("between", "two") with { GrantTime = noon.AddHours(-1) } }
            )
        );
        Assert.Null(Of(Held("new", "one")).Over(new GrantDocument { Held = Held("between", "two") }));
    }

    [Fact]
    public async Task Pending_grants_are_retried_in_parallel_so_that_none_waits_for_another()
    {
        var cluster = new FaultyCluster(TimeProvider.System) { Before = (_, _, _) => throw new HttpRequestException("away") };
        var pendingGrants = new PendingGrantWrites(
            new GrantStore(cluster),
            revoker: null!,
            _ => false,
            new FakeTimeProvider(),
            new GrantLog(NullLogger.Instance)
        );
        string[] names = ["one", "two", "three"];
        foreach (var name in names)
        {
            Assert.IsType<StoreResult.Pending>(
                await pendingGrants.StoreAsync(Of(Held(name, "token"), connection: name), new CancellationToken(canceled: true))
            );
        }

        var (arrived, all) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        cluster.Before = (_, _, _) =>
        {
            if (Interlocked.Increment(ref arrived) == names.Length)
            {
                all.SetResult();
            }

            return all.Task;
        };
        await pendingGrants.FlushAsync(CancellationToken.None).WaitAsync(TestOperator.Patience, TestContext.Current.CancellationToken);

        Assert.Equal(names.Length, cluster.Export().Count);
    }

    [Fact]
    public async Task A_caller_waits_until_the_deadline_at_most_even_if_the_write_hangs()
    {
        var (time, hanging) = (new FakeTimeProvider(), new TaskCompletionSource());
        var cluster = new FaultyCluster(TimeProvider.System) { Before = (_, _, _) => hanging.Task };
        var pendingGrants = Writes(cluster, time, new CapturedLogs());
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(7), time);

        var storing = pendingGrants.StoreAsync(Of(Held("family", "token")), deadline.Token);
        time.Advance(TimeSpan.FromSeconds(7));

        Assert.IsType<StoreResult.Pending>(await storing.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        hanging.SetResult();
        await pendingGrants.FlushAsync(CancellationToken.None);
        Assert.Single(cluster.Export());
    }

    [Fact]
    public async Task A_process_that_has_used_its_time_up_tries_once_more_before_it_gives_a_token_up()
    {
        var (time, logs, isAway) = (new FakeTimeProvider(), new CapturedLogs(), true);
        var cluster = new FaultyCluster(TimeProvider.System)
        {
            Before = (_, _, _) => isAway ? throw new HttpRequestException("away") : Task.CompletedTask,
        };
        var pendingGrants = Writes(cluster, time, logs);
        await pendingGrants.StoreAsync(Of(Held("family", "token")), new CancellationToken(canceled: true));
        isAway = false;

        await pendingGrants.FlushAsync(new CancellationToken(canceled: true));

        Assert.Single(cluster.Export());
        Assert.DoesNotContain(logs.Lines, line => line.StartsWith("Critical", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_bug_in_a_try_ends_neither_the_loop_nor_the_process_and_loses_no_token()
    {
        var (time, logs, fails) = (new FakeTimeProvider(), new CapturedLogs(), true);
        var cluster = new FaultyCluster(TimeProvider.System)
        {
            Before = (_, _, name) =>
                fails && name.Name.StartsWith("one", StringComparison.Ordinal)
                    ? throw new InvalidOperationException("a secret, as it may be")
                    : Task.CompletedTask,
        };
        var pendingGrants = Writes(cluster, time, logs);
        foreach (var name in (string[])["one", "two"])
        {
            await pendingGrants.StoreAsync(Of(Held(name, "token"), connection: name), new CancellationToken(canceled: true));
        }

        await pendingGrants.FlushAsync(new CancellationToken(canceled: true));
        fails = false;
        await pendingGrants.FlushAsync(new CancellationToken(canceled: true));

        Assert.Equal(2, cluster.Export().Count);
        Assert.Contains(logs.Lines, line => line.Contains("failed with InvalidOperationException", StringComparison.Ordinal));
        Assert.DoesNotContain(logs.Lines, line => line.Contains("a secret", StringComparison.Ordinal));
    }

    // Two replicas: one holds the successor, the other one has announced that it takes over, begun, and may yet find that it sends nothing.
    [Fact]
    public async Task A_pending_grant_is_kept_while_another_process_has_an_intent_for_the_same_token()
    {
        var (time, cluster) = (new FakeTimeProvider(), new FaultyCluster(TimeProvider.System));
        var (store, pendingGrants) = (new GrantStore(cluster), Writes(cluster, time, new CapturedLogs()));
        var name = new NamespacedName(Some.Namespace, Some.Connection);
        var ct = TestContext.Current.CancellationToken;
        var read = ((GrantRead.Found)await store.ReadAsync(name, ct)).Snapshot;
        var ours = new GrantDocument { Held = Held("family", "spent"), Intent = new ExchangeIntent("ours", "hash of spent", noon) };
        var open = await store.WriteAsync(read, ours, ct);
        var theirs = await store.WriteAsync(open, ours with { Intent = new ExchangeIntent("theirs", "hash of spent", noon) }, ct);
        var grant = Of(Held("family", "next"), "ours") with { Open = open };

        var meanwhile = await pendingGrants.StoreAsync(grant, new CancellationToken(canceled: true));
        await store.WriteAsync(theirs, ours, ct);
        var after = await pendingGrants.StoreAsync(grant, new CancellationToken(canceled: true));

        Assert.IsType<StoreResult.Pending>(meanwhile);
        Assert.Equal("next", Assert.IsType<StoreResult.Stored>(after).Snapshot.Document.Held!.RefreshToken.Reveal());
    }

    // The one that took over has ended before it sent anything, and a third one has announced that it takes over from it.
    [Fact]
    public async Task A_pending_grant_is_stored_once_the_takeover_of_the_other_process_is_announced()
    {
        var (time, cluster) = (new FakeTimeProvider(), new FaultyCluster(TimeProvider.System));
        var (store, pendingGrants) = (new GrantStore(cluster), Writes(cluster, time, new CapturedLogs()));
        var ct = TestContext.Current.CancellationToken;
        var read = ((GrantRead.Found)await store.ReadAsync(new NamespacedName(Some.Namespace, Some.Connection), ct)).Snapshot;
        var ours = new GrantDocument { Held = Held("family", "spent"), Intent = new ExchangeIntent("ours", "hash of spent", noon) };
        var open = await store.WriteAsync(read, ours, ct);
        var theirs = new ExchangeIntent("theirs", "hash of spent", noon) { TakeoverTime = noon.AddSeconds(20) };
        await store.WriteAsync(open, ours with { Intent = theirs }, ct);

        var result = await pendingGrants.StoreAsync(
            Of(Held("family", "next"), "ours") with { Open = open },
            new CancellationToken(canceled: true)
        );

        var stored = Assert.IsType<StoreResult.Stored>(result).Snapshot.Document;
        Assert.Equal("next", stored.Held!.RefreshToken.Reveal());
        Assert.Null(stored.Intent);
    }

    private static PendingGrantWrites Writes(FaultyCluster cluster, FakeTimeProvider time, CapturedLogs logs) =>
        new(new GrantStore(cluster), revoker: null!, _ => false, time, new GrantLog(logs.CreateLogger("grants")));

    [Fact]
    public async Task The_cause_that_delays_a_write_is_logged_once_a_minute_and_when_it_changes()
    {
        var (time, logs, grant) = (new FakeTimeProvider(), new CapturedLogs(), Of(Held("family", "token")));
        var cluster = new FaultyCluster(TimeProvider.System);
        await cluster.CreateAsync(
            new Secret
            {
                Metadata = new ObjectMeta { Name = Some.Connection + AuthorizationSpec.GrantSecretSuffix, Namespace = Some.Namespace },
            },
            TestContext.Current.CancellationToken
        );
        var pendingGrants = new PendingGrantWrites(
            new GrantStore(cluster),
            revoker: null!,
            _ => false,
            time,
            new GrantLog(logs.CreateLogger("grants"))
        );
        for (var second = 0; second < 90; second++, time.Advance(TimeSpan.FromSeconds(1)))
        {
            await pendingGrants.StoreAsync(grant, new CancellationToken(canceled: true));
        }

        var told = logs.Lines.Count;
        cluster.Before = (_, _, _) => throw new HttpRequestException("away");
        await pendingGrants.StoreAsync(grant, new CancellationToken(canceled: true));
        await pendingGrants.StoreAsync(grant, new CancellationToken(canceled: true));

        Assert.Equal(2, told);
        Assert.Equal(3, logs.Lines.Count);
        Assert.Contains("cannot be reached", logs.Lines[^1], StringComparison.Ordinal);
    }

    internal static PendingGrant Of(HeldGrant held, string? attempt = null, string connection = Some.Connection) =>
        new()
        {
            Connection = new NamespacedName(Some.Namespace, connection),
            AttemptId = attempt,
            Next = held,
            Client = Client,
        };

    internal static HeldGrant Held(string family, string token) =>
        new()
        {
            Binding = new GrantBinding
            {
                Issuer = "https://connect.example.com",
                TokenEndpoint = "https://connect.example.com/token",
                ClientId = Some.ClientId,
                TenantId = Some.Tenant,
                Scopes = "",
                Cluster = "",
            },
            Client = new NamespacedName(Some.Namespace, Some.Client),
            Family = family,
            Sequence = 1,
            RefreshToken = Sensitive.From(token),
            GrantTime = noon,
            AccessToken = new IssuedToken
            {
                AccessToken = Sensitive.From("access"),
                IssueTime = noon,
                ExpirationTime = noon.AddHours(1),
                Inputs = "",
            },
        };

    internal static ResolvedClient Client { get; } =
        new()
        {
            Name = new NamespacedName(Some.Namespace, Some.Client),
            Issuer = new Uri("https://connect.example.com"),
            ClientId = Some.ClientId,
            RevocationEndpoint = new Uri("https://connect.example.com/revoke"),
            Method = ClientAuthenticationMethod.ClientSecretPost,
            Credentials =
            [
                new Credential(
                    new SecretKeyReference { Name = "acme-credentials", Key = "clientSecret" },
                    "1",
                    Sensitive.From(Some.ClientSecret),
                    ExpirationTime: null
                ),
            ],
        };
}
