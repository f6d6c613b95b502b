using System.Security.Cryptography;
using System.Text.Json;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using VismaOperator.Api;
using VismaOperator.Cli.Cluster;
using VismaOperator.Grants;
using VismaOperator.Local;

namespace VismaOperator.Cli.Connect;

/// <summary>
/// The state directory of local mode as <c>connect</c> sees it, whether local mode runs or not: objects in files, and a folder for codes.
/// </summary>
internal sealed class StateSource : IConnectionSource
{
    private readonly string state;

    private StateSource(string state) => this.state = state;

    /// <inheritdoc/>
    public string Name => $"the state directory {state}";

    /// <inheritdoc/>
    public string Redeemer => $"visma-operator local --state {state}";

    /// <summary>Opens a state directory that local mode has made.</summary>
    /// <exception cref="LocalException">There is none.</exception>
    public static StateSource Open(string path)
    {
        var full = Path.GetFullPath(path);
        return Directory.Exists(full)
            ? new StateSource(full)
            : throw new LocalException(
                $"--state {full} does not exist. Start visma-operator local with it once, so that it holds the connection, or correct "
                + "the path."
            );
    }

    /// <inheritdoc/>
    public Task<Lookup<T>> FindAsync<T>(NamespacedName name, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        if (!T.ResourceKind.IsNamespaced)
        {
            return Task.FromResult(new Lookup<T>(null, $"Local mode keeps no {T.ResourceKind.Kind} in {state}."));
        }

        return Task.FromResult(Find<T>(StateFiles.Of(state, T.ResourceKind, name)));
    }

    /// <inheritdoc/>
    public Task EnsureHandoffAsync(VismaConnection connection, CancellationToken cancellationToken)
    {
        Attempt(() =>
            UnixFiles.CreatePrivateDirectory(Path.GetDirectoryName(StateFiles.Handoff(state, connection.Metadata.NamespacedName))!)
        );
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<ILeftHandoff> LeaveAsync(VismaConnection connection, Handoff handoff, CancellationToken cancellationToken)
    {
        var file = StateFiles.Handoff(state, connection.Metadata.NamespacedName);
        var content = JsonSerializer.SerializeToUtf8Bytes(HandoffSecret.Render(connection, handoff), Secret.JsonTypeInfo);
        Attempt(() => KeptFile.Write(file, content));
        return Task.FromResult<ILeftHandoff>(new LeftFile(file, SHA256.HashData(content)));
    }

    private static Lookup<T> Find<T>(string file)
        where T : class, IResource<T>
    {
        try
        {
            return new Lookup<T>(StateFiles.Find<T>(file));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return new Lookup<T>(null, $"{file} cannot be read: {exception.Message}");
        }
    }

    private static void Attempt(Action write)
    {
        try
        {
            write();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ConnectException(
                $"The code cannot be left for local mode: {exception.Message} Run connect as the user that local mode runs as.",
                exception
            );
        }
    }

    /// <summary>
    /// A code that was left in a file. Local mode takes it by moving the file aside, and puts it back where it cannot store the code. A
    /// file of another content is another code.
    /// </summary>
    private sealed class LeftFile(string file, byte[] hash) : ILeftHandoff
    {
        public Task<bool> IsTakenAsync(CancellationToken cancellationToken) => Task.FromResult(!IsThere(file) && !IsInHand());

        // A move succeeds only for the first; a deletion would succeed also where there is no file.
        public Task<bool> WithdrawAsync(CancellationToken cancellationToken)
        {
            try
            {
                return Task.FromResult(IsThere(file) && Withdraw());
            }
            catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
            {
                return Task.FromResult(false);
            }
        }

        private bool Withdraw()
        {
            File.Move(file, file + StateFiles.WithdrawnSuffix);
            File.Delete(file + StateFiles.WithdrawnSuffix);
            return true;
        }

        // It may be put back between two looks.
        private bool IsInHand() => IsThere(file + StateFiles.TakenSuffix) || IsThere(file);

        private bool IsThere(string path)
        {
            try
            {
                return SHA256.HashData(File.ReadAllBytes(path)).SequenceEqual(hash);
            }
            catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
            {
                return false;
            }
        }
    }
}
