using Kubernetes.Client;
using Kubernetes.Controllers;
using Lifecycle;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Grants;

namespace VismaOperator.Consent.Flow;

/// <summary>
/// Leads a person from the link to the provider and to a stored grant, on any replica. Knows no HTTP: it gets what a browser sent, and
/// returns what to show to the person.
/// </summary>
internal sealed class ConsentFlow(
    ConsentInvitations invitations,
    ConsentAdmission admission,
    ConsentAttempts attempts,
    CodeRedeemer redeemer,
    GrantFactsReader facts,
    ConsentMetrics metrics
)
{
    /// <summary>Shows what a consent would be for. Changes nothing, since mail scanners and chat previews open links, too.</summary>
    public Task<ConsentAnswer> ShowAsync(NamespacedName connection, Sensitive? start, CancellationToken cancellationToken) => GuardAsync(
        async () => await AdmitAsync(connection, start, cancellationToken) switch
        {
            Admission.Given admitted => new ConsentAnswer.Offered(OfferOf(admitted)),
            var failed => AnswerOf(failed),
        },
        cancellationToken);

    /// <summary>
    /// The key by which a visitor with this link is counted; null for a link that the caches do not know. Makes no request to the cluster.
    /// </summary>
    public string? Recognize(NamespacedName connection, Sensitive? start) =>
        invitations.IsKnown(connection, start) ? connection.ToString() : null;

    /// <summary>
    /// The key by which a visitor with state and cookie of an attempt is counted; null when the caches do not know the attempt. Makes no
    /// request to the cluster.
    /// </summary>
    public string? Recognize(IEnumerable<KeyValuePair<string, string?>> query, Func<NamespacedName, Sensitive?> cookieOf) =>
        StateOf(AuthorizationResponse.Read(query)) is { } state && ConsentState.ConnectionOf(state) is { } name
            ? attempts.Recognize(name, state, cookieOf(name))
            : null;

    /// <summary>Stores an attempt and says where to send the browser.</summary>
    /// <param name="connection">For which connection.</param>
    /// <param name="start">What the link holds.</param>
    /// <param name="cookie">What the browser has from an earlier attempt; null when it has nothing.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ConsentAnswer> BeginAsync(
        NamespacedName connection,
        Sensitive? start,
        Sensitive? cookie,
        CancellationToken cancellationToken
    ) =>
        metrics.Counted(
            await GuardAsync(
                async () =>
                    await AdmitAsync(connection, start, cancellationToken) switch
                    {
                        Admission.Given admitted => await attempts.BeginAsync(
                            admitted,
                            await admission.IssAsync(admitted, cancellationToken),
                            cookie,
                            cancellationToken
                        ),
                        var failed => AnswerOf(failed),
                    },
                cancellationToken
            )
        );

    /// <summary>Handles the response of the provider that a browser brought.</summary>
    /// <param name="query">The decoded pairs of the query.</param>
    /// <param name="cookieOf">The cookie that the browser has for a connection; null when it has none.</param>
    /// <param name="cancellationToken">Ends it until the attempt is removed; after that nothing ends it.</param>
    public async Task<ConsentAnswer> CompleteAsync(
        IEnumerable<KeyValuePair<string, string?>> query,
        Func<NamespacedName, Sensitive?> cookieOf,
        CancellationToken cancellationToken
    ) =>
        metrics.Counted(
            await GuardAsync(
                () =>
                    AuthorizationResponse.Read(query) switch
                    {
                        AuthorizationResponse.Code code => TakeInAsync(
                            new ConsentResponse(code.State, code.Issuer, code),
                            cookieOf,
                            cancellationToken
                        ),
                        AuthorizationResponse.Denied denied => TakeInAsync(
                            new ConsentResponse(denied.State, denied.Issuer, denied),
                            cookieOf,
                            cancellationToken
                        ),
                        AuthorizationResponse.Unreadable unreadable => Task.FromResult(
                            Failed(ConsentFailureCause.Unreadable, $"What is wrong: {unreadable.Cause}.")
                        ),
                        var response => throw new InvalidOperationException($"Unknown response {response.GetType().Name}."),
                    },
                cancellationToken
            )
        );

    private async Task<Admission> AdmitAsync(NamespacedName connection, Sensitive? start, CancellationToken cancellationToken) =>
        await invitations.FindAsync(connection, start, cancellationToken) switch
        {
            Invited.By invited => await admission.JudgeAsync(invited.Connection, cancellationToken),
            Invited.Not uninvited => new Admission.Failed(new ConsentAnswer.Failed(uninvited.Why)),
            var invitation => throw new InvalidOperationException($"Unknown invitation {invitation.GetType().Name}."),
        };

    // Without the state and the cookie of one attempt, nothing about it is revealed or changed. The attempt is looked up first and the
    // connection only after it: otherwise the time of the answer to an invented state would reveal whether the connection exists.
    private async Task<ConsentAnswer> TakeInAsync(
        ConsentResponse response,
        Func<NamespacedName, Sensitive?> cookieOf,
        CancellationToken cancellationToken
    )
    {
        if (
            ConsentState.ConnectionOf(response.State) is not { } name
            || !invitations.Serves(name)
            || await attempts.FindAsync(name, response.State, cancellationToken) is not { } attempt
            || await invitations.ReadAsync(name, cancellationToken) is not { } connection)
        {
            return Failed(ConsentFailureCause.UnknownLink);
        }

        if (attempts.ObjectionTo(attempt, cookieOf(name)) is { } objection)
        {
            return Failed(objection);
        }

        if (new AskedIssuer(attempt.Issuer, attempt.Iss).ProblemWith(response.Issuer) is { } problem)
        {
            return Failed(ConsentFailureCause.OtherProvider, $"What is wrong with the answer: {problem}.");
        }

        return await admission.JudgeAsync(connection, cancellationToken) switch
        {
            Admission.Given admitted when admitted.Inputs != attempt.Inputs => Failed(ConsentFailureCause.ConnectionChanged),
            Admission.Given admitted => await TakeAsync(admitted, attempt, response, cancellationToken),
            var failed => AnswerOf(failed),
        };
    }

    // While the code cannot be sent, the attempt stays, so that the same address can be opened again.
    private async Task<ConsentAnswer> TakeAsync(
        Admission.Given admitted,
        ConsentAttempt attempt,
        ConsentResponse response,
        CancellationToken cancellationToken
    )
    {
        if (
            response.Content is AuthorizationResponse.Code
            && await redeemer.ObstacleAfterPatienceAsync(admitted.Connection, admitted.Client, cancellationToken) is { } obstacle
        )
        {
            return Failed(
                ConsentFailureCause.NotPossible,
                $"The code was not sent to the provider: {obstacle.Cause} Load this page again in a minute."
            );
        }

        return await attempts.TakeAsync(admitted.Connection.Metadata.NamespacedName, attempt, cancellationToken) is { } taken
            ? await FinishAsync(admitted, attempt, taken, response)
            : Failed(ConsentFailureCause.UnknownLink);
    }

    // The attempt is taken, so the code is this request's alone: nothing may cancel it from here on.
    private async Task<ConsentAnswer> FinishAsync(
        Admission.Given admitted,
        ConsentAttempt attempt,
        GrantSnapshot taken,
        ConsentResponse response
    )
    {
        if (attempt.IsSupersededIn(taken.Document))
        {
            return Failed(ConsentFailureCause.Superseded);
        }

        var connection = admitted.Connection;
        var former = facts.FormerIn(taken.Document, connection);
        var redemption = response.Content switch
        {
            AuthorizationResponse.Code code => await redeemer.RedeemAsync(
                connection,
                admitted.Client,
                new ConsentCode(code.Value, attempt.CodeVerifier, new Uri(attempt.RedirectUri)) { Replaces = former },
                CancellationToken.None
            ),
            AuthorizationResponse.Denied denied => await redeemer.FailAsync(
                connection,
                former,
                FailedConsentOf(denied, connection),
                CancellationToken.None
            ),
            var content => throw new InvalidOperationException($"Unknown response {content.GetType().Name}."),
        };
        return redemption switch
        {
            Redemption.Stored { Snapshot.Document.Held: { } held } => new ConsentAnswer.Granted(
                connection.Metadata.NamespacedName,
                held.GrantedBy,
                RefreshTokenLife.ConsentEnd(held, connection)
            ),
            Redemption.Pending => new ConsentAnswer.StoredSoon(connection.Metadata.NamespacedName),
            Redemption.Failed { Cause: ConsentFailureCause.Superseded } => Failed(ConsentFailureCause.Superseded),
            Redemption.Failed { Problem: var problem, Cause: var cause } => Failed(cause, problem.Message),
            _ => throw new InvalidOperationException($"Unknown redemption {redemption.GetType().Name}."),
        };
    }

    private static Redemption.Failed FailedConsentOf(AuthorizationResponse.Denied denied, VismaConnection connection) =>
        denied.Error == "access_denied"
            ? new Redemption.Failed(
                new Problem(
                    Reason.ConsentDenied,
                    "The person who was asked, or the provider on its behalf, refused the consent (access_denied).",
                    FailureKind.NeedsConsent
                ),
                ConsentFailureCause.Denied
            )
            : new Redemption.Failed(
                new Problem(
                    Reason.ConsentFailed,
                    new RequestFailure.Refused(denied.Error, denied.Description).Explain(ConnectionRequests.ContextOf(connection)).Message,
                    FailureKind.NeedsConsent
                )
            );

    private static Sensitive? StateOf(AuthorizationResponse response) =>
        response switch
        {
            AuthorizationResponse.Code code => code.State,
            AuthorizationResponse.Denied denied => denied.State,
            _ => null,
        };

    private static ConsentOffer OfferOf(Admission.Given admitted) =>
        new()
        {
            Connection = admitted.Connection.Metadata.NamespacedName,
            DisplayName = admitted.Connection.Spec.DisplayName,
            ClientId = admitted.Client.ClientId,
            IssuerHost = admitted.Client.Issuer.Authority,
            TenantId = admitted.Connection.Spec.TenantId,
            Scopes = admitted.Connection.Spec.RequestedScopes(),
            AuthorizationEndpoint = admitted.AuthorizationEndpoint,
            RedirectUri = admitted.RedirectUri,
        };

    private static ConsentAnswer AnswerOf(Admission admission) =>
        admission is Admission.Failed failed
            ? failed.Answer
            : throw new InvalidOperationException($"Unknown admission {admission.GetType().Name}.");

    private static ConsentAnswer Failed(ConsentFailureCause why, string? detail = null) => new ConsentAnswer.Failed(why, detail);

    private static async Task<ConsentAnswer> GuardAsync(Func<Task<ConsentAnswer>> answer, CancellationToken cancellationToken)
    {
        try
        {
            return await answer();
        }
        catch (KubernetesException error) when (error.IsForbidden || error.IsInvalid)
        {
            return Failed(
                ConsentFailureCause.NotPossible,
                $"The cluster does not let the operator store a consent ({error.Reason}): its permissions on Secrets, or an "
                + "admission policy. Its log says more."
            );
        }
        catch (Exception failure)
            when (!cancellationToken.IsCancellationRequested && (failure is OperationCanceledException || Outage.Caused(failure)))
        {
            return Failed(ConsentFailureCause.ClusterUnavailable);
        }
    }

    /// <summary>An authorization response with the parts that every kind of it has.</summary>
    private sealed record ConsentResponse(Sensitive State, string? Issuer, AuthorizationResponse Content);
}
