using VismaOperator.Cli;
using VismaOperator.Hosting;
using var signals = new StopSignals();

var process = new CommandContext(
    Environment.GetEnvironmentVariable,
    Console.Out,
    Console.Error,
    TimeProvider.System,
    Product.Called(Product.CalledPath())
)
{
    TerminalSize = Console.IsOutputRedirected ? null : () => (Console.WindowWidth, Console.WindowHeight),
    OpenPipe = ProcessOutput.OpenPipe,
    IsInputTerminal = !Console.IsInputRedirected,
};
return await CommandTree.InvokeAsync(args, process, Verbs.Of(process), signals.Token);
