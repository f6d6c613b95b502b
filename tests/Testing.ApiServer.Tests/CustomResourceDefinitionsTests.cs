using Xunit;

namespace VismaOperator.Testing.ApiServer.Tests;

public sealed class CustomResourceDefinitionsTests(WidgetServer shared)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Definitions_that_are_there_already_are_replaced()
    {
        var folder = RepositoryFolder.PathOf("tests/Testing.ApiServer.Tests/definitions");

        await CustomResourceDefinitions.InstallAsync(shared.Server.Admin, folder, Ct);

        Assert.NotNull(await shared.Server.Admin.FindAsync("/apis/example.test/v1/widgets", Ct));
    }

    [Fact]
    public async Task A_folder_without_definitions_is_an_error()
    {
        var empty = Directory.CreateTempSubdirectory().FullName;
        await File.WriteAllTextAsync(Path.Combine(empty, "kustomization.yaml"), "kind: Kustomization\n", Ct);

        var failure = await Assert.ThrowsAsync<FileNotFoundException>(
            () => CustomResourceDefinitions.InstallAsync(shared.Server.Admin, empty, Ct));

        Assert.Contains(empty, failure.Message, StringComparison.Ordinal);
    }
}
