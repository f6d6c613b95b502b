using VismaOperator.Cli.Status;

namespace VismaOperator.Cli.Doctor;

/// <summary>What the operator itself says.</summary>
internal static class StatusLinks
{
    /// <summary>The operator says that all is well.</summary>
    public static Task<LinkFinding> StatusAsync(DoctorCase subject, CancellationToken stop)
    {
        var entry = subject.Set is { } set ? SetStatus.Of(set) : ConnectionStatus.Of(subject.Connection, subject.Now);
        var named = subject.Set is null ? $"{subject.Name}" : $"vcs/{subject.Name.Name} -n {subject.Name.Namespace}";
        var since = entry.Since is { } time ? $" Since {TimeText.Full(time, subject.Now)}." : string.Empty;
        return Task.FromResult(
            entry.State switch
            {
                StatusState.Ready => LinkFinding.Ok($"{entry.State}.{since} {entry.Message}"),
                _ => new LinkFinding(
                    entry.Broken ? LinkOutcome.Broken : LinkOutcome.Warning,
                    entry.Reason,
                    $"{entry.State}.{since} {entry.Message} More: {subject.Tools.Called} status {named}{subject.SourceOptions}"
                ),
            }
        );
    }
}
