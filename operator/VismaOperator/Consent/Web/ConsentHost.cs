using Microsoft.AspNetCore.Server.Kestrel.Core;
using VismaOperator.Consent.Flow;
using VismaOperator.Reporting;

namespace VismaOperator.Consent.Web;

/// <summary>What the consent pages are served with.</summary>
/// <param name="PublicUrl">Where people reach them, without a slash at the end.</param>
/// <param name="Port">TCP port on all addresses; 0 for any free one.</param>
internal sealed record ConsentHostOptions(Uri PublicUrl, int Port)
{
    /// <summary>Requests that one address may send at once.</summary>
    public int Burst { get; init; } = 100;

    /// <summary>Requests that one address may go on sending a second.</summary>
    public int PerSecond { get; init; } = 10;
}

/// <summary>
/// The web server of the consent pages, on a port of its own, so that publishing them publishes neither health nor metrics. Runs on every
/// replica, leader or not.
/// </summary>
internal sealed class ConsentHost : IAsyncDisposable
{
    // As long as reconciles have: a person may come back from the provider at this moment.
    private static readonly TimeSpan stopDeadline = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan headersTimeout = TimeSpan.FromSeconds(10);

    // Idle connections count towards the limit of connections, and one address can hold many.
    private static readonly TimeSpan keepAliveTimeout = TimeSpan.FromSeconds(10);

    private const int MaxConnections = 512;
    private const int MaxBody = 4 * 1024;

    private readonly EmptyWebHost http;
    private readonly ConsentHostOptions options;
    private readonly RequestLimit limit;

    private ConsentHost(EmptyWebHost http, ConsentHostOptions options, RequestLimit limit)
    {
        this.http = http;
        this.options = options;
        this.limit = limit;
    }

    /// <summary>The port that is served once listening.</summary>
    public int Port => http.Port;

    /// <summary>A server that does not listen yet.</summary>
    /// <param name="options">What it is served with.</param>
    /// <param name="flow">Who answers.</param>
    /// <param name="isReady">False while the caches are not filled.</param>
    /// <param name="log">Where logs go.</param>
    public static ConsentHost Build(ConsentHostOptions options, ConsentFlow flow, Func<bool> isReady, Action<ILoggingBuilder> log)
    {
        var server = new EmptyWebHost(stopDeadline, kestrel => Bound(kestrel, options.Port), web => web.ConfigureLogging(logging =>
        {
            log(logging);

            // At every log level: the framework would log the query of every request, and with it codes and states.
            logging.AddFilter("Microsoft.AspNetCore", LogLevel.Error);
        }));
        var host = new ConsentHost(server, options, new RequestLimit(options.Burst, options.PerSecond));
        new ConsentEndpoints(
            flow,
            new ConsentSite(options.PublicUrl),
            host.limit,
            isReady,
            host.http.Services.GetRequiredService<ILogger<ConsentEndpoints>>()
        ).Serve(host.http);
        return host;
    }

    /// <summary>Starts to listen.</summary>
    /// <exception cref="PortUnusableException">The port is taken, or may not be used.</exception>
    public Task ListenAsync(CancellationToken cancellationToken) => http.ListenAsync(("--consent-port", options.Port), cancellationToken);

    /// <summary>
    /// Serves until cancelled; then takes no more requests, and returns when those that it had are answered, or the deadline has come.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (cancellationToken.Register(stopped.SetResult))
        {
            await stopped.Task;
        }

        await http.StopAsync(CancellationToken.None); // bounded by the host's own deadline
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await http.DisposeAsync();
        limit.Dispose();
    }

    private static void Bound(KestrelServerOptions kestrel, int port)
    {
        kestrel.ListenAnyIP(port);
        kestrel.Limits.MaxConcurrentConnections = MaxConnections;
        kestrel.Limits.MaxRequestLineSize = RequestLine.MaxSize;
        kestrel.Limits.MaxRequestBodySize = MaxBody;
        kestrel.Limits.RequestHeadersTimeout = headersTimeout;
        kestrel.Limits.KeepAliveTimeout = keepAliveTimeout;
    }
}

/// <summary>A port that was asked for cannot be served on.</summary>
internal sealed class PortUnusableException(string option, int port, Exception cause)
    : ExplainedException($"{option} {port} cannot be used: {cause.Message.TrimEnd('.')}. Name another port, or 0 for a free one.", cause);
