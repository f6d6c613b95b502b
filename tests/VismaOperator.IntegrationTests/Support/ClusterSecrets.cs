using System.Text;
using System.Text.Json.Nodes;
using VismaOperator.Api;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>
/// What the operator itself makes that is as good as a key: the provider's ledger cannot know it, so it is taken from what a watcher with
/// all rights saw.
/// </summary>
internal static class ClusterSecrets
{
    private const string RefreshToken = "refresh_token";
    private const string CodeVerifier = "attempt_code_verifier"; // of each attempt but the first, with its number behind it

    /// <summary>The links at which a person can begin a consent: everybody who has one can.</summary>
    public static IEnumerable<string> LinksIn(IEnumerable<Sighting> sightings) => sightings
        .Where(sighting => sighting.Kind == "VismaConnection")
        .Select(sighting => sighting.Resource["status"]?["authorization"]?["url"]?.GetValue<string>())
        .OfType<string>()
        .Select(url => url[(url.IndexOf('=', StringComparison.Ordinal) + 1)..])
        .Distinct();

    /// <summary>The refresh tokens and verifiers that stood in grant Secrets.</summary>
    public static IEnumerable<string> OfGrantsIn(IEnumerable<Sighting> sightings) => sightings
        .Where(sighting => IsOfKind(sighting, VismaNames.GrantSecretValue))
        .SelectMany(sighting => sighting.Resource["data"]?.AsObject() ?? [])
        .Where(pair => pair.Key == RefreshToken || pair.Key.StartsWith(CodeVerifier, StringComparison.Ordinal))
        .Select(pair => pair.Value!.GetValue<string>())
        .Select(Decoded)
        .Distinct();

    /// <summary>The codes and verifiers that <c>connect</c> handed over.</summary>
    public static IEnumerable<string> OfHandoffsIn(IEnumerable<Sighting> sightings) => sightings
        .Where(sighting => IsOfKind(sighting, VismaNames.HandoffSecretValue))
        .SelectMany(sighting => sighting.Resource["data"]?.AsObject() ?? [])
        .Where(pair => pair.Key is "code" or "code_verifier")
        .Select(pair => Decoded(pair.Value!.GetValue<string>()))
        .Distinct();

    /// <summary>What a workload reads: the data of token Secrets, in which an access token belongs and a refresh token does not.</summary>
    public static IEnumerable<ReadableText> WorkloadsReadIn(IEnumerable<Sighting> sightings) =>
        sightings
            .Where(sighting => IsOfKind(sighting, VismaNames.TokenSecretValue))
            .Select(sighting => new ReadableText(
                $"data of Secret {sighting.Name}",
                string.Join(
                    '\n',
                    (sighting.Resource["data"]?.AsObject() ?? []).Select(pair => $"{pair.Key}: {Decoded(pair.Value!.GetValue<string>())}")
                )
            ));

    /// <summary>The object without the one field that may hold a start link.</summary>
    public static JsonNode WithoutLink(JsonNode connection)
    {
        var copy = connection.DeepClone();
        (copy["status"]?["authorization"] as JsonObject)?.Remove("url");
        return copy;
    }

    private static bool IsOfKind(Sighting sighting, string value) =>
        sighting.Kind == "Secret" && sighting.Resource["metadata"]!["labels"]?[VismaNames.SecretLabel]?.GetValue<string>() == value;

    private static string Decoded(string value) => Encoding.UTF8.GetString(Convert.FromBase64String(value));
}
