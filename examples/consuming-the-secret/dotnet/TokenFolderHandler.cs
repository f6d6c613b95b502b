using System.Net;

namespace Importer;

/// <summary>
/// Adds the Authorization header from a mounted token Secret. The file is read for each request: it is small, in memory, and replaced
/// by the kubelet whenever the operator renews the token. A 401 is answered by one more try where the token changed meanwhile.
/// </summary>
public sealed class TokenFolderHandler(string folder) : DelegatingHandler
{
    private const string HeaderName = "Authorization";

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var used = await AuthorizeAsync(request, cancellationToken);
        var response = await base.SendAsync(request, cancellationToken);
        if (response.StatusCode != HttpStatusCode.Unauthorized || request.Content is not null || used == await ReadAsync(cancellationToken))
        {
            return response;
        }

        response.Dispose();
        await AuthorizeAsync(request, cancellationToken);
        return await base.SendAsync(request, cancellationToken);
    }

    private async Task<string> AuthorizeAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var authorization = await ReadAsync(cancellationToken);
        request.Headers.Remove(HeaderName);
        request.Headers.Add(HeaderName, authorization);
        return authorization;
    }

    private Task<string> ReadAsync(CancellationToken cancellationToken) =>
        File.ReadAllTextAsync(Path.Combine(folder, "authorization"), cancellationToken);
}
