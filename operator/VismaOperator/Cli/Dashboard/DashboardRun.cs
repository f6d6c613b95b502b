using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using VismaOperator.Cli.Connect;
using VismaOperator.Cli.Status;
using VismaOperator.Consent.Web;
using VismaOperator.Hosting;

namespace VismaOperator.Cli.Dashboard;

/// <summary>The verb <c>dashboard</c>: reads once, serves, tells the address, and goes on until it is stopped.</summary>
/// <param name="options">What it was told.</param>
/// <param name="tools">What it works with.</param>
internal sealed class DashboardRun(DashboardOptions options, DashboardTools tools)
{
    private static readonly TimeSpan stopDeadline = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan headersTimeout = TimeSpan.FromSeconds(10);

    private const int MostConnections = 256;
    private const int LongestRequestLine = 4 * 1024;

    /// <summary>Runs until it is stopped.</summary>
    /// <exception cref="StatusException">Nothing can be read.</exception>
    /// <exception cref="PortUnusableException">The port is taken, or may not be used.</exception>
    public async Task RunAsync(Func<Action<string>, IStatusSource> open, CancellationToken stop)
    {
        var screen = tools.Screen;
        var model = new DashboardModel(screen.Time);
        var feed = new DashboardFeed(model, screen.Time);
        var source = open(feed.Failed);
        await feed.BeginAsync(source, stop);

        var access = new DashboardAccess(tools.RandomBytes);
        var words = new StatusDetail(screen.Called, options.Source, isColoured: false);
        var endpoints = new DashboardEndpoints(model, access, tools.Source, words, screen.Time, Tell);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await using var http = new EmptyWebHost(stopDeadline, Bound);
        http.Serve(answers => answers.Run(context => endpoints.ServeAsync(context, http.Port, end.Token)));
        await http.ListenAsync(("--port", options.Port), stop);
        var following = feed.RunAsync(source, end.Token);
        try
        {
            await ShowAsync(access.AddressOn(http.Port), stop);
            await following;
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            // As asked. What is being read may end with any exception, such as that of a connection that was cut.
        }
        finally
        {
            await end.CancelAsync();
            await http.StopAsync(CancellationToken.None); // bounded by the host's own deadline
        }
    }

    private async Task ShowAsync(Uri address, CancellationToken stop)
    {
        var output = tools.Screen.Output;
        await output.WriteLineAsync($"Dashboard of {TerminalText.Printable(tools.Source)}, read-only, until Ctrl-C.");
        if (options.Browser == BrowserUse.Opened && await tools.Browser.OpenAsync(address, stop))
        {
            await output.WriteLineAsync("The browser is open. If it shows nothing, stop with Ctrl-C and add --no-open.");
        }
        else
        {
            await output.WriteLineAsync("Open this address in a browser on this machine. It works once:");
            await output.WriteLineAsync(address.AbsoluteUri);
        }

        await output.FlushAsync(stop);
    }

    private void Tell(string words) => tools.Screen.Error.WriteLine($"{Product.Name}: {TerminalText.Printable(words)}");

    private void Bound(KestrelServerOptions kestrel)
    {
        kestrel.Listen(IPAddress.Loopback, options.Port);
        kestrel.Limits.MaxConcurrentConnections = MostConnections;
        kestrel.Limits.MaxRequestLineSize = LongestRequestLine;
        kestrel.Limits.MaxRequestBodySize = 0;
        kestrel.Limits.RequestHeadersTimeout = headersTimeout;
    }
}

/// <summary>What the dashboard works with.</summary>
internal sealed record DashboardTools
{
    /// <summary>Where it is started, and its clock.</summary>
    public required StatusScreen Screen { get; init; }

    /// <summary>What is read, in words.</summary>
    public required string Source { get; init; }

    /// <summary>Opens the page.</summary>
    public required IBrowser Browser { get; init; }

    /// <summary>Makes random bytes.</summary>
    public required Func<int, byte[]> RandomBytes { get; init; }
}
