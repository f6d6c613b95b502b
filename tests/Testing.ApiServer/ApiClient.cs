using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using VismaOperator.Testing.ApiServer.Cluster;

namespace VismaOperator.Testing.ApiServer;

/// <summary>
/// The Kubernetes API as tests use it: paths and JSON, nothing cached, nothing retried. It is deliberately not the operator's
/// client, so that an error in that one cannot hide itself. Paths begin with a slash and may carry a query.
/// </summary>
public sealed class ApiClient : IDisposable
{
    private readonly HttpClient http;

    private ApiClient(Uri server, HttpMessageHandler handler)
    {
        http = new HttpClient(handler) { BaseAddress = server, DefaultRequestVersion = HttpVersion.Version20 };
        http.DefaultRequestHeaders.UserAgent.ParseAdd("visma-operator-tests");
    }

    /// <summary>A client that speaks as the current context of a kubeconfig says.</summary>
    public static ApiClient FromKubeconfig(string path) => From(ClusterAccess.Load(path));

    internal static ApiClient From(ClusterAccess access) => new(access.Server, access.CreateHandler());

    /// <summary>The object or list; null when there is none (404).</summary>
    /// <exception cref="ApiException">Any other refusal.</exception>
    public async Task<JsonNode?> FindAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, path, body: null, cancellationToken);
        return response.StatusCode == HttpStatusCode.NotFound ? null : await ReadAsync(response, cancellationToken);
    }

    /// <summary>The object or list, which must be there.</summary>
    /// <exception cref="ApiException">A refusal, 404 included.</exception>
    public async Task<JsonNode> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, path, body: null, cancellationToken);
        return await ReadAsync(response, cancellationToken);
    }

    /// <summary>An answer that is no JSON, for example <c>/metrics</c>.</summary>
    /// <exception cref="ApiException">A refusal.</exception>
    public async Task<string> GetTextAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await http.GetAsync(new Uri(path, UriKind.Relative), cancellationToken);
        await EnsureSuccessAsync(response, cancellationToken);
        return await response.Content.ReadAsStringAsync(cancellationToken);
    }

    /// <summary>Creates an object in a collection, for example <c>/api/v1/namespaces/a/secrets</c>.</summary>
    /// <exception cref="ApiException">A refusal, for example 409 where the name is taken.</exception>
    public Task<JsonNode> CreateAsync(string collection, JsonNode body, CancellationToken cancellationToken) =>
        ExchangeAsync(HttpMethod.Post, collection, Json(body), cancellationToken);

    /// <summary>Replaces an object, or its status where the path ends so.</summary>
    /// <exception cref="ApiException">A refusal.</exception>
    public Task<JsonNode> ReplaceAsync(string path, JsonNode body, CancellationToken cancellationToken) =>
        ExchangeAsync(HttpMethod.Put, path, Json(body), cancellationToken);

    /// <summary>Applies a JSON merge patch (RFC 7386).</summary>
    /// <exception cref="ApiException">A refusal.</exception>
    public Task<JsonNode> PatchAsync(string path, JsonNode mergePatch, CancellationToken cancellationToken) =>
        ExchangeAsync(HttpMethod.Patch, path, Json(mergePatch, "application/merge-patch+json"), cancellationToken);

    /// <summary>Deletes an object; one that is already gone is no error.</summary>
    /// <exception cref="ApiException">Any other refusal.</exception>
    public async Task DeleteAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Delete, path, body: null, cancellationToken);
        if (response.StatusCode != HttpStatusCode.NotFound)
        {
            await ReadAsync(response, cancellationToken);
        }
    }

    /// <summary>The lines of a watch, each one event, until the server or the caller ends it.</summary>
    /// <exception cref="ApiException">The watch was refused.</exception>
    public async IAsyncEnumerable<JsonNode> WatchAsync(
        string path, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, path, body: null, cancellationToken);
        await EnsureSuccessAsync(response, cancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            yield return JsonNode.Parse(line)!;
        }
    }

    /// <summary>The server's version, for example 1.20. Distributions may add signs behind the numbers, which are left out.</summary>
    public async Task<Version> GetServerVersionAsync(CancellationToken cancellationToken)
    {
        var version = await GetAsync("/version", cancellationToken);
        return new Version(Number("major"), Number("minor"));

        int Number(string member) =>
            int.Parse(version[member]!.GetValue<string>().TrimEnd('+'), System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Whether the server says that it is ready; a server that cannot be reached is not.</summary>
    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var response = await http.GetAsync(new Uri("/readyz", UriKind.Relative), cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private async Task<JsonNode> ExchangeAsync(HttpMethod method, string path, HttpContent body, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(method, path, body, cancellationToken);
        return await ReadAsync(response, cancellationToken);
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        string path,
        HttpContent? body,
        CancellationToken cancellationToken
    )
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    private static async Task<JsonNode> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await EnsureSuccessAsync(response, cancellationToken);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))!;
    }

    private static async Task EnsureSuccessAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (!response.IsSuccessStatusCode)
        {
            var request = $"{response.RequestMessage?.Method} {response.RequestMessage?.RequestUri?.PathAndQuery}";
            throw new ApiException(request, response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
        }
    }

    private static StringContent Json(JsonNode body, string mediaType = "application/json") =>
        new(body.ToJsonString(), Encoding.UTF8, mediaType);
}
