using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>The real kubectl, as people use it: what it prints and its exit code.</summary>
/// <param name="ExitCode">0 when kubectl says that all is well.</param>
/// <param name="Lines">Standard output and standard error.</param>
internal sealed record Kubectl(int ExitCode, IReadOnlyList<string> Lines)
{
    /// <summary>The variable that names another kubectl than the first one on the PATH.</summary>
    public const string ProgramVariable = "TEST_KUBECTL";

    public string Text => string.Join('\n', Lines);

    /// <summary>Runs kubectl in the scene's namespace.</summary>
    /// <exception cref="FileNotFoundException">There is no kubectl; the message says what to do.</exception>
    public static async Task<Kubectl> RunAsync(Scene scene, params string[] arguments)
    {
        var folder = Directory.CreateTempSubdirectory("visma-operator-kubectl-");
        try
        {
            string[] all =
            [
                "--kubeconfig",
                scene.Server.KubeconfigPath,
                "--namespace",
                scene.Home.Name,
                "--cache-dir",
                folder.FullName,
                .. arguments,
            ];
            await using var process = RealProcess.Start(
                new ProcessCommand("kubectl", FindProgram(), all, Path.Combine(folder.FullName, "output.log"))
            );
            var code = await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return new Kubectl(code, process.Lines);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Runs kubectl, which must end well.</summary>
    public static async Task<Kubectl> SucceedAsync(Scene scene, params string[] arguments)
    {
        var run = await RunAsync(scene, arguments);
        return run.ExitCode == 0
            ? run
            : throw new InvalidOperationException($"kubectl {string.Join(' ', arguments)} ended with {run.ExitCode}:\n{run.Text}");
    }

    private static string FindProgram()
    {
        if (Environment.GetEnvironmentVariable(ProgramVariable) is { Length: > 0 } named)
        {
            return named;
        }

        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return folders.Select(folder => Path.Combine(folder, "kubectl")).FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException(
                $"There is no kubectl on the PATH. Install it (Debian: apt-get install kubernetes-client), or set {ProgramVariable} to one."
            );
    }
}
