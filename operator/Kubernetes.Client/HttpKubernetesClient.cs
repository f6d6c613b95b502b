using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Kubernetes.Client.Http;

namespace Kubernetes.Client;

/// <summary>
/// The REST API of a real cluster. It does not repeat failed requests: the callers know whether a repetition is safe,
/// and have the backoff. Thread-safe.
/// </summary>
/// <param name="http">The connections; owned by the caller.</param>
/// <param name="clock">Times requests and watches, and reads a <c>Retry-After</c> date.</param>
/// <param name="random">A random number in [0, 1); spreads the ends of watches.</param>
public sealed class HttpKubernetesClient(KubernetesHttp http, TimeProvider clock, Func<double> random) : IKubernetesClient
{
    private static readonly MediaTypeHeaderValue jsonType = new("application/json");
    private static readonly MediaTypeHeaderValue mergePatchType = new("application/merge-patch+json");

    private readonly ApiFailure failure = new(clock);
    private readonly StreamingSupport streaming = new(clock);

    /// <inheritdoc/>
    public async Task<T?> FindAsync<T>(NamespacedName name, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        try
        {
            return await SendAsync<T>(HttpMethod.Get, ResourcePath.Of(T.ResourceKind, name), name, null, cancellationToken);
        }
        catch (KubernetesException missing) when (missing.Reason == "NotFound")
        {
            // A 404 without a Status means that the path itself is unknown, as when the CRD is not installed: that stays an error.
            return null;
        }
    }

    /// <inheritdoc/>
    public async Task<ResourcePage<T>> ListPageAsync<T>(
        ResourceSelector selector,
        int limit,
        string? continueToken,
        CancellationToken cancellationToken
    )
        where T : class, IResource<T>
    {
        var request = ResourceRequest.About(HttpMethod.Get, T.ResourceKind, selector);
        using var message = Message(HttpMethod.Get, ResourcePath.Page(T.ResourceKind, selector, limit, continueToken), Accept.List<T>());
        return await AnswerAsync(message, request, ListReader.ReadAsync<T>, cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceSelector selector,
        string resourceVersion,
        CancellationToken cancellationToken
    )
        where T : class, IResource<T> => StreamAsync<T>(selector, resourceVersion, isKnown: null, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceSelector selector,
        string resourceVersion,
        Func<NamespacedName, string, bool> isKnown,
        CancellationToken cancellationToken
    )
        where T : class, IResource<T> => StreamAsync<T>(selector, resourceVersion, isKnown, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<WatchEvent<T>> ListAndWatchAsync<T>(ResourceSelector selector, CancellationToken cancellationToken)
        where T : class, IResource<T> => StreamAsync<T>(selector, resourceVersion: null, isKnown: null, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<bool> CanStreamListsAsync(CancellationToken cancellationToken) =>
        streaming.IsServedAsync(FindVersionAsync, cancellationToken);

    private async Task<ServerVersion> FindVersionAsync(CancellationToken cancellationToken)
    {
        var kind = new ResourceKind(string.Empty, string.Empty, "version", "version", IsNamespaced: false);
        using var message = Message(HttpMethod.Get, kind.Plural, Accept.Json);
        return await AnswerAsync(
            message,
            new ResourceRequest(HttpMethod.Get, kind, "of the server"),
            static (response, limit, token) => AnswerBody.ReadAsync(
                response,
                limit,
                static json => JsonSerializer.Deserialize(json, ApiJsonContext.Default.ServerVersion)
                    ?? throw new JsonException("The version is null."),
                token
            ),
            cancellationToken
        );
    }

    private async Task<HttpResponseMessage> OpenStreamAsync(
        HttpRequestMessage message,
        ResourceRequest request,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await OpenWatchAsync(message, request, cancellationToken);
        }
        catch (KubernetesException refused) when (refused.StatusCode is HttpStatusCode.UnprocessableEntity or HttpStatusCode.BadRequest)
        {
            streaming.Refused();
            throw;
        }
    }

    private async IAsyncEnumerable<WatchEvent<T>> StreamAsync<T>(
        ResourceSelector selector,
        string? resourceVersion,
        Func<NamespacedName, string, bool>? isKnown,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
        where T : class, IResource<T>
    {
        var request = ResourceRequest.About(HttpMethod.Get, T.ResourceKind, selector);
        var timeout = KubernetesHttpOptions.WatchTimeout * (1 + random());
        using var message = Message(
            HttpMethod.Get,
            ResourcePath.Watch(T.ResourceKind, selector, resourceVersion, timeout),
            Accept.One<T>()
        );
        using var response = resourceVersion is null
            ? await OpenStreamAsync(message, request, cancellationToken)
            : await OpenWatchAsync(message, request, cancellationToken);
        using var watchdog = new Watchdog(
            timeout + KubernetesHttpOptions.WatchMargin,
            clock,
            cancellationToken,
            CertifiedConnections.EndOf(message)
        );
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var events = WatchStream
            .ReadAsync<T>(body, request, http.Options.MaxAnswerSize, isKnown, watchdog.Heard, watchdog.Token)
            .GetAsyncEnumerator(CancellationToken.None);
        await using (events.ConfigureAwait(false))
        {
            while (await MoveNextAsync(events, watchdog, request))
            {
                yield return events.Current;
            }
        }
    }

    /// <inheritdoc/>
    public Task<T> CreateAsync<T>(T resource, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        var name = resource.Metadata.NamespacedName;
        return WriteAsync<T>(
            HttpMethod.Post,
            ResourcePath.CollectionOf(T.ResourceKind, name),
            name,
            Content(resource, T.JsonTypeInfo),
            cancellationToken
        );
    }

    /// <inheritdoc/>
    public Task<T> ReplaceAsync<T>(T resource, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        var name = resource.Metadata.NamespacedName;
        return WriteAsync<T>(
            HttpMethod.Put,
            ResourcePath.Of(T.ResourceKind, name),
            name,
            Content(resource, T.JsonTypeInfo),
            cancellationToken
        );
    }

    /// <inheritdoc/>
    public Task<T> PatchAsync<T>(NamespacedName name, JsonObject mergePatch, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        WriteAsync<T>(HttpMethod.Patch, ResourcePath.Of(T.ResourceKind, name), name, Content(mergePatch), cancellationToken);

    /// <inheritdoc/>
    public Task<T> PatchStatusAsync<T>(NamespacedName name, JsonObject mergePatch, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        WriteAsync<T>(HttpMethod.Patch, ResourcePath.StatusOf(T.ResourceKind, name), name, Content(mergePatch), cancellationToken);

    /// <inheritdoc/>
    public async Task<T> PatchStatusAsync<T>(T wanted, ReadOnlyMemory<byte> mergePatch, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        MetadataOnly.RefuseWrite<T>();
        var name = wanted.Metadata.NamespacedName;
        using var message = Message(HttpMethod.Patch, ResourcePath.StatusOf(T.ResourceKind, name), Accept.MetadataElseAll);
        message.Content = new ReadOnlyMemoryContent(mergePatch) { Headers = { ContentType = mergePatchType } };
        var version = await AnswerAsync(
            message,
            ResourceRequest.About(HttpMethod.Patch, T.ResourceKind, name),
            static (response, limit, token) => AnswerBody.ReadAsync(response, limit, VersionedObject.VersionOf, token),
            cancellationToken
        );
        return wanted.WithMetadata(wanted.Metadata with { ResourceVersion = version });
    }

    /// <inheritdoc/>
    public async Task DeleteAsync<T>(NamespacedName name, DeletePreconditions? preconditions, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        var request = ResourceRequest.About(HttpMethod.Delete, T.ResourceKind, name);
        using var message = Message(HttpMethod.Delete, ResourcePath.Of(T.ResourceKind, name), Accept.Json);
        message.Content = Content(new DeleteOptions { Preconditions = preconditions }, ApiJsonContext.Default.DeleteOptions);
        await AnswerAsync(message, request, ReadNothingAsync, cancellationToken);
    }

    private static HttpRequestMessage Message(HttpMethod method, string path, string accept)
    {
        var message = new HttpRequestMessage(method, path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        message.Headers.TryAddWithoutValidation("Accept", accept);
        return message;
    }

    private static ByteArrayContent Content<TBody>(TBody body, JsonTypeInfo<TBody> type) =>
        new(JsonSerializer.SerializeToUtf8Bytes(body, type)) { Headers = { ContentType = jsonType } };

    private static ByteArrayContent Content(JsonObject mergePatch) =>
        new(JsonSerializer.SerializeToUtf8Bytes(mergePatch, ApiJsonContext.Default.JsonObject))
        {
            Headers = { ContentType = mergePatchType },
        };

    private Task<T> WriteAsync<T>(
        HttpMethod method,
        string path,
        NamespacedName name,
        HttpContent content,
        CancellationToken cancellationToken
    )
        where T : class, IResource<T>
    {
        MetadataOnly.RefuseWrite<T>();
        return SendAsync<T>(method, path, name, content, cancellationToken);
    }

    private async Task<T> SendAsync<T>(
        HttpMethod method,
        string path,
        NamespacedName name,
        HttpContent? content,
        CancellationToken cancellationToken
    )
        where T : class, IResource<T>
    {
        using var message = Message(method, path, Accept.One<T>());
        message.Content = content;
        return await AnswerAsync(
            message,
            ResourceRequest.About(method, T.ResourceKind, name),
            ReadResourceAsync<T>,
            cancellationToken
        );
    }

    private static Task<T> ReadResourceAsync<T>(HttpResponseMessage response, int limit, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        AnswerBody.ReadAsync(
            response,
            limit,
            static json => JsonSerializer.Deserialize(json, T.JsonTypeInfo) ?? throw new JsonException("The answer is null."),
            cancellationToken
        );

    private static Task<bool> ReadNothingAsync(HttpResponseMessage response, int limit, CancellationToken cancellationToken) =>
        AnswerBody.ReadAsync(response, limit, static _ => true, cancellationToken);

    /// <summary>Sends an ordinary request within its time limit and reads the answer to its end, up to a limit in bytes.</summary>
    private async Task<TAnswer> AnswerAsync<TAnswer>(
        HttpRequestMessage message,
        ResourceRequest request,
        Func<HttpResponseMessage, int, CancellationToken, Task<TAnswer>> read,
        CancellationToken cancellationToken
    )
    {
        using var timeLimit = new TimeLimit(KubernetesHttpOptions.RequestTimeout, clock, cancellationToken);
        try
        {
            using var response = await http.Requests.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, timeLimit.Token);
            await ThrowOnErrorAsync(response, request, timeLimit.Token);
            return await read(response, http.Options.MaxAnswerSize, timeLimit.Token);
        }
        catch (OperationCanceledException) when (timeLimit.IsOver)
        {
            throw timeLimit.Exceeded(request);
        }
        catch (Exception unreadable) when (unreadable is JsonException or FormatException or InvalidOperationException)
        {
            throw new HttpRequestException(
                HttpRequestError.InvalidResponse,
                $"{request}: the answer is no readable {request.Kind.Kind} (the inner exception says where); is {http.Access.Server} a "
                + "Kubernetes API server?",
                unreadable
            );
        }
    }

    private async Task<HttpResponseMessage> OpenWatchAsync(
        HttpRequestMessage message,
        ResourceRequest request,
        CancellationToken cancellationToken
    )
    {
        using var timeLimit = new TimeLimit(KubernetesHttpOptions.RequestTimeout, clock, cancellationToken);
        HttpResponseMessage? response = null;
        try
        {
            response = await http.Watches.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, timeLimit.Token);
            await ThrowOnErrorAsync(response, request, timeLimit.Token);
            return response;
        }
        catch (Exception failed)
        {
            response?.Dispose();
            throw failed is OperationCanceledException && timeLimit.IsOver ? timeLimit.Exceeded(request) : failed;
        }
    }

    private async Task ThrowOnErrorAsync(HttpResponseMessage response, ResourceRequest request, CancellationToken cancellationToken)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw await failure.FromAnswerAsync(response, request, cancellationToken);
        }
    }

    private static async Task<bool> MoveNextAsync<T>(IAsyncEnumerator<WatchEvent<T>> events, Watchdog watchdog, ResourceRequest request)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (OperationCanceledException) when (watchdog.IsOver)
        {
            return false; // as if the server had ended it: the next watch goes on from here, on a new connection
        }
        catch (Exception cut) when (watchdog.HasBarked && cut is OperationCanceledException or IOException)
        {
            throw new IOException($"{request}: the watch was silent for longer than the server's own time limit and was cut.", cut);
        }
    }

    /// <summary>
    /// What answers are asked for
    /// (<see href="https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables"/>, alternate
    /// representations).
    /// </summary>
    private static class Accept
    {
        public const string Json = "application/json";

        /// <summary>A server that cannot leave the rest out answers the whole object.</summary>
        public const string MetadataElseAll = $"{Metadata},{Json}";

        private const string Metadata = $"{Json};as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

        public static string One<T>()
            where T : class, IResource<T> => T.IsMetadataOnly ? Metadata : Json;

        public static string List<T>()
            where T : class, IResource<T> => T.IsMetadataOnly ? $"{Json};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1" : Json;
    }
}
