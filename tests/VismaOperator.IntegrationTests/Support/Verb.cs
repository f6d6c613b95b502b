using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>One run of the real executable that ends by itself: its exit code and what it printed.</summary>
/// <param name="ExitCode">The exit code.</param>
/// <param name="Lines">Standard output and standard error.</param>
internal sealed record Verb(int ExitCode, IReadOnlyList<string> Lines)
{
    private static int runs;

    public string Text => string.Join('\n', Lines);

    /// <summary>Runs it with the kubeconfig, null for none, in the scene's namespace unless the arguments name another one.</summary>
    public static async Task<Verb> RunAsync(Scene scene, string? kubeconfig, params string[] arguments)
    {
        await using var process = Start(scene, kubeconfig, arguments);
        return await EndAsync(process);
    }

    /// <summary>Runs any program with the kubeconfig of an administrator.</summary>
    public static async Task<Verb> RunProgramAsync(
        Scene scene,
        string program,
        Dictionary<string, string?> variables,
        params string[] arguments
    )
    {
        await using var process = RealProcess.Start(
            new ProcessCommand(Path.GetFileName(program), program, arguments, LogFile(scene))
            {
                Environment = new Dictionary<string, string?>(variables) { ["KUBECONFIG"] = scene.Server.KubeconfigPath },
            }
        );
        return await EndAsync(process);
    }

    /// <summary>Starts it and leaves it running.</summary>
    public static RealProcess Start(Scene scene, string? kubeconfig, params string[] arguments) =>
        RealProcess.Start(
            new ProcessCommand(
                arguments[0],
                OperatorProcess.FindProgram("visma-operator"),
                arguments,
                LogFile(scene)
            )
            {
                Environment = new Dictionary<string, string?>
                {
                    ["VISMA_OPERATOR_KUBECONFIG"] = kubeconfig,
                    ["VISMA_OPERATOR_NAMESPACE"] = scene.Home.Name,
                },
            }
        );

    private static string LogFile(Scene scene) => scene.FileNamed($"verb-{Interlocked.Increment(ref runs)}.log");

    private static async Task<Verb> EndAsync(RealProcess process)
    {
        var code = await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new Verb(code, process.Lines);
    }
}
