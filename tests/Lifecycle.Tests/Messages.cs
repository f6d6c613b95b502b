using static Lifecycle.Tests.Some;
using static Lifecycle.Tests.SomeGrant;

namespace Lifecycle.Tests;

/// <summary>
/// Every message that people read, by the situation in which they read it. <c>Messages.txt</c> has them as they are written: a change of
/// a word is then seen as what it is.
/// </summary>
internal static class Messages
{
    private static readonly RequestContext asked = new("integrations/acme", "2f5c0d9e", "erp:read erp:create") { Provider = "id.example" };

    private static readonly ProbeContext probed = new("https://api.example/v1/company", "2f5c0d9e", "erp:read");

    private static readonly ScopeLimit limit = new("integrations/acme", [["erp:read"]]);

    private static readonly TokenRecord expired = Token() with { ExpirationTime = Soon };

    private static readonly TriedSecret[] tried =
    [
        new("first", "clientSecret", []),
        new("second", "clientSecret", ["is empty", "has quotes around it"]),
        new("third", "secret", []),
        new("fourth", "secret", []),
    ];

    /// <summary>Each situation, and the lines that it causes.</summary>
    public static IReadOnlyList<(string Situation, Func<IEnumerable<string>> Lines)> All { get; } =
    [
        .. Requests().Select(row => (row.Situation, Lines(() => [row.Problem]))),
        .. Probes().Select(row => (row.Situation, Lines(() => [row.Problem]))),
        .. Reports().Select(row => (row.Situation, (Func<IEnumerable<string>>)(() => Conditions(row.Facts, row.Now ?? Soon)))),
        .. Consents().Select(row => (row.Situation, (Func<IEnumerable<string>>)(() => Conditions(row.Facts, row.Now ?? Soon)))),
    ];

    private static IEnumerable<(string Situation, Problem Problem)> Requests()
    {
        RequestFailure.Refused Refusal(string code) => new(code, Description: null);

        yield return ("the provider refuses the client", Refusal("invalid_client").Explain(asked));
        yield return ("the provider refuses the only secret", Refusal("invalid_client").Explain(asked with { Tried = tried[..1] }));
        yield return ("the provider refuses three secrets", Refusal("invalid_client").Explain(asked with { Tried = tried[..3] }));
        yield return ("the provider refuses four secrets", Refusal("invalid_client").Explain(asked with { Tried = tried }));
        yield return ("the provider refuses a scope", Refusal("invalid_scope").Explain(asked));
        yield return (
            "the provider refuses a scope of a person",
            Refusal("invalid_scope").Explain(asked with { Scopes = "erp:read offline_access" })
        );
        yield return ("the provider refuses the grant type", Refusal("unauthorized_client").Explain(asked));
        yield return ("the provider refuses the refresh token", Refusal("invalid_grant").Explain(asked));
        yield return ("the provider refuses the tenant", Refusal("invalid_tenant").Explain(asked));
        yield return ("the provider refuses with a code of its own", Refusal("moon_phase").Explain(asked));
        yield return ("the provider describes its refusal", new RequestFailure.Refused("moon_phase", "full moon").Explain(asked));
        yield return ("the description of a refusal is empty", new RequestFailure.Refused("moon_phase", "").Explain(asked));
        yield return ("the provider is down", new RequestFailure.Unavailable("answered 503", MayHaveBeenProcessed: true).Explain(asked));
        yield return ("a token may do more than the owner of the client allows", limit.ProblemWith(["erp:read", "erp:delete"])!);
        yield return (
            "all scopes are asked for, and the provider does not say which ones a token has",
            (limit with { IsAskedForAll = true }).ProblemWith(granted: null)!
        );
        yield return ("the answer of the provider is a page", new RequestFailure.Malformed("answered a page").Explain(asked));
    }

    private static IEnumerable<(string Situation, Problem Problem)> Probes()
    {
        ProbeOutcome Saying(ProbeOutcome outcome) => outcome with { Said = "Company locked" };

        yield return ("the API accepts the token", new ProbeOutcome.Accepted().Explain(probed));
        yield return ("the API does not accept the token", new ProbeOutcome.Unauthorized().Explain(probed));
        yield return ("the API does not accept a token of no tenant", new ProbeOutcome.Unauthorized().Explain(probed with { Tenant = "" }));
        yield return ("the API says why it does not accept the token", Saying(new ProbeOutcome.Unauthorized()).Explain(probed));
        yield return ("the API says nothing in its error", (new ProbeOutcome.NotFound() with { Said = "" }).Explain(probed));
        yield return ("the token does not allow the path", Saying(new ProbeOutcome.Forbidden()).Explain(probed));
        yield return ("the API has no such path", Saying(new ProbeOutcome.NotFound()).Explain(probed));
        yield return ("the company is closed to the token", Saying(new ProbeOutcome.CompanyRefused()).Explain(probed));
        yield return ("the API limits requests", Saying(new ProbeOutcome.RateLimited()).Explain(probed));
        yield return ("the API limits requests until a time", new ProbeOutcome.RateLimited().Explain(probed with { PausedUntil = Soon }));
        yield return ("the API does not answer", Saying(new ProbeOutcome.Unavailable("answered 503")).Explain(probed));
        yield return ("something else answers for the API", Saying(new ProbeOutcome.Unexpected("a web page")).Explain(probed));
        yield return ("the token may not go to the API", new ProbeOutcome.NotAllowed("host api.example is not allowed").Explain(probed));
        yield return ("the probe breaks a rule", new ProbeOutcome.Invalid("spec.probe.path: correct it").Explain(probed));
    }

    private static IEnumerable<(string Situation, Facts Facts, DateTimeOffset? Now)> Reports()
    {
        yield return ("a token is served", Serving(), null);
        yield return ("a suspended connection serves its token", Serving().Suspended(), null);
        yield return ("a suspended connection has no token", Facts().Suspended(), null);
        yield return ("a suspended connection had no token after an outage", Facts().FailedWith(Outage, Start).Suspended(), null);
        yield return ("a suspended connection serves the token of an earlier spec", Serving().ScopesChanged().Suspended(), null);
        yield return ("the token of a suspended connection expired", Serving().Suspended() with { Token = expired }, null);
        yield return ("one other connection names the Secret", Sharing("customer-a/other"), null);
        yield return ("three other connections name the Secret", Sharing("customer-a/b", "customer-a/c", "customer-a/d"), null);
        yield return ("a client is missing", Facts().ClientMissing(), null);
        yield return ("a client is missing while a token is served", Serving().ClientMissing(), null);
        yield return ("a Secret is terminating", Facts().SecretTerminating(), null);
        yield return ("a Secret was just deleted", Serving().SecretDeleted(), Start);
        yield return ("the provider is down before the first token", Facts().FailedWith(Outage, Start), Start);
        yield return ("the provider is down while a token is served", Serving().FailedWith(Outage, Start), Start);
        yield return ("the provider is down until the token expires", Serving().FailedTimes(12, Outage) with { Token = expired }, null);
        yield return ("the provider is down for a changed spec", Serving().ScopesChanged().FailedWith(Outage, Start), Start);
        yield return (
            "a token lives too short",
            Serving() with { Connection = Serving().Connection with { Margins = new(TimeSpan.FromMinutes(45), null) } },
            null
        );
        yield return ("a scope was not granted", Granted("erp:read"), null);
        yield return ("a scope was granted that nobody asked for", Granted("erp:read", "erp:create", "erp:delete"), null);
        yield return ("other scopes were granted", Granted("erp:delete"), null);
        yield return ("as many scopes were granted as status holds", Granted([.. AsManyAsStatusHolds(beside: "erp:create")]), null);
        yield return (
            "a token has more scopes than the owner allows",
            Granted("erp:read", "erp:create")
                .ClientIs(new ClientFacts.Usable("k1", "r1") { ScopeLimit = new("integrations/acme", [["erp:read"]]) })
                .Withdrawing(),
            null
        );
        yield return ("a tenant is withdrawn", Serving().ClientRefusing().Withdrawn(NotAllowed, Soon), null);
        yield return ("a namespace is withdrawn", Serving().ClientRefusingNamespace().Withdrawn(Missing, Soon), null);
        yield return (
            "a token is withdrawn from a Secret that is lent",
            (Serving() with { Token = Token() with { IsSecretLent = true } }).ClientRefusing().Withdrawn(NotAllowed, Soon),
            null
        );
        yield return (
            "a withdrawal has a reason of a later version",
            Serving().ClientRefusing().Withdrawn(NotAllowed with { Reason = "MoonPhase" }, Soon),
            null
        );
        yield return (
            "every workload was restarted",
            Restarting(new("Deployment", "importer") { Fingerprint = "f1" }, new("StatefulSet", "ledger") { Fingerprint = "f1" }),
            null
        );
        yield return (
            "a workload could not be restarted",
            Restarting(
                new RestartedWorkload("Deployment", "importer")
                {
                    Problem = new(Reason.WorkloadNotFound, "Deployment importer does not exist."),
                }
            ),
            null
        );
    }

    private static IEnumerable<(string Situation, Facts Facts, DateTimeOffset? Now)> Consents()
    {
        yield return ("nobody has consented", Unconsented(), null);
        yield return ("nobody has consented, and there is a link", Unconsented().InvitedUntil(Expired), null);
        yield return ("nobody has consented, and a configuration is named", Connecting("--config-dir /etc/visma"), null);
        yield return ("a name has no namespace", Unconsented() with { Connection = Facts().Connection with { Name = "acme" } }, null);
        yield return ("a first consent gave no grant", Unconsented().ConsentFailed(Failure), null);
        yield return ("the grant is gone", Unconsented() with { Consent = new ConsentFacts { RecordedSequence = 3 } }, null);
        yield return ("a consent is in use", ServingForSomebody(), null);
        yield return ("a consent of somebody unknown is in use", ServingForSomebody().With(grant => grant with { GrantedBy = null }), null);
        yield return ("a later consent gave no grant", ServingForSomebody().ConsentFailed(Failure), null);
        yield return ("the grant is refused", ServingForSomebody().Refused(), null);
        yield return ("the grant is refused, and a consent since gave none", ServingForSomebody().Refused().ConsentFailed(Failure), null);
        yield return ("the grant is for an earlier spec", ServingForSomebody().BoundToSomethingElse(), null);
        yield return ("the grant is used elsewhere", Serving() with { Grant = new GrantFacts.Unusable(Elsewhere) }, null);
        yield return ("the grant Secret belongs to somebody else", Serving() with { Grant = new GrantFacts.Unusable(NotOwned) }, null);
        yield return ("a consent does not end soon", Ending(TimeSpan.FromDays(31)), null);
        yield return ("a consent ends within a month", Ending(TimeSpan.FromDays(30)), null);
        yield return ("a consent ends within two weeks", Ending(TimeSpan.FromDays(14)), null);
        yield return ("a consent ends within a week", Ending(TimeSpan.FromDays(6.5)), null);
        yield return ("a consent ends within a day", Ending(TimeSpan.FromHours(1)), null);
        yield return ("a consent ended", Ending(TimeSpan.Zero), null);
    }

    private static Func<IEnumerable<string>> Lines(Func<IEnumerable<Problem>> problems) =>
        () => problems().Select(problem => $"{problem.Reason} ({problem.Kind}, {problem.Stage}): {problem.Message}");

    private static IEnumerable<string> Conditions(Facts facts, DateTimeOffset now)
    {
        var decision = Policy.Decide(facts, now);
        var report = Report.Of(facts, decision, now);
        return report.Conditions.Select(one => $"{one.Type}={one.IsTrue} {one.Reason}: {one.Message}").Prepend(decision.GetType().Name);
    }

    private static Facts Sharing(params string[] others) =>
        Serving() with { Connection = Serving().Connection with { SharesSecretNameWith = others } };

    private static Facts Granted(params string[] scopes) => Serving() with { Token = Token() with { GrantedScopes = scopes } };

    private static IEnumerable<string> AsManyAsStatusHolds(string beside) =>
        Enumerable.Range(2, GrantedScopes.MaxCount - 2).Select(number => $"s{number}").Prepend("erp:read").Prepend(beside);

    private static Facts Withdrawing(this Facts facts) =>
        facts.Withdrawn(((Decision.Withdraw)Policy.Decide(facts, Soon)).Problem, Soon).FailedWith(Outage, Soon);

    private static Facts Restarting(params RestartedWorkload[] workloads) =>
        Serving() with { Restart = new RestartFacts { Workloads = workloads } };

    private static Facts Connecting(string arguments)
    {
        var facts = Unconsented().InvitedUntil(Expired);
        return facts with { Consent = facts.Consent with { ConnectArguments = arguments } };
    }

    private static Facts Ending(TimeSpan left) =>
        ServingForSomebody().With(grant => grant with { ConsentExpirationTime = Soon + left }).InvitedUntil(Expired);
}
