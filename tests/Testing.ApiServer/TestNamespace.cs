using System.Text.Json.Nodes;

namespace VismaOperator.Testing.ApiServer;

/// <summary>
/// A namespace of one test, so that tests share a server without seeing each other. In a cluster of somebody else, disposing it asks for
/// its deletion and does not wait. An own server goes with the tests, and what is in it: to empty a namespace the controller manager asks
/// for every kind that there is, some hundred requests each time.
/// </summary>
public sealed class TestNamespace : IAsyncDisposable
{
    private readonly ApiClient admin;

    private TestNamespace(ApiClient admin, string name)
    {
        this.admin = admin;
        Name = name;
    }

    /// <summary>The name, which the API server chose unless the test did.</summary>
    public string Name { get; }

    /// <summary>Creates a namespace.</summary>
    /// <param name="admin">Who may create namespaces.</param>
    /// <param name="cancellationToken">Usually that of the running test.</param>
    /// <param name="labels">Its labels.</param>
    /// <param name="name">Its name, for what people look at; one test only can have it.</param>
    public static async Task<TestNamespace> CreateAsync(
        ApiClient admin,
        CancellationToken cancellationToken,
        IReadOnlyDictionary<string, string>? labels = null,
        string? name = null
    )
    {
        var metadata = name is null ? new JsonObject { ["generateName"] = "test-" } : new JsonObject { ["name"] = name };
        if (labels is not null)
        {
            metadata["labels"] = new JsonObject(labels.Select(label => KeyValuePair.Create(label.Key, (JsonNode?)label.Value)));
        }

        var created = await admin.CreateAsync("/api/v1/namespaces", new JsonObject { ["metadata"] = metadata }, cancellationToken);
        return new TestNamespace(admin, created["metadata"]!["name"]!.GetValue<string>());
    }

    /// <summary>The path of a core collection in it, for example <c>secrets</c>, or of an object, <c>secrets/a</c>.</summary>
    public string Core(string resource) => $"/api/v1/namespaces/{Name}/{resource}";

    /// <summary>The path of a collection or object of an API group in it.</summary>
    /// <param name="group">Group and version, for example <c>visma-operator.io/v1</c>.</param>
    /// <param name="resource">For example <c>vismaconnections</c> or <c>vismaconnections/acme/status</c>.</param>
    public string Of(string group, string resource) => $"/apis/{group}/namespaces/{Name}/{resource}";

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!ApiServer.OutlivesTheTests)
        {
            return;
        }

        try
        {
            await admin.DeleteAsync($"/api/v1/namespaces/{Name}", CancellationToken.None);
        }
        catch (HttpRequestException)
        {
            // The server is gone. Why the test failed is to be read in its own exception, which this one would replace.
        }
    }
}
