using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using OAuth;
using VismaOperator.Consent.Web;

namespace VismaOperator.Cli.Connect;

/// <summary>
/// Waits on this machine for the browser to come back. Anybody can send requests to the port: only an answer with our state and our issuer
/// ends the wait, and all others are rejected. The browser is shown the outcome of the consent.
/// </summary>
internal sealed class CallbackListener : IAsyncDisposable
{
    /// <summary>A page that does not load looks like a failure; the terminal waits longer.</summary>
    private static readonly TimeSpan pagePatience = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan stopDeadline = TimeSpan.FromSeconds(2);

    private readonly TaskCompletionSource<AuthorizationResponse> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Page> finalPage = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly RedirectTarget target;
    private readonly CallbackExpectation expected;
    private readonly TimeProvider time;
    private readonly X509Certificate2? certificate;
    private readonly EmptyWebHost http;

    private CallbackListener(RedirectTarget target, CallbackExpectation expected, TimeProvider time)
    {
        this.target = target;
        this.expected = expected;
        this.time = time;
        certificate = target.IsEncrypted ? LoopbackCertificate.Create(target.Uri, time.GetUtcNow()) : null;
        http = Build();
        http.Serve(answers => answers.Run(ServeAsync));
    }

    /// <summary>SHA-256 fingerprint of the self-signed certificate; null without TLS.</summary>
    public string? Fingerprint => certificate?.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256);

    /// <summary>Listens.</summary>
    /// <exception cref="ConnectException">The port cannot be used.</exception>
    public static async Task<CallbackListener> StartAsync(
        RedirectTarget target,
        CallbackExpectation expected,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        var listener = new CallbackListener(target, expected, time);
        try
        {
            await listener.http.StartAsync(cancellationToken);
            return listener;
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            await listener.DisposeAsync();
            throw PortUnusable(target.Uri, exception);
        }
    }

    /// <summary>Waits for the answer to our request; <see cref="TimeoutException"/> when nobody comes.</summary>
    public Task<AuthorizationResponse> WaitAsync(TimeSpan patience, CancellationToken cancellationToken) =>
        time.WaitAsync(answer.Task, patience, cancellationToken);

    /// <summary>Shows the browser how it ended, also on another request for the same page.</summary>
    public void Show(Page page) => finalPage.TrySetResult(page);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Show(CallbackPages.Stopped);
        await http.StopAsync(CancellationToken.None); // bounded by the host's own deadline
        await http.DisposeAsync();
        certificate?.Dispose();
    }

    private static ConnectException PortUnusable(Uri uri, Exception cause) =>
        new(
            cause is Microsoft.AspNetCore.Connections.AddressInUseException
            || cause.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException
                ? $"Port {uri.Port} of this machine is in use by another program, so the browser could not come back. Stop that "
                    + "program, or register a redirect URI with another port and name it by --port or --redirect-uri."
                : $"Port {uri.Port} of this machine cannot be listened on: {cause.Message.TrimEnd('.')}. Register a redirect URI with "
                    + "another port and name it by --port or --redirect-uri.",
            cause
        );

    private EmptyWebHost Build() =>
        new(
            stopDeadline,
            kestrel =>
            {
                kestrel.Limits.MaxRequestLineSize = RequestLine.MaxSize;
                kestrel.Limits.MaxRequestBodySize = 0;
                Listen(kestrel);
            },
            web => web.UseKestrelHttpsConfiguration()
        );

    private void Listen(KestrelServerOptions kestrel)
    {
        if (target.Addresses.Count == 0)
        {
            kestrel.ListenLocalhost(target.Uri.Port, Protect);
        }

        foreach (var address in target.Addresses)
        {
            kestrel.Listen(address, target.Uri.Port, Protect);
        }
    }

    private void Protect(ListenOptions listen)
    {
        if (certificate is not null)
        {
            listen.UseHttps(certificate);
        }
    }

    private async Task ServeAsync(HttpContext context)
    {
        var page = context.Request switch
        {
            { Method: not "GET" } => CallbackPages.NotFound,
            { Path.Value: var path } when path != target.Uri.AbsolutePath => CallbackPages.NotFound,
            _ => await AnswerAsync(context.Request.QueryString, context.RequestAborted),
        };

        // No Strict-Transport-Security with https: it would hold for every other port of this machine's name, too (RFC 6797 section 8.3).
        await context.Response.WritePageAsync(page, context.RequestAborted);
    }

    private async Task<Page> AnswerAsync(QueryString query, CancellationToken aborted)
    {
        var response = AuthorizationResponse.Read(QueryPairs.Of(query));
        if (expected.ProblemWith(response) is { } problem)
        {
            expected.Rejected(problem);
            return CallbackPages.Rejected;
        }

        answer.TrySetResult(response);
        try
        {
            return await time.WaitAsync(finalPage.Task, pagePatience, aborted);
        }
        catch (TimeoutException)
        {
            return CallbackPages.HandedOver;
        }
    }
}

/// <summary>How to recognize the answer to our request among all requests to the port.</summary>
/// <param name="State">The state that we sent (RFC 6749 section 10.12).</param>
/// <param name="Issuer">The issuer that we sent the browser to.</param>
/// <param name="Rejected">Gets the cause of a rejection, in words that repeat nothing of the request.</param>
internal sealed record CallbackExpectation(Sensitive State, AskedIssuer Issuer, Action<string> Rejected)
{
    /// <summary>Why a response is not the answer to our request; null when it is.</summary>
    public string? ProblemWith(AuthorizationResponse response) => response switch
    {
        AuthorizationResponse.Code code => Problem(code.State, code.Issuer),
        AuthorizationResponse.Denied denied => Problem(denied.State, denied.Issuer),
        AuthorizationResponse.Unreadable unreadable => unreadable.Cause,
        _ => throw new InvalidOperationException($"Unknown response {response.GetType().Name}."),
    };

    private string? Problem(Sensitive state, string? issuer) =>
        state.FixedTimeEquals(State) ? Issuer.ProblemWith(issuer) : "it belongs to another request (the state differs)";
}
