using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>A real Prometheus that scrapes operators every second, and promtool beside it.</summary>
internal sealed class Prometheus : IAsyncDisposable
{
    private const string Remedy = "Install it (Debian: apt-get install prometheus), or put it on the PATH.";

    private static readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false });

    private readonly DirectoryInfo folder;
    private readonly RealProcess process;
    private readonly int port;

    private Prometheus(DirectoryInfo folder, RealProcess process, int port) =>
        (this.folder, this.process, this.port) = (folder, process, port);

    /// <summary>What it complained about; it says nothing of a scrape that went well.</summary>
    public IReadOnlyList<string> Complaints =>
    [
        .. process.Lines.Where(line =>
            line.Contains("level=warn", StringComparison.Ordinal) || line.Contains("level=error", StringComparison.Ordinal)
        ),
    ];

    /// <summary>Starts one that scrapes these addresses.</summary>
    /// <param name="targets">host:port of each.</param>
    /// <param name="scrape">Further lines of the scrape configuration, indented by two spaces.</param>
    public static Prometheus Start(IEnumerable<string> targets, string scrape = "") =>
        StartWith($"static_configs: [{"{"}targets: [{string.Join(", ", targets.Select(target => $"'{target}'"))}]{"}"}]", scrape);

    /// <summary>Starts one that scrapes what a file names, at any time (JSON of <c>file_sd_configs</c>).</summary>
    /// <param name="file">Path of the file.</param>
    /// <param name="scrape">Further lines of the scrape configuration, indented by two spaces.</param>
    public static Prometheus StartFollowing(string file, string scrape) =>
        StartWith($"file_sd_configs: [{"{"}files: ['{file}'], refresh_interval: 1s{"}"}]", scrape);

    private static Prometheus StartWith(string targets, string scrape)
    {
        var home = Directory.CreateTempSubdirectory("visma-operator-prometheus-");
        var config = Path.Combine(home.FullName, "prometheus.yml");
        File.WriteAllText(
            config,
            $"""
            global: {"{"}scrape_interval: 1s, evaluation_interval: 1s{"}"}
            scrape_configs:
            - job_name: visma-operator
              {targets}
            {scrape}
            """
        );
        var free = FreePort.Take();
        string[] arguments =
        [
            $"--config.file={config}",
            $"--storage.tsdb.path={Path.Combine(home.FullName, "data")}",
            string.Create(CultureInfo.InvariantCulture, $"--web.listen-address=127.0.0.1:{free}"),
        ];
        var log = Path.Combine(home.FullName, "output.log");
        var started = RealProcess.Start(new ProcessCommand("prometheus", Program("prometheus"), arguments, log));
        return new Prometheus(home, started, free);
    }

    /// <summary>Waits until every target was scraped, and fails with what Prometheus says where one could not be.</summary>
    public async Task<IReadOnlyList<JsonNode>> UntilScrapedAsync(CancellationToken cancellationToken) =>
        await Eventually.GetAsync(
            "Prometheus to have scraped",
            async token =>
            {
                process.EnsureRunning();
                var answer = await GetAsync("/api/v1/targets", token);
                JsonNode[] targets = [.. answer["data"]!["activeTargets"]!.AsArray().Select(target => target!)];
                return targets.Length > 0 && targets.All(target => target["health"]!.GetValue<string>() != "unknown") ? targets : null;
            },
            cancellationToken
        );

    /// <summary>The series that a query gives, once it gives any.</summary>
    public async Task<IReadOnlyList<JsonNode>> QueryAsync(string query, CancellationToken cancellationToken) =>
        await Eventually.GetAsync(
            $"an answer to {query}",
            async token =>
            {
                var answer = await GetAsync("/api/v1/query?query=" + Uri.EscapeDataString(query), token);
                JsonNode[] series = [.. answer["data"]!["result"]!.AsArray().Select(series => series!)];
                return series.Length > 0 ? series : null;
            },
            cancellationToken
        );

    /// <summary>The series that a query gives now, which may be none.</summary>
    public async Task<IReadOnlyList<JsonNode>> QueryOnceAsync(string query, CancellationToken cancellationToken)
    {
        var answer = await GetAsync("/api/v1/query?query=" + Uri.EscapeDataString(query), cancellationToken);
        return [.. answer["data"]!["result"]!.AsArray().Select(series => series!)];
    }

    /// <summary>The series that a query gives over the time until now, in steps of a second.</summary>
    public async Task<IReadOnlyList<JsonNode>> QueryRangeAsync(string query, TimeSpan range, CancellationToken cancellationToken)
    {
        var end = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var begin = end - (long)range.TotalSeconds;
        var path = string.Create(CultureInfo.InvariantCulture, $"/api/v1/query_range?step=1&start={begin}&end={end}&query=");
        var answer = await GetAsync(path + Uri.EscapeDataString(query), cancellationToken);
        return [.. answer["data"]!["result"]!.AsArray().Select(series => series!)];
    }

    /// <summary>The alerting rules that it evaluates.</summary>
    public async Task<IReadOnlyList<JsonNode>> RulesAsync(CancellationToken cancellationToken)
    {
        var answer = await GetAsync("/api/v1/rules", cancellationToken);
        return [.. answer["data"]!["groups"]!.AsArray().SelectMany(group => group!["rules"]!.AsArray()).Select(rule => rule!)];
    }

    /// <summary>Runs promtool with a text on its standard input: its exit code and what it says.</summary>
    public static async Task<(int ExitCode, string Output)> PromtoolAsync(
        string[] arguments,
        string input,
        CancellationToken cancellationToken
    )
    {
        var start = new ProcessStartInfo(Program("promtool"), arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using var tool = Process.Start(start)!;
        var output = tool.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = tool.StandardError.ReadToEndAsync(cancellationToken);
        await tool.StandardInput.WriteAsync(input.AsMemory(), cancellationToken);
        tool.StandardInput.Close();
        await tool.WaitForExitAsync(cancellationToken);
        return (tool.ExitCode, await output + await errors);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private async Task<JsonNode> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{port}{path}"), cancellationToken);
        if (answer.Content.Headers.ContentType?.MediaType != "application/json")
        {
            answer.EnsureSuccessStatusCode(); // it says in plain text that it is still starting
        }

        var body = (await answer.Content.ReadFromJsonAsync<JsonNode>(cancellationToken))!;
        return body["status"]!.GetValue<string>() == "success"
            ? body
            : throw new InvalidOperationException($"Prometheus refuses {Uri.UnescapeDataString(path)}: {body["error"]}");
    }

    private static string Program(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
            .Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException($"There is no {name}. {Remedy}");
}
