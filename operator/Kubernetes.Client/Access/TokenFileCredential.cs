using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;

namespace Kubernetes.Client.Access;

/// <summary>A token that something else keeps fresh in a file: the kubelet for a service account, or the user's own tool.</summary>
internal sealed class TokenFileCredential(string path, TimeProvider clock) : ICredential, IDisposable
{
    // The shortest token that the API server issues lives 10 minutes, and the kubelet replaces it once 80 % have passed, 2 minutes
    // before the end. A value that was read up to a minute ago is therefore still good, and the file is read once a minute.
    private static readonly TimeSpan RereadAfter = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim gate = new(1); // one reader of the file at a time; guards both fields
    private AuthenticationHeaderValue? header;
    private long readAt;

    public X509Certificate2? ClientCertificate => null;

    public async ValueTask<AuthenticationHeaderValue?> GetHeaderAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (header is null || clock.GetElapsedTime(readAt) >= RereadAfter)
            {
                await ReadAsync(cancellationToken);
            }

            return header;
        }
        finally
        {
            gate.Release();
        }
    }

    public async ValueTask<bool> RenewAsync(AuthenticationHeaderValue? refused, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            await ReadAsync(cancellationToken);
            return !Equals(header, refused);
        }
        finally
        {
            gate.Release();
        }
    }

    public void Dispose() => gate.Dispose();

    // While the file is being replaced it can be missing or empty for a moment: the value that was read before still serves.
    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        var (token, problem) = await TryReadAsync(cancellationToken);
        if (token.Length > 0)
        {
            header = new AuthenticationHeaderValue("Bearer", token);
            readAt = clock.GetTimestamp();
        }
        else if (header is null)
        {
            throw new ClusterAccessException($"token file {path} {problem}: check that the service account token is mounted, or the tokenFile of the kubeconfig.");
        }
    }

    private async Task<(string Token, string Problem)> TryReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return ((await File.ReadAllTextAsync(path, cancellationToken)).Trim(), "is empty");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return (string.Empty, $"cannot be read ({unreadable.Message})");
        }
    }
}
