using Kubernetes.Client;

namespace Kubernetes.Controllers.Caching;

/// <summary>Where a reflector passes on what it finds. Called from one thread at a time.</summary>
internal interface IReflectorSink<T>
    where T : class, IResource<T>
{
    /// <summary>The server told something new.</summary>
    void Found(CacheEvent<T> finding);

    /// <summary>
    /// The server forbids to list or to watch, and has for longer than it needs to read its roles; it will be asked again.
    /// </summary>
    /// <param name="cause">What it says.</param>
    void Forbidden(string cause);

    /// <summary>A list or a watch failed for another reason, or for one that is not believed yet; it will be tried again.</summary>
    /// <param name="cause">What happened.</param>
    void Failed(string cause);
}
