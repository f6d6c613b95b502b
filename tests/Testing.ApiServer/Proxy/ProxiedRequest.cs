namespace VismaOperator.Testing.ApiServer.Proxy;

/// <summary>One request that came to the proxy. What happens later (status, end) is filled in as it happens.</summary>
/// <param name="method">The HTTP method, in capitals.</param>
/// <param name="path">The path, without the query.</param>
/// <param name="query">The query with its question mark; empty where there is none.</param>
/// <param name="userAgent">Who asks; empty where the client does not say.</param>
/// <param name="started">When the request came.</param>
public sealed class ProxiedRequest(string method, string path, string query, string userAgent, DateTimeOffset started)
{
    private int status;
    private volatile bool ended;
    private volatile Fault? fault;

    /// <summary>The HTTP method, in capitals.</summary>
    public string Method { get; } = method;

    /// <summary>The path, without the query.</summary>
    public string Path { get; } = path;

    /// <summary>The query with its question mark; empty where there is none.</summary>
    public string Query { get; } = query;

    /// <summary>Who asks; empty where the client does not say.</summary>
    public string UserAgent { get; } = userAgent;

    /// <summary>When the request came.</summary>
    public DateTimeOffset Started { get; } = started;

    /// <summary>The context of the trace that it belongs to (header <c>traceparent</c>); empty without one.</summary>
    public string TraceParent { get; init; } = string.Empty;

    /// <summary>What was sent along with a trace (header <c>baggage</c>); empty without any.</summary>
    public string Baggage { get; init; } = string.Empty;

    /// <summary>Whether this is a watch, which stays open.</summary>
    public bool IsWatch { get; } =
        query.Contains("watch=true", StringComparison.Ordinal) || query.Contains("watch=1", StringComparison.Ordinal);

    /// <summary>Whether it asks for a change.</summary>
    public bool IsWrite => Method is not ("GET" or "HEAD" or "OPTIONS");

    /// <summary>The status code that the client was answered; null before that, and where it got no answer.</summary>
    public int? Status => Volatile.Read(ref status) is var code and not 0 ? code : null;

    /// <summary>Whether the proxy is done with it.</summary>
    public bool HasEnded => ended;

    /// <summary>The fault that met it, if any.</summary>
    public Fault? Fault => fault;

    /// <summary>For failure texts: what was asked and answered.</summary>
    public override string ToString() =>
        $"{Method} {Path}{Query} -> {Status?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "no answer"} ({UserAgent})";

    internal void Answered(int code) => Volatile.Write(ref status, code);

    internal void End() => ended = true;

    internal void MetBy(Fault met) => fault = met;
}
