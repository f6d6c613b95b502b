using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.Resources;

namespace Kubernetes.InMemory;

/// <summary>Carries out writes: rules first, then the store, then the garbage collector. Called under the cluster's lock.</summary>
internal sealed class ObjectWriter(ObjectStore store, WriteRules rules, InMemoryClusterOptions options)
{
    public StoredObject Create(ResourceKind kind, JsonObject desired)
    {
        var json = rules.ForCreate(kind, desired);
        var created = StoredObject.From(kind, json, store.NextVersion);
        CheckNamespace(kind, created.Name);
        if (store.Find(kind, created.Name) is not null)
        {
            throw ApiError.AlreadyExists(kind, created.Name);
        }

        store.Commit(null, created);
        CollectIfOrphaned(created);
        return created;
    }

    public StoredObject Replace(ResourceKind kind, NamespacedName name, JsonObject desired)
    {
        var current = Existing(kind, name);
        if (KindRules.NeedsVersionOnReplace(kind) && desired.Metadata().Text("resourceVersion").Length == 0)
        {
            throw ApiError.Invalid(kind, name, "metadata.resourceVersion: Invalid value: 0x0: must be specified for an update");
        }

        var before = current.Parse();
        return Update(current, before, rules.ForUpdate(current, before, desired));
    }

    public StoredObject Patch(ResourceKind kind, NamespacedName name, JsonObject mergePatch)
    {
        var current = Existing(kind, name);
        var before = current.Parse();
        return Update(current, before, rules.ForUpdate(current, before, Merged(before, mergePatch)));
    }

    public StoredObject PatchStatus(ResourceKind kind, NamespacedName name, JsonObject mergePatch)
    {
        var current = Existing(kind, name);
        if (!KindRules.HasStatus(kind))
        {
            throw ApiError.NotFound(kind, name);
        }

        var before = current.Parse();
        return Update(current, before, rules.ForStatus(current, before, Merged(before, mergePatch)));
    }

    public void Delete(ResourceKind kind, NamespacedName name, DeletePreconditions? preconditions)
    {
        var current = Existing(kind, name);
        if (preconditions?.Uid is { } uid && uid != current.Uid)
        {
            throw ApiError.Conflict(kind, name, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {current.Uid}");
        }

        if (preconditions?.ResourceVersion is { } version && version != current.Metadata.ResourceVersion)
        {
            throw ApiError.Conflict(
                kind,
                name,
                $"Precondition failed: ResourceVersion in precondition: {version}, ResourceVersion in object meta: "
                + $"{current.Metadata.ResourceVersion}"
            );
        }

        Delete(current);
    }

    private static JsonObject Merged(JsonObject before, JsonObject mergePatch)
    {
        var merged = before.DeepClone().AsObject();
        JsonTrees.Merge(merged, mergePatch);
        return merged;
    }

    private StoredObject Existing(ResourceKind kind, NamespacedName name) =>
        store.Find(kind, name) ?? throw ApiError.NotFound(kind, name);

    private StoredObject Update(StoredObject current, JsonObject before, JsonObject desired)
    {
        if (JsonNode.DeepEquals(before, desired))
        {
            return current; // as on the real server: nothing changed, so there is no new version and no event
        }

        var updated = StoredObject.From(current.Kind, desired, store.NextVersion);
        if (updated is { IsBeingDeleted: true, Metadata.Finalizers: null or [] } && !HoldsContent(updated))
        {
            Remove(current);
            return updated;
        }

        store.Commit(current, updated);
        CollectIfOrphaned(updated);
        return updated;
    }

    private void Delete(StoredObject current)
    {
        if (KindRules.IsNamespace(current.Kind))
        {
            DeleteNamespace(current);
        }
        else if (current.Metadata.Finalizers is null or [])
        {
            Remove(current);
        }
        else
        {
            MarkDeleted(current);
        }
    }

    private void MarkDeleted(StoredObject current)
    {
        if (!current.IsBeingDeleted)
        {
            store.Commit(current, StoredObject.From(current.Kind, rules.ForDeletion(current), store.NextVersion));
        }
    }

    private void DeleteNamespace(StoredObject current)
    {
        MarkDeleted(current);
        foreach (var content in store.All.Where(stored => stored.Name.Namespace == current.Name.Name).ToList())
        {
            if (store.Find(content.Kind, content.Name) is { } still)
            {
                Delete(still);
            }
        }

        RemoveEmptyNamespace(current.Name.Name);
    }

    private void Remove(StoredObject current)
    {
        store.Commit(current, null);
        CollectDependents(current);
        RemoveEmptyNamespace(current.Name.Namespace);
    }

    private void RemoveEmptyNamespace(string name)
    {
        var kind = Namespace.ResourceKind;
        if (
            store.Find(kind, NamespacedName.ClusterScoped(name)) is { IsBeingDeleted: true, Metadata.Finalizers: null or [] } emptied
            && !HoldsContent(emptied)
        )
        {
            Remove(emptied);
        }
    }

    private bool HoldsContent(StoredObject stored) =>
        KindRules.IsNamespace(stored.Kind) && store.All.Any(other => other.Name.Namespace == stored.Name.Name);

    private void CheckNamespace(ResourceKind kind, NamespacedName name)
    {
        if (!kind.IsNamespaced)
        {
            return;
        }

        var home = NamespacedName.ClusterScoped(name.Namespace);
        var found = store.Find(Namespace.ResourceKind, home);
        if (found is null && options.NamespacesMustExist)
        {
            throw ApiError.NotFound(Namespace.ResourceKind, home);
        }

        if (found is { IsBeingDeleted: true })
        {
            throw ApiError.Forbidden(
                kind,
                name,
                $"unable to create new content in namespace {name.Namespace} because it is being terminated"
            );
        }
    }

    // The garbage collector of the real server runs a moment later; here it runs at once, so that tests need not wait.
    private void CollectDependents(StoredObject owner)
    {
        foreach (var dependent in store.All.Where(stored => IsOwnedBy(stored, owner.Uid)).ToList())
        {
            if (store.Find(dependent.Kind, dependent.Name) is { } still)
            {
                CollectIfOrphaned(still);
            }
        }
    }

    private void CollectIfOrphaned(StoredObject dependent)
    {
        var owners = dependent.Metadata.OwnerReferences ?? [];
        var gone = owners.Where(owner => store.Serves(owner.ApiVersion, owner.Kind) && !store.Contains(owner.Uid)).ToList();
        if (gone.Count == 0)
        {
            return;
        }

        if (gone.Count == owners.Count)
        {
            Delete(dependent);
            return;
        }

        var json = dependent.Parse();
        var references = json.Metadata()["ownerReferences"]!.AsArray();
        references.RemoveAll(reference => gone.Exists(owner => owner.Uid == reference!.AsObject().Text("uid")));
        store.Commit(dependent, StoredObject.From(dependent.Kind, json, store.NextVersion));
    }

    private static bool IsOwnedBy(StoredObject stored, string uid) =>
        stored.Metadata.OwnerReferences?.Any(owner => owner.Uid == uid) == true;
}
