namespace VismaOperator.Hosting;

/// <summary>Health and metrics cannot be served on the port that was asked for.</summary>
internal sealed class PortUnusableException(int port, Exception cause)
    : Exception($"--http-port {port} cannot be used: {cause.Message.TrimEnd('.')}. Name another port, or 0 for a free one.", cause);
