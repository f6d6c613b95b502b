using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.Resources;

namespace Kubernetes.InMemory;

/// <summary>
/// What the API server does to an object on its way in: which members it sets itself, which it keeps, which it refuses.
/// Nothing here stores anything.
/// </summary>
internal sealed class WriteRules(InMemoryClusterOptions options, TimeProvider clock)
{
    private static readonly string[] setByTheServer =
    [
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
    ];

    /// <summary>The object as it is first stored.</summary>
    public JsonObject ForCreate(ResourceKind kind, JsonObject desired)
    {
        var metadata = desired.Metadata();
        if (metadata.Text("resourceVersion").Length > 0)
        {
            throw ApiError.BadRequest("resourceVersion should not be set on objects to be created");
        }

        foreach (var member in setByTheServer)
        {
            metadata.Remove(member);
        }

        var uid = options.NewUid();
        MetadataRules.CheckName(kind, metadata);
        metadata["uid"] = uid.ToString();
        metadata["creationTimestamp"] = Now();
        if (KindRules.HasGeneration(kind))
        {
            metadata["generation"] = 1;
        }

        if (KindRules.HasStatus(kind))
        {
            desired.Remove("status");
        }

        return Admitted(kind, desired, NameOf(metadata));
    }

    /// <summary>The object after a replace or a patch of its main resource.</summary>
    /// <param name="current">What is stored.</param>
    /// <param name="before">The tree of that. It stays as it is.</param>
    /// <param name="desired">What was asked for. It becomes the answer.</param>
    public JsonObject ForUpdate(StoredObject current, JsonObject before, JsonObject desired)
    {
        CheckPreconditions(current, desired.Metadata());
        KeepServerMembers(current, before, desired);
        if (KindRules.HasStatus(current.Kind))
        {
            desired.CopyFrom(before, "status");
        }

        MetadataRules.CheckFinalizers(current, desired.Metadata());
        var admitted = Admitted(current.Kind, desired, current.Name);
        SecretRules.CheckUpdate(current, before, admitted);
        if (KindRules.HasGeneration(current.Kind) && !SameContent(before, admitted))
        {
            admitted.Metadata()["generation"] = (current.Metadata.Generation ?? 0) + 1;
        }

        return admitted;
    }

    /// <summary>The object after a patch of its status: only the status changes.</summary>
    public JsonObject ForStatus(StoredObject current, JsonObject before, JsonObject patched)
    {
        CheckPreconditions(current, patched.Metadata());
        var desired = before.DeepClone().AsObject();
        desired.CopyFrom(patched, "status");
        return Admitted(current.Kind, desired, current.Name);
    }

    /// <summary>The object once its deletion was asked for but finalizers still hold it.</summary>
    public JsonObject ForDeletion(StoredObject current)
    {
        var desired = current.Parse();
        var metadata = desired.Metadata();
        metadata["deletionTimestamp"] = Now();
        metadata["deletionGracePeriodSeconds"] = 0;
        if (current.Metadata.Generation is { } generation)
        {
            metadata["generation"] = generation + 1;
        }

        return desired;
    }

    private static void CheckPreconditions(StoredObject current, JsonObject metadata)
    {
        var version = metadata.Text("resourceVersion");
        if (version.Length > 0 && version != current.Metadata.ResourceVersion)
        {
            throw ApiError.Modified(current.Kind, current.Name);
        }

        var uid = metadata.Text("uid");
        if (uid.Length > 0 && uid != current.Uid)
        {
            throw ApiError.Conflict(
                current.Kind,
                current.Name,
                $"Precondition failed: UID in precondition: {uid}, UID in object meta: {current.Uid}"
            );
        }

        if (NameOf(metadata) is var name && name != current.Name)
        {
            throw ApiError.BadRequest($"the name of the object ({name}) does not match the name of the request ({current.Name})");
        }
    }

    private static void KeepServerMembers(StoredObject current, JsonObject before, JsonObject desired)
    {
        desired["apiVersion"] = current.Kind.ApiVersion;
        desired["kind"] = current.Kind.Kind;
        foreach (var member in setByTheServer)
        {
            desired.Metadata().CopyFrom(before.Metadata(), member);
        }

        desired.Metadata()["resourceVersion"] = current.Metadata.ResourceVersion;
    }

    private static bool SameContent(JsonObject before, JsonObject after) =>
        Content(before).Count() == Content(after).Count()
        && Content(before).All(member => after.ContainsKey(member.Key) && JsonNode.DeepEquals(member.Value, after[member.Key]));

    private static IEnumerable<KeyValuePair<string, JsonNode?>> Content(JsonObject json) =>
        json.Where(member => member.Key is not ("metadata" or "status"));

    private static NamespacedName NameOf(JsonObject metadata) => new(metadata.Text("namespace"), metadata.Text("name"));

    private JsonObject Admitted(ResourceKind kind, JsonObject desired, NamespacedName name)
    {
        desired["apiVersion"] = kind.ApiVersion;
        desired["kind"] = kind.Kind;
        MetadataRules.CheckOwners(kind, name, desired.Metadata());
        if (KindRules.IsSecret(kind))
        {
            SecretRules.Complete(name, desired);
        }

        var problems = options.Admit(kind, desired);
        return problems.Count == 0 ? desired : throw ApiError.Invalid(kind, name, string.Join(", ", problems));
    }

    private string Now() => clock.GetUtcNow().UtcDateTime.ToString(TimeConverter.Format, CultureInfo.InvariantCulture);
}

/// <summary>The errors that the API server answers, with its status codes, reasons and wording.</summary>
internal static class ApiError
{
    public static KubernetesException NotFound(ResourceKind kind, NamespacedName name) =>
        new(HttpStatusCode.NotFound, "NotFound", $"{Plural(kind)} \"{name.Name}\" not found");

    public static KubernetesException AlreadyExists(ResourceKind kind, NamespacedName name) =>
        new(HttpStatusCode.Conflict, "AlreadyExists", $"{Plural(kind)} \"{name.Name}\" already exists");

    public static KubernetesException Conflict(ResourceKind kind, NamespacedName name, string cause) =>
        new(HttpStatusCode.Conflict, "Conflict", $"Operation cannot be fulfilled on {Plural(kind)} \"{name.Name}\": {cause}");

    public static KubernetesException Modified(ResourceKind kind, NamespacedName name) =>
        Conflict(kind, name, "the object has been modified; please apply your changes to the latest version and try again");

    public static KubernetesException Invalid(ResourceKind kind, NamespacedName name, string cause) =>
        new(HttpStatusCode.UnprocessableEntity, "Invalid", $"{kind.Kind} \"{name.Name}\" is invalid: {cause}");

    public static KubernetesException Forbidden(ResourceKind kind, NamespacedName name, string cause) =>
        new(HttpStatusCode.Forbidden, "Forbidden", $"{Plural(kind)} \"{name.Name}\" is forbidden: {cause}");

    public static KubernetesException BadRequest(string cause) => new(HttpStatusCode.BadRequest, "BadRequest", cause);

    public static KubernetesException Expired(string cause) => new(HttpStatusCode.Gone, "Expired", cause);

    private static string Plural(ResourceKind kind) => kind.Group.Length == 0 ? kind.Plural : $"{kind.Plural}.{kind.Group}";
}
