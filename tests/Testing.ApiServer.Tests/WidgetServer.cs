using VismaOperator.Testing.ApiServer.Tests;
using Xunit;

[assembly: AssemblyFixture(typeof(WidgetServer))]
// Most of these tests wait for a process.
[assembly: CollectionBehavior(MaxParallelThreads = 6)]

namespace VismaOperator.Testing.ApiServer.Tests;

/// <summary>One server for the tests of this assembly, with a kind of its own: nothing here depends on the operator's kinds.</summary>
public sealed class WidgetServer : IAsyncLifetime
{
    private ApiServer? server;

    public static ApiServerOptions Options { get; } = new()
    {
        CrdFolders = [RepositoryFolder.PathOf("tests/Testing.ApiServer.Tests/definitions")],
    };

    public ApiServer Server => server ?? throw new InvalidOperationException("The fixture was not initialised.");

    public async ValueTask InitializeAsync() => server = await ApiServer.StartAsync(Options, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }
    }
}
