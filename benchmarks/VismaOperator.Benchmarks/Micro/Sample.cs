using System.Text;
using System.Text.Json;
using Kubernetes.Client.Resources;
using Lifecycle;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Publishing;

namespace VismaOperator.Benchmarks.Micro;

/// <summary>One ordinary connection with its token, as most of them are at most times.</summary>
internal static class Sample
{
    /// <summary>When everything here happens.</summary>
    public static DateTimeOffset Now { get; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>A token of Visma Connect has about this size.</summary>
    private static readonly string accessToken = new('t', 1200);

    /// <summary>A connection that has never been looked at.</summary>
    public static VismaConnection Fresh { get; } =
        new()
        {
            Metadata = new ObjectMeta
            {
                Name = "acme-production",
                Namespace = "integrations",
                Uid = "5e3f7f0e-3f0b-4a55-8a2d-0c8f2a7b9d10",
                ResourceVersion = "1000",
                Generation = 1,
                CreationTimestamp = Now,
            },
            Spec = new VismaConnectionSpec
            {
                OAuthClientRef = new OAuthClientReference { Name = "acme" },
                TenantId = "2f5c8a54-51ab-4c5e-9d3a-0d6a1c0d9f11",
                Scopes = ["vismanet_erp_service_api:read", "vismanet_erp_service_api:create"],
            },
        };

    /// <summary>Its token.</summary>
    public static IssuedToken Token { get; } = new()
    {
        AccessToken = Sensitive.From(accessToken),
        IssueTime = Now,
        ExpirationTime = Now.AddHours(1),
        Inputs = TokenInputs.Join(ConnectionHashes.Inputs(Fresh), "0123456789abcdef"),
        GrantedScopes = Fresh.Spec.Scopes,
    };

    /// <summary>The Secret with the token.</summary>
    public static Secret Published { get; } = WithVersion(TokenSecret.Render(Fresh, Token, present: null), "1001");

    /// <summary>Facts of the connection before it has a token.</summary>
    public static Facts FactsBefore { get; } = FactsOf(new SecretFacts.Absent(), token: null);

    /// <summary>Facts of the connection while its token is fresh.</summary>
    public static Facts FactsAfter { get; } = FactsOf(new SecretFacts.Owned("1001"), Token.ToRecord(Fresh, Published));

    /// <summary>The connection once it is Ready.</summary>
    public static VismaConnection Ready { get; } = Fresh with
    {
        Metadata = Fresh.Metadata with { ResourceVersion = "1002" },
        Status = new VismaConnectionStatus
        {
            ObservedGeneration = 1,
            SecretName = Published.Metadata.Name,
            BaseUrl = Fresh.Spec.EffectiveBaseUrl(),
            Conditions = [.. Report.Of(FactsAfter, Policy.Decide(FactsAfter, Now), Now).Conditions.Select(ConditionOf)],
            Token = new TokenStatus
            {
                IssueTime = Now,
                ExpirationTime = Now.AddHours(1),
                RefreshTime = FactsAfter.Token!.RefreshTime,
                GrantedScopes = Fresh.Spec.Scopes,
                Fingerprint = FactsAfter.Token.Fingerprint,
                SecretResourceVersion = "1001",
                Inputs = Token.Inputs,
                Layout = FactsAfter.Token.Layout,
            },
        },
    };

    /// <summary>The line of a watch that tells of <see cref="Ready"/> at a version.</summary>
    public static byte[] WatchLine(int version)
    {
        var connection = JsonSerializer.Serialize(
            Ready with
            {
                Metadata = Ready.Metadata with { ResourceVersion = version.ToString(System.Globalization.CultureInfo.InvariantCulture) },
            },
            VismaConnection.JsonTypeInfo
        );
        return Encoding.UTF8.GetBytes($$"""{"type":"MODIFIED","object":{{connection}}}""");
    }

    private static Facts FactsOf(SecretFacts secret, TokenRecord? token) =>
        new()
        {
            Connection = ConnectionFactsReader.Read(Fresh, new VismaOperator.Api.Validation.AllowLists(), isNamespaceTerminating: false),
            Client = new ClientFacts.Usable("0123456789abcdef", "fedcba9876543210"),
            Secret = secret,
            Token = token,
        };

    private static Condition ConditionOf(ConditionReport report) =>
        new()
        {
            Type = report.Type,
            Status = report.IsTrue ? "True" : "False",
            Reason = report.Reason,
            Message = report.Message,
            ObservedGeneration = 1,
            LastTransitionTime = Now,
        };

    private static Secret WithVersion(Secret secret, string version) =>
        secret.WithMetadata(secret.Metadata with { ResourceVersion = version });
}
