using System.Net;

namespace VismaOperator.Testing.ApiServer;

/// <summary>The API server refused a request of the test itself.</summary>
/// <param name="request">Method and path.</param>
/// <param name="status">The status code.</param>
/// <param name="body">What the server answered, usually a Kubernetes Status.</param>
public sealed class ApiException(string request, HttpStatusCode status, string body)
    : Exception($"{request} was answered {(int)status}: {body}")
{
    /// <summary>The status code.</summary>
    public HttpStatusCode Status { get; } = status;
}
