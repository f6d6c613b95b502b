namespace VismaOperator.Connecting;

/// <summary><c>connect</c> cannot go on, for a reason that the person can mend. The message names object, cause and remedy, and no secret.</summary>
internal sealed class ConnectException(string message, Exception? cause = null) : Exception(message, cause);
