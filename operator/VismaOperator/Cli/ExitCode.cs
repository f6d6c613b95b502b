namespace VismaOperator.Cli;

/// <summary>What the process answers to its caller.</summary>
internal static class ExitCode
{
    /// <summary>Stopped as asked, or nothing was found wrong.</summary>
    public const int Success = 0;

    /// <summary>Failed while running, or something was found wrong.</summary>
    public const int Failure = 1;

    /// <summary>The arguments cannot be used; nothing was started.</summary>
    public const int UnusableArguments = 2;
}
