namespace VismaOperator.Reporting;

/// <summary>A failure whose message was written for the person who reads it: it names object, cause and remedy, and no secret.</summary>
internal abstract class ExplainedException(string message, Exception? cause) : Exception(message, cause);
