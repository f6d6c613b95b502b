namespace VismaOperator.Local;

/// <summary>Local mode cannot go on, for a reason that the user can mend. The message names cause and remedy.</summary>
internal sealed class LocalException(string message, Exception? cause = null) : Exception(message, cause);
