using Lifecycle;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Clients;
using VismaOperator.Grants;
using VismaOperator.Publishing;

namespace VismaOperator.Consent.Flow;

/// <summary>
/// Whether a connection may be consented to now. Asked when a consent begins and again when it comes back, since much can change while a
/// person reads.
/// </summary>
internal sealed class ConsentAdmission(
    ClientResolver clients,
    ProviderEndpoints endpoints,
    INamespaces namespaces,
    AllowLists allowLists,
    ConsentLinks links,
    TimeProvider time
)
{
    /// <summary>The client to consent through, or why there is none.</summary>
    public async Task<Admission> JudgeAsync(VismaConnection connection, CancellationToken cancellationToken)
    {
        var facts = ConnectionFactsReader.Read(
            connection,
            allowLists,
            namespaces.IsTerminating(connection.Metadata.Namespace ?? string.Empty)
        );
        if (ObjectionOf(facts) is { } objection)
        {
            return Failed(objection);
        }

        return await clients.FindSoonAsync(connection, cancellationToken) switch
        {
            null => new Admission.Failed(new(ConsentFailureCause.ClusterUnavailable)),
            { } answer when RefusalOf(answer, facts) is { } refusal => Failed(refusal.Problem.Message),
            { Client: { } client } => await WithEndpointAsync(connection, client, cancellationToken),
            { Facts: var reason } => Failed(Words(reason)),
        };
    }

    // The code could not be redeemed either.
    private ClientRefusal? RefusalOf(ClientAnswer answer, ConnectionFacts connection) =>
        Policy.BindingRefusal(answer.Facts, connection with { RequestTurn = answer.RequestTurn }, time.GetUtcNow());

    /// <summary>Whether the provider that a person is about to be sent to promises to name itself in its answer.</summary>
    public Task<IssParameter> IssAsync(Admission.Given admitted, CancellationToken cancellationToken) =>
        endpoints.IssAsync(admitted.Client.Issuer, cancellationToken);

    private async Task<Admission> WithEndpointAsync(
        VismaConnection connection,
        ResolvedClient client,
        CancellationToken cancellationToken
    ) =>
        await endpoints.AuthorizationAsync(client, cancellationToken) switch
        {
            EndpointLookup.Found when client.RedirectUri is { } elsewhere && elsewhere != links.Callback => Failed(
                LeadsElsewhere(client, elsewhere)
            ),
            EndpointLookup.Found { Endpoint: var endpoint } => new Admission.Given(
                connection,
                client,
                endpoint,
                client.RedirectUri ?? links.Callback!
            ),
            EndpointLookup.NotFound { Problem: var problem } => new Admission.Failed(
                new(ConsentFailureCause.ProviderFailed, problem.Message)
            ),
            var lookup => throw new InvalidOperationException($"Unknown look-up {lookup.GetType().Name}."),
        };

    // Otherwise the person would be sent to a page of somebody else, and the code would end in the log of that server.
    private string LeadsElsewhere(ResolvedClient client, Uri elsewhere) =>
        $"OAuthClient {client.Name} has people come back to {elsewhere.OriginalString}, and these pages are at "
        + $"{links.Callback!.OriginalString}. Correct its spec.redirectURI, or consent with visma-operator connect.";

    private static string? ObjectionOf(ConnectionFacts facts) => facts switch
    {
        { IsTerminating: true } => "The connection is being deleted.",
        { IsSuspended: true } => "The connection is suspended. Set its spec.suspend to false first.",
        { SpecProblem: { } problem } => problem.Message,
        _ => null,
    };

    private static string Words(ClientFacts facts) => facts switch
    {
        ClientFacts.Missing missing => missing.Problem.Message,
        ClientFacts.NotAllowing denied => denied.Problem.Message,
        ClientFacts.Unusable unusable => unusable.Problem.Message,
        _ => throw new InvalidOperationException($"A client that cannot be used without a reason: {facts.GetType().Name}."),
    };

    private static Admission.Failed Failed(string detail) => new(new(ConsentFailureCause.NotPossible, detail));
}

/// <summary>Whether a connection may be consented to.</summary>
internal abstract record Admission
{
    private Admission()
    {
    }

    /// <summary>It may.</summary>
    /// <param name="Connection">The connection.</param>
    /// <param name="Client">The client that it may use.</param>
    /// <param name="AuthorizationEndpoint">Where a person consents.</param>
    /// <param name="RedirectUri">Where the provider must send the browser back to.</param>
    public sealed record Given(VismaConnection Connection, ResolvedClient Client, Uri AuthorizationEndpoint, Uri RedirectUri) : Admission
    {
        /// <summary>What a person is asked for; see <see cref="TokenInputs"/>.</summary>
        public string Inputs => TokenInputs.Join(ConnectionHashes.Inputs(Connection), Client.Inputs);
    }

    /// <summary>It may not.</summary>
    public sealed record Failed(ConsentAnswer.Failed Answer) : Admission;
}
