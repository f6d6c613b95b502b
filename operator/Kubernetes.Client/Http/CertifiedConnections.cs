using System.Security.Cryptography.X509Certificates;
using Kubernetes.Client.Access;

namespace Kubernetes.Client.Http;

/// <summary>
/// The connections to the API server, opened with the newest client certificate. When there is another one, or the one in use ends,
/// requests go to new connections at once, as with client-go. Requests that are under way finish on the connection that they began on;
/// watches, which can last for ten minutes, are asked by <see cref="EndOf"/> to end.
/// </summary>
/// <param name="open">Makes the handler that opens connections with the given certificate.</param>
/// <param name="credential">Knows the newest certificate.</param>
/// <param name="clock">Says when a certificate ends.</param>
internal sealed class CertifiedConnections(
    Func<X509Certificate2?, HttpMessageHandler> open,
    ICredential credential,
    TimeProvider clock
) : HttpMessageHandler
{
    private static readonly HttpRequestOptionsKey<CancellationToken> endKey = new("EndOfConnection");

    private readonly Lock gate = new(); // guards the current connections and every count of users
    private Connections? current;
    private bool isDisposed;

    /// <summary>Cancelled when the connection that served this request must not be used any more.</summary>
    public static CancellationToken EndOf(HttpRequestMessage request) => request.Options.TryGetValue(endKey, out var end) ? end : default;

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var connections = Enter();
        try
        {
            request.Options.Set(endKey, connections.End);
            return await connections.Invoker.SendAsync(request, cancellationToken);
        }
        finally
        {
            Leave(connections);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        Connections? last;
        lock (gate)
        {
            isDisposed = true;
            (last, current) = (current, null);
        }

        last?.Dispose();
        base.Dispose(disposing);
    }

    private Connections Enter()
    {
        var newest = credential.ClientCertificate;
        Connections? replaced = null;
        Connections entered;
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            if (current is null || current.End.IsCancellationRequested || !Certificates.AreSame(current.Certificate, newest))
            {
                (replaced, current) = (current, new Connections(newest, new HttpMessageInvoker(open(newest)), clock));
            }

            entered = current;
            entered.Users++;
        }

        Retire(replaced);
        return entered;
    }

    private void Leave(Connections connections)
    {
        lock (gate)
        {
            connections.Users--;
        }

        DisposeIfUnused(connections);
    }

    private void Retire(Connections? replaced)
    {
        if (replaced is null)
        {
            return;
        }

        replaced.Stop(); // outside the lock, since the waiters for the end run at once
        lock (gate)
        {
            replaced.IsRetired = true;
        }

        DisposeIfUnused(replaced);
    }

    // A handler that was disposed takes no request; what it is reading it reads to the end.
    private void DisposeIfUnused(Connections connections)
    {
        bool isUnused;
        lock (gate)
        {
            isUnused = connections.IsRetired && connections.Users == 0;
        }

        if (isUnused)
        {
            connections.Dispose();
        }
    }

    private sealed class Connections : IDisposable
    {
        private readonly Deadline end;

        public Connections(X509Certificate2? certificate, HttpMessageInvoker invoker, TimeProvider clock)
        {
            Certificate = certificate;
            Invoker = invoker;
            end = Deadline.Unset(clock);
            // One that is out of date by our clock may be good by the server's: its answer counts.
            if (certificate is not null && new DateTimeOffset(certificate.NotAfter) - clock.GetUtcNow() is { Ticks: > 0 } left)
            {
                end.Set(left);
            }

            End = end.Token;
        }

        public X509Certificate2? Certificate { get; }

        public HttpMessageInvoker Invoker { get; }

        public CancellationToken End { get; }

        public int Users { get; set; }

        public bool IsRetired { get; set; }

        public void Stop() => end.Cancel();

        public void Dispose()
        {
            Invoker.Dispose();
            end.Dispose();
        }
    }
}
