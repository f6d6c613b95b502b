using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests.Campaign;

/// <summary>
/// One cause with its own client, connection and provider, so that what is counted for an issuer is counted for one cause.
/// </summary>
/// <param name="setup">How it is made.</param>
/// <param name="provider">Its provider; null where nobody answers.</param>
/// <param name="scene">The world.</param>
/// <param name="home">Namespace of the connection.</param>
/// <param name="clientHome">Namespace of the client.</param>
internal sealed class FaultCase(
    FaultSetup setup,
    VismaConnectStandIn? provider,
    Scene scene,
    TestNamespace home,
    TestNamespace clientHome
)
{
    private readonly List<string> verifiers = [];

    public FaultSetup Setup => setup;

    public VismaConnectStandIn? Provider => provider;

    public TestNamespace Home => home;

    public TestNamespace ClientHome => clientHome;

    /// <summary>All cases.</summary>
    public IReadOnlyList<FaultCase> Others { get; set; } = [];

    /// <summary>The issuer as the spec has it, and as metrics name it.</summary>
    public string Issuer => setup.Issuer ?? provider!.Issuer.OriginalString;

    /// <summary>Host and port of provider and API.</summary>
    public string Authority => new Uri(Issuer).Authority;

    /// <summary>What must not be readable anywhere.</summary>
    public IEnumerable<string> Secrets => [.. provider?.Ledger.AllSecretsIssued() ?? [], setup.Secret, .. verifiers];

    private string ConnectionPath => home.Of(The.Group, $"vismaconnections/{setup.Name}");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Creates everything and makes the cause.</summary>
    public async Task ArrangeAsync()
    {
        await CreateSecretAsync(clientHome, $"{setup.Name}-credentials", ("clientSecret", setup.Secret));
        var client = The.ClientSpec(Issuer);
        client["clientSecrets"]![0]!["secretKeyRef"]!["name"] = $"{setup.Name}-credentials";
        setup.Client(client);
        await scene.Admin.CreateAsync(clientHome.Of(The.Group, "oauthclients"), The.OAuthClient(setup.Name, client), Ct);
        await setup.Before(this);
        var connection = The.ConnectionSpec();
        connection["oauthClientRef"] = new JsonObject { ["name"] = setup.Name };
        connection["baseURL"] = provider?.ApiUrl.OriginalString;
        setup.Connection(this, connection);
        if (home != clientHome)
        {
            connection["oauthClientRef"]!["namespace"] = clientHome.Name;
        }

        await scene.Admin.CreateAsync(home.Of(The.Group, "vismaconnections"), The.VismaConnection(setup.Name, connection), Ct);
        await setup.Then(this);
    }

    /// <summary>Waits until the connection is Ready.</summary>
    public Task UntilReadyAsync() =>
        scene.UntilAsync(ConnectionPath, $"{setup.Name} to be Ready", node => node.Condition("Ready")?.Status == "True");

    /// <summary>Changes a member of the client's spec.</summary>
    public Task ChangeClientAsync(string member, JsonNode value) =>
        scene.Admin.PatchAsync(
            clientHome.Of(The.Group, $"oauthclients/{setup.Name}"),
            new JsonObject { ["spec"] = new JsonObject { [member] = value } },
            Ct
        );

    /// <summary>Gives the namespace a ResourceQuota that its Secrets have used up. Its status is what a controller would write.</summary>
    public async Task FillNamespaceAsync()
    {
        const string Name = "secrets-of-the-team";
        static JsonObject One() => new() { ["secrets"] = "1" };
        await scene.Admin.CreateAsync(
            home.Core("resourcequotas"),
            new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = Name },
                ["spec"] = new JsonObject { ["hard"] = One() },
            },
            Ct
        );
        await scene.Admin.PatchAsync(
            home.Core($"resourcequotas/{Name}/status"),
            new JsonObject { ["status"] = new JsonObject { ["hard"] = One(), ["used"] = One() } },
            Ct
        );
    }

    /// <summary>Creates a Secret.</summary>
    public Task CreateSecretAsync(TestNamespace ns, string name, (string Key, string Value) content) =>
        scene.Admin.CreateAsync(
            ns.Core("secrets"),
            new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = name },
                ["stringData"] = new JsonObject { [content.Key] = content.Value },
            },
            Ct
        );

    /// <summary>The connection gets a token; from then on the token endpoint has a fault, and a renewal is asked for.</summary>
    public Task SpoilRenewalAsync(Fault fault) =>
        SpoilRenewalAsync(spoilt =>
        {
            spoilt.Faults.Always(fault);
            return Task.CompletedTask;
        });

    /// <summary>The connection gets a token; then something happens to the provider, and a renewal is asked for.</summary>
    public async Task SpoilRenewalAsync(Func<VismaConnectStandIn, Task> spoil)
    {
        await UntilReadyAsync();
        await spoil(provider!);
        await RequestRenewalAsync();
    }

    /// <summary>The connection gets a token; then the client has another token endpoint, and a renewal is asked for.</summary>
    public async Task LoseTokenEndpointAsync(string server)
    {
        await UntilReadyAsync();
        await ChangeClientAsync("endpoints", new JsonObject { ["token"] = $"{server}/connect/token" });
        await RequestRenewalAsync();
    }

    /// <summary>A person consents, the connection gets a token; then something happens to the grant, and a renewal is asked for.</summary>
    public async Task ConsentThenAsync(Func<GrantFamily, Task> spoil)
    {
        var consent = new Consents.Consent(The.ClientId, Consents.TenantOf(0));
        verifiers.Add(await Consents.HandOverAsync(scene.Admin, provider!, home, setup.Name, consent));
        await UntilReadyAsync();
        await spoil(provider!.Grants.Families.Single());
        await RequestRenewalAsync();
    }

    /// <summary>Waits until the provider no longer accepts the grant.</summary>
    public Task UntilEndedAsync(GrantFamily family) =>
        Eventually.BecomesTrueAsync(
            "the consent to end",
            () => provider!.Grants.Families.Single(found => found.Id == family.Id).RefreshTokens.All(token => !token.IsAccepted),
            Ct
        );

    private Task RequestRenewalAsync() =>
        scene.Admin.PatchAsync(
            ConnectionPath,
            new JsonObject
            {
                ["metadata"] = new JsonObject
                {
                    ["annotations"] = new JsonObject { [VismaNames.RequestedAtAnnotation] = "after-the-fault" },
                },
            },
            Ct
        );
}
