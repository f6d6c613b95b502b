using VismaOperator.Reporting;

namespace VismaOperator.Consent.Web;

/// <summary>A port that was asked for cannot be served on.</summary>
internal sealed class PortUnusableException(string option, int port, Exception cause)
    : ExplainedException($"{option} {port} cannot be used: {cause.Message.TrimEnd('.')}. Name another port, or 0 for a free one.", cause);
