using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;

namespace Kubernetes.Client.Access;

/// <summary>A token that something else keeps fresh in a file: the kubelet for a service account, or the user's own tool.</summary>
/// <param name="path">The file.</param>
/// <param name="origin">Who names the file, for messages.</param>
/// <param name="clock">Says when to read again.</param>
internal sealed class TokenFileCredential(string path, string origin, TimeProvider clock) : RenewedCredential
{
    // The shortest token that the API server issues lives 10 minutes, and the kubelet replaces it once 80 % have passed, 2 minutes
    // before the end. A value that was read up to a minute ago is therefore still good, and the file is read once a minute.
    private static readonly TimeSpan rereadAfter = TimeSpan.FromMinutes(1);

    private long? readAt;

    /// <summary>Used while the file cannot be read: the <c>token</c> beside a <c>tokenFile</c>.</summary>
    public AuthenticationHeaderValue? Fallback { get; init; }

    /// <summary>The certificate to present beside the token; null for none.</summary>
    public X509Certificate2? Fixed { get; init; }

    public override X509Certificate2? ClientCertificate => Fixed;

    protected override bool IsStale => readAt is not { } instant || clock.GetElapsedTime(instant) >= rereadAfter;

    // While the file is being replaced it can be missing or empty for a moment: the value that was read before still serves.
    protected override async Task<AuthenticationHeaderValue?> ObtainAsync(
        AuthenticationHeaderValue? present,
        CancellationToken cancellationToken
    )
    {
        var (token, problem) = await TryReadAsync(cancellationToken);
        if (token.Length == 0)
        {
            return present ?? Fallback ?? throw new ClusterAccessException(
                $"the token file {path} of {origin} {problem}: check the path, and what writes the file.");
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
