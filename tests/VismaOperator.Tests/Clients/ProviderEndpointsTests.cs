using Kubernetes.Client;
using OAuth;
using VismaOperator.Clients;

namespace VismaOperator.Tests.Clients;

/// <summary>Where a provider is asked for what.</summary>
public sealed class ProviderEndpointsTests
{
    private static readonly Uri issuer = new("https://connect.visma.com");
    private static readonly Uri own = new("https://connect.visma.com/own");

    [Fact]
    public async Task Endpoints_in_the_spec_are_used_without_reading_the_metadata()
    {
        var endpoints = new ProviderEndpoints(new Metadata(new MetadataOutcome.Unavailable("away", RetryAfter: null)));
        var client = Client(own);

        Assert.All(await AllAsync(endpoints, client), lookup => Assert.Equal(new EndpointLookup.Found(own), lookup));
    }

    [Fact]
    public async Task Endpoints_that_the_spec_omits_are_taken_from_the_metadata()
    {
        var endpoints = new ProviderEndpoints(new Metadata(new MetadataOutcome.Found(Document)));

        Assert.Equal(
            [
                new EndpointLookup.Found(Document.TokenEndpoint),
                new EndpointLookup.Found(Document.AuthorizationEndpoint!),
                new EndpointLookup.Found(Document.RevocationEndpoint!),
            ],
            await AllAsync(endpoints, Client())
        );
    }

    [Fact]
    public async Task An_endpoint_that_the_metadata_leave_out_is_a_problem_that_names_the_field_to_set()
    {
        var endpoints = new ProviderEndpoints(new Metadata(new MetadataOutcome.Found(Document with { RevocationEndpoint = null })));

        var missing = Assert.IsType<EndpointLookup.NotFound>(await endpoints.RevocationAsync(Client(), CancellationToken.None));

        Assert.Equal("MetadataUnusable", missing.Problem.Reason);
        Assert.Contains("names no revocation endpoint", missing.Problem.Message, StringComparison.Ordinal);
        Assert.Contains("spec.endpoints.revocation", missing.Problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_provider_that_asks_for_a_pause_gets_it()
    {
        var endpoints = new ProviderEndpoints(new Metadata(new MetadataOutcome.Unavailable("503", TimeSpan.FromMinutes(2))));

        Assert.All(
            await AllAsync(endpoints, Client()),
            lookup => Assert.Equal(TimeSpan.FromMinutes(2), Assert.IsType<EndpointLookup.NotFound>(lookup).RetryAfter)
        );
    }

    [Fact]
    public async Task Untrusted_metadata_are_distinguished_from_unavailable_metadata()
    {
        var endpoints = new ProviderEndpoints(new Metadata(new MetadataOutcome.Untrusted("it names another issuer")));

        Assert.All(
            await AllAsync(endpoints, Client()),
            lookup => Assert.Equal("MetadataUntrusted", Assert.IsType<EndpointLookup.NotFound>(lookup).Problem.Reason)
        );
    }

    private static ServerMetadata Document { get; } =
        new(
            issuer.OriginalString,
            new Uri(issuer, "/token"),
            new Uri(issuer, "/authorize"),
            new Uri(issuer, "/revoke"),
            IssParameterSupported: true
        );

    private static ResolvedClient Client(Uri? declared = null) =>
        new()
        {
            Name = new NamespacedName("integrations", "acme"),
            Issuer = issuer,
            ClientId = "isv_acme",
            Method = ClientAuthenticationMethod.ClientSecretPost,
            Credentials = [],
            TokenEndpoint = declared,
            AuthorizationEndpoint = declared,
            RevocationEndpoint = declared,
        };

    private static async Task<EndpointLookup[]> AllAsync(ProviderEndpoints endpoints, ResolvedClient client) =>
    [
        await endpoints.TokenAsync(client, CancellationToken.None),
        await endpoints.AuthorizationAsync(client, CancellationToken.None),
        await endpoints.RevocationAsync(client, CancellationToken.None),
    ];

    private sealed class Metadata(MetadataOutcome outcome) : IServerMetadataEndpoint
    {
        public Task<MetadataOutcome> GetAsync(Uri issuer, CancellationToken cancellationToken) => Task.FromResult(outcome);
    }
}
