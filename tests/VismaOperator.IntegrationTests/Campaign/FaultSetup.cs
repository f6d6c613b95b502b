using System.Globalization;
using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.IntegrationTests.Support;

namespace VismaOperator.IntegrationTests.Campaign;

/// <summary>How one cause is made: what differs from a provider, a client and a connection that work together.</summary>
/// <param name="Number">Number of its row.</param>
/// <param name="Name">Name of its client and its connection.</param>
internal sealed record FaultSetup(int Number, string Name)
{
    /// <summary>Where its connection lives.</summary>
    public FaultPlace Place { get; init; }

    /// <summary>Where its client lives.</summary>
    public FaultPlace ClientPlace { get; init; }

    /// <summary>True where the cause comes after a first token; see <see cref="VismaOperator.FaultCampaign.FaultRow.Later"/>.</summary>
    public bool IsLater { get; init; }

    /// <summary>Its provider; null where nobody answers at <see cref="Issuer"/>.</summary>
    public StandInOptions? Provider { get; init; } = The.Provider;

    /// <summary>The issuer; null for that of the provider.</summary>
    public string? Issuer { get; init; }

    /// <summary>The client secret in the cluster.</summary>
    public string Secret { get; init; } = The.ClientSecret;

    /// <summary>Changes the spec of the client.</summary>
    public Action<JsonObject> Client { get; init; } = _ => { };

    /// <summary>Changes the spec of the connection.</summary>
    public Action<FaultCase, JsonObject> Connection { get; init; } = (_, _) => { };

    /// <summary>What is done before the connection is created.</summary>
    public Func<FaultCase, Task> Before { get; init; } = _ => Task.CompletedTask;

    /// <summary>What is done once the connection was created.</summary>
    public Func<FaultCase, Task> Then { get; init; } = _ => Task.CompletedTask;
}

/// <summary>Namespaces of the campaign: some causes are of a whole namespace.</summary>
internal enum FaultPlace
{
    /// <summary>Where all is allowed.</summary>
    Home,

    /// <summary>Whose connections use a client of <see cref="Home"/>.</summary>
    Guest,

    /// <summary>Where the operator may not write Secrets.</summary>
    Forbidden,

    /// <summary>Where no further Secret has room.</summary>
    Full,

    /// <summary>Where a webhook denies token Secrets.</summary>
    Guarded,
}

/// <summary>The causes that one operator can have at the same time.</summary>
internal static class FaultSetups
{
    /// <summary>What the Secret of somebody else holds.</summary>
    public const string ForeignPassword = "a-password-of-somebody-else";

    /// <summary>A provider whose name no server knows.</summary>
    public const string NoSuchProvider = "https://no-such-provider.invalid";

    private const string WrongSecret = "the-client-secret-of-another-application";

    private const string Read = "vismanet_erp_service_api:read";
    private const string Create = "vismanet_erp_service_api:create";
    private const string Delete = "vismanet_erp_service_api:delete";

    private static readonly DateTimeOffset yesterday = TimeProvider.System.GetUtcNow().AddDays(-1);

    public static IReadOnlyList<FaultSetup> All { get; } =
    [
        new(0, "healthy") { Connection = Probed },
        new(1, "wrong-secret") { Secret = WrongSecret },
        new(2, "expired-secret")
        {
            Provider = WithClient(client => client with { Secrets = [new StandInSecret(The.ClientSecret, yesterday)] }),
            Client = spec =>
                spec["clientSecrets"]![0]!["expirationTime"] = yesterday.ToString(
                    "yyyy-MM-dd'T'HH:mm:ss'Z'",
                    CultureInfo.InvariantCulture
                ),
        },
        new(3, "tenant-not-approved") { Connection = (_, spec) => spec["tenantID"] = The.UnapprovedTenant },
        new(4, "scope-missing") { Provider = WithClient(client => client with { GrantedScopes = [Read] }) },
        new(5, "scope-exceeded") { Provider = WithClient(client => client with { GrantedScopes = [Read, Create, Delete] }) },
        new(6, "provider-down") { Then = subject => subject.SpoilRenewalAsync(async provider => await provider.DisposeAsync()) },
        new(7, "provider-slow") { Then = subject => subject.SpoilRenewalAsync(new Fault.Slow(TimeSpan.FromMinutes(1))) },
        new(8, "provider-limits")
        {
            Then = subject => subject.SpoilRenewalAsync(Fault.TooManyRequests(TimeSpan.FromMinutes(5))),
        },
        new(9, "dns") { Provider = null, Issuer = NoSuchProvider },
        new(10, "tls") { Provider = The.Provider with { Scheme = StandInScheme.Https } },
        new(9, "dns-later")
        {
            IsLater = true,
            Then = subject => subject.LoseTokenEndpointAsync(NoSuchProvider),
        },
        new(10, "tls-later")
        {
            IsLater = true,
            Then = subject => subject.LoseTokenEndpointAsync(subject.Others.Single(one => one.Setup.Name == "tls").Issuer),
        },
        // Half a minute more, so that an answer that takes a second does not make it nine.
        new(11, "clock-skew") { Provider = The.Provider with { ClockOffset = TimeSpan.FromMinutes(-10.5) } },
        new(12, "foreign-secret")
        {
            Before = subject => subject.CreateSecretAsync(subject.Home, "foreign-secret-token", ("password", ForeignPassword)),
        },
        new(13, "namespace-not-allowed")
        {
            Place = FaultPlace.Guest,
            Client = spec => spec["allowedNamespaces"] = new JsonObject { ["from"] = "All" },
            Then = async subject =>
            {
                await subject.UntilReadyAsync();
                await subject.ChangeClientAsync("allowedNamespaces", new JsonObject { ["from"] = "Same" });
            },
        },
        new(14, "consent-ended")
        {
            Provider = Interactive(TimeSpan.FromSeconds(6)),
            Connection = OfAPerson,
            Then = subject => subject.ConsentThenAsync(family => subject.UntilEndedAsync(family)),
        },
        new(15, "grant-revoked")
        {
            Provider = Interactive(TimeSpan.FromDays(365)),
            Connection = OfAPerson,
            Then = subject => subject.ConsentThenAsync(family => Task.FromResult(subject.Provider!.Grants.Withdraw(family.Id))),
        },
        new(16, "writes-forbidden") { Place = FaultPlace.Forbidden, ClientPlace = FaultPlace.Forbidden },
        new(17, "quota")
        {
            Place = FaultPlace.Full,
            ClientPlace = FaultPlace.Full,
            Before = subject => subject.FillNamespaceAsync(),
        },
        new(18, "webhook") { Place = FaultPlace.Guarded, ClientPlace = FaultPlace.Guarded },
        new(19, "probe-401")
        {
            Provider = The.Provider with { Tenants = [new StandInTenant(The.Tenant) { Kind = TenantKind.Customer }] },
            Connection = Probed,
        },
        new(20, "probe-403")
        {
            Connection = (subject, spec) =>
            {
                Probed(subject, spec);
                spec["scopes"] = new JsonArray(Create);
            },
        },
        new(21, "probe-429") { Provider = The.Provider with { ApiRequestsPerHour = 0 }, Connection = Probed },
        new(22, "wrong-base-url")
        {
            Connection = (subject, spec) =>
            {
                Probed(subject, spec);
                spec["baseURL"] = $"{subject.Issuer}/erp/service";
            },
        },
    ];

    private static void Probed(FaultCase subject, JsonObject spec)
    {
        spec["baseURL"] = subject.Provider!.ApiUrl.OriginalString;
        spec["probe"] = new JsonObject { ["enabled"] = true };
    }

    private static void OfAPerson(FaultCase subject, JsonObject spec)
    {
        foreach (var (member, value) in Consents.Spec(0, subject.Setup.Name))
        {
            spec[member] = value!.DeepClone();
        }
    }

    private static StandInOptions WithClient(Func<StandInClient, StandInClient> change) =>
        The.Provider with { Clients = [change(The.Provider.Clients[0])] };

    private static StandInOptions Interactive(TimeSpan lifetime)
    {
        var provider = Consents.Provider(1);
        var refreshTokens = new StandInRefreshTokens { AbsoluteLifetime = lifetime, AnnouncesExpiration = true };
        return provider with { Clients = [provider.Clients[0] with { RefreshTokens = refreshTokens }] };
    }
}
