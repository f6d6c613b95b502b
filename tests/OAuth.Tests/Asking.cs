using System.Net;

namespace OAuth.Tests;

/// <summary>Asks a token endpoint that gives one answer.</summary>
internal static class Asking
{
    public static Task<TokenOutcome> OnceAsync(
        string body,
        HttpStatusCode status = HttpStatusCode.OK,
        string mediaType = "application/json"
    ) => OnceAsync(() => Some.Answer(body, status, mediaType));

    public static async Task<TokenOutcome> OnceAsync(
        Func<HttpResponseMessage> answer,
        string secret = Some.Secret,
        TokenRequest? request = null
    )
    {
        var time = new FakeTimeProvider(Some.Noon);
        using var http = ScriptedHandler.Client(answer);
        var gate = new IssuerGate(new IssuerGateOptions(), time);
        return await new TokenEndpoint(http, gate, time).RequestAsync(
            Some.Endpoint,
            Some.Client(secret),
            request ?? Some.Request(),
            Some.Patience()
        );
    }
}
