using System.Globalization;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.Benchmarks.Scale;

/// <summary>A program under measurement: an operator, or the floor.</summary>
internal sealed class Subject : IAsyncDisposable
{
    /// <summary>How often a short start is looked at, to tell milliseconds apart.</summary>
    public static readonly TimeSpan Often = TimeSpan.FromMilliseconds(5);

    /// <summary>How often a long start is looked at: each look is a request, which costs the program processor time.</summary>
    public static readonly TimeSpan Seldom = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan timersOnly = TimeSpan.FromMilliseconds(30);

    private readonly OperatorProcess? asOperator;
    private readonly HttpClient? http; // the floor serves none
    private readonly TimeProvider time;
    private readonly long started;

    private Subject(RealProcess process, OperatorProcess? asOperator, TimeProvider time, long started)
    {
        Process = process;
        this.asOperator = asOperator;
        this.time = time;
        this.started = started;
        http = asOperator is null
            ? null
            : new HttpClient(new SocketsHttpHandler { UseProxy = false })
            {
                BaseAddress = new Uri($"http://127.0.0.1:{asOperator.HttpPort}"),
            };
    }

    /// <summary>The process.</summary>
    public RealProcess Process { get; }

    /// <summary>Time since the process was started.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(started);

    /// <summary>What the system accounts to it so far.</summary>
    public ProcessUsage Usage => ProcessUsage.Of(Process.Id);

    /// <summary>Starts the program and the clock.</summary>
    public static Subject Start(
        Contender contender, ScaleOptions options, Stage stage, TimeProvider time, params IReadOnlyList<string> arguments)
    {
        var workers = options.Workers.ToString(CultureInfo.InvariantCulture);
        var now = time.GetTimestamp();
        if (contender.Name == Contender.Floor)
        {
            string[] all = [stage.KubeconfigPath, stage.TokenEndpoint.OriginalString, Stage.ClientId, Stage.ClientSecret, workers];
            var log = Path.Combine(Path.GetDirectoryName(stage.KubeconfigPath)!, "floor.log");
            return new Subject(RealProcess.Start(new ProcessCommand("floor", contender.Program, all, log)), asOperator: null, time, now);
        }

        var process = OperatorProcess.Start(contender.Program, "run",
        [
            "--kubeconfig", stage.KubeconfigPath, "--allowed-issuers", stage.Issuer, "--insecure-issuers", "--workers", workers,
            .. arguments, .. options.MoreArguments,
        ]);
        return new Subject(process.Process, process, time, now);
    }

    /// <summary>Waits until /readyz answers 200, which it does once all caches are filled; returns when that was.</summary>
    public async Task<TimeSpan> UntilHealthyAsync(TimeSpan lookEvery, CancellationToken cancellationToken)
    {
        while (!await IsHealthyAsync(cancellationToken))
        {
            await Task.Delay(lookEvery, time, cancellationToken);
        }

        return Elapsed;
    }

    /// <summary>Waits until it has come to rest; the result is how long after its start it did.</summary>
    public async Task<TimeSpan> UntilQuietAsync(CancellationToken cancellationToken)
    {
        var since = await Quiet.UntilAsync(() => ProcessUsage.CpuOf(Process.Id), timersOnly, time, cancellationToken);
        Process.EnsureRunning();
        return time.GetElapsedTime(started, since);
    }

    /// <summary>Its metrics. Asked for after everything else was measured: a scrape costs it time and memory.</summary>
    public async Task<Scrape> ScrapeAsync(CancellationToken cancellationToken) =>
        Scrape.Parse(await http!.GetStringAsync(new Uri("/metrics", UriKind.Relative), cancellationToken));

    /// <summary>Stops it in order, so that the next life finds no half-done work.</summary>
    public Task StopAsync(CancellationToken cancellationToken) =>
        asOperator is null ? Process.KillAsync(cancellationToken) : Process.TerminateAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        http?.Dispose();
        await Process.DisposeAsync();
        if (asOperator is not null)
        {
            await asOperator.DisposeAsync();
        }
    }

    private async Task<bool> IsHealthyAsync(CancellationToken cancellationToken)
    {
        Process.EnsureRunning();
        try
        {
            using var response = await http!.GetAsync(new Uri("/readyz", UriKind.Relative), cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false; // it does not listen yet
        }
    }
}
