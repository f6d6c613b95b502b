using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Kubernetes.Client;
using Kubernetes.Client.Access;
using Lifecycle;
using VismaOperator.Cli.Connect;
using VismaOperator.Clients;
using VismaOperator.Hosting;

namespace VismaOperator.Cli;

/// <summary>One run of <c>connect</c>: constructs its parts and prints its result.</summary>
internal sealed class ConnectSession(ConnectOptions options, CommandContext process)
{
    /// <summary>Runs to the end; the answer is the exit code.</summary>
    public Task<int> RunAsync(CancellationToken stop) =>
        options.Source.State is { } state ? InStateAsync(state, stop) : InClusterAsync(stop);

    private Task<int> InStateAsync(string state, CancellationToken stop) =>
        RunAsync(StateSource.Open(state), ClusterAccess.DefaultNamespace, stop);

    private async Task<int> InClusterAsync(CancellationToken stop)
    {
        await using var cluster = ClusterConnection.Open(options.Source, process.Time, ClusterConnection.OrState);
        var source = new ClusterSource(cluster.Client, cluster.Server, TimeProvider.System);
        return await RunAsync(source, cluster.Namespace, stop);
    }

    private async Task<int> RunAsync(IConnectionSource source, string currentNamespace, CancellationToken stop)
    {
        using var oauth = new OAuthEndpoints(options.AllowLists, process.Time);
        var connection = new NamespacedName(options.Namespace ?? currentNamespace, options.Name);
        var run = new ConnectRun(options, new ConnectTools
        {
            Source = source,
            Endpoints = new ProviderEndpoints(oauth.Metadata),
            Browser = new SystemBrowser(process.Variable, process.Time),
            Resolve = Dns.GetHostAddressesAsync,
            RandomBytes = RandomNumberGenerator.GetBytes,
            Time = process.Time,
            Output = process.Output,
        });
        try
        {
            return await TellAsync(connection, await run.RunAsync(connection, stop));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await process.Error.WriteLineAsync($"{Product.Name}: stopped before the consent for {connection} was stored.");
            return ExitCode.Failure;
        }
    }

    private async Task<int> TellAsync(NamespacedName connection, ConsentResult result)
    {
        switch (result)
        {
            case ConsentResult.Consented consented:
                await process.Output.WriteLineAsync(
                    $"VismaConnection {connection} is authorized by {TerminalText.Printable(consented.By ?? "a person")}. {End(consented)}"
                );
                return ExitCode.Success;
            case ConsentResult.Failed failed:
                await process.Error.WriteLineAsync($"{Product.Name}: {TerminalText.Printable(failed.Message)}");
                return ExitCode.Failure;
            default:
                throw new InvalidOperationException($"Unknown result {result.GetType().Name}.");
        }
    }

    private static string End(ConsentResult.Consented consented) => consented.ExpirationTime is { } expiry
        ? string.Create(CultureInfo.InvariantCulture, $"The consent ends at {InstantText.Of(expiry)}.")
        : "When the consent ends is not known.";
}
