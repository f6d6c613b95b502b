namespace VismaOperator.Cli.Connect;

/// <summary>How a consent from a terminal ended.</summary>
internal abstract record ConsentResult
{
    private ConsentResult()
    {
    }

    /// <summary>The grant is stored.</summary>
    /// <param name="By">Who consented; null when the provider does not say.</param>
    /// <param name="ExpirationTime">When the consent ends; null when nobody knows.</param>
    public sealed record Consented(string? By, DateTimeOffset? ExpirationTime) : ConsentResult;

    /// <summary>There is no new grant.</summary>
    /// <param name="Message">Cause and remedy.</param>
    public sealed record Failed(string Message) : ConsentResult;
}
