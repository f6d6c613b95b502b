using System.Net;
using Kubernetes.Client.Access;

namespace Kubernetes.Client.Http;

/// <summary>Adds the credential to each request; after a 401 it renews the credential once and sends the request once more.</summary>
internal sealed class CredentialHandler(ClusterAccess access, ICredential credential) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.Host = access.TlsServerName; // the handler takes the name to verify, and SNI, from the Host header
        Impersonate(request);
        try
        {
            return await SendOnceOrTwiceAsync(request, cancellationToken);
        }
        catch (ClusterAccessException unavailable)
        {
            // To a caller this is a server that cannot be reached for now: a plugin or a file may be back a moment later.
            throw new HttpRequestException(unavailable.Message, unavailable);
        }
        catch (HttpRequestException failed) when (Cause(failed) is { } untrusted)
        {
            throw new HttpRequestException(failed.HttpRequestError, untrusted.Message, untrusted);
        }
        catch (HttpRequestException failed) when (failed.HttpRequestError == HttpRequestError.SecureConnectionError)
        {
            throw new HttpRequestException(
                failed.HttpRequestError,
                $"the TLS handshake with {access.Server} failed ({Innermost(failed).Message.TrimEnd('.')}): see whether an API server "
                + "speaks https at this address",
                failed);
        }
    }

    private async Task<HttpResponseMessage> SendOnceOrTwiceAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.Authorization = await credential.GetHeaderAsync(cancellationToken);
        var presented = credential.ClientCertificate;
        var response = await base.SendAsync(request, cancellationToken);
        if (response.StatusCode != HttpStatusCode.Unauthorized
            || !await credential.RenewAsync(request.Headers.Authorization, presented, cancellationToken))
        {
            return response;
        }

        response.Dispose();
        request.Headers.Authorization = await credential.GetHeaderAsync(cancellationToken);
        return await base.SendAsync(request, cancellationToken);
    }

    // The runtime says "see inner exception" of a server that the certificate check refused.
    private static ClusterAccessException? Cause(Exception failed) =>
        failed.InnerException is null ? null : failed.InnerException as ClusterAccessException ?? Cause(failed.InnerException);

    private static Exception Innermost(Exception failed) => failed.InnerException is null ? failed : Innermost(failed.InnerException);

    private void Impersonate(HttpRequestMessage request)
    {
        if (access.Impersonation is not { } impersonation)
        {
            return;
        }

        impersonation.AddTo(request);
        if (impersonation.RepeatsHeaders)
        {
            request.Version = HttpVersion.Version11;
            request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        }
    }
}
