using CsCheck;
using Xunit;
using static Lifecycle.OrphanDecision;

namespace Lifecycle.Tests;

/// <summary>What becomes of a grant whose connection is gone, as one table; and what holds for any facts.</summary>
public sealed class OrphanTests
{
    private static readonly TimeSpan minute = TimeSpan.FromMinutes(1);

    private static readonly OrphanedSecret held = new(OrphanContent.Held) { IsToRevoke = true, IsClientKnown = true };

    // The connection has been gone for ten minutes, and the Secret was read.
    private static readonly OrphanFacts due = new()
    {
        GoneFor = OrphanPolicy.Keep,
        IsBack = false,
        IsSecretSeen = true,
        IsToRevoke = true,
        Stored = held,
    };

    private static readonly OrphanFacts claimed = due with { Stored = held with { IsClaimed = true } };

    private static readonly OrphanFacts goingNamespace = due with { IsNamespaceTerminating = true, GoneFor = TimeSpan.Zero, IsBack = null };

    // A connection of that name came back after the revocation had begun.
    private static readonly OrphanFacts back = claimed with { IsConnectionThere = true, IsRevocationMarked = true };

    private static readonly (string Sentence, OrphanFacts Facts, OrphanDecision Expected)[] rows =
    [
        ("the grant of a connection that is there is left alone", new() { IsConnectionThere = true, IsSecretSeen = true }, new Leave()),
        ("a grant outlives its connection", due with { GoneFor = minute, IsBack = null, Stored = null }, new Keep(9 * minute)),
        ("nothing is left of a grant that nobody remembers", new OrphanFacts { GoneFor = minute }, new Forget()),
        ("in time the connection is looked for where it would be", due with { IsBack = null, Stored = null }, new Look()),
        ("one that is there, and not in the cache yet, keeps its grant", due with { IsBack = true }, new Wait(minute / 2)),
        ("one that is not there has its grant read", due with { Stored = null }, new Read()),
        ("a grant is claimed before it is revoked", due, new Claim()),
        ("a claimed grant is revoked", claimed, new Revoke()),
        ("a revoked grant is deleted", claimed with { Revocation = new(Cause: null) }, new Delete()),
        ("what is over is forgotten", claimed with { IsOver = true }, new Forget()),
        ("a revocation that failed is tried again", Failed(claimed, attempts: 4), new Wait(minute)),
        ("but five times only", Failed(claimed, attempts: 5), new Delete()),
        (
            "a wake-up makes no attempt earlier",
            claimed with { Attempts = 1, SinceLastAttempt = minute / 4 },
            new Wait(minute * 3 / 4)
        ),
        ("a minute after an attempt the next one is due", claimed with { Attempts = 1, SinceLastAttempt = minute }, new Revoke()),
        ("a client that is not known yet is waited for", claimed with { Stored = held with { IsClientKnown = false } }, new Wait(minute)),
        ("nothing is claimed for it", due with { Stored = held with { IsClientKnown = false } }, new Wait(minute)),
        ("a grant that its connection wanted to keep stays", due with { IsToRevoke = false }, new Leave()),
        ("so does one that a note says so of", due with { IsToRevoke = null, Stored = held with { IsToRevoke = false } }, new Leave()),
        ("what the connection said last beats the note", due with { Stored = held with { IsToRevoke = false } }, new Claim()),
        ("a copy of another cluster's grant is deleted, not revoked", Holding(OrphanContent.OfElsewhere), new Delete()),
        ("a grant that cannot be read is deleted", Holding(OrphanContent.Unreadable), new Delete()),
        ("a Secret without a grant is deleted", Holding(OrphanContent.NoGrant), new Delete()),
        ("a grant whose Secret was deleted first is revoked all the same", Holding(OrphanContent.Missing), new RevokeRemembered()),
        ("unless it was to stay", Holding(OrphanContent.Missing) with { IsToRevoke = false }, new Forget()),
        ("a deleted Secret is not waited for", due with { GoneFor = minute, IsSecretSeen = false, IsBack = null }, new Look()),
        ("one that is not in the cache yet is", due with { GoneFor = minute, IsSecretSeen = false }, new Wait(9 * minute)),

        // A terminating namespace
        ("in a terminating namespace nobody is waited for", goingNamespace with { Stored = null }, new Read()),
        ("nor is anything claimed", goingNamespace, new Revoke()),
        ("nor is a client waited for", goingNamespace with { Stored = held with { IsClientKnown = false } }, new Revoke()),
        ("nor an earlier attempt", goingNamespace with { Attempts = 1 }, new Revoke()),
        ("what is to stay stays there, too", goingNamespace with { IsToRevoke = false }, new Leave()),
        ("there is one attempt", Failed(goingNamespace, attempts: 1), new Delete()),
        ("the connection may still be there", goingNamespace with { IsConnectionThere = true }, new Revoke()),

        // A connection that came back
        ("a connection that comes back in time has its grant", back with { IsRevocationMarked = false, Stored = null }, new Leave()),
        ("where the revocation has begun, the grant is read", back with { Stored = null }, new Read()),
        ("that revocation goes on", back, new Revoke()),
        ("a new consent ends it", back with { Stored = held }, new Leave()),
        ("then the Secret is deleted", back with { Revocation = new(Cause: null) }, new Delete()),
        (
            "unless somebody is about to consent",
            back with { Revocation = new(Cause: null), Stored = held with { IsClaimed = true, HasConsents = true } },
            new TakeOut()
        ),
        ("a copy is nobody's", back with { Stored = new(OrphanContent.OfElsewhere) { IsClaimed = true } }, new Leave()),
    ];

    private static readonly Gen<OrphanFacts> any = Gen
        .Select(Gen.Int[0, 255], Gen.Int[0, 11], Gen.Enum<OrphanContent>(), Gen.Int[0, 6], Gen.Int[0, 90], Gen.Int[0, 31])
        .Select((flags, gone, content, tried, since, stored) => new OrphanFacts
        {
            IsConnectionThere = (flags & 1) > 0,
            IsNamespaceTerminating = (flags & 6) == 6,
            IsSecretSeen = (flags & 8) > 0,
            IsRevocationMarked = (flags & 16) > 0,
            IsBack = (flags & 32) > 0 ? null : (flags & 6) == 2,
            IsToRevoke = (flags & 64) > 0 ? null : (flags & 128) > 0,
            GoneFor = gone * minute,
            Attempts = tried,
            SinceLastAttempt = TimeSpan.FromSeconds(since),
            Stored = (stored & 16) > 0 ? null : new OrphanedSecret(content)
            {
                IsToRevoke = (stored & 1) > 0,
                IsClaimed = (stored & 2) > 0,
                HasConsents = (stored & 4) > 0,
                IsClientKnown = (stored & 8) > 0,
            },
        });

    public static TheoryData<string> Sentences => [.. rows.Select(row => row.Sentence)];

    [Theory]
    [MemberData(nameof(Sentences))]
    public void Decides_that(string sentence)
    {
        var (_, facts, expected) = rows.Single(row => row.Sentence == sentence);

        Assert.Equal(expected, OrphanPolicy.Decide(facts));
    }

    [Fact]
    public void The_table_shows_every_decision() => Assert.Equal(
        typeof(OrphanDecision).GetNestedTypes().Select(type => type.Name).Order(),
        rows.Select(row => row.Expected.GetType().Name).Distinct().Order());

    [Fact]
    public void No_grant_is_ended_while_somebody_may_come_back_for_it() => any.Sample(
        facts =>
        {
            var mayEnd = facts switch
            {
                { IsNamespaceTerminating: true } => true,
                { IsConnectionThere: true } => facts is { IsRevocationMarked: true, Stored.IsClaimed: true },
                { Stored.Content: OrphanContent.Missing, IsSecretSeen: false } => facts.IsBack == false,
                _ => facts.IsBack == false && facts.GoneFor >= OrphanPolicy.Keep,
            };
            Assert.True(mayEnd || OrphanPolicy.Decide(facts) is not (Claim or Revoke or RevokeRemembered or Delete or TakeOut));
        },
        iter: PropertyCases.Many);

    [Fact]
    public void In_a_namespace_that_stays_only_a_claimed_grant_is_revoked() => any.Sample(
        facts => Assert.True(
            facts.IsNamespaceTerminating || facts.Stored is { IsClaimed: true } || OrphanPolicy.Decide(facts) is not Revoke),
        iter: PropertyCases.Many);

    [Fact]
    public void What_is_to_be_kept_is_neither_claimed_nor_revoked_nor_deleted() => any.Sample(
        facts =>
        {
            var isOfSomebody = facts is { IsConnectionThere: true, IsNamespaceTerminating: false };
            var isToStay = (facts.IsToRevoke ?? facts.Stored?.IsToRevoke) == false;
            Assert.True(
                isOfSomebody || !isToStay || OrphanPolicy.Decide(facts) is not (Claim or Revoke or RevokeRemembered or Delete or TakeOut));
        },
        iter: PropertyCases.Many);

    [Fact]
    public void Every_pause_is_longer_than_nothing_and_no_longer_than_the_grant_is_kept() => any.Sample(
        facts =>
        {
            TimeSpan? left = OrphanPolicy.Decide(facts) switch
            {
                Keep keep => keep.Left,
                Wait wait => wait.Left,
                _ => null,
            };
            Assert.True(left is null || (left > TimeSpan.Zero && left <= OrphanPolicy.Keep));
        },
        iter: PropertyCases.Many);

    [Fact]
    public void Whatever_comes_of_the_steps_a_reconcile_ends_with_one_attempt_at_most() => Gen.Select(any, any, Gen.Bool).Sample(
        (facts, next, isRevoked) =>
        {
            var (revocations, steps) = (0, 0);
            while (OrphanPolicy.Decide(facts) is not (Forget or Leave or Keep or Wait))
            {
                Assert.True(steps++ < 5, "goes on and on");
                revocations += OrphanPolicy.Decide(facts) is Revoke or RevokeRemembered ? 1 : 0;
                facts = OrphanPolicy.Decide(facts) switch
                {
                    Look => facts with { IsBack = next.IsBack ?? false },
                    Read => facts with { Stored = next.Stored ?? held },
                    Claim => facts with { Stored = facts.Stored! with { IsClaimed = true } },
                    Revoke => facts with { Attempts = facts.Attempts + 1, Revocation = new(isRevoked ? null : "it is down") },
                    _ => facts with { IsOver = true },
                };
            }

            Assert.True(revocations <= 1);
        },
        iter: PropertyCases.Many);

    private static OrphanFacts Holding(OrphanContent content) => due with { Stored = new OrphanedSecret(content) { IsToRevoke = true } };

    private static OrphanFacts Failed(OrphanFacts facts, int attempts) =>
        facts with { Attempts = attempts, Revocation = new("the provider is down") };
}
