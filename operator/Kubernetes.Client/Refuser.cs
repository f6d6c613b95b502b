namespace Kubernetes.Client;

/// <summary>Whose rule made the API server refuse a request, or fail it.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Its name: characters of DNS names only.</param>
public sealed record Refuser(RefuserKind Kind, string Name)
{
    /// <summary>In words, for messages.</summary>
    public override string ToString() => Kind switch
    {
        RefuserKind.Webhook => $"admission webhook {Name}",
        RefuserKind.Policy => $"admission policy {Name}",
        _ => $"resource quota {Name}",
    };
}

/// <summary>What can stand between a request and the API server's storage.</summary>
public enum RefuserKind
{
    /// <summary>A validating or mutating admission webhook.</summary>
    Webhook,

    /// <summary>A ValidatingAdmissionPolicy or MutatingAdmissionPolicy.</summary>
    Policy,

    /// <summary>A ResourceQuota.</summary>
    Quota,
}
