using System.Net.Http.Headers;

namespace Kubernetes.Client.Access;

/// <summary>A token that something else keeps fresh in a file: the kubelet for a service account, or the user's own tool.</summary>
internal sealed class TokenFileCredential(string path, TimeProvider clock) : RenewedCredential
{
    // The shortest token that the API server issues lives 10 minutes, and the kubelet replaces it once 80 % have passed, 2 minutes
    // before the end. A value that was read up to a minute ago is therefore still good, and the file is read once a minute.
    private static readonly TimeSpan RereadAfter = TimeSpan.FromMinutes(1);

    private long? readAt;

    protected override bool IsStale => readAt is not { } instant || clock.GetElapsedTime(instant) >= RereadAfter;

    // While the file is being replaced it can be missing or empty for a moment: the value that was read before still serves.
    protected override async Task<AuthenticationHeaderValue?> ObtainAsync(AuthenticationHeaderValue? present, CancellationToken cancellationToken)
    {
        var (token, problem) = await TryReadAsync(cancellationToken);
        if (token.Length == 0)
        {
            return present ?? throw new ClusterAccessException($"token file {path} {problem}: check that the service account token is mounted, or the tokenFile of the kubeconfig.");
        }

        readAt = clock.GetTimestamp();
        return new AuthenticationHeaderValue("Bearer", token);
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
