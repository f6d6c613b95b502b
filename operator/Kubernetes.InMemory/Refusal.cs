using System.Net;
using Kubernetes.Client;

namespace Kubernetes.InMemory;

/// <summary>The refusals of the API server, with its status codes, reasons and wording.</summary>
internal static class Refusal
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
