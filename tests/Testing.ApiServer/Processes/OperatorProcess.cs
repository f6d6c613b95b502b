using System.Globalization;

namespace VismaOperator.Testing.ApiServer.Processes;

/// <summary>
/// The built operator as a real process: what only such a process shows (signals, exit codes, options, the published binary).
/// </summary>
public sealed class OperatorProcess : IAsyncDisposable
{
    /// <summary>
    /// The variable that names another executable than the one built beside the tests, for example the published native one.
    /// </summary>
    public const string ProgramVariable = "TEST_OPERATOR_BINARY";

    private readonly DirectoryInfo logFolder;

    private OperatorProcess(RealProcess process, DirectoryInfo logFolder, int httpPort)
    {
        Process = process;
        this.logFolder = logFolder;
        HttpPort = httpPort;
    }

    /// <summary>The process itself: output, signals, exit code.</summary>
    public RealProcess Process { get; }

    /// <summary>The port with /readyz, /livez and /metrics.</summary>
    public int HttpPort { get; }

    /// <summary>Starts <c>visma-operator VERB --http-port FREE ARGUMENTS...</c> and returns at once.</summary>
    /// <param name="program">The executable; see <see cref="FindProgram"/>.</param>
    /// <param name="verb"><c>run</c> or <c>local</c>.</param>
    /// <param name="arguments">Further arguments.</param>
    /// <param name="environment">Variables that differ from those of the test process; null removes one.</param>
    public static OperatorProcess Start(
        string program, string verb, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var port = FreePort.Take();
        var folder = Directory.CreateTempSubdirectory("visma-operator-process-");
        string[] all = [verb, "--http-port", port.ToString(CultureInfo.InvariantCulture), .. arguments];
        var command = new ProcessCommand("visma-operator", program, all, Path.Combine(folder.FullName, "output.log"))
        {
            Environment = environment ?? new Dictionary<string, string?>(),
        };
        return new OperatorProcess(RealProcess.Start(command), folder, port);
    }

    /// <summary>
    /// The executable that <c>TEST_OPERATOR_BINARY</c> names, else the one beside the test assembly (a project reference to the operator
    /// puts it there).
    /// </summary>
    /// <exception cref="FileNotFoundException">There is none; the message says where it was looked for.</exception>
    public static string FindProgram(string fileName)
    {
        var program = Environment.GetEnvironmentVariable(ProgramVariable) is { Length: > 0 } named
            ? named
            : Path.Combine(AppContext.BaseDirectory, fileName);
        return File.Exists(program)
            ? program
            : throw new FileNotFoundException(
                $"There is no operator at {program}: build the solution, or set {ProgramVariable} to a built executable."
            );
    }

    /// <summary>Waits until /readyz answers 200.</summary>
    /// <exception cref="InvalidOperationException">The process ended instead; the message holds its last lines.</exception>
    public async Task WaitUntilReadyAsync(CancellationToken cancellationToken, TimeSpan? within = null)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var ready = new Uri($"http://127.0.0.1:{HttpPort}/readyz");
        await Eventually.BecomesTrueAsync($"the operator to answer 200 at {ready} (log: {Process.LogFile})", async token =>
        {
            Process.EnsureRunning();
            using var response = await http.GetAsync(ready, token);
            return response.IsSuccessStatusCode;
        }, cancellationToken, within);
    }

    /// <summary>Kills the operator where it still runs, and removes its log.</summary>
    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        logFolder.Delete(recursive: true);
    }
}
