namespace OAuth;

/// <summary>Reads the query of an authorization response: known parameters only, each at most once and of a sensible length.</summary>
internal static class AuthorizationResponseReader
{
    /// <summary>Longest value of those that are used as they are, in characters. Codes of up to some 2,000 are in use.</summary>
    private static readonly Dictionary<string, int> maxLengths = new(StringComparer.Ordinal)
    {
        ["code"] = 4096,
        ["state"] = 1024,
        ["iss"] = 1024,
        ["error"] = int.MaxValue,             // cut
        ["error_description"] = int.MaxValue, // cut
    };

    /// <summary>The response. Throws nothing for any pairs.</summary>
    public static AuthorizationResponse Read(IEnumerable<KeyValuePair<string, string?>> query)
    {
        var known = query
            .Where(pair => maxLengths.ContainsKey(pair.Key))
            .ToLookup(pair => pair.Key, pair => pair.Value ?? "", StringComparer.Ordinal);
        if (known.Select(Problem).FirstOrDefault(problem => problem is not null) is { } cause)
        {
            return new AuthorizationResponse.Unreadable(cause);
        }

        // Without a value is as absent (RFC 6749 section 3.1).
        var values = known.Select(parameter => (parameter.Key, Value: parameter.Single()))
            .Where(parameter => parameter.Value.Length > 0)
            .ToDictionary(parameter => parameter.Key, parameter => parameter.Value, StringComparer.Ordinal);
        return Judge(values);
    }

    private static string? Problem(IGrouping<string, string> parameter)
    {
        if (parameter.Count() > 1)
        {
            return $"the parameter {parameter.Key} is there more than once";
        }

        var value = parameter.Single();
        return parameter.Key switch
        {
            "error" or "error_description" => null,
            _ when value.Length > maxLengths[parameter.Key] => $"the parameter {parameter.Key} is too long",
            _ when value.AsSpan().ContainsAnyExceptInRange(' ', '~') =>
                $"the parameter {parameter.Key} has characters that are not allowed in it",
            _ => null,
        };
    }

    private static AuthorizationResponse Judge(Dictionary<string, string> values)
    {
        if (!values.TryGetValue("state", out var text))
        {
            return new AuthorizationResponse.Unreadable("the parameter state is missing, so the answer belongs to no request");
        }

        var state = Sensitive.From(text);
        var issuer = values.GetValueOrDefault("iss");
        return (values.GetValueOrDefault("code"), values.GetValueOrDefault("error")) switch
        {
            ({ } code, null) => new AuthorizationResponse.Code(Sensitive.From(code), state, issuer),
            (null, { } error) => Denied(error, values.GetValueOrDefault("error_description"), state, issuer),
            (null, null) => new AuthorizationResponse.Unreadable("there is neither a code nor an error"),
            _ => new AuthorizationResponse.Unreadable("there is both a code and an error"),
        };
    }

    private static AuthorizationResponse.Denied Denied(string error, string? description, Sensitive state, string? issuer)
    {
        var spent = new SpentCredentials(state);
        return new AuthorizationResponse.Denied(
            OAuthError.CodeOf(error, spent),
            OAuthError.DescriptionOf(description, spent),
            state,
            issuer
        );
    }
}

/// <summary>
/// What a browser brought back from the authorization endpoint (RFC 6749 section 4.1.2, RFC 9207). Anybody can make a browser send
/// anything: nothing in here is trusted before <c>State</c> was found to be that of an open attempt, and <c>Issuer</c> that of its issuer.
/// </summary>
public abstract record AuthorizationResponse
{
    private AuthorizationResponse()
    {
    }

    /// <summary>The person consented.</summary>
    /// <param name="Value">The code to redeem; printable ASCII.</param>
    /// <param name="State">As it was sent, if the answer is genuine.</param>
    /// <param name="Issuer">The <c>iss</c> parameter; null when absent.</param>
    public sealed record Code(Sensitive Value, Sensitive State, string? Issuer) : AuthorizationResponse;

    /// <summary>There is no consent: the person said no, or the server did.</summary>
    /// <param name="Error">The <c>error</c> parameter; printable ASCII, at most 64 characters.</param>
    /// <param name="Description">The <c>error_description</c> parameter; printable ASCII, at most 200 characters, withheld when it repeated
    /// the state.</param>
    /// <param name="State">As it was sent, if the answer is genuine.</param>
    /// <param name="Issuer">The <c>iss</c> parameter; null when absent.</param>
    public sealed record Denied(string Error, string? Description, Sensitive State, string? Issuer) : AuthorizationResponse;

    /// <summary>No authorization response.</summary>
    /// <param name="Cause">One sentence for people; quotes nothing of the query.</param>
    public sealed record Unreadable(string Cause) : AuthorizationResponse;

    /// <summary>Reads the decoded pairs of the query; a name that occurs twice is there twice. Throws nothing for any pairs.</summary>
    public static AuthorizationResponse Read(IEnumerable<KeyValuePair<string, string?>> query) => AuthorizationResponseReader.Read(query);
}
