using System.Globalization;
using System.Text;
using Kubernetes.Client;
using Lifecycle;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Clients;
using VismaOperator.Grants;

namespace VismaOperator.Cli.Connect;

/// <summary>
/// A consent from a terminal: sends the person to the provider, receives the code at a loopback redirect URI, and leaves it for the
/// operator, since only the operator has the client's secrets. The code, its verifier and the state are kept in memory only, until they
/// are sent to the provider or left for the operator.
/// </summary>
internal sealed class ConnectRun(ConnectOptions options, ConnectTools tools)
{
    private static readonly TimeSpan withdrawalDeadline = TimeSpan.FromSeconds(5);

    /// <summary>Runs to the end.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="stop">Gives up; a code that was left is taken back.</param>
    /// <exception cref="ConnectException">It cannot be done, and what to do.</exception>
    public async Task<ConsentResult> RunAsync(NamespacedName connection, CancellationToken stop)
    {
        var subject = await new ConsentChecks(tools.Source, options.AllowLists).ReadAsync(connection, options.ClientId, stop);
        var target = await RedirectTarget.ResolveAsync(options.RedirectUri, tools.Resolve, stop);
        var endpoint = await EndpointAsync(subject, stop);
        var verifier = new CodeVerifier(tools.RandomBytes).New();
        var state = Unguessable.New(tools.RandomBytes);
        var request = new AuthorizationRequest(
            endpoint,
            subject.ClientId,
            target.Uri,
            subject.Connection.Spec.RequestedScopes(),
            state,
            CodeVerifier.ChallengeOf(verifier)
        );
        var issuer = new AskedIssuer(subject.Issuer.OriginalString, await tools.Endpoints.IssAsync(subject.Issuer, stop));
        var expected = new CallbackExpectation(
            state,
            issuer,
            cause => Say($"A request on port {target.Uri.Port} was refused: {cause}. Still waiting.")
        );
        await using var listener = await CallbackListener.StartAsync(target, expected, tools.Time, stop);
        Introduce(subject, target, listener);
        await SendAsync(request.ToUri(), stop);
        return await ShownAsync(listener, connection, () => FinishAsync(subject, listener, verifier, stop));
    }

    /// <summary>Shows the outcome in the waiting browser, too.</summary>
    private static async Task<ConsentResult> ShownAsync(
        CallbackListener listener,
        NamespacedName connection,
        Func<Task<ConsentResult>> finish
    )
    {
        try
        {
            var result = await finish();
            listener.Show(
                result is ConsentResult.Failed failed
                    ? CallbackPages.Failed(failed.Message)
                    : CallbackPages.Consented(connection.ToString())
            );
            return result;
        }
        catch (ConnectException failure)
        {
            listener.Show(CallbackPages.Failed(failure.Message));
            throw;
        }
    }

    private async Task<Uri> EndpointAsync(ConsentSubject subject, CancellationToken stop) =>
        await tools.Endpoints.AuthorizationAsync(subject.Issuer, subject.DeclaredEndpoint, stop) switch
        {
            EndpointLookup.Found found => found.Endpoint,
            EndpointLookup.NotFound missing => throw new ConnectException(
                $"OAuthClient {subject.Client.Metadata.NamespacedName}: {missing.Problem.Message}"
            ),
            var lookup => throw new InvalidOperationException($"Unknown lookup {lookup.GetType().Name}."),
        };

    private void Introduce(ConsentSubject subject, RedirectTarget target, CallbackListener listener)
    {
        var spec = subject.Connection.Spec;
        Say($"Consent for VismaConnection {subject.Connection.Metadata.NamespacedName} in {tools.Source.Name}:");
        Say($"  tenant {spec.TenantId ?? "(none)"}, scopes {string.Join(' ', spec.RequestedScopes())}");
        Say($"  redirect URI {target.Uri.OriginalString}");
        Say($"  It must be registered, exactly so, for client {subject.ClientId} in the Visma developer portal.");
        if (target.IsMapped)
        {
            Say($"  {target.Uri.Host} is this machine: listening on {string.Join(" and ", target.Addresses)}, port {target.Uri.Port}.");
        }

        if (listener.Fingerprint is { } fingerprint)
        {
            Say($"  The browser will warn of a self-signed certificate when it comes back here; its SHA-256 fingerprint is {fingerprint}.");
        }

        if (subject.Doubt is { } doubt)
        {
            Say($"Note: {TerminalText.Printable(doubt)}");
        }
    }

    private async Task SendAsync(Uri page, CancellationToken stop)
    {
        var until = InstantText.Of(tools.Time.GetUtcNow() + options.Timeout);
        if (options.Browser == BrowserUse.Opened && await tools.Browser.OpenAsync(page, stop))
        {
            Say(
                $"The browser is open: sign in, choose the company and approve before {until}. If none appears, stop with Ctrl+C and "
                + "add --no-browser."
            );
            return;
        }

        Say($"Open this page in a browser on this machine, sign in, choose the company and approve before {until}:");
        Say(page.AbsoluteUri);
    }

    private async Task<ConsentResult> FinishAsync(
        ConsentSubject subject,
        CallbackListener listener,
        Sensitive verifier,
        CancellationToken stop
    )
    {
        AuthorizationResponse response;
        try
        {
            response = await listener.WaitAsync(options.Timeout, stop);
        }
        catch (TimeoutException)
        {
            return new ConsentResult.Failed(
                $"Nobody came back from the provider within {GoDuration.Format(options.Timeout)}. If it showed an error, see "
                + $"that the redirect URI {options.RedirectUri.OriginalString} is registered for client {subject.ClientId}; "
                + "--timeout allows more time."
            );
        }

        return response is AuthorizationResponse.Code code
            ? await HandOverAsync(subject, new ConsentCode(code.Value, verifier, options.RedirectUri), stop)
            : Denied((AuthorizationResponse.Denied)response);
    }

    private static ConsentResult.Failed Denied(AuthorizationResponse.Denied denied) =>
        new(
            denied.Error == "access_denied"
                ? "The consent was denied at the provider. Nothing was changed."
                : "The provider gave no code: "
                    + $"{denied.Error}{(denied.Description is { } description ? $" ({description})" : string.Empty)}. Nothing was changed."
        );

    private async Task<ConsentResult> HandOverAsync(ConsentSubject subject, ConsentCode code, CancellationToken stop)
    {
        var wait = new OutcomeWait(tools.Source, tools.Time, Say);
        var before =
            (await tools.Source.FindAsync<VismaConnection>(subject.Connection.Metadata.NamespacedName, stop)).Found ?? subject.Connection;
        var expiry = tools.Time.GetUtcNow() + Policy.CodeLifetime;
        var left = await tools.Source.LeaveAsync(
            before,
            new Handoff(code, expiry) { Asked = Handoff.AskedFor(subject.Connection, subject.Issuer, subject.ClientId) },
            stop
        );
        Say("The code has arrived. Waiting for the operator to redeem it.");
        try
        {
            return await wait.WaitAsync(before, left, expiry, stop);
        }
        catch (OperationCanceledException)
        {
            await WithdrawAsync(left);
            throw;
        }
    }

    // The person has stopped waiting and would not expect the consent to take effect.
    private async Task WithdrawAsync(ILeftHandoff left)
    {
        try
        {
            using var deadline = Deadline.After(withdrawalDeadline, tools.Time);
            await left.WithdrawAsync(deadline.Token);
        }
        catch (Exception exception) when (exception is ConnectException or OperationCanceledException)
        {
            Say(
                exception is ConnectException
                    ? exception.Message
                    : "The code could not be taken back in time; it expires in five minutes."
            );
        }
    }

    private void Say(string line)
    {
        lock (tools.Output)
        {
            tools.Output.WriteLine(line);
        }
    }
}

/// <summary>Values as a terminal shows them.</summary>
internal static class TerminalText
{
    /// <summary>Text of others without what a terminal would obey, or would show in another order than it is written.</summary>
    public static string Printable(string text) =>
        string.Concat(text.EnumerateRunes().Select(rune => IsObeyed(rune) ? "?" : rune.ToString()));

    /// <summary>The same of a text that has lines of its own.</summary>
    public static string PrintableLines(string text) => string.Join('\n', text.ReplaceLineEndings("\n").Split('\n').Select(Printable));

    /// <summary>True for what a terminal would obey, or for what changes the order in which text is shown.</summary>
    public static bool IsObeyed(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator;
}
