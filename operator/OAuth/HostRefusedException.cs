namespace OAuth;

/// <summary>A request was stopped by <see cref="HostPolicy"/> before a byte of it was sent.</summary>
public sealed class HostRefusedException(string message) : HttpRequestException(message);
