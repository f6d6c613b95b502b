using System.Text.Json.Nodes;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>A folder with the operator's kubeconfig: that of the proxy, with the scene's namespace as the current one, so that leases of scenes do not meet.</summary>
internal sealed class SceneFolder
{
    private readonly DirectoryInfo folder;

    private SceneFolder(DirectoryInfo folder) => this.folder = folder;

    public string Kubeconfig => Path.Combine(folder.FullName, "kubeconfig");

    public static SceneFolder Create(string proxyKubeconfig, string place)
    {
        var created = new SceneFolder(Directory.CreateTempSubdirectory("visma-operator-scene-"));
        var config = JsonNode.Parse(File.ReadAllText(proxyKubeconfig))!;
        foreach (var context in config["contexts"]!.AsArray())
        {
            context!["context"]!["namespace"] = place;
        }

        File.WriteAllText(created.Kubeconfig, config.ToJsonString());
        return created;
    }

    public void Delete() => folder.Delete(recursive: true);
}
