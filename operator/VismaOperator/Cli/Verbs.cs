using VismaOperator.Cli.Connect;
using VismaOperator.Cli.Dashboard;
using VismaOperator.Cli.Doctor;
using VismaOperator.Cli.Import;
using VismaOperator.Cli.Init;
using VismaOperator.Cli.Requests;
using VismaOperator.Cli.Rotate;
using VismaOperator.Cli.Status;
using VismaOperator.Hosting;
using VismaOperator.Local;
using VismaOperator.Reporting;

namespace VismaOperator.Cli;

/// <summary>What each verb starts once its arguments are understood.</summary>
/// <param name="Run">Runs the operator against a cluster.</param>
/// <param name="Local">Runs local mode.</param>
/// <param name="Connect">Has a person consent.</param>
/// <param name="Status">Shows where connections and clients stand.</param>
/// <param name="Request">Asks for new tokens, or for probes.</param>
/// <param name="Dashboard">Shows where they stand as a page.</param>
/// <param name="Doctor">Finds the broken link.</param>
/// <param name="Rotate">Puts a new client secret first.</param>
/// <param name="Init">Writes a first client and connection.</param>
/// <param name="Import">Writes those of an export.</param>
internal sealed record Verbs(
    Func<OperatorOptions, CancellationToken, Task<int>> Run,
    Func<LocalOptions, CancellationToken, Task<int>> Local,
    Func<ConnectOptions, CancellationToken, Task<int>> Connect,
    Func<StatusOptions, CancellationToken, Task<int>> Status,
    Func<RequestOptions, CancellationToken, Task<int>> Request,
    Func<DashboardOptions, CancellationToken, Task<int>> Dashboard,
    Func<DoctorOptions, CancellationToken, Task<int>> Doctor,
    Func<RotateOptions, CancellationToken, Task<int>> Rotate,
    Func<InitOptions, CancellationToken, Task<int>> Init,
    Func<ImportOptions, CancellationToken, Task<int>> Import)
{
    /// <summary>The verbs of the executable.</summary>
    public static Verbs Of(CommandContext process) => new(
        (options, stop) => EndAsync(process, ExitCode.Failure, () => RunAsync(options, process, stop), stop),
        (options, stop) => EndAsync(process, ExitCode.Failure, () => LocalAsync(options, process, stop), stop),
        (options, stop) => EndAsync(process, ExitCode.Failure, () => new ConnectSession(options, process).RunAsync(stop), stop),
        (options, stop) =>
            EndAsync(process, ExitCode.UnusableArguments, () => new StatusSession(options, process).RunAsync(stop), stop),
        (options, stop) => EndAsync(process, ExitCode.Failure, () => RequestSession.RunAsync(options, process, stop), stop),
        (options, stop) =>
            EndAsync(process, ExitCode.UnusableArguments, () => new DashboardSession(options, process).RunAsync(stop), stop),
        (options, stop) =>
            EndAsync(process, ExitCode.UnusableArguments, () => new DoctorSession(options, process).RunAsync(stop), stop),
        (options, stop) => EndAsync(process, ExitCode.Failure, () => new RotateSession(options, process).RunAsync(stop), stop),
        (options, stop) => EndAsync(process, ExitCode.UnusableArguments, () => InitSession.RunAsync(options, process, stop), stop),
        (options, stop) => EndAsync(process, ExitCode.UnusableArguments, () => ImportAsync(options, process, stop), stop));

    private static async Task<int> RunAsync(OperatorOptions options, CommandContext process, CancellationToken stop)
    {
        await new ClusterRun(options, process.Time).RunAsync(stop);
        return ExitCode.Success;
    }

    private static async Task<int> LocalAsync(LocalOptions options, CommandContext process, CancellationToken stop)
    {
        try
        {
            return await new LocalMode(options, process.Output, process.Time).RunAsync(stop) ? ExitCode.Success : ExitCode.Failure;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested && options.Until == LocalRun.Stopped)
        {
            return ExitCode.Success; // stopped as asked, while the manifests were read for the first time
        }
    }

    private static async Task<int> ImportAsync(ImportOptions options, CommandContext process, CancellationToken stop) =>
        await new ImportRun(options, process.Output, process.Error, process.Time).RunAsync(stop) ? ExitCode.Success : ExitCode.Failure;

    /// <summary>Turns the end of a verb into an exit code, and an exception into words.</summary>
    /// <param name="process">Where the words are written.</param>
    /// <param name="failed">The exit code after a failure.</param>
    /// <param name="verb">The verb.</param>
    /// <param name="stop">The stop that a person or a supervisor asked for.</param>
    private static async Task<int> EndAsync(
        CommandContext process,
        int failed,
        Func<Task<int>> verb,
        CancellationToken stop
    )
    {
        try
        {
            return await verb();
        }
        catch (BackgroundLoopException)
        {
            // The host has logged it: two messages of one failure read as two failures.
        }
        catch (Exception exception) when (FailureWords.AreOurs(exception))
        {
            await process.Error.WriteLineAsync("visma-operator: " + TerminalText.PrintableLines(exception.Message));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await process.Error.WriteLineAsync("visma-operator: stopped");
        }
#pragma warning disable CA1031 // The last place where a failure can be reported; nothing runs after it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            await process.Error.WriteLineAsync($"visma-operator: ended by a failure: {FailureWords.Of(exception)}");
        }

        return failed;
    }
}

/// <summary>What the process answers to its caller.</summary>
internal static class ExitCode
{
    /// <summary>Stopped as asked, or nothing was found wrong.</summary>
    public const int Success = 0;

    /// <summary>Failed while running, or something was found wrong.</summary>
    public const int Failure = 1;

    /// <summary>The arguments cannot be used; nothing was started.</summary>
    public const int UnusableArguments = 2;

    /// <summary>Nothing was changed: what is to be changed was printed, for who keeps the objects.</summary>
    public const int ChangePrinted = 3;
}
