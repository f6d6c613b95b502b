namespace Lifecycle;

/// <summary>
/// What a token was, or would be, asked with: a part of the connection and a part of its client, written <c>connection.client</c>. Two
/// parts, so that a connection whose client is gone can still compare its own spec with the one that the published token was requested for.
/// </summary>
public static class TokenInputs
{
    /// <summary>Joins the two parts.</summary>
    public static string Join(string connection, string client) => $"{connection}.{client}";

    /// <summary>True when the recorded inputs are those of this connection and, where it is known, of this client.</summary>
    public static bool Match(string recorded, string connection, string? client) =>
        client is null
            ? recorded.StartsWith(connection + ".", StringComparison.Ordinal)
            : recorded == Join(connection, client);
}
