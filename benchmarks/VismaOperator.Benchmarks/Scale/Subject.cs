using System.Globalization;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.Benchmarks.Scale;

/// <summary>The operator process that is measured.</summary>
internal sealed class Subject : IAsyncDisposable
{
    private static readonly TimeSpan patience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan lookEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan quietFor = TimeSpan.FromSeconds(2);

    private readonly OperatorProcess process;
    private readonly HttpClient http;
    private readonly TimeProvider time;
    private readonly long started;

    private Subject(OperatorProcess process, TimeProvider time, long started)
    {
        this.process = process;
        this.time = time;
        this.started = started;
#pragma warning disable RS0030 // one short-lived client of a tool, in its composition root
        http = new HttpClient(new SocketsHttpHandler { UseProxy = false })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{process.HttpPort}"),
        };
#pragma warning restore RS0030
    }

    /// <summary>Time since the process was started.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(started);

    /// <summary>Starts the operator and the clock.</summary>
    public static Subject Start(ScaleOptions options, Stage stage, int workers, TimeProvider time)
    {
        var now = time.GetTimestamp();
        string[] arguments =
        [
            "--kubeconfig", stage.KubeconfigPath, "--allowed-issuers", stage.Issuer, "--insecure-issuers",
            "--workers", workers.ToString(CultureInfo.InvariantCulture), .. options.MoreArguments,
        ];
        return new Subject(OperatorProcess.Start(options.Program, "run", arguments), time, now);
    }

    /// <summary>Waits until /readyz answers 200; returns when that was.</summary>
    public async Task<TimeSpan> UntilHealthyAsync(CancellationToken cancellationToken)
    {
        await process.WaitUntilReadyAsync(cancellationToken, patience);
        return Elapsed;
    }

    /// <summary>Waits until so many reconciles of connections have ended.</summary>
    public Task UntilReconciledAsync(int reconciles, CancellationToken cancellationToken) => Eventually.BecomesTrueAsync(
        $"{reconciles} reconciles", async token => Reconciles(await ScrapeAsync(token)) >= reconciles, cancellationToken, patience);

    /// <summary>Waits until that many reconciles are over and neither they nor the requests have grown for a while.</summary>
    public async Task UntilQuietAsync(int reconciles, CancellationToken cancellationToken)
    {
        var (last, since) = (-1.0, time.GetTimestamp());
        while (time.GetElapsedTime(since) < quietFor)
        {
            await Task.Delay(lookEvery, time, cancellationToken);
            process.Process.EnsureRunning();
            var scrape = await ScrapeAsync(cancellationToken);
            var now = Reconciles(scrape) + scrape.Sum("rest_client_requests_total");
            if (now != last || Reconciles(scrape) < reconciles)
            {
                (last, since) = (now, time.GetTimestamp());
            }
        }
    }

    /// <summary>Takes everything down.</summary>
    public async Task<Measurement> TakeAsync(TimeSpan healthy, TimeSpan done, CancellationToken cancellationToken)
    {
        var usage = ProcessUsage.Of(process.Process.Id);
        var scrape = await ScrapeAsync(cancellationToken);
        return new Measurement
        {
            Healthy = healthy,
            Done = done,
            Cpu = usage.Cpu,
            ResidentMebibytes = usage.ResidentMebibytes,
            AnonymousMebibytes = usage.AnonymousMebibytes,
            AllocatedBytes = scrape.Sum("dotnet_gc_heap_total_allocated_bytes_total"),
            Reconciles = Reconciles(scrape),
            Requests = scrape.SumBy("rest_client_requests_total", "method"),
            LogBytes = new FileInfo(process.Process.LogFile).Length,
        };
    }

    /// <summary>Stops the operator in order, so that the next life finds no half-done work.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => process.Process.TerminateAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await process.DisposeAsync();
    }

    private static double Reconciles(Scrape scrape) =>
        scrape.Sum("controller_runtime_reconcile_total", ("controller", "vismaconnection"));

    private async Task<Scrape> ScrapeAsync(CancellationToken cancellationToken) =>
        Scrape.Parse(await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), cancellationToken));
}
