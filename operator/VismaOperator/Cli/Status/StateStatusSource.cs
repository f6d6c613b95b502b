using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;
using Kubernetes.Client;
using VismaOperator.Api;
using VismaOperator.Local;

namespace VismaOperator.Cli.Status;

/// <summary>
/// The state directory of local mode, whether local mode runs or not. It is read beside local mode: files are replaced as a whole, and no
/// lock is taken. Nothing of it is read but connections, clients and sets.
/// </summary>
/// <param name="state">Its full path.</param>
/// <param name="isWanted">Which objects are asked for.</param>
internal sealed class StateStatusSource(string state, Func<NamespacedName, bool> isWanted) : IStatusSource
{
    /// <summary>The source of a directory that is one now.</summary>
    /// <exception cref="StatusException">It is none.</exception>
    public static StateStatusSource Open(string state, Func<NamespacedName, bool> isWanted) => StateDirectory.IsOne(state)
        ? new(state, isWanted)
        : throw new StatusException(
            $"--state {state} is no state directory: name the one that visma-operator local was started with, or correct the path."
        );

    /// <inheritdoc/>
    public Task<IReadOnlyList<T>> ListAsync<T>(CancellationToken cancellationToken)
        where T : class, IResource<T> => Task.FromResult(List<T>());

    /// <inheritdoc/>
    public Task<T?> FindAsync<T>(NamespacedName name, CancellationToken cancellationToken)
        where T : class, IResource<T> => Task.FromResult(Read(() => StateFiles.Find<T>(StateFiles.Of(state, T.ResourceKind, name))));

    /// <inheritdoc/>
    public Task PingAsync<T>(CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        cancellationToken.ThrowIfCancellationRequested();
        return StateDirectory.IsOne(state)
            ? Task.CompletedTask
            : throw new StatusException($"--state {state} is no state directory any more: it was moved or deleted.");
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<IReadOnlyList<StatusChange>> FollowAsync(
        IReadOnlySet<ResourceKind> kinds,
        IReadOnlyCollection<(ResourceKind Kind, NamespacedName Name)> known,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        using var watcher = new FileSystemWatcher(state, StateFiles.Pattern) { IncludeSubdirectories = true };
        watcher.Created += (_, _) => signal.Writer.TryWrite(true);
        watcher.Changed += (_, _) => signal.Writer.TryWrite(true);
        watcher.Renamed += (_, _) => signal.Writer.TryWrite(true); // a file is written beside its place and moved there
        watcher.Deleted += (_, _) => signal.Writer.TryWrite(true);
        watcher.Error += (_, _) => signal.Writer.TryWrite(true); // changes may have been missed
        watcher.EnableRaisingEvents = true;
        var before = known.ToDictionary(one => one, _ => (IResource?)null);
        signal.Writer.TryWrite(true);
        while (await signal.Reader.WaitToReadAsync(cancellationToken))
        {
            signal.Reader.TryRead(out _);
            var present = All(kinds)
                .ToDictionary(one => (one.Kind, Name: one.Resource.Metadata.NamespacedName), one => (IResource?)one.Resource);
            yield return
            [
                .. before.Keys.Except(present.Keys).Select(gone => new StatusChange(gone.Kind, gone.Name, Resource: null)),
                .. present
                    .Where(pair => before.GetValueOrDefault(pair.Key)?.Metadata.ResourceVersion != pair.Value!.Metadata.ResourceVersion)
                    .Select(pair => new StatusChange(pair.Key.Kind, pair.Key.Name, pair.Value)),
            ];
            before = present;
        }
    }

    private IEnumerable<(ResourceKind Kind, IResource Resource)> All(IReadOnlySet<ResourceKind> kinds) =>
        List<VismaConnection>()
            .Select(connection => (Kind: VismaConnection.ResourceKind, Resource: (IResource)connection))
            .Concat(List<OAuthClient>().Select(client => (Kind: OAuthClient.ResourceKind, Resource: (IResource)client)))
            .Concat(List<VismaConnectionSet>().Select(set => (Kind: VismaConnectionSet.ResourceKind, Resource: (IResource)set)))
            .Where(one => kinds.Contains(one.Kind));

    private IReadOnlyList<T> List<T>()
        where T : class, IResource<T> =>
        Read(() =>
            StateFiles
                .All(state, T.ResourceKind)
                .Select(StateFiles.Find<T>)
                .OfType<T>()
                .Where(one => isWanted(one.Metadata.NamespacedName))
                .ToList()
        );

    private T Read<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new StatusException(
                $"--state {state} cannot be read: {failure.Message} Run this as the user that local mode runs as.",
                failure
            );
        }
    }
}
