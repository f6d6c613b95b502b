using System.Buffers;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Kubernetes.Client;
using Kubernetes.Client.Access;
using Kubernetes.Client.Http;
using Kubernetes.Client.Resources;
using Microsoft.AspNetCore.Http;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Cli.Check;
using VismaOperator.Consent.Web;
using VismaOperator.Grants;
using VismaOperator.Manifests;
using VismaOperator.Probing;

namespace Fuzzing.Tests;

/// <summary>Everything that reads what comes from outside.</summary>
internal static class Parsers
{
    // Stands in the corpus where a secret would: what is said of an input must not repeat it.
    private const string Secret = "a-secret-of-the-corpus";

    private const string Issuer = "https://connect.example";
    // Hours have six digits at most; minutes beside them may add up to more, which the rules for every field refuse.
    private static readonly TimeSpan longest = TimeSpan.FromHours(1_000_000);

    private const int PageLimit = 1024 * 1024; // bytes

    private static readonly HostPolicy policy = new([], ["connect.example"], TransportRule.HttpsOnly);
    private static readonly NamespacedName name = new("integrations", "acme");
    private static readonly ResourceRequest request = new(HttpMethod.Get, VismaConnection.ResourceKind, "in all namespaces");
    private static readonly DateTimeOffset now = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);
    private static readonly Regex quoted = new("'[^']*'", RegexOptions.NonBacktracking);
    private static readonly string kubeconfig = Path.Combine(Directory.CreateTempSubdirectory("fuzz-kubeconfig-").FullName, "config");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Parser> All { get; } =
    [
        new("token-answer", TokenAnswerOf),
        new("metadata", MetadataOf),
        new("revocation-answer", RevocationAnswerOf),
        new("token-claims", ClaimsOf),
        new("api-answer", ApiAnswerOf),
        new("callback-query", CallbackOf),
        new("retry-after", RetryAfterOf),
        new("duration", DurationOf),
        new("kubeconfig", KubeconfigOf),
        new("watch-line", WatchLineOf),
        new("list-page", ListPageOf),
        new("manifest", ManifestOf),
        new("grant-secret", GrantSecretOf),
        new("handoff-secret", HandoffSecretOf),
    ];

    private static void TokenAnswerOf(byte[] input)
    {
        var spent = new SpentCredentials(Sensitive.From(Secret));
        switch (TokenAnswer.Judge(Answer(input), spent))
        {
            case TokenOutcome.Granted granted:
                var token = granted.Tokens.AccessToken.Reveal();
                Require(!token.AsSpan().ContainsAnyExceptInRange('!', '~'), "a token that no header can carry");
                Require(granted.Tokens.Lifetime is null || granted.Tokens.Lifetime > TimeSpan.Zero, "a lifetime that is over");
                break;
            case var other:
                Shows(other.ToString());
                break;
        }
    }

    private static void MetadataOf(byte[] input) => Shows(MetadataAnswer.Judge(Answer(input), Issuer, policy).ToString());

    private static void RevocationAnswerOf(byte[] input) =>
        Shows(RevocationAnswer.Judge(Answer(input), new SpentCredentials(Sensitive.From(Secret))).ToString());

    private static void ClaimsOf(byte[] input)
    {
        if (input.Length == 0)
        {
            return; // an answer without a token is none
        }

        var claims = TokenClaims.Of(Sensitive.From(Encoding.Latin1.GetString(input)));
        Require(claims.Subject is null || !claims.Subject.Any(char.IsControl), "a subject that is unfit to be shown");
        Require(claims.TenantId is null || !claims.TenantId.Any(char.IsControl), "a tenant that is unfit to be shown");
    }

    private static void ApiAnswerOf(byte[] input)
    {
        var answer = new ResourceOutcome.Answered(StatusOf(input), "application/json", input, Sensitive.From(Secret));
        Shows(ErpAnswer.Judge(answer, now).ToString());
    }

    private static void CallbackOf(byte[] input)
    {
        var query = new QueryString("?" + Encoding.Latin1.GetString(input));
        if (AuthorizationResponse.Read(QueryPairs.Of(query)) is AuthorizationResponse.Unreadable unreadable)
        {
            Require(unreadable.Cause.Length > 0, "no cause");
        }
    }

    private static void RetryAfterOf(byte[] input)
    {
        var wait = RetryAfter.Parse(Encoding.Latin1.GetString(input), now);
        Require(wait is null || (wait > TimeSpan.Zero && wait <= RetryAfter.Cap), $"a wait of {wait}");
    }

    private static void DurationOf(byte[] input)
    {
        if (GoDuration.TryParse(Encoding.UTF8.GetString(input), out var duration) && duration < longest)
        {
            var text = GoDuration.Format(duration);
            Require(GoDuration.TryParse(text, out var again) && again == duration, $"{text} is not what was read");
        }
    }

    private static void KubeconfigOf(byte[] input)
    {
        File.WriteAllBytes(kubeconfig, input);
        try
        {
            ClusterAccess.Load(kubeconfig);
        }
        catch (ClusterAccessException rejected)
        {
            // Names are quoted, and an input may have the secret in the place of a name.
            Shows(quoted.Replace(rejected.Message, "''"));
            Shows(rejected.InnerException?.ToString());
        }
    }

    private static void WatchLineOf(byte[] input)
    {
        try
        {
            WatchLine.Read<VismaConnection>(new ReadOnlySequence<byte>(input), request, isKnown: null);
        }
        catch (Exception rejected) when (rejected is KubernetesException || IsUnreadable(rejected))
        {
        }
    }

    private static void ListPageOf(byte[] input)
    {
        using var response = new HttpResponseMessage { Content = new ByteArrayContent(input) };
        try
        {
            ListReader.ReadAsync<VismaConnection>(response, PageLimit, CancellationToken.None).GetAwaiter().GetResult();
        }
        catch (Exception rejected) when (rejected is HttpRequestException || IsUnreadable(rejected))
        {
        }
    }

    private static void ManifestOf(byte[] input)
    {
        var report = ManifestCheck.Check(
            ManifestReader.ReadText("fuzz.yaml", Encoding.UTF8.GetString(input)),
            new AllowLists(),
            TimeProvider.System
        );
        foreach (var finding in report.Findings)
        {
            Shows(finding.ToString());
            Require(finding.Line >= 1, "no line");
        }
    }

    private static void GrantSecretOf(byte[] input)
    {
        if (SecretOf(input) is { } secret)
        {
            var document = GrantSecret.Read(secret);
            var again = GrantSecret.Read(GrantSecret.Render(name, name.Name, document, present: null));
            Require(
                again.Held?.ToString() == document.Held?.ToString() && again.Intent == document.Intent,
                "a grant that is not what was written"
            );
        }
    }

    private static void HandoffSecretOf(byte[] input)
    {
        if (SecretOf(input) is { } secret)
        {
            Shows(HandoffSecret.Read(secret)?.ToString());
        }
    }

    private static Secret? SecretOf(byte[] input)
    {
        try
        {
            return JsonSerializer.Deserialize(input, Kubernetes.Client.Resources.Secret.JsonTypeInfo);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // The status is part of the input, too.
    private static WireResult.Answer Answer(byte[] input) => new(StatusOf(input), "application/json", RetryAfter: null, input);

    private static HttpStatusCode StatusOf(byte[] input) =>
        (input.Length % 7) switch
        {
            0 => HttpStatusCode.BadRequest,
            1 => HttpStatusCode.Unauthorized,
            2 => HttpStatusCode.InternalServerError,
            _ => HttpStatusCode.OK,
        };

    // What the client takes for an unreadable answer: a string that cannot be decoded is an InvalidOperationException, and a value that is
    // none of its type may be a FormatException.
    private static bool IsUnreadable(Exception failure) => failure is JsonException or FormatException or InvalidOperationException;

    private static void Shows(string? text) =>
        Require(text?.Contains(Secret, StringComparison.Ordinal) != true, $"a text that repeats a secret: {text}");

    private static void Require(bool holds, string problem)
    {
        if (!holds)
        {
            throw new InvalidOperationException(problem);
        }
    }
}
