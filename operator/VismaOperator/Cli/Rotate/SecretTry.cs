using Kubernetes.Client;
using Lifecycle;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Cli.Doctor;
using VismaOperator.Clients;

namespace VismaOperator.Cli.Rotate;

/// <summary>What came of a trial.</summary>
internal abstract record SecretTryOutcome
{
    private SecretTryOutcome()
    {
    }

    /// <summary>The provider knows the client by this secret, whatever else it said.</summary>
    /// <param name="Connection">It was asked for this one.</param>
    /// <param name="CanOperator">False where the operator makes no request of its own, since every connection is suspended.</param>
    public sealed record Accepted(NamespacedName Connection, bool CanOperator) : SecretTryOutcome;

    /// <summary>The provider does not (<c>invalid_client</c>).</summary>
    public sealed record Refused : SecretTryOutcome;

    /// <summary>No connection of the client allows a trial.</summary>
    public sealed record NobodyCan : SecretTryOutcome;

    /// <summary>There was no answer that says.</summary>
    public sealed record Unknown(string Cause) : SecretTryOutcome;
}

/// <summary>
/// Tries a client secret that is in no Secret yet, by the token request of a connection with client credentials. The token that comes back
/// is discarded. Each request counts at the provider, so that it is one, and another, three at most, only where none before said anything
/// of the client.
/// </summary>
/// <param name="client">The client.</param>
/// <param name="credential">The secret.</param>
/// <param name="options">What may be contacted.</param>
internal sealed class SecretTry(OAuthClient client, Credential credential, DoctorOptions options)
{
    private const int MostConnections = 3;

    // The errors of RFC 6749 and of Visma that come after the client has proved itself.
    private static readonly HashSet<string> ofKnownClients = new(
        ["invalid_tenant", "invalid_scope", "unauthorized_client"],
        StringComparer.Ordinal
    );

    /// <summary>Runs the trial.</summary>
    public async Task<SecretTryOutcome> RunAsync(DoctorTools tools, CancellationToken stop)
    {
        var (candidates, gap) = await CandidatesAsync(tools.Source, stop);
        if (candidates.Count == 0)
        {
            return gap is null ? new SecretTryOutcome.NobodyCan() : new SecretTryOutcome.Unknown(gap.Message);
        }

        string? cause = null;
        foreach (var connection in candidates.Take(MostConnections))
        {
            var (outcome, why) = await TryAsync(new DoctorCase(connection, options, tools), stop);
            if (outcome is SecretTryOutcome.Accepted accepted)
            {
                return accepted with { CanOperator = candidates.Any(one => !one.Spec.Suspend) };
            }

            if (outcome is not null)
            {
                return outcome;
            }

            cause ??= $"{connection.Metadata.NamespacedName}: {why}";
        }

        return new SecretTryOutcome.Unknown(cause!);
    }

    private async Task<(SecretTryOutcome? Outcome, string? Why)> TryAsync(DoctorCase subject, CancellationToken stop)
    {
        foreach (var link in new[] { SpecLinks.ClientAsync, CredentialLinks.ClientIdAsync, NetworkLinks.DiscoveryAsync })
        {
            var finding = await link(subject, stop);
            if (finding.Outcome is LinkOutcome.Broken or LinkOutcome.Unknown)
            {
                return (null, finding.Message);
            }
        }

        subject.Secrets = [credential];
        var token = await TokenLinks.TokenAsync(subject, stop);
        return subject.Answer switch
        {
            TokenOutcome.Granted => (new SecretTryOutcome.Accepted(subject.Name, CanOperator: true), null),
            TokenOutcome.Refused { Error: "invalid_client" } => (new SecretTryOutcome.Refused(), null),
            TokenOutcome.Refused refused when ofKnownClients.Contains(refused.Error) =>
                (new SecretTryOutcome.Accepted(subject.Name, CanOperator: true), null),
            _ => (null, token.Message),
        };
    }

    /// <summary>
    /// The connections that allow a trial, and why others may be missing. Those of the client's own namespace first: to list all needs a
    /// permission that a person seldom has.
    /// </summary>
    public async Task<(IReadOnlyList<VismaConnection> Found, Problem? Gap)> CandidatesAsync(IDoctorSource source, CancellationToken stop)
    {
        var near = await source.ListAsync<VismaConnection>(new ResourceSelector(client.Metadata.Namespace), stop);
        var found = Ordered(near.Found);
        if (found.Count > 0 || near.Failure is not null || client.Spec.AllowedNamespaces.From == NamespaceScope.Same)
        {
            return (found, near.Failure);
        }

        var all = await source.ListAsync<VismaConnection>(ResourceSelector.All, stop);
        return (Ordered(all.Found), all.Failure);
    }

    private IReadOnlyList<VismaConnection> Ordered(IReadOnlyList<VismaConnection> connections) =>
    [
        .. connections
            .Where(one =>
                one.ClientName() == client.Metadata.NamespacedName
                && one.Spec.Grant == Grant.ClientCredentials
                && one.Metadata.DeletionTimestamp is null
            )
            .OrderByDescending(one => one.Status.Conditions.Any(condition => condition is { Type: ConditionType.Ready, Status: "True" }))
            .ThenBy(one => one.Spec.Suspend)
            .ThenBy(one => one.Metadata.NamespacedName.ToString(), StringComparer.Ordinal),
    ];
}
