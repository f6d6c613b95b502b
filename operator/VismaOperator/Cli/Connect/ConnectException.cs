using VismaOperator.Reporting;

namespace VismaOperator.Cli.Connect;

/// <summary><c>connect</c> cannot go on, for a reason that the person can mend.</summary>
internal sealed class ConnectException(string message, Exception? cause = null) : ExplainedException(message, cause);
