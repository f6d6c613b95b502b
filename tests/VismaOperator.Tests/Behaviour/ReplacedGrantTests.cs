using System.Net;
using Kubernetes.Client;
using Kubernetes.Controllers.Tests.Doubles;
using Lifecycle;
using Microsoft.Extensions.Time.Testing;
using VismaOperator.Grants;
using VismaOperator.Tests.Support;
using static VismaOperator.Tests.Behaviour.PendingGrantTests;

namespace VismaOperator.Tests.Behaviour;

/// <summary>
/// A grant that a consent replaces is revoked once, although the answer to the write of that consent is lost and another consent comes
/// before it is known what became of it. The two consents are stored by two replicas.
/// </summary>
public sealed class ReplacedGrantTests
{
    private readonly FakeTimeProvider time = new();
    private readonly FaultyCluster cluster;
    private readonly Revocations revocations = new();
    private readonly CapturedLogs logs = new();
    private readonly PendingGrantWrites one;
    private readonly PendingGrantWrites other;
    private bool isGone;

    public ReplacedGrantTests()
    {
        cluster = new FaultyCluster(time);
        (one, other) = (Replica(), Replica());
    }

    [Fact]
    public async Task By_a_write_that_arrived_without_its_answer_and_a_consent_that_replaced_it()
    {
        await StoreAsync<StoreResult.Stored>(one, Consent("former"));
        cluster.After = (verb, _, _) => verb == ClusterVerb.Get ? Task.CompletedTask : throw new IOException("cut");
        await StoreAsync<StoreResult.Pending>(one, Consent("lost", over: "former"));
        cluster.After = null;
        await StoreAsync<StoreResult.Stored>(other, Consent("between", over: "lost"));

        await StoreAsync<StoreResult.Dropped>(one, Consent("lost", over: "former"));

        Assert.Equal(["lost", "former"], revocations.Revoked);
    }

    [Fact]
    public async Task By_a_write_that_arrived_without_its_answer_and_two_consents_after_it()
    {
        await StoreAsync<StoreResult.Stored>(one, Consent("former"));
        cluster.After = (verb, _, _) => verb == ClusterVerb.Get ? Task.CompletedTask : throw new IOException("cut");
        await StoreAsync<StoreResult.Pending>(one, Consent("lost", over: "former"));
        cluster.After = null;
        await StoreAsync<StoreResult.Stored>(other, Consent("between", over: "lost"));
        await StoreAsync<StoreResult.Stored>(other, Consent("last", over: "between"));

        await StoreAsync<StoreResult.Dropped>(one, Consent("lost", over: "former"));

        Assert.Equal(["lost", "between", "former"], revocations.Revoked);
    }

    [Fact]
    public async Task By_a_consent_that_came_between_when_the_write_never_arrived()
    {
        await StoreAsync<StoreResult.Stored>(one, Consent("former"));
        cluster.Before = (verb, _, _) => verb == ClusterVerb.Get ? Task.CompletedTask : throw new IOException("cut");
        await StoreAsync<StoreResult.Pending>(one, Consent("lost", over: "former"));
        cluster.Before = null;
        await StoreAsync<StoreResult.Stored>(other, Consent("between", over: "former"));

        await StoreAsync<StoreResult.Dropped>(one, Consent("lost", over: "former"));

        Assert.Equal(["former", "lost"], revocations.Revoked);
    }

    [Fact]
    public async Task By_a_write_that_arrived_without_its_answer_and_was_found_stored()
    {
        await StoreAsync<StoreResult.Stored>(one, Consent("former"));
        cluster.After = (verb, _, _) => verb == ClusterVerb.Get ? Task.CompletedTask : throw new IOException("cut");
        await StoreAsync<StoreResult.Pending>(one, Consent("lost", over: "former"));
        cluster.After = null;

        await StoreAsync<StoreResult.Stored>(one, Consent("lost", over: "former"));

        Assert.Equal(["former"], revocations.Revoked);
    }

    [Fact]
    public async Task Only_the_last_few_of_many_consents_are_remembered()
    {
        await StoreAsync<StoreResult.Stored>(one, Consent("0"));
        for (var number = 1; number <= 20; number++)
        {
            await StoreAsync<StoreResult.Stored>(one, Consent($"{number}", over: $"{number - 1}"));
        }

        var stored = Assert.IsType<StoreResult.Stored>(await one.StoreAsync(Consent("20"), CancellationToken.None));

        Assert.Equal(["19", "18", "17", "16", "15", "14", "13", "12"], stored.Snapshot.Document.Held!.Replaced);
    }

    // Else the loop ends, and with it the process and the tokens of other connections that wait in its memory.
    [Fact]
    public async Task A_bug_in_its_revocation_is_logged_and_goes_no_further()
    {
        await StoreAsync<StoreResult.Stored>(one, Consent("former"));
        revocations.Bug = new InvalidOperationException("a secret, as it may be");

        await StoreAsync<StoreResult.Stored>(one, Consent("next", over: "former"));

        AssertBugIsTold();
    }

    [Fact]
    public async Task A_bug_in_the_revocation_of_a_consent_that_came_too_late_is_logged_and_goes_no_further()
    {
        await StoreAsync<StoreResult.Stored>(other, Consent("first"));
        revocations.Bug = new InvalidOperationException("a secret, as it may be");

        await StoreAsync<StoreResult.Dropped>(one, Consent("late"));

        AssertBugIsTold();
    }

    [Fact]
    public async Task A_bug_in_the_revocation_of_a_consent_without_a_namespace_is_logged_and_goes_no_further()
    {
        cluster.Before = (_, _, _) => throw new KubernetesException(HttpStatusCode.NotFound, "NotFound", "no such namespace");
        isGone = true;
        await StoreAsync<StoreResult.Pending>(one, Consent("homeless"));
        revocations.Bug = new InvalidOperationException("a secret, as it may be");
        time.Advance(OrphanPolicy.Keep);

        await one.FlushAsync(new CancellationToken(canceled: true));

        AssertBugIsTold();
    }

    private void AssertBugIsTold()
    {
        Assert.Empty(one.Connections);
        Assert.Contains(
            logs.Lines,
            line => line.Contains("could not be revoked (the operator failed with InvalidOperationException", StringComparison.Ordinal)
        );
        Assert.DoesNotContain(logs.Lines, line => line.Contains("a secret", StringComparison.Ordinal));
    }

    private PendingGrantWrites Replica() =>
        new(new GrantStore(cluster), revocations.Revoker(Client, time), _ => isGone, time, new GrantLog(logs.CreateLogger("grants")));

    private static PendingGrant Consent(string family, string? over = null) =>
        Of(Held(family, family)) with
        {
            Replaces = over is null ? null : new FormerGrant(over, IsOurs: true),
        };

    // One try only: what cannot be stored at once is pending.
    private static async Task StoreAsync<TResult>(PendingGrantWrites replica, PendingGrant consent)
        where TResult : StoreResult =>
        Assert.IsType<TResult>(await replica.StoreAsync(consent, new CancellationToken(canceled: true)));
}
