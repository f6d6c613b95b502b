using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.ChartTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.ChartTests;

/// <summary>
/// What tests of whole releases share: an API server of their own, where the definitions come and go, which no other test could bear. They
/// run one after another and leave the server as they found it.
/// </summary>
[Collection(InstallServer.Collection)]
public abstract class ReleaseTests(InstallServer fixture) : IAsyncLifetime
{
    /// <summary>Where the operator of most tests is installed.</summary>
    protected const string OperatorNamespace = "visma-system";

    /// <summary>The definition of the connections.</summary>
    protected const string Definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/vismaconnections.visma-operator.io";

    private static readonly string[] definitions =
    [
        .. new[] { "vismaconnectionsets", "vismaconnections", "oauthclients" }.Select(kind =>
            Definition.Replace("vismaconnections.", $"{kind}.", StringComparison.Ordinal)
        ),
    ];

    private readonly List<Release> releases = [];
    private readonly List<string> namespaces = [];
    private VismaConnectStandIn? provider;

    /// <summary>The server.</summary>
    protected ApiServer Server => fixture.Server;

    /// <summary>The running test's.</summary>
    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <inheritdoc/>
    public ValueTask InitializeAsync()
    {
        Assert.SkipUnless(Server.CanRestart, ApiServer.NoRestartReason);
        return ValueTask.CompletedTask;
    }

    /// <summary>Leaves the server without releases, definitions, and namespaces of the test.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var release in releases)
        {
            await release.UninstallIfThereAsync();
        }

        // All before any is waited for: after each change the API server makes its description of all kinds anew, which takes it seconds.
        foreach (var definition in definitions)
        {
            await Server.Admin.DeleteAsync(definition, Ct);
        }

        foreach (var definition in definitions)
        {
            await Eventually.BecomesTrueAsync(
                "a definition to be gone",
                async token => await Server.Admin.FindAsync(definition, token) is null,
                Ct
            );
        }

        foreach (var name in namespaces)
        {
            await Server.Admin.DeleteAsync($"/api/v1/namespaces/{name}", Ct);
        }

        await (provider?.DisposeAsync() ?? ValueTask.CompletedTask);
        GC.SuppressFinalize(this);
    }

    /// <summary>A release that goes at the end of the test.</summary>
    private protected Release Of(string helm, string ns, string name = Chart.Release)
    {
        var release = new Release(helm, Server, ns, name);
        releases.Add(release);
        return release;
    }

    /// <summary>A namespace with credentials and a client for connections, served by the stand-in of Visma Connect.</summary>
    private protected async Task<Tenancy> TenancyAsync(string name)
    {
        namespaces.Add(name);
        provider ??= await VismaConnectStandIn.StartAsync(Job.Provider, Ct);
        await Server.Admin.CreateAsync("/api/v1/namespaces", new JsonObject { ["metadata"] = new JsonObject { ["name"] = name } }, Ct);
        return new Tenancy(Server.Admin, provider, name);
    }

    /// <summary>The values that let an operator of the chart ask the stand-in.</summary>
    private protected static string ValuesFor(Tenancy tenancy) =>
        $"insecureIssuers=true,allowedIssuers={{{tenancy.Provider.Issuer.OriginalString}}}";
}

/// <summary>An API server without the definitions.</summary>
public sealed class InstallServer : IAsyncLifetime
{
    /// <summary>The collection of the tests that share it.</summary>
    public const string Collection = "releases";

    private ApiServer? server;

    /// <summary>The server, ready.</summary>
    public ApiServer Server => server ?? throw new InvalidOperationException("The fixture was not initialised.");

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => server = await ApiServer.StartAsync(new ApiServerOptions(), CancellationToken.None);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => server?.DisposeAsync() ?? ValueTask.CompletedTask;
}

/// <summary>Shares the server.</summary>
[CollectionDefinition(InstallServer.Collection)]
public sealed class InstallServerTests : ICollectionFixture<InstallServer>;
