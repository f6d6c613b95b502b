using System.Globalization;
using System.Net;
using System.Threading.Channels;
using Kubernetes.Client;
using Kubernetes.Client.Resources;

namespace Kubernetes.Controllers.Tests.Doubles;

/// <summary>
/// An API server that keeps one lease: versions, preconditions, and every write in order. A test may hold up or refuse requests.
/// </summary>
internal sealed class LeaseServer : TestClient
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

    public override async Task<T?> FindAsync<T>(NamespacedName name, CancellationToken cancellationToken)
        where T : class
    {
        await ArriveAsync("get", cancellationToken);
        return (T?)(object?)lease;
    }

    public override async Task<T> CreateAsync<T>(T resource, CancellationToken cancellationToken)
    {
        await ArriveAsync("create", cancellationToken);
        if (lease is not null)
        {
            throw new KubernetesException(HttpStatusCode.Conflict, "AlreadyExists", "exists");
        }

        return (T)(object)await StoreAsync((Lease)(object)resource, cancellationToken);
    }

    public override async Task<T> ReplaceAsync<T>(T resource, CancellationToken cancellationToken)
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
