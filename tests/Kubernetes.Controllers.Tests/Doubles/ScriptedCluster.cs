using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Kubernetes.Client;
using Kubernetes.Client.Resources;

namespace Kubernetes.Controllers.Tests.Doubles;

/// <summary>A cluster whose every answer the test gives: it takes the next request and answers, delays, cuts or refuses it.</summary>
internal sealed class ScriptedCluster : TestClient, IKubernetesClient
{
    private readonly Channel<PendingList> lists = Channel.CreateUnbounded<PendingList>();
    private readonly Channel<OpenWatch> watches = Channel.CreateUnbounded<OpenWatch>();

    public Task<PendingList> NextListAsync() => Wait.For(lists.Reader.ReadAsync());

    public Task<OpenWatch> NextWatchAsync() => Wait.For(watches.Reader.ReadAsync());

    public override async Task<ResourcePage<T>> ListPageAsync<T>(
        ResourceSelector selector,
        int limit,
        string? continueToken,
        CancellationToken cancellationToken
    )
    {
        var list = new PendingList(selector, limit, continueToken);
        lists.Writer.TryWrite(list);
        return (ResourcePage<T>)(object)await list.Answered.WaitAsync(cancellationToken);
    }

    /// <summary>True for a server of a version that streams lists.</summary>
    public bool StreamsLists { get; init; }

    /// <summary>What the question for the version ends with; null for an answer.</summary>
    public Exception? VersionFailure { get; set; }

    public ValueTask<bool> CanStreamListsAsync(CancellationToken cancellationToken) =>
        VersionFailure is null ? ValueTask.FromResult(StreamsLists) : ValueTask.FromException<bool>(VersionFailure);

    public override IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceSelector selector, string resourceVersion, CancellationToken cancellationToken) =>
        WatchAsync<T>(new OpenWatch(selector, resourceVersion), cancellationToken);

    /// <summary>As a watch of no version.</summary>
    public IAsyncEnumerable<WatchEvent<T>> ListAndWatchAsync<T>(ResourceSelector selector, CancellationToken cancellationToken)
        where T : class, IResource<T> => WatchAsync<T>(new OpenWatch(selector, string.Empty), cancellationToken);

    private async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        OpenWatch watch, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        watches.Writer.TryWrite(watch);
        await foreach (var line in watch.Lines.ReadAllAsync(cancellationToken))
        {
            yield return (WatchEvent<T>)(object)line;
            watch.WasDealtWith();
        }
    }

    /// <summary>A list request that waits for its answer.</summary>
    internal sealed record PendingList(ResourceSelector Selector, int Limit, string? ContinueToken)
    {
        private readonly TaskCompletionSource<ResourcePage<SecretMetadata>> answer = new(
            TaskCreationOptions.RunContinuationsAsynchronously
        );

        public Task<ResourcePage<SecretMetadata>> Answered => answer.Task;

        public void Answer(ResourcePage<SecretMetadata> page) => answer.SetResult(page);

        public void Refuse(Exception failure) => answer.SetException(failure);
    }

    /// <summary>A watch that is open.</summary>
    internal sealed record OpenWatch(ResourceSelector Selector, string ResourceVersion)
    {
        private readonly Channel<WatchEvent<SecretMetadata>> lines = Channel.CreateUnbounded<WatchEvent<SecretMetadata>>();

        private readonly Channel<bool> dealtWith = Channel.CreateUnbounded<bool>();

        public ChannelReader<WatchEvent<SecretMetadata>> Lines => lines.Reader;

        /// <summary>Whoever asks for the next line has dealt with the one before.</summary>
        public void WasDealtWith() => dealtWith.Writer.TryWrite(true);

        /// <summary>Returns once one more line was dealt with.</summary>
        public Task IsReadAsync() => Wait.For(dealtWith.Reader.ReadAsync());

        public void Apply(SecretMetadata resource) => lines.Writer.TryWrite(new WatchEvent<SecretMetadata>.Applied(resource));

        public void Delete(SecretMetadata resource) => lines.Writer.TryWrite(new WatchEvent<SecretMetadata>.Deleted(resource));

        public void Bookmark(string version) => lines.Writer.TryWrite(new WatchEvent<SecretMetadata>.Bookmark(version));

        public void EndInitialEvents(string version) =>
            lines.Writer.TryWrite(new WatchEvent<SecretMetadata>.Bookmark(version) { EndsInitialEvents = true });

        public void Close() => lines.Writer.Complete();

        public void Break(Exception failure) => lines.Writer.Complete(failure);
    }
}
