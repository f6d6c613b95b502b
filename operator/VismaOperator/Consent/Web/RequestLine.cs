namespace VismaOperator.Consent.Web;

/// <summary>The first line of a request, in which the browser brings the provider's answer.</summary>
internal static class RequestLine
{
    /// <summary>Longest that is read, in bytes: a code of 4,096 characters, percent-encoded, and the rest of an answer.</summary>
    public const int MaxSize = 16 * 1024;
}
