using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>
/// An API server for tests that stop it or fill it. They share it and run one after another
/// (<c>[Collection(OwnServerFixture.Collection)]</c>), beside the tests on the server of the assembly.
/// </summary>
public sealed class OwnServerFixture : IAsyncLifetime
{
    public const string Collection = "Own API server";

    private ApiServer? server;

    public ApiServer Server => server ?? throw new InvalidOperationException("The fixture was not initialised.");

    public async ValueTask InitializeAsync() => server = await ApiServer.StartAsync(ApiServerFixture.Options, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }
    }
}

[CollectionDefinition(OwnServerFixture.Collection)]
public sealed class OwnServerTests : ICollectionFixture<OwnServerFixture>;
