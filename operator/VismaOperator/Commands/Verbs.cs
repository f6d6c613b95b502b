using VismaOperator.Hosting;
using VismaOperator.Local;

namespace VismaOperator.Commands;

/// <summary>What each verb starts once its arguments are understood.</summary>
/// <param name="Run">Runs the operator against a cluster.</param>
/// <param name="Local">Runs local mode.</param>
internal sealed record Verbs(
    Func<OperatorOptions, CancellationToken, Task<int>> Run,
    Func<LocalOptions, CancellationToken, Task<int>> Local)
{
    /// <summary>The verbs of the executable.</summary>
    public static Verbs Of(CommandContext process) => new(
        (_, _) => process.NotWiredAsync("run"),
        (_, _) => process.NotWiredAsync("local"));
}
