using Xunit;

namespace VismaOperator.Testing.ApiServer.Tests;

public sealed class ApiServerBinariesTests
{
    private readonly string home = Directory.CreateTempSubdirectory().FullName;

    [Fact]
    public void The_assets_folder_goes_before_the_cache()
    {
        Fill(".cache/visma-operator/kubernetes-1.20.2");
        var assets = Fill("assets");

        Assert.Equal(Path.Combine(assets, "kube-apiserver"), Find(assets).KubeApiServer);
    }

    [Fact]
    public void The_newest_version_in_the_cache_is_taken_and_a_folder_that_is_being_built_is_not()
    {
        Fill(".cache/visma-operator/kubernetes-1.9.11");
        var newest = Fill(".cache/visma-operator/kubernetes-1.20.2");
        Fill(".cache/visma-operator/.building-kubernetes-1.30.0.x");

        Assert.Equal(Path.Combine(newest, "etcd"), Find(assets: null).Etcd);
    }

    [Fact]
    public void Without_binaries_the_message_names_the_remedy()
    {
        var failure = Assert.Throws<FileNotFoundException>(() => Find(assets: null));

        Assert.Contains("tests/apiserver/obtain.sh", failure.Message, StringComparison.Ordinal);
        Assert.Contains("TEST_KUBECONFIG", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_assets_folder_without_a_server_is_an_error_even_when_the_cache_has_one()
    {
        Fill(".cache/visma-operator/kubernetes-1.20.2");

        var failure = Assert.Throws<FileNotFoundException>(() => Find(Path.Combine(home, "empty")));

        Assert.Contains("KUBEBUILDER_ASSETS", failure.Message, StringComparison.Ordinal);
    }

    private ApiServerBinaries Find(string? assets) => ApiServerBinaries.Find(name => name switch
    {
        "HOME" => home,
        "KUBEBUILDER_ASSETS" => assets,
        _ => null,
    });

    private string Fill(string folder)
    {
        var path = Directory.CreateDirectory(Path.Combine(home, folder)).FullName;
        File.WriteAllText(Path.Combine(path, "etcd"), "");
        File.WriteAllText(Path.Combine(path, "kube-apiserver"), "");
        return path;
    }
}
