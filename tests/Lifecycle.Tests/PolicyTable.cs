using static Lifecycle.Tests.Some;

namespace Lifecycle.Tests;

/// <summary>The whole policy as one table: every rule, and who wins where two of them have something to say.</summary>
internal static class PolicyTable
{
    private static readonly Problem terminating = new(
        Reason.SecretTerminating,
        "Secret acme-token is being deleted and cannot be written until it is gone. If it stays, remove the finalizers that hold it.",
        FailureKind.NotThereYet)
    {
        Stage = FailureStage.Writing,
    };

    public static readonly IReadOnlyList<PolicyRow> Rows =
    [
        // A terminating connection
        new("a terminating connection is released", Serving().Terminating(), Soon, new Decision.Release()),
        new("terminating beats a refusing client", Serving().Terminating().ClientRefusing(), Soon, new Decision.Release()),
        new("terminating beats suspended", Serving().Terminating().Suspended(), Soon, new Decision.Release()),
        new("terminating beats a request", Serving().Terminating().Requested(), Soon, new Decision.Release()),

        // A client that says no
        new("a withdrawn tenant takes the Secret away", Serving().ClientRefusing(), Soon, new Decision.Withdraw(NotAllowed)),
        new("a withdrawn namespace takes the Secret away", Serving().ClientRefusingNamespace(), Soon, new Decision.Withdraw(Missing)),
        new(
            "a Secret of ours that status forgot is withdrawn, too",
            Facts().ClientRefusing() with
            {
                Secret = new SecretFacts.Owned("7"),
            },
            Soon,
            new Decision.Withdraw(NotAllowed)
        ),
        new(
            "a recorded token is withdrawn though its Secret is gone",
            Serving().SecretDeleted().ClientRefusing(),
            Soon,
            new Decision.Withdraw(NotAllowed)
        ),
        new(
            "a further Secret on record is withdrawn though no token is on record",
            Facts().ClientRefusing() with
            {
                OtherSecrets = ["another-token"],
            },
            Soon,
            new Decision.Withdraw(NotAllowed)
        ),
        new("withdrawing beats suspended", Serving().ClientRefusing().Suspended(), Soon, new Decision.Withdraw(NotAllowed)),
        new("withdrawing beats an invalid spec", Serving().ClientRefusing().SpecInvalid(), Soon, new Decision.Withdraw(NotAllowed)),
        new("withdrawing beats a pending failure", Failing(Outage).ClientRefusing(), Soon, new Decision.Withdraw(NotAllowed)),
        new(
            "a name that somebody else's Secret had is looked at before a token is asked for",
            Facts() with
            {
                Secret = new SecretFacts.Absent { IsDisputed = true },
            },
            Soon,
            new Decision.Inspect()
        ),
        new(
            "a name that is found to be free gets a token",
            Facts() with
            {
                Secret = new SecretFacts.Absent(IsCertain: true),
                Content = new ContentFacts.Lost(),
            },
            Soon,
            new Decision.Request(RefreshCause.First)
        ),
        new("a Secret that someone else took over is not withdrawn", Serving().SecretForeign().ClientRefusing(), Soon, Stalled(NotAllowed)),
        new(
            "the earlier Secret is withdrawn though the new name is taken",
            Serving().SecretRenamed().SecretForeign().ClientRefusing(),
            Soon,
            new Decision.Withdraw(NotAllowed)
        ),
        new("a tenant that was never allowed stalls at once", Facts().ClientRefusing(), Soon, Stalled(NotAllowed)),
        new(
            "a namespace that was never allowed reads as a missing client",
            Facts().ClientRefusingNamespace(),
            Soon,
            new Decision.Await(Missing, Soon.AddMinutes(1))
        ),
        new(
            "a namespace that was never allowed stalls after the same minute",
            Facts().ClientRefusingNamespace().AwaitingSince(Soon),
            Soon.AddMinutes(1),
            Stalled(Missing)
        ),
        new(
            "a suspended connection does not learn whether a client says no or does not exist",
            Facts().ClientRefusingNamespace().Suspended(),
            Soon,
            new Decision.Suspend()
        ),
        new("neither does one with an invalid spec", Facts().ClientRefusingNamespace().SpecInvalid(), Soon, Stalled(InvalidSpec)),
        new(
            "neither does one whose Secret belongs to someone else",
            Facts().ClientRefusingNamespace().SecretForeign(),
            Soon,
            Stalled(SomebodyElses, Soon.AddMinutes(5))
        ),
        new(
            "a withdrawal that was forbidden is not repeated at once",
            Serving().ClientRefusing().FailedWith(NotRemovable, Soon),
            Soon.AddSeconds(59),
            new Decision.Stall(NotRemovable, Soon.AddMinutes(1))
        ),
        new(
            "a withdrawal that was forbidden is tried again in time",
            Serving().ClientRefusing().FailedWith(NotRemovable, Soon),
            Soon.AddMinutes(1),
            new Decision.Withdraw(NotAllowed)
        ),
        new(
            "a withdrawal that was forbidden is tried again when asked",
            Serving().ClientRefusing().FailedWith(NotRemovable, Soon).Requested(),
            Soon.AddSeconds(1),
            new Decision.Withdraw(NotAllowed)
        ),
        new(
            "an allowance given back after a forbidden withdrawal costs no token",
            Serving().ClientRefusing().FailedWith(NotRemovable, Soon).ClientIs(Serving().Client),
            Soon.AddSeconds(1),
            new Decision.Wait(Due)
        ),
        new(
            "suspended or not, a withdrawal goes on to be told",
            Serving().ClientRefusingNamespace().Withdrawn(Missing, Soon).Suspended(),
            Soon,
            Stalled(Missing)
        ),
        new(
            "after a withdrawal there is no patience either",
            Serving().ClientRefusingNamespace().Withdrawn(Missing, Soon),
            Soon,
            Stalled(Missing)
        ),
        new(
            "another client that never served is waited for after a withdrawal, too",
            Serving().ClientRefusingNamespace().Withdrawn(Missing, Soon).ScopesChanged(),
            Soon,
            new Decision.Await(Missing, Soon.AddMinutes(1))
        ),
        new("after a withdrawal a new allowance counts at once", Serving().Withdrawn(NotAllowed, Soon), Soon, Refresh(RefreshCause.First)),
        // A Secret of someone else
        new("a foreign Secret stalls and is looked at again", Facts().SecretForeign(), Soon, Stalled(SomebodyElses, Soon.AddMinutes(5))),
        new("a foreign Secret beats suspended", Facts().SecretForeign().Suspended(), Soon, Stalled(SomebodyElses, Soon.AddMinutes(5))),
        new(
            "a foreign Secret beats an invalid spec",
            Facts().SecretForeign().SpecInvalid(),
            Soon,
            Stalled(SomebodyElses, Soon.AddMinutes(5))
        ),
        new("a foreign Secret beats a request", Facts().SecretForeign().Requested(), Soon, Stalled(SomebodyElses, Soon.AddMinutes(5))),
        new("a client that says no beats a foreign Secret", Facts().SecretForeign().ClientRefusing(), Soon, Stalled(NotAllowed)),
        new(
            "a foreign Secret is looked at when the failed attempt is due",
            Facts().FailedWith(SomebodyElses, Soon).SecretForeign(),
            Soon,
            Stalled(SomebodyElses, Soon.AddMinutes(1))
        ),
        // Suspended
        new("suspended rests", Serving().Suspended(), Due, new Decision.Suspend()),
        new("suspended rests without a token, too", Facts().Suspended(), Soon, new Decision.Suspend()),
        new("suspended beats an invalid spec", Serving().Suspended().SpecInvalid(), Soon, new Decision.Suspend()),
        new("suspended beats a request", Serving().Suspended().Requested(), Soon, new Decision.Suspend()),
        new("suspended beats a deleted Secret", Serving().Suspended().SecretDeleted(), Soon, new Decision.Suspend()),
        new("suspended beats a Secret that drifted", Serving().Suspended().Drifted(), Soon, new Decision.Suspend()),
        new("suspended beats a missing client", Serving().Suspended().ClientMissing(), Soon, new Decision.Suspend()),
        new("suspended beats a pending failure", Failing(Outage).Suspended(), Soon, new Decision.Suspend()),

        // An invalid spec
        new("an invalid spec stalls", Facts().SpecInvalid(), Soon, Stalled(InvalidSpec)),
        new("an invalid spec leaves a Secret that drifted alone", Serving().SpecInvalid().Drifted(), Soon, Stalled(InvalidSpec)),
        new("an invalid spec beats a terminating Secret", Serving().SpecInvalid().SecretTerminating(), Soon, Stalled(InvalidSpec)),
        new("an invalid spec beats a due renewal", Serving().SpecInvalid(), Due, Stalled(InvalidSpec)),

        // A terminating Secret
        new("a terminating Secret is waited for", Serving().SecretTerminating(), Soon, new Decision.Await(terminating, Soon.AddMinutes(1))),
        new(
            "a Secret that stays terminating stalls",
            Serving().SecretTerminating().AwaitingSince(Soon),
            Soon.AddMinutes(1),
            Stalled(terminating)
        ),
        new(
            "a terminating Secret beats a missing client",
            Serving().SecretTerminating().ClientMissing(),
            Soon,
            new Decision.Await(terminating, Soon.AddMinutes(1))
        ),
        new(
            "a terminating Secret beats a request",
            Serving().SecretTerminating().Requested(),
            Soon,
            new Decision.Await(terminating, Soon.AddMinutes(1))
        ),
        // Drift
        new("a Secret of another version is inspected", Serving().Drifted(), Soon, new Decision.Inspect()),
        new("a Secret of ours without a record is inspected", Facts().Drifted(), Soon, new Decision.Inspect()),
        new(
            "a Secret that is as published is acknowledged",
            Serving().Drifted(new ContentFacts.Intact()),
            Soon,
            new Decision.Acknowledge()
        ),
        new("a Secret that was edited is written again", Serving().Drifted(new ContentFacts.Healable()), Soon, new Decision.Rewrite()),
        new(
            "the request that a token of ours answers is recorded with it",
            Serving().Requested().Drifted(new ContentFacts.Unrecorded(UnrecordedToken(), "now")),
            Soon,
            new Decision.RecordToken(UnrecordedToken(), "now")
        ),
        new(
            "a token of ours that status does not know is recorded",
            Serving().Drifted(new ContentFacts.Unrecorded(UnrecordedToken())),
            Soon,
            new Decision.RecordToken(UnrecordedToken())
        ),
        new(
            "a token that is gone from its Secret is fetched",
            Serving().Drifted(new ContentFacts.Lost()),
            Soon,
            Refresh(RefreshCause.Lost)
        ),
        new("drift is inspected before a missing client", Serving().Drifted().ClientMissing(), Soon, new Decision.Inspect()),
        new(
            "drift is healed while the client is missing",
            Serving().Drifted(new ContentFacts.Healable()).ClientMissing(),
            Soon,
            new Decision.Rewrite()
        ),
        new(
            "drift is healed while the client cannot be used",
            Serving().Drifted(new ContentFacts.Healable()).ClientUnusable(),
            Soon,
            new Decision.Rewrite()
        ),
        new(
            "drift is healed while the provider is down",
            Failing(Outage).Drifted(new ContentFacts.Healable()),
            Soon,
            new Decision.Rewrite()
        ),
        new(
            "drift is healed while the client is missing though renewal is due",
            Serving().Drifted(new ContentFacts.Healable()).ClientMissing(),
            Due,
            new Decision.Rewrite()
        ),
        new(
            "drift of a token of an earlier spec is not healed with the new one",
            Serving().ScopesChanged().Drifted(new ContentFacts.Healable()),
            Soon,
            Refresh(RefreshCause.InputsChanged)
        ),
        new(
            "a lost token waits for a missing client",
            Serving().Drifted(new ContentFacts.Lost()).ClientMissing(),
            Soon,
            new Decision.Await(Missing, Soon.AddMinutes(1))
        ),
        new(
            "drift that could not be healed is not tried again at once",
            Failing(Unwritable).Drifted(new ContentFacts.Healable()),
            Soon,
            BackOff(Failing(Unwritable))
        ),
        new(
            "drift that could not be healed is tried again when that is due",
            Failing(Unwritable).Drifted(new ContentFacts.Healable()),
            Soon.AddMinutes(1),
            new Decision.Rewrite()
        ),
        new(
            "drift that could not be healed beats a missing client",
            Serving().ClientMissing().FailedWith(Unwritable, Soon).Drifted(new ContentFacts.Healable()),
            Soon,
            BackOff(Serving().ClientMissing().FailedWith(Unwritable, Soon))
        ),
        new(
            "a request tries at once to heal what could not be healed",
            Failing(Unwritable).Requested().Drifted(new ContentFacts.Healable()),
            Soon,
            new Decision.Rewrite()
        ),
        new(
            "a Secret that may not be read is not read again at once",
            Serving().Drifted().LookFailedWith(Invisible, Soon),
            Soon.AddSeconds(59),
            BackOff(Serving().LookFailedWith(Invisible, Soon))
        ),
        new(
            "a Secret that may not be read is read again when that is due",
            Serving().Drifted().LookFailedWith(Invisible, Soon),
            Soon.AddMinutes(1),
            new Decision.Inspect()
        ),
        new("a request reads at once what may not be read", Failing(Unreadable).Requested().Drifted(), Soon, new Decision.Inspect()),
        new(
            "drift of the token of another client is not healed",
            Serving().ClientChanged().Drifted(new ContentFacts.Healable()),
            Soon,
            Refresh(RefreshCause.InputsChanged)
        ),
        // A Secret that is not seen any more, and one that its owner lends
        new("a Secret that is not seen may have lost its label only, and is looked for", NotSeen(), Soon, new Decision.Inspect()),
        new("its token is replaced where it was not found", NotSeen().Showing(new ContentFacts.Lost()), Soon, Refresh(RefreshCause.Lost)),
        new(
            "it is not looked for where no Secret has the name",
            NotSeen() with { Secret = new SecretFacts.Absent(IsCertain: true) },
            Soon,
            Refresh(RefreshCause.Lost)
        ),
        new("nor where the spec names another one", NotSeen().SecretRenamed(), Soon, Refresh(RefreshCause.SecretRenamed)),
        new("a Secret that is lent is read before a token is asked for", Lent(), Soon, new Decision.Inspect()),
        new("one that can hold a token gets it", Lent().Showing(new ContentFacts.Lost()), Soon, Refresh(RefreshCause.First)),
        // A Secret that says something else of its token than is on record
        new("a Secret that is to be written again is inspected first", Serving().RewriteDue(), Soon, new Decision.Inspect()),
        new(
            "a Secret that is to be written again is",
            Serving().RewriteDue(new ContentFacts.Healable()),
            Soon,
            new Decision.Rewrite()
        ),
        new(
            "a Secret that was written again meanwhile is acknowledged",
            Serving().RewriteDue(new ContentFacts.Intact()),
            Soon,
            new Decision.Acknowledge()
        ),
        new(
            "what could not be written again is not tried again at once",
            Failing(Unwritable).RewriteDue(new ContentFacts.Healable()),
            Soon,
            BackOff(Failing(Unwritable))
        ),
        new("a suspended connection writes nothing again", Serving().RewriteDue().Suspended(), Soon, new Decision.Suspend()),
        new("a deleted Secret is not written again", Serving().RewriteDue().SecretDeleted(), Soon, Refresh(RefreshCause.Lost)),
        new(
            "a token of an earlier spec is not written again",
            Serving().RewriteDue(new ContentFacts.Healable()).ScopesChanged(),
            Soon,
            Refresh(RefreshCause.InputsChanged)
        ),
        // A Secret of an earlier name
        new("once the token has moved, its former Secret is removed", Serving().Moved(), Soon, new Decision.RemoveFormer(false)),
        new("once that is removed, nothing is left to do", Serving().Moved().FormerRemoved(), Soon, new Decision.Wait(Due)),
        new(
            "a further Secret on record is removed once the token has moved, and tried once",
            Serving().Moved().FormerRemoved() with { OtherSecrets = ["another-token"] },
            Soon,
            new Decision.RemoveFormer(true)
        ),
        new(
            "not before it has moved",
            Serving() with { OtherSecrets = ["acme-token"] },
            Soon,
            new Decision.Wait(Due)
        ),
        new(
            "nor while the token is in the Secret of the earlier name",
            Serving().SecretRenamed().Suspended() with { OtherSecrets = ["another-token"] },
            Soon,
            new Decision.Suspend()
        ),
        new(
            "a former Secret whose removal failed is tried again",
            Serving().Moved().RemovalFailed(4),
            Soon,
            new Decision.RemoveFormer(false)
        ),
        new(
            "a former Secret whose removal failed for long is tried once more and then left",
            Serving().Moved().RemovalFailed(5),
            Soon,
            new Decision.RemoveFormer(true)
        ),
        new(
            "an outage before the token moved does not count as a failed removal",
            Serving().FailedTimes(7, Outage).Moved(),
            Soon,
            new Decision.RemoveFormer(false)
        ),
        new(
            "nor do writes of the new Secret that failed before",
            Serving().SecretRenamed().FailedTimes(7, Unwritable).Moved(),
            Soon,
            new Decision.RemoveFormer(false)
        ),
        new(
            "what else is to do comes before a former Secret",
            Serving().Moved().RewriteDue(new ContentFacts.Healable()),
            Soon,
            new Decision.Rewrite()
        ),
        new(
            "a connection that stalls still removes its former Secret",
            Serving().Moved().SpecInvalid(),
            Soon,
            new Decision.RemoveFormer(false)
        ),
        new(
            "a withdrawal takes the former Secret, too",
            Serving().Moved().ClientRefusing().Withdrawn(NotAllowed, Soon),
            Soon,
            Stalled(NotAllowed)
        ),
        new(
            "a connection that goes leaves its former Secret to its owner reference",
            Serving().Moved().Terminating(),
            Soon,
            new Decision.Release()
        ),
        // Layout
        new("a changed template is looked at first", Serving().LayoutChanged(), Soon, new Decision.Inspect()),
        new(
            "a changed template is rewritten around an intact token",
            Serving().LayoutChanged().Showing(new ContentFacts.Intact()),
            Soon,
            new Decision.Rewrite()
        ),
        new(
            "a changed template is rewritten around drift",
            Serving().LayoutChanged().Drifted(new ContentFacts.Healable()),
            Soon,
            new Decision.Rewrite()
        ),
        new(
            "a changed template of a Secret that moved on is rewritten, not acknowledged",
            Serving().LayoutChanged().Drifted(new ContentFacts.Intact()),
            Soon,
            new Decision.Rewrite()
        ),
        new(
            "a changed template is rewritten while the provider is down",
            Failing(Outage).LayoutChanged().Showing(new ContentFacts.Intact()),
            Soon,
            new Decision.Rewrite()
        ),
        new(
            "a changed template is rewritten while the client is missing",
            Serving().LayoutChanged().ClientMissing().Showing(new ContentFacts.Intact()),
            Soon,
            new Decision.Rewrite()
        ),
        new(
            "a changed template and changed scopes take one request and no read",
            Serving().LayoutChanged().ScopesChanged(),
            Soon,
            Refresh(RefreshCause.InputsChanged)
        ),
        new(
            "a changed template of a deleted Secret takes a token",
            Serving().LayoutChanged().SecretDeleted(),
            Soon,
            Refresh(RefreshCause.Lost)
        ),
        new(
            "a changed template of a Secret without its token takes a token",
            Serving().LayoutChanged().Drifted(new ContentFacts.Lost()),
            Soon,
            Refresh(RefreshCause.Lost)
        ),
        // A missing client
        new("a missing client is waited for", Facts().ClientMissing(), Soon, new Decision.Await(Missing, Soon.AddMinutes(1))),
        new(
            "a missing client has grace for a minute",
            Facts().ClientMissing().AwaitingSince(Soon),
            Soon.AddSeconds(59),
            new Decision.Await(Missing, Soon.AddMinutes(1))
        ),
        new("a missing client stalls after a minute", Facts().ClientMissing().AwaitingSince(Soon), Soon.AddMinutes(1), Stalled(Missing)),
        new(
            "another missing thing has grace of its own",
            Facts().ClientMissing().AwaitingSince(Soon).ClientIs(new ClientFacts.Missing(Missing with { Reason = Reason.SecretNotFound })),
            Soon.AddMinutes(1),
            new Decision.Await(Missing with { Reason = Reason.SecretNotFound }, Soon.AddMinutes(2))
        ),
        new(
            "a spec that names another missing client has grace of its own",
            Facts().ClientMissing().AwaitingSince(Soon).ScopesChanged(),
            Soon.AddMinutes(2),
            new Decision.Await(Missing, Soon.AddMinutes(3))
        ),
        new(
            "grace does not outlast a clock that was set back",
            Facts().ClientMissing().AwaitingSince(Soon.AddDays(1)),
            Soon,
            new Decision.Await(Missing, Soon.AddMinutes(1))
        ),
        new(
            "a missing client beats a pending failure",
            Failing(Outage).ClientMissing(),
            Soon,
            new Decision.Await(Missing, Soon.AddMinutes(1))
        ),
        new(
            "a missing client beats a request",
            Serving().ClientMissing().Requested(),
            Soon,
            new Decision.Await(Missing, Soon.AddMinutes(1))
        ),
        new(
            "a client that came is asked at once",
            Facts().ClientMissing().AwaitingSince(Soon) with
            {
                Client = new ClientFacts.Usable("k1", "r1"),
            },
            Soon,
            Refresh(RefreshCause.First)
        ),
        new(
            "a client that came back costs no request while the token is fresh",
            Serving().ClientMissing().AwaitingSince(Soon) with
            {
                Client = new ClientFacts.Usable("k1", "r1"),
            },
            Soon,
            new Decision.Wait(Due)
        ),
        // An unusable client
        new("an unusable client stalls", Facts().ClientUnusable(), Soon, Stalled(Unreadable)),
        new(
            "an unusable client says when to try it again",
            Facts().ClientUnusable(Soon.AddMinutes(7)),
            Soon,
            Stalled(Unreadable, Soon.AddMinutes(7))
        ),
        new("an unusable client beats a pending failure", Failing(Outage).ClientUnusable(), Soon, Stalled(Unreadable)),
        new("an unusable client beats a due renewal", Serving().ClientUnusable(), Due, Stalled(Unreadable)),

        // Pending failures
        new("a failed attempt is not repeated at once", Failing(Outage), Soon, BackOff(Failing(Outage))),
        new("a failed attempt is repeated when it is due", Failing(Outage), NextAttempt(Failing(Outage)), Refresh(RefreshCause.Retry)),
        new("a failed renewal is repeated as a renewal", Serving().FailedWith(Outage, Due), Due.AddMinutes(1), Refresh(RefreshCause.Due)),
        new(
            "a failed first attempt is repeated as a first one",
            Facts().FailedWith(Outage, Soon),
            Soon.AddMinutes(1),
            Refresh(RefreshCause.First)
        ),
        new("a refusal is not repeated at once", Failing(Refused), Soon.AddSeconds(59), BackOff(Failing(Refused))),
        new("a request beats a pending failure", Failing(Refused).Requested(), Soon, Refresh(RefreshCause.Requested)),
        new(
            "a handled request does not",
            Serving().Requested().FailedWith(Refused, Soon),
            Soon,
            BackOff(Serving().Requested().FailedWith(Refused, Soon))
        ),
        new("changed scopes beat a pending failure", Failing(Refused).ScopesChanged(), Soon, Refresh(RefreshCause.InputsChanged)),
        new("a changed credential beats a pending failure", Failing(Refused).CredentialChanged(), Soon, Refresh(RefreshCause.Retry)),
        new("another client beats a pending failure", Failing(Refused).ClientChanged(), Soon, Refresh(RefreshCause.InputsChanged)),
        new("another Secret name beats a pending failure", Failing(SomebodyElses).SecretRenamed(), Soon, new Decision.Inspect()),
        new("a pending failure beats a due renewal", Serving().FailedWith(Refused, Due), Due, BackOff(Serving().FailedWith(Refused, Due))),
        new("a pending failure beats a lost token", Failing(Outage).SecretDeleted(), Soon, BackOff(Failing(Outage))),
        new(
            "a pending failure beats expiry",
            Serving().FailedWith(Refused, Expired),
            Expired.AddSeconds(1),
            BackOff(Serving().FailedWith(Refused, Expired))
        ),
        new(
            "an attempt that met a terminating Secret is not repeated at once",
            Facts().FailedWith(terminating, Soon),
            Soon,
            BackOff(Facts().FailedWith(terminating, Soon))
        ),
        new("a failure from the future binds nobody", Failing(Refused), Soon.AddDays(-1), Refresh(RefreshCause.ClockSetBack)),
        // A disputed Secret
        new(
            "a disputed Secret is inspected before a token is asked for in vain",
            Facts().FailedWith(SomebodyElses, Soon),
            Soon.AddMinutes(1),
            new Decision.Inspect()
        ),
        new(
            "a disputed Secret is not inspected before its time",
            Facts().FailedWith(SomebodyElses, Soon),
            Soon.AddSeconds(59),
            BackOff(Facts().FailedWith(SomebodyElses, Soon))
        ),
        new(
            "a disputed Secret that still stands there costs no token",
            Facts().FailedWith(SomebodyElses, Soon).SecretForeign(),
            Soon.AddMinutes(1),
            Stalled(SomebodyElses, Soon.AddMinutes(6))
        ),
        new(
            "a disputed Secret that went away is replaced",
            Facts().FailedWith(SomebodyElses, Soon).Showing(new ContentFacts.Lost()),
            Soon.AddMinutes(1),
            Refresh(RefreshCause.First)
        ),
        new(
            "a request inspects a disputed Secret first",
            Facts().FailedWith(SomebodyElses, Soon).Requested(),
            Soon,
            new Decision.Inspect()
        ),
        new(
            "a disputed name that is free is not waited for",
            Facts().FailedWith(SomebodyElses, Soon) with { Secret = new SecretFacts.Absent(IsCertain: true) },
            Soon.AddSeconds(1),
            new Decision.Inspect()
        ),
        new(
            "a disputed Secret that is lent is not waited for",
            Lent().FailedWith(SomebodyElses, Soon).Showing(new ContentFacts.Lost()),
            Soon.AddSeconds(1),
            Refresh(RefreshCause.First)
        ),
        new(
            "an outage is waited for though the name is free",
            Facts().FailedWith(Outage, Soon) with { Secret = new SecretFacts.Absent(IsCertain: true) },
            Soon.AddSeconds(1),
            BackOff(Facts().FailedWith(Outage, Soon))
        ),
        // Fetching
        new("the first token is fetched at once", Facts(), Soon, Refresh(RefreshCause.First)),
        new("changed scopes are fetched at once", Serving().ScopesChanged(), Soon, Refresh(RefreshCause.InputsChanged)),
        new("another client is asked at once", Serving().ClientChanged(), Soon, Refresh(RefreshCause.InputsChanged)),
        new("a changed credential alone costs nothing", Serving().CredentialChanged(), Soon, new Decision.Wait(Due)),
        new("a renamed Secret gets a token of its own", Serving().SecretRenamed(), Soon, Refresh(RefreshCause.SecretRenamed)),
        new("changed scopes beat a renamed Secret", Serving().SecretRenamed().ScopesChanged(), Soon, Refresh(RefreshCause.InputsChanged)),
        new("a request is served", Serving().Requested(), Soon, Refresh(RefreshCause.Requested)),
        new("a request is served once", Serving().Requested().Succeeded(Token()), Soon, new Decision.Wait(Due)),
        new("an empty request is none", Serving().Requested(string.Empty), Soon, new Decision.Wait(Due)),
        new(
            "a changed client secret is tried before the token is due",
            Serving().TryingSecret(),
            Soon,
            Refresh(RefreshCause.SecretChanged)
        ),
        new("a suspended connection tries no client secret", Serving().TryingSecret().Suspended(), Soon, new Decision.Suspend()),
        new("a failed trial is not repeated at once", Failing(Outage).TryingSecret(), Soon, BackOff(Failing(Outage))),
        new("a request beats a due renewal", Serving().Requested(), Due, Refresh(RefreshCause.Requested)),
        new("a deleted Secret is fetched", Serving().SecretDeleted(), Soon, Refresh(RefreshCause.Lost)),
        new(
            "a deleted Secret waits out the least gap",
            Serving().SecretDeleted(),
            Start.AddMilliseconds(300),
            new Decision.Wait(Start.AddSeconds(1))
        ),
        new(
            "a deleted Secret is fetched when the least gap is over",
            Serving().SecretDeleted(),
            Start.AddSeconds(1),
            Refresh(RefreshCause.Lost)
        ),
        new(
            "a request need not wait out the least gap",
            Serving().SecretDeleted().Requested(),
            Start.AddMilliseconds(300),
            Refresh(RefreshCause.Requested)
        ),
        new(
            "a deleted Secret does not wait for a clock that was set back",
            Serving().SecretDeleted(),
            Start.AddHours(-3),
            Refresh(RefreshCause.Lost)
        ),
        new(
            "a deleted Secret does not wait for another replica's clock",
            Serving().SecretDeleted(),
            Start.AddSeconds(-30),
            Refresh(RefreshCause.Lost)
        ),
        new("a token from the future is replaced", Serving(), Start.AddMinutes(-2), Refresh(RefreshCause.ClockSetBack)),
        new("a token from another replica's clock is kept", Serving(), Start.AddMinutes(-1), new Decision.Wait(Due)),
        new("one from a moment later is replaced", Serving(), Start.AddMinutes(-1).AddTicks(-1), Refresh(RefreshCause.ClockSetBack)),
        new("a token is renewed when its time has come", Serving(), Due, Refresh(RefreshCause.Due)),
        new("a token is not renewed a moment earlier", Serving(), Due.AddTicks(-1), new Decision.Wait(Due)),
        new("an expired token is renewed", Serving(), Expired.AddDays(3), Refresh(RefreshCause.Due)),
        new("a fresh token rests until its renewal", Serving(), Soon, new Decision.Wait(Due)),
    ];

    private static Facts NotSeen() => Serving().SecretDeleted() with { Token = Token() with { SecretUid = "u1" } };

    private static Facts Lent() => Facts() with { Secret = new SecretFacts.Offered() };

    private static Facts Failing(Problem problem) => Serving().FailedWith(problem, Soon);

    private static Decision.Stall Stalled(Problem problem, DateTimeOffset? retryAt = null) => new(problem, retryAt);

    private static Decision.Request Refresh(RefreshCause cause) => new(cause);

    private static Decision.BackOff BackOff(Facts facts) => new(facts.Failure!);

    private static DateTimeOffset NextAttempt(Facts facts) => facts.Failure!.NextAttemptTime;
}

/// <summary>One case of the policy, named by a sentence.</summary>
internal sealed record PolicyRow(string Sentence, Facts Facts, DateTimeOffset Now, Decision Expected);
