namespace VismaOperator.Commands;

/// <summary>What a verb may touch of the process that it runs in; tests hand in their own.</summary>
/// <param name="Variable">Looks up an environment variable.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
/// <param name="Time">The clock.</param>
internal sealed record CommandContext(Func<string, string?> Variable, TextWriter Output, TextWriter Error, TimeProvider Time);
