using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace VismaOperator.Consent.Web;

/// <summary>
/// A web server and nothing else: no appsettings.json, no ASPNETCORE_ variables, no signal handling. Only the operator's own options count.
/// It has no routes either: for a few addresses, routing would only add half a megabyte of machine code.
/// </summary>
internal sealed class EmptyWebHost : IAsyncDisposable
{
    private readonly IHost host;
    private Action<IApplicationBuilder> pipeline = _ => { };

    /// <summary>A server that does not listen yet.</summary>
    /// <param name="stopDeadline">How long a stop waits for requests that are being answered.</param>
    /// <param name="kestrel">Where it listens, and within which limits.</param>
    /// <param name="configure">What else belongs to it; null for nothing.</param>
    public EmptyWebHost(TimeSpan stopDeadline, Action<KestrelServerOptions> kestrel, Action<IWebHostBuilder>? configure = null) =>
        host = new HostBuilder()
            .ConfigureWebHost(
                web =>
                {
                    web.UseSetting(WebHostDefaults.PreventHostingStartupKey, bool.TrueString);
                    web.UseKestrelCore().ConfigureKestrel(server => server.AddServerHeader = false).ConfigureKestrel(kestrel);
                    configure?.Invoke(web);
                    web.Configure(http => pipeline(http));
                },
                options => options.SuppressEnvironmentConfiguration = true)
            .ConfigureServices(services =>
            {
                services.AddSingleton<IHostLifetime, CallersLifetime>();
                services.Configure<HostOptions>(options => options.ShutdownTimeout = stopDeadline);
            })
            .Build();

    /// <summary>What the server and its callers share.</summary>
    public IServiceProvider Services => host.Services;

    /// <summary>The port that is served once started.</summary>
    public int Port
    {
        get
        {
            var addresses = Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
            return new Uri(addresses.First().Replace("[::]", "localhost", StringComparison.Ordinal)).Port;
        }
    }

    /// <summary>Says how requests are answered; before the start.</summary>
    public void Serve(Action<IApplicationBuilder> answers) => pipeline = answers;

    /// <summary>Starts to listen.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => host.StartAsync(cancellationToken);

    /// <summary>Starts to listen.</summary>
    /// <param name="option">The option that named the port, and the port, for the message.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="PortUnusableException">The port is taken, or may not be used.</exception>
    public async Task ListenAsync((string Name, int Port) option, CancellationToken cancellationToken)
    {
        try
        {
            await StartAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            throw new PortUnusableException(option.Name, option.Port, exception);
        }
    }

    /// <summary>Takes no more requests, and returns when those that it has are answered or the deadline has come.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => host.StopAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        if (host is IAsyncDisposable disposable)
        {
            return disposable.DisposeAsync();
        }

        host.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>Leaves starting and stopping a web application to the caller: no signals are handled, nothing is printed.</summary>
internal sealed class CallersLifetime : IHostLifetime
{
    /// <inheritdoc/>
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
