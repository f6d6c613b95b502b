namespace OAuth.Tests;

/// <summary>A network of one answer at a time. It takes the request's content as a real one does, and keeps it.</summary>
internal sealed class ScriptedHandler(Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> answer) : HttpMessageHandler
{
    public ScriptedHandler(Func<HttpResponseMessage> answer)
        : this((_, _) => Task.FromResult(answer()))
    {
    }

    /// <summary>Path and form of every request.</summary>
    public List<(string Path, string Form, string? Authorization)> Requests { get; } = [];

    public static HttpClient Client(Func<HttpResponseMessage> answer) => new(new ScriptedHandler(answer));

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var form = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        lock (Requests)
        {
            Requests.Add((request.RequestUri!.AbsolutePath, form, request.Headers.Authorization?.ToString()));
        }

        return await answer(request, cancellationToken);
    }
}
