using VismaOperator.Cli;
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

namespace VismaOperator.Tests.Cli;

/// <summary>The command line with an environment of its own; the verbs only keep what they were given.</summary>
internal sealed class CommandLine
{
    private readonly Dictionary<string, string> variables = [];
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();

    /// <summary>What <c>run</c> was started with; null when it was not.</summary>
    public OperatorOptions? Run { get; private set; }

    /// <summary>What <c>local</c> was started with; null when it was not.</summary>
    public LocalOptions? Local { get; private set; }

    /// <summary>What <c>connect</c> was started with; null when it was not.</summary>
    public ConnectOptions? Connect { get; private set; }

    /// <summary>What <c>status</c> was started with; null when it was not.</summary>
    public StatusOptions? Status { get; private set; }

    /// <summary>What <c>refresh</c> was started with; null when it was not.</summary>
    public RequestOptions? Refresh { get; private set; }

    /// <summary>What <c>dashboard</c> was started with; null when it was not.</summary>
    public DashboardOptions? Dashboard { get; private set; }

    /// <summary>What <c>doctor</c> was started with; null when it was not.</summary>
    public DoctorOptions? Doctor { get; private set; }

    /// <summary>What <c>rotate</c> was started with; null when it was not.</summary>
    public RotateOptions? Rotate { get; private set; }

    /// <summary>What <c>init</c> was started with; null when it was not.</summary>
    public InitOptions? Init { get; private set; }

    /// <summary>What <c>import</c> was started with; null when it was not.</summary>
    public ImportOptions? Import { get; private set; }

    /// <summary>What standard input holds; nothing unless it is set.</summary>
    public byte[] Input { get; set; } = [];

    public string Output => output.ToString();

    public string Error => error.ToString();

    public CommandLine With(string variable, string value)
    {
        variables[variable] = value;
        return this;
    }

    public Task<int> InvokeAsync(params string[] arguments)
    {
        var process = new CommandContext(variables.GetValueOrDefault, output, error, TimeProvider.System)
        {
            Input = () => new MemoryStream(Input),
        };
        var verbs = new Verbs(
            (options, _) => Task.FromResult(Keep(() => Run = options)),
            (options, _) => Task.FromResult(Keep(() => Local = options)),
            (options, _) => Task.FromResult(Keep(() => Connect = options)),
            (options, _) => Task.FromResult(Keep(() => Status = options)),
            (options, _) => Task.FromResult(Keep(() => Refresh = options)),
            (options, _) => Task.FromResult(Keep(() => Dashboard = options)),
            (options, _) => Task.FromResult(Keep(() => Doctor = options)),
            (options, _) => Task.FromResult(Keep(() => Rotate = options)),
            (options, _) => Task.FromResult(Keep(() => Init = options)),
            (options, _) => Task.FromResult(Keep(() => Import = options)));
        return CommandTree.InvokeAsync(arguments, process, verbs, TestContext.Current.CancellationToken);
    }

    private static int Keep(Action keep)
    {
        keep();
        return ExitCode.Success;
    }
}
