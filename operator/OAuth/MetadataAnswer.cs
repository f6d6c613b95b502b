using System.Text.Json;

namespace OAuth;

/// <summary>
/// Judges a metadata document: the issuer must be the one asked for, character by character, and every endpoint one that may be contacted.
/// </summary>
internal static class MetadataAnswer
{
    private const int MaxQuoted = 200;

    /// <summary>As long as browsers and proxies take a URL, and as status keeps it.</summary>
    private const int MaxUrlLength = 2048;

    /// <summary>The outcome. Throws nothing for any bytes.</summary>
    public static MetadataOutcome Judge(WireResult.Answer answer, string issuer, HostPolicy policy)
    {
        var status = (int)answer.Status;
        if (status is >= 500 or 429 or 408)
        {
            return new MetadataOutcome.Unavailable($"metadata of the issuer: answered {status}", answer.RetryAfter);
        }

        return status is >= 200 and < 300 && AnswerJson.TryParse(answer.Body.Span) is { IsObject: true } json
            ? Read(json, issuer, policy)
            : new MetadataOutcome.Malformed(
                $"metadata of the issuer: answered {status} ({answer.MediaType}), not a JSON document; is its URL right?"
            );
    }

    private static MetadataOutcome Read(AnswerJson json, string issuer, HostPolicy policy)
    {
        if (json.Text("issuer") is not { } named)
        {
            return new MetadataOutcome.Malformed("metadata of the issuer: has no member issuer");
        }

        if (named != issuer)
        {
            return new MetadataOutcome.Untrusted(
                $"the metadata names the issuer {PrintableText.Cut(named, MaxQuoted)}, but {PrintableText.Cut(issuer, MaxQuoted)} was "
                + "asked for; they must be the same, to the last slash"
            );
        }

        var (tokenEndpoint, problem) = EndpointOf(json, "token_endpoint", policy);
        var (authorizationEndpoint, authorizationProblem) = EndpointOf(json, "authorization_endpoint", policy);
        var (revocationEndpoint, revocationProblem) = EndpointOf(json, "revocation_endpoint", policy);
        if ((problem ?? authorizationProblem ?? revocationProblem) is { } cause)
        {
            return new MetadataOutcome.Untrusted(cause);
        }

        return tokenEndpoint is null
            ? new MetadataOutcome.Malformed("metadata of the issuer: has no token_endpoint")
            : new MetadataOutcome.Found(
                new ServerMetadata(
                    named,
                    tokenEndpoint,
                    authorizationEndpoint,
                    revocationEndpoint,
                    IsTrue(json, "authorization_response_iss_parameter_supported")
                )
            );
    }

    private static (Uri? Endpoint, string? Problem) EndpointOf(AnswerJson json, string member, HostPolicy policy)
    {
        if (json.Text(member) is not { } text)
        {
            return (null, null);
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var endpoint))
        {
            return (null, $"{member} of the metadata is not an absolute URL");
        }

        if (endpoint.AbsoluteUri.Length > MaxUrlLength)
        {
            return (null, $"{member} of the metadata is longer than {MaxUrlLength} characters");
        }

        return policy.ProblemWith(endpoint) is { } problem
            ? (null, $"{member} of the metadata may not be used: {PrintableText.Cut(problem, MaxQuoted)}")
            : (endpoint, null);
    }

    private static bool IsTrue(AnswerJson json, string member) =>
        json.Value(member) is { ValueKind: JsonValueKind.True };
}
