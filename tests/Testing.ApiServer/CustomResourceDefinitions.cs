using System.Net;
using System.Text.Json.Nodes;
using VismaOperator.Testing.ApiServer.Cluster;

namespace VismaOperator.Testing.ApiServer;

/// <summary>
/// Installs CustomResourceDefinitions by plain create and replace: a server of 1.20 refuses server-side apply of a schema with
/// <c>x-kubernetes-validations</c>, but drops that member on create.
/// </summary>
public static class CustomResourceDefinitions
{
    private const string Collection = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

    /// <summary>
    /// Installs all definitions in the folder's <c>*.yaml</c>, or replaces them, and waits until the API server serves them. Other
    /// documents there (a kustomization, say) are none of its business.
    /// </summary>
    /// <exception cref="FileNotFoundException">The folder holds no definition, or does not exist.</exception>
    /// <exception cref="ApiException">The API server refuses a definition; the message says which field.</exception>
    public static async Task InstallAsync(ApiClient admin, string folder, CancellationToken cancellationToken)
    {
        var files = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.yaml") : [];
        var definitions = files.Order().SelectMany(YamlDocuments.Read).Where(IsDefinition).ToList();
        if (definitions.Count == 0)
        {
            throw new FileNotFoundException($"There is no CustomResourceDefinition (*.yaml) in {folder}.");
        }

        foreach (var definition in definitions)
        {
            await CreateOrReplaceAsync(admin, definition, cancellationToken);
        }

        foreach (var definition in definitions)
        {
            await WaitUntilServedAsync(admin, definition, cancellationToken);
        }
    }

    private static bool IsDefinition(JsonNode document) => document["kind"]?.GetValue<string>() == "CustomResourceDefinition";

    // A definition of an earlier test may be terminating: it can be neither created nor replaced before it is gone.
    private static Task CreateOrReplaceAsync(ApiClient admin, JsonNode definition, CancellationToken cancellationToken) =>
        Eventually.BecomesTrueAsync(
            $"the API server to take {PathOf(definition)}", token => TryCreateOrReplaceAsync(admin, definition, token), cancellationToken);

    private static async Task<bool> TryCreateOrReplaceAsync(ApiClient admin, JsonNode definition, CancellationToken cancellationToken)
    {
        var path = PathOf(definition);
        var present = (await admin.FindAsync(path, cancellationToken))?["metadata"];
        if (present?["deletionTimestamp"] is not null)
        {
            return false;
        }

        try
        {
            definition["metadata"]!["resourceVersion"] = present?["resourceVersion"]!.GetValue<string>();
            await (
                present is null
                    ? admin.CreateAsync(Collection, definition, cancellationToken)
                    : admin.ReplaceAsync(path, definition, cancellationToken)
            );
            return true;
        }
        catch (ApiException exception) when (exception.Status is HttpStatusCode.Conflict or HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    /// <summary>Established alone is not enough: the resource itself may answer 404 for a moment after it.</summary>
    private static Task WaitUntilServedAsync(ApiClient admin, JsonNode definition, CancellationToken cancellationToken)
    {
        var spec = definition["spec"]!;
        var version = spec["versions"]!.AsArray().First(version => version!["served"]!.GetValue<bool>())!["name"];
        var resources = $"/apis/{spec["group"]}/{version}/{spec["names"]!["plural"]}";
        return Eventually.BecomesTrueAsync(
            $"the API server to serve {resources}",
            async token => await admin.FindAsync(resources + "?limit=1", token) is not null,
            cancellationToken);
    }

    private static string PathOf(JsonNode definition) => $"{Collection}/{definition["metadata"]!["name"]}";
}
