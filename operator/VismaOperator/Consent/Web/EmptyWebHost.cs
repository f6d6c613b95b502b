using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;

namespace VismaOperator.Consent.Web;

/// <summary>
/// Web applications from an empty builder: no appsettings.json, no ASPNETCORE_ variables, no signal handling. What the
/// operator does is said by its own options only.
/// </summary>
internal static class EmptyWebHost
{
    /// <summary>A builder for an application that listens on a port of all addresses.</summary>
    /// <param name="port">TCP port; 0 for any free one.</param>
    /// <param name="stopDeadline">How long a stop waits for requests that are being answered.</param>
    public static WebApplicationBuilder CreateBuilder(int port, TimeSpan stopDeadline)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.ListenAnyIP(port);
        });
        builder.Services.AddSingleton<IHostLifetime, CallersLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = stopDeadline);
        return builder;
    }

    /// <summary>Starts to listen.</summary>
    /// <param name="http">The application.</param>
    /// <param name="option">The option that named the port, and the port, for the message.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="PortUnusableException">The port is taken, or may not be used.</exception>
    public static async Task ListenAsync(this WebApplication http, (string Name, int Port) option, CancellationToken cancellationToken)
    {
        try
        {
            await http.StartAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            throw new PortUnusableException(option.Name, option.Port, exception);
        }
    }

    /// <summary>The port that is served once started.</summary>
    public static int Port(this WebApplication http)
    {
        var addresses = http.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        return new Uri(addresses.First().Replace("[::]", "localhost", StringComparison.Ordinal)).Port;
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
