using System.Security.Authentication;

namespace OAuth;

/// <summary>One sentence for a failed exchange. Texts of the platform are quoted only where they cannot hold a credential.</summary>
internal static class WireFailureText
{
    public static string For(Exception exception)
    {
        if (Find<HostNotAllowedException>(exception) is { } refused)
        {
            return refused.Message;
        }

        return exception switch
        {
            HttpRequestException http => For(http.HttpRequestError, exception),
            HttpIOException io => For(io.HttpRequestError, exception),
            OperationCanceledException => "could not connect in time",
            _ => "the connection was lost before the answer was complete",
        };
    }

    private static string For(HttpRequestError error, Exception exception) => error switch
    {
        HttpRequestError.NameResolutionError => "the host name could not be resolved",
        HttpRequestError.ConnectionError => "could not connect",
        HttpRequestError.SecureConnectionError => "the TLS handshake failed" + Detail(exception),
        HttpRequestError.ProxyTunnelError => "the proxy refused the connection",
        HttpRequestError.ResponseEnded => "the connection was closed before the answer was complete",
        HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError => "the answer is not HTTP",
        HttpRequestError.ConfigurationLimitExceeded => "the headers of the answer are too large",
        _ => "the connection was lost before the answer was complete",
    };

    /// <summary>The reason of a failed handshake, for example an unknown authority: it is about certificates only.</summary>
    private static string Detail(Exception exception) =>
        Find<AuthenticationException>(exception) is { } reason ? ": " + PrintableText.Cut(reason.Message, 160) : "";

    private static T? Find<T>(Exception? exception) where T : Exception
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is T found)
            {
                return found;
            }
        }

        return null;
    }
}
