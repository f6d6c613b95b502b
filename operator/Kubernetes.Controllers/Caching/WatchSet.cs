using System.Threading.Channels;
using Kubernetes.Client;
using Microsoft.Extensions.Logging;

namespace Kubernetes.Controllers.Caching;

/// <summary>
/// Follows some objects of a kind by name, each with a list and a watch of its own, so that neither the permission to read the others nor
/// the memory to hold them is needed. Which objects may change at any time; the others are not disturbed. Made for the few hundred Secrets
/// that clients reference. Safe for use by many threads.
/// </summary>
/// <param name="client">The cluster.</param>
/// <param name="time">Clock of the waits after failures.</param>
/// <param name="logger">Log.</param>
/// <param name="random">A random number in [0, 1).</param>
public sealed class WatchSet<T>(IKubernetesClient client, TimeProvider time, ILogger logger, Func<double> random)
    where T : class, IResource<T>
{
    private readonly Lock gate = new();
    private readonly Dictionary<NamespacedName, FollowedResource<T>> followed = [];
    private readonly Subscribers<NamespacedName> subscribers = new();
    private readonly Channel<FollowedResource<T>> starts = Channel.CreateUnbounded<FollowedResource<T>>();

    /// <summary>
    /// Sets which objects are followed. New ones start as <see cref="Watched{T}.NotSynced"/>; those no longer named are forgotten and their
    /// watches end. May be called before <see cref="RunAsync"/>.
    /// </summary>
    public void Follow(IReadOnlySet<NamespacedName> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        lock (gate)
        {
            foreach (var name in followed.Keys.Where(name => !names.Contains(name)).ToList())
            {
                followed.Remove(name, out var forgotten);
                forgotten!.Stop();
            }

            foreach (var name in names.Where(name => !followed.ContainsKey(name)))
            {
                starts.Writer.TryWrite(followed[name] = new FollowedResource<T>(name, Changed) { Since = time.GetUtcNow() });
            }
        }
    }

    /// <summary>
    /// When the server last sent something on each of the lists and watches, and of these the earliest; null where nothing is followed.
    /// What may not be read is left out.
    /// </summary>
    public DateTimeOffset? LastContact
    {
        get
        {
            lock (gate)
            {
                return followed
                    .Values.Where(resource => resource.Current is not Watched<T>.Forbidden)
                    .Min(resource => (DateTimeOffset?)resource.LastContact);
            }
        }
    }

    /// <summary>What is known of an object.</summary>
    public Watched<T> Find(NamespacedName name)
    {
        lock (gate)
        {
            return followed.TryGetValue(name, out var resource) ? resource.Current : Watched<T>.NotSynced.Instance;
        }
    }

    /// <summary>
    /// Tells the name of an object whenever <see cref="Find"/> gives something else for it because of the cluster (not because of
    /// <see cref="Follow"/>). The callback must be quick and must not throw.
    /// </summary>
    /// <returns>Ends the subscription when disposed.</returns>
    public IDisposable Subscribe(Action<NamespacedName> onChange) => subscribers.Add(onChange);

    /// <summary>
    /// Lists and watches until cancelled, then returns. Outages are waited out; an exception from here is a bug, or a cluster that went
    /// back in time.
    /// </summary>
    public Task RunAsync(CancellationToken cancellationToken)
    {
        var followers = new LoopGroup();
        followers.Start(token => StartAllAsync(followers, token));
        return followers.RunAsync(cancellationToken);
    }

    private async Task StartAllAsync(LoopGroup followers, CancellationToken cancellationToken)
    {
        await foreach (var resource in starts.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            var reflector = new Reflector<T>(client, ResourceSelectors.ByName(resource.Name), resource, time, random, logger);
            followers.Start(token => resource.RunAsync(reflector, token));
        }
    }

    private void Changed(NamespacedName name)
    {
        subscribers.Enqueue(name);
        subscribers.Deliver();
    }
}
