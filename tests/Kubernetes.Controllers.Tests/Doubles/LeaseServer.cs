using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Kubernetes.Client;
using Kubernetes.Client.Resources;

namespace Kubernetes.Controllers.Tests.Doubles;

/// <summary>
/// An API server that keeps one lease: versions, preconditions, and every write in order. A test may hold up or refuse requests.
/// </summary>
internal sealed class LeaseServer : IKubernetesClient
{
    private readonly Lock gate = new();
    private readonly Channel<Lease> writes = Channel.CreateUnbounded<Lease>();
    private readonly Channel<string> requests = Channel.CreateUnbounded<string>();
    private Lease? lease;
    private long version;

    /// <summary>Runs before each request; throws to refuse, waits to delay.</summary>
    public Func<string, CancellationToken, Task> Before { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Runs after a write was stored and before its answer.</summary>
    public Func<CancellationToken, Task> BeforeAnswer { get; set; } = _ => Task.CompletedTask;

    public string? Holder => lease?.Spec.HolderIdentity;

    public long Version => version;

    public Task<Lease> NextWriteAsync() => Wait.For(writes.Reader.ReadAsync());

    public Task<string> NextRequestAsync() => Wait.For(requests.Reader.ReadAsync());

    /// <summary>Somebody else writes, as with kubectl.</summary>
    public void Change(Func<Lease, Lease> change) => Store(change(lease!));

    public void Remove() => lease = null;

    public async Task<T?> FindAsync<T>(NamespacedName name, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        await ArriveAsync("get", cancellationToken);
        return (T?)(object?)lease;
    }

    public async Task<T> CreateAsync<T>(T resource, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        await ArriveAsync("create", cancellationToken);
        if (lease is not null)
        {
            throw new KubernetesException(HttpStatusCode.Conflict, "AlreadyExists", "exists");
        }

        return (T)(object)await StoreAsync((Lease)(object)resource, cancellationToken);
    }

    public async Task<T> ReplaceAsync<T>(T resource, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        await ArriveAsync("replace", cancellationToken);
        if (lease is null)
        {
            throw new KubernetesException(HttpStatusCode.NotFound, "NotFound", "gone");
        }

        if (resource.Metadata.ResourceVersion != lease.Metadata.ResourceVersion)
        {
            throw Some.Conflict;
        }

        return (T)(object)await StoreAsync((Lease)(object)resource, cancellationToken);
    }

    public Task<ResourcePage<T>> ListPageAsync<T>(
        ResourceSelector selector,
        int limit,
        string? continueToken,
        CancellationToken cancellationToken
    )
        where T : class, IResource<T> => throw new NotSupportedException();

    public IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceSelector selector,
        string resourceVersion,
        CancellationToken cancellationToken
    )
        where T : class, IResource<T> => throw new NotSupportedException();

    public Task<T> PatchAsync<T>(NamespacedName name, JsonObject mergePatch, CancellationToken cancellationToken)
        where T : class, IResource<T> => throw new NotSupportedException();

    public Task<T> PatchStatusAsync<T>(NamespacedName name, JsonObject mergePatch, CancellationToken cancellationToken)
        where T : class, IResource<T> => throw new NotSupportedException();

    public Task DeleteAsync<T>(NamespacedName name, DeletePreconditions? preconditions, CancellationToken cancellationToken)
        where T : class, IResource<T> => throw new NotSupportedException();

    private async Task ArriveAsync(string verb, CancellationToken cancellationToken)
    {
        requests.Writer.TryWrite(verb);
        await Before(verb, cancellationToken);
    }

    private async Task<Lease> StoreAsync(Lease written, CancellationToken cancellationToken)
    {
        var stored = Store(written);
        await BeforeAnswer(cancellationToken);
        return stored;
    }

    private Lease Store(Lease written)
    {
        lock (gate)
        {
            version++;
            lease = written.WithMetadata(
                written.Metadata with
                {
                    ResourceVersion = version.ToString(CultureInfo.InvariantCulture),
                    Uid = "lease-uid",
                }
            );
            writes.Writer.TryWrite(lease);
            return lease;
        }
    }
}
