namespace VismaOperator.Testing.ApiServer.Processes;

/// <summary>What to start.</summary>
/// <param name="Name">How messages and the log file call the process, for example <c>kube-apiserver</c>.</param>
/// <param name="Program">Path of the executable.</param>
/// <param name="Arguments">Its arguments, one an element; no shell reads them.</param>
/// <param name="LogFile">Where its standard output and standard error go; lines are appended.</param>
public sealed record ProcessCommand(string Name, string Program, IReadOnlyList<string> Arguments, string LogFile)
{
    /// <summary>Variables that differ from this process's own environment; null removes one.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>The working directory; that of the test process where null.</summary>
    public string? WorkingDirectory { get; init; }
}
