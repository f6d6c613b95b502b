using VismaOperator.Api;
using VismaOperator.Api.Validation;

namespace VismaOperator.Tests.Validation;

/// <summary>What only the operator can refuse, since no schema knows it.</summary>
public sealed class AllowListsTests
{
    private static readonly OAuthClientSpec client = new()
    {
        ClientId = "a",
        ClientSecrets =
        [
            new()
            {
                SecretKeyRef = new() { Name = "s", Key = "k" },
            },
        ],
    };
    private static readonly VismaConnectionSpec connection = new()
    {
        OAuthClientRef = new() { Name = "c" },
        Scopes = ["a:b"],
    };

    [Theory]
    [InlineData("https://connect.visma.com", null)]
    [InlineData("https://connect.visma.com/", null)]
    [InlineData("https://CONNECT.visma.com:443", null)]
    [InlineData("https://connect.identity.stagaws.visma.com", null)]
    [InlineData("https://connect.visma.com/other", "IssuerNotAllowed")]
    [InlineData("https://connect.visma.com.example.com", "IssuerNotAllowed")]
    [InlineData("https://connect.visma.com:8443", "IssuerNotAllowed")]
    public void Only_listed_issuers_are_contacted(string issuer, string? reason) =>
        Assert.Equal(reason, OAuthClientRules.Check(client with { Issuer = issuer }, new AllowLists()).SingleOrDefault()?.Reason);

    [Theory]
    [InlineData("https://connect.visma.com/connect/token", null)]
    [InlineData("https://connect.visma.com:444/connect/token", "IssuerNotAllowed")]
    [InlineData("https://example.com/connect/token", "IssuerNotAllowed")]
    public void Endpoints_are_held_to_the_hosts_of_listed_issuers(string token, string? reason) =>
        Assert.Equal(
            reason,
            OAuthClientRules.Check(client with { Endpoints = new() { Token = token } }, new AllowLists()).SingleOrDefault()?.Reason
        );

    [Fact]
    public void Http_is_refused_unless_the_administrator_accepts_it()
    {
        var spec = client with { Issuer = "http://localhost:8080" };
        var lists = new AllowLists { AllowedIssuers = ["http://localhost:8080"] };

        Assert.Equal("InsecureUrl", Assert.Single(OAuthClientRules.Check(spec, lists)).Reason);
        Assert.Empty(OAuthClientRules.Check(spec, lists with { AllowInsecureIssuers = true }));
    }

    [Fact]
    public void Every_endpoint_is_held_to_the_hosts_of_listed_issuers()
    {
        var endpoints = new EndpointsSpec
        {
            Token = "https://a.example.com/t",
            Authorization = "https://b.example.com/a",
            Revocation = "https://c.example.com/r",
        };

        var problems = OAuthClientRules.Check(client with { Endpoints = endpoints }, new AllowLists());

        Assert.Equal(
            ["spec.endpoints.token", "spec.endpoints.authorization", "spec.endpoints.revocation"],
            problems.Select(problem => problem.Path)
        );
        Assert.All(problems, problem => Assert.Equal("IssuerNotAllowed", problem.Reason));
    }

    [Theory]
    [InlineData("https://operator.example.com/oauth2/callback", null)]
    [InlineData("http://localhost:8888/", null)]
    [InlineData("http://127.0.0.1:8888/oauth2/callback", null)]
    [InlineData("http://127.1.2.3/", null)]
    [InlineData("http://operator.example.com/oauth2/callback", "InsecureUrl")]
    [InlineData("http://loopback:8888/", "InsecureUrl")]
    [InlineData("http://localhost.example.com/", "InsecureUrl")]
    [InlineData("http://127.0.0.1.example.com/", "InsecureUrl")]
    [InlineData("http://10.0.0.1/", "InsecureUrl")]
    public void A_code_comes_back_encrypted_or_does_not_leave_the_machine(string redirectUri, string? reason)
    {
        var spec = client with { RedirectUri = redirectUri };

        Assert.Equal(reason, OAuthClientRules.Check(spec, new AllowLists()).SingleOrDefault()?.Reason);
        Assert.Empty(OAuthClientRules.Check(spec, new AllowLists { AllowInsecureIssuers = true }));
    }

    [Theory]
    [InlineData("https://api.finance.visma.net/v3", null)]
    [InlineData("https://salesorder.visma.net/api/v3", null)]
    [InlineData("https://api.finance.visma.net:8443/v1", "ApiHostNotAllowed")]
    [InlineData("https://example.com", "ApiHostNotAllowed")]
    [InlineData("https://api.finance.visma.net.", "InvalidSpec")]
    [InlineData("http://api.finance.visma.net/v1", "InsecureUrl")]
    public void Tokens_are_published_for_listed_hosts_only(string baseUrl, string? reason) =>
        Assert.Equal(reason, VismaConnectionRules.Check(connection with { BaseUrl = baseUrl }, new AllowLists()).SingleOrDefault()?.Reason);

    [Fact]
    public void Metadata_keys_can_be_limited_to_prefixes()
    {
        var spec = connection with
        {
            Secret = new()
            {
                Template = new() { Metadata = new() { Labels = new Dictionary<string, string> { ["example.com/team"] = "a" } } },
            },
        };

        Assert.Empty(VismaConnectionRules.Check(spec, new AllowLists()));
        Assert.Empty(VismaConnectionRules.Check(spec, new AllowLists { AllowedMetadataPrefixes = ["example.com/"] }));
        Assert.Equal(
            "spec.secret.template.metadata.labels[example.com/team]",
            Assert.Single(VismaConnectionRules.Check(spec, new AllowLists { AllowedMetadataPrefixes = ["other.com/"] })).Path);
    }

    [Fact]
    public void Scopes_that_the_provider_would_refuse_for_their_length_are_refused()
    {
        var scope = new string('a', 98) + ":b";

        Assert.Empty(VismaConnectionRules.Check(connection with { Scopes = [scope, scope.ToUpperInvariant()] }, new AllowLists()));
        Assert.Contains(
            "300 characters",
            Assert.Single(VismaConnectionRules.Check(connection with { Scopes = [scope, scope, scope] }, new AllowLists())).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_scope_that_a_consent_adds_counts_in_their_length()
    {
        // 285 characters; with a space and offline_access 300.
        var fits = new string('a', 283) + ":b";
        var spec = connection with { Grant = Grant.AuthorizationCode };

        Assert.Empty(VismaConnectionRules.Check(spec with { Scopes = [fits] }, new AllowLists()));
        Assert.Empty(VismaConnectionRules.Check(spec with { Scopes = [fits, VismaConnectionSpec.OfflineAccess] }, new AllowLists()));
        Assert.Contains(
            "offline_access included",
            Assert.Single(VismaConnectionRules.Check(spec with { Scopes = ["a" + fits] }, new AllowLists())).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Values_of_a_newer_version_are_refused_by_name()
    {
        Assert.Equal(
            "spec.grant",
            Assert.Single(VismaConnectionRules.Check(connection with { Grant = Grant.Unrecognized }, new AllowLists())).Path
        );
        Assert.Equal(
            "spec.authorization.deletionPolicy",
            Assert
                .Single(
                    VismaConnectionRules.Check(
                        connection with
                        {
                            Grant = Grant.AuthorizationCode,
                            Authorization = new() { DeletionPolicy = GrantDeletionPolicy.Unrecognized },
                        },
                        new AllowLists()
                    )
                )
                .Path
        );
        Assert.Equal(
            "spec.authenticationMethod",
            Assert
                .Single(OAuthClientRules.Check(client with { AuthenticationMethod = AuthenticationMethod.Unrecognized }, new AllowLists()))
                .Path
        );
    }
}
