using Lifecycle;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Probing;

namespace VismaOperator.Cli.Doctor;

/// <summary>Whether the API accepts the token that was just issued. The token of the Secret is never read.</summary>
internal static class ProbeLinks
{
    /// <summary>One GET with the token.</summary>
    public static async Task<LinkFinding> ProbeAsync(DoctorCase subject, CancellationToken stop)
    {
        var context = ApiProbe.ContextOf(subject.Connection);
        if (subject.Connection.Spec.Grant != Grant.ClientCredentials)
        {
            return LinkFinding.Skipped(DoctorReason.NotApplicable, "There is no token to try: only the operator sends the grant.");
        }

        if (subject.Answer is not TokenOutcome.Granted granted)
        {
            return subject.Options.Requests == DoctorRequests.Sent
                ? LinkFinding.Unknown(DoctorReason.NotFound, TokenLinks.NoToken)
                : LinkFinding.Skipped(
                    DoctorReason.NotAsked,
                    $"GET {context.Address} with the token. Not sent: {subject.Tools.Called} doctor --request sends it."
                );
        }

        var outcome = await subject.Tools.Probe.SendAsync(subject.Connection, granted.Tokens.AccessToken, stop);
        var scopes = granted.Tokens.GrantedScopes is { Count: > 0 } stated ? stated : subject.Connection.Spec.Scopes;
        var problem = outcome.Explain(context with { Scopes = string.Join(' ', scopes) });
        return outcome switch
        {
            ProbeOutcome.Accepted => LinkFinding.Ok(problem.Message),
            ProbeOutcome.RateLimited => LinkFinding.Warning(problem.Reason, problem.Message),
            ProbeOutcome.NotFound or ProbeOutcome.Forbidden when !subject.Connection.Spec.Probe.Enabled => LinkFinding.Warning(
                problem.Reason,
                $"{problem.Message} spec.probe is not enabled, so this path may not be meant at all."
            ),
            ProbeOutcome.NotAllowed when subject.Source.IsCluster => LinkFinding.Unknown(problem), // see Connection
            _ => LinkFinding.Broken(problem),
        };
    }
}
