using Kubernetes.Client;

namespace Kubernetes.Controllers.Caching;

/// <summary>Where a reflector passes on what it finds. Called from one thread at a time.</summary>
internal interface IReflectorSink<T>
    where T : class, IResource<T>
{
    /// <summary>The server told something new.</summary>
    void Found(Finding<T> finding);

    /// <summary>A request failed; it will be tried again.</summary>
    void Failed(Exception failure);
}
