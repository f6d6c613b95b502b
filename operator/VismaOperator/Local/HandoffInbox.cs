using System.Text.Json;
using Kubernetes.Client;
using Kubernetes.Client.Access;
using Kubernetes.Client.Resources;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Grants;

namespace VismaOperator.Local;

/// <summary>
/// Takes codes that <c>connect</c> left as files in the state directory, and puts each into a Secret, as in a cluster. A file is renamed
/// before it is read, so that no code is sent twice: the provider would revoke what it issued for the first request. If the Secret cannot
/// be stored, the code was not sent, and the file gets its name back.
/// </summary>
internal sealed partial class HandoffInbox(string state, IKubernetesClient cluster, TimeProvider time, ILogger<HandoffInbox> log)
{
    // Polled like manifests, since that works on every file system and for every way of writing.
    private static readonly TimeSpan lookInterval = TimeSpan.FromSeconds(1);

    private string? lastFailure;

    private readonly string folder = Path.Combine(Path.GetFullPath(state), StateFiles.HandoffFolder);

    /// <summary>Takes codes in until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = time.Every(lookInterval);
        do
        {
            await LookAsync(cancellationToken);
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    /// <summary>Takes in what waits now.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            // A code that an ended process had taken goes first: it would block a newer code for the same connection.
            var files = Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).ToList() : [];
            foreach (var file in files.OrderByDescending(file => file.EndsWith(StateFiles.TakenSuffix, StringComparison.Ordinal)))
            {
                await TakeAsync(file, cancellationToken);
            }

            lastFailure = null;
        }
        catch (ClusterAccessException exception)
        {
            Tell(exception.Message, LogKept);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Tell(exception.Message, cause => LogUnreadable(folder, cause));
        }
    }

    private void Tell(string failure, Action<string> log)
    {
        if (lastFailure != failure)
        {
            log(failure);
        }

        lastFailure = failure;
    }

    private async Task TakeAsync(string file, CancellationToken cancellationToken)
    {
        if (file.EndsWith(StateFiles.WithdrawnSuffix, StringComparison.Ordinal))
        {
            File.Delete(file); // connect deletes it, too, if it still runs
        }
        else if (KeptFile.IsHalfWritten(file))
        {
            // connect is writing it now, or was ended meanwhile. After this time the code has expired.
            if (time.GetUtcNow().UtcDateTime - File.GetLastWriteTimeUtc(file) > Policy.CodeLifetime)
            {
                File.Delete(file);
            }
        }
        else if (file.EndsWith(StateFiles.TakenSuffix, StringComparison.Ordinal))
        {
            // A process ended while it had the code, either before it stored the Secret, or after it. In the second case the code is
            // redeemed all the same.
            LogLost(NameOf(file[..^StateFiles.TakenSuffix.Length]));
            File.Delete(file);
        }
        else if (file.EndsWith(StateFiles.Extension, StringComparison.Ordinal) && TryMove(file))
        {
            await HandInAsync(file, cancellationToken);
            File.Delete(file + StateFiles.TakenSuffix);
            UnixFiles.FlushDirectory(Path.GetDirectoryName(file)!);
        }
    }

    private async Task HandInAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            await HandInAsync(NameOf(file), Read(file + StateFiles.TakenSuffix), cancellationToken);
        }
        catch (KubernetesException error)
        {
            LogDropped(NameOf(file), error.Message); // such as a terminating namespace
        }
        catch (Exception exception)
            when (exception is ClusterAccessException or IOException or UnauthorizedAccessException or OperationCanceledException)
        {
            File.Move(file + StateFiles.TakenSuffix, file);
            throw;
        }
    }

    private static NamespacedName NameOf(string file) =>
        new(Path.GetFileName(Path.GetDirectoryName(file))!, Path.GetFileNameWithoutExtension(file));

    private static bool TryMove(string file)
    {
        try
        {
            File.Move(file, file + StateFiles.TakenSuffix);
            UnixFiles.FlushDirectory(Path.GetDirectoryName(file)!); // after a power cut it would be taken, and sent, once more
            return true;
        }
        catch (FileNotFoundException)
        {
            return false; // taken back by the one who left it
        }
    }

    private async Task HandInAsync(NamespacedName name, Secret? secret, CancellationToken cancellationToken)
    {
        var connection = await cluster.FindAsync<VismaConnection>(name, cancellationToken);
        if (connection is null || secret is null || HandoffSecret.Read(secret) is not { } handoff)
        {
            LogDropped(name, connection is null ? "there is no such connection" : "the file cannot be read");
            return;
        }

        if (await cluster.FindAsync<SecretMetadata>(connection.HandoffSecretName(), cancellationToken) is not null)
        {
            await cluster.DeleteAsync<SecretMetadata>(connection.HandoffSecretName(), preconditions: null, cancellationToken);
        }

        await cluster.CreateAsync(HandoffSecret.Render(connection, handoff), cancellationToken);
        LogTaken(name);
    }

    private static Secret? Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(file), Secret.JsonTypeInfo);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        EventName = "CodeTakenIn",
        Message = "VismaConnection {Connection}: connect left a code, which is redeemed now"
    )]
    private partial void LogTaken(NamespacedName connection);

    [LoggerMessage(
        Level = LogLevel.Warning,
        EventName = "CodeDropped",
        Message = "VismaConnection {Connection}: connect left a code, and it was dropped: {Cause}. Run connect again"
    )]
    private partial void LogDropped(NamespacedName connection, string cause);

    [LoggerMessage(
        Level = LogLevel.Warning,
        EventName = "CodeLost",
        Message = "VismaConnection {Connection}: a process ended while it took in a code that connect had left. Unless it had stored it "
            + "by then, the code is lost: run connect again if the connection still awaits consent in a minute"
    )]
    private partial void LogLost(NamespacedName connection);

    [LoggerMessage(
        Level = LogLevel.Error,
        EventName = "CodeKept",
        Message = "A code that connect left cannot be stored: {Cause} The code is kept. Trying again in a second"
    )]
    private partial void LogKept(string cause);

    [LoggerMessage(
        Level = LogLevel.Error,
        EventName = "CodesUnreadable",
        Message = "Codes in {Folder} cannot be taken in: {Cause}. Looking again in a second"
    )]
    private partial void LogUnreadable(string folder, string cause);
}
