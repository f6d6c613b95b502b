using System.Text.Json.Nodes;
using Kubernetes.Client.Resources;
using Xunit;

namespace Kubernetes.Client.Contract;

/// <summary>
/// What every <see cref="IKubernetesClient"/> must do: over the in-memory cluster in unit tests, over a real API server in integration
/// tests. Each test gets a namespace of its own, so that the tests of one server may run side by side.
/// </summary>
public abstract class ContractSuite
{
    /// <summary>The client under test.</summary>
    protected abstract IKubernetesClient Client { get; }

    /// <summary>An existing namespace that no other test uses.</summary>
    protected abstract string Namespace { get; }

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected NamespacedName Named(string name) => new(Namespace, name);

    protected ResourceSelector Here => new(Namespace);

    protected Secret SecretNamed(string name, params (string Key, string Value)[] data) => new()
    {
        Metadata = new ObjectMeta { Name = name, Namespace = Namespace },
        Data = data.ToDictionary(entry => entry.Key, entry => SecretValue.FromText(entry.Value)),
    };

    protected Widget WidgetNamed(string name, int size = 1) => new()
    {
        Metadata = new ObjectMeta { Name = name, Namespace = Namespace },
        Spec = new WidgetSpec { Size = size },
    };

    protected Task<T> CreateAsync<T>(T resource)
        where T : class, IResource<T> => Client.CreateAsync(resource, Cancellation);

    protected Task<T?> FindAsync<T>(string name)
        where T : class, IResource<T> => Client.FindAsync<T>(Named(name), Cancellation);

    protected async Task<T> GetAsync<T>(string name)
        where T : class, IResource<T> => await FindAsync<T>(name) ?? throw new InvalidOperationException($"{name} does not exist.");

    protected Task<T> PatchAsync<T>(string name, string mergePatch)
        where T : class, IResource<T> => Client.PatchAsync<T>(Named(name), Json(mergePatch), Cancellation);

    protected Task<T> PatchStatusAsync<T>(string name, string mergePatch)
        where T : class, IResource<T> => Client.PatchStatusAsync<T>(Named(name), Json(mergePatch), Cancellation);

    protected Task DeleteAsync<T>(string name, DeletePreconditions? preconditions = null)
        where T : class, IResource<T> => Client.DeleteAsync<T>(Named(name), preconditions, Cancellation);

    protected Task<ResourcePage<T>> ListAsync<T>(ResourceSelector selector)
        where T : class, IResource<T> => Client.ListPageAsync<T>(selector, 500, null, Cancellation);

    protected async Task<IReadOnlyList<string>> NamesAsync<T>(ResourceSelector selector)
        where T : class, IResource<T> => [.. (await ListAsync<T>(selector)).Items.Select(item => item.Metadata.Name)];

    protected static JsonObject Json(string text) => JsonNode.Parse(text)!.AsObject();

    protected static Task<KubernetesException> RefusedAsync(Func<Task> request) => Assert.ThrowsAsync<KubernetesException>(request);

    /// <summary>Begins a watch from a list's version on; nothing that happens after the list is missed.</summary>
    protected async Task<WatchLog<T>> WatchAsync<T>(ResourceSelector selector)
        where T : class, IResource<T> =>
        new(Client.WatchAsync<T>(selector, (await ListAsync<T>(selector)).ResourceVersion, Cancellation));
}
