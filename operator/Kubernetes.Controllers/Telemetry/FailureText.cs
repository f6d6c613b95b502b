using System.Text;
using Kubernetes.Client;
using Kubernetes.Client.Access;

namespace Kubernetes.Controllers.Telemetry;

/// <summary>
/// What a log may say of an exception. Only messages from the API server and the network are quoted; any other message may repeat
/// the value that it complains about ("The input string '...' was not in a correct format"), and that value may be a secret. Of those the
/// types and the stack remain, which find a bug just as well.
/// </summary>
public static class FailureText
{
    /// <summary>The text.</summary>
    public static string Of(Exception exception) => exception switch
    {
        KubernetesException error => $"API server: {(int)error.StatusCode} {error.Reason}: {error.Message}",
        HttpRequestException or IOException => $"API server not reachable: {exception.Message}",
        ClusterAccessException => exception.Message,
        OperationCanceledException or TimeoutException => "no answer in time",
        _ => TypesAndStack(exception),
    };

    /// <summary>The same in one line: of what may repeat a secret the types remain, and the method that threw.</summary>
    public static string InOneLine(Exception exception) =>
        exception switch
        {
            KubernetesException
            or HttpRequestException
            or IOException
            or ClusterAccessException
            or OperationCanceledException
            or TimeoutException => Of(exception).ReplaceLineEndings(" "),
            _ => TypesAndMethod(exception),
        };

    private static string TypesAndMethod(Exception exception)
    {
        var (types, innermost) = (exception.GetType().FullName, exception);
        while (innermost.InnerException is { } inner)
        {
            types += " caused by " + inner.GetType().FullName;
            innermost = inner;
        }

        var thrownAt = innermost.StackTrace?.Split('\n').FirstOrDefault()?.Split(" in ")[0].Trim();
        return string.IsNullOrEmpty(thrownAt) ? types! : $"{types} {thrownAt}";
    }

    private static string TypesAndStack(Exception exception)
    {
        var text = new StringBuilder();
        for (var current = exception; current is not null; current = current.InnerException)
        {
            text.Append(current.GetType().FullName).Append('\n').Append(current.StackTrace).Append('\n');
        }

        return text.ToString().TrimEnd();
    }
}
