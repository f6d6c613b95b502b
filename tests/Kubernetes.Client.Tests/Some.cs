using Kubernetes.Client.Contract;
using Kubernetes.Client.Resources;

namespace Kubernetes.Client.Tests;

/// <summary>Objects that tests need some of.</summary>
internal static class Some
{
    public const string HomeNamespace = "home";

    public static NamespacedName Named(string name) => new(HomeNamespace, name);

    public static Widget Widget(string name, int size = 1) => new()
    {
        Metadata = new ObjectMeta { Name = name, Namespace = HomeNamespace },
        Spec = new WidgetSpec { Size = size },
    };

    public static Secret Secret(string name, string value = "value") => new()
    {
        Metadata = new ObjectMeta { Name = name, Namespace = HomeNamespace },
        Data = new Dictionary<string, SecretValue> { ["key"] = SecretValue.FromText(value) },
    };

    public static OwnerReference OwnerReference(Widget owner) => new()
    {
        ApiVersion = owner.ApiVersion,
        Kind = owner.Kind,
        Name = owner.Metadata.Name,
        Uid = owner.Metadata.Uid!,
    };
}
