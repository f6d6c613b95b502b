using VismaOperator.Reporting;

namespace VismaOperator.Local;

/// <summary>Local mode cannot go on, for a reason that the user can mend.</summary>
internal sealed class LocalException(string message, Exception? cause = null) : ExplainedException(message, cause);
