using Xunit;

namespace VismaOperator.Testing.ApiServer;

/// <summary>
/// One API server for all tests of an assembly: <c>[assembly: AssemblyFixture(typeof(ApiServerFixture))]</c>. The definitions in
/// the checkout's <c>crds/</c> are installed. A machine without a server fails the tests with the remedy; it never skips them.
/// Tests that stop the server or change what is not in their own namespace start an own <see cref="ApiServer"/>.
/// </summary>
public sealed class ApiServerFixture : IAsyncLifetime
{
    private ApiServer? server;

    /// <summary>The server, ready.</summary>
    public ApiServer Server => server ?? throw new InvalidOperationException("The fixture was not initialised.");

    /// <summary>The API with the rights of an administrator.</summary>
    public ApiClient Admin => Server.Admin;

    /// <summary>
    /// The variable that names a folder with definitions of others (Flux, Argo CD, Gateway API ...), so that objects of their kinds are
    /// judged too.
    /// </summary>
    public const string MoreDefinitionsVariable = "TEST_MORE_CRDS";

    /// <summary>How the server of the fixture is started; an own server of a test starts from it.</summary>
    public static ApiServerOptions Options { get; } =
        new()
        {
            CrdFolders =
            [
                RepositoryFolder.PathOf("crds"),
                .. Environment.GetEnvironmentVariable(MoreDefinitionsVariable) is { Length: > 0 } more ? [more] : Array.Empty<string>(),
            ],
        };

    /// <summary>A namespace for the running test.</summary>
    public Task<TestNamespace> CreateNamespaceAsync(CancellationToken cancellationToken) =>
        TestNamespace.CreateAsync(Admin, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => server = await ApiServer.StartAsync(Options, CancellationToken.None);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }
    }
}
