using VismaOperator.Api.Validation;
using VismaOperator.Hosting;
using VismaOperator.Manifests;
using VismaOperator.Reporting;

namespace VismaOperator.Local;

/// <summary>The options of <c>local</c>.</summary>
internal sealed record LocalOptions
{
    /// <summary>Directories or files with manifests.</summary>
    public IReadOnlyList<string> Manifests { get; init; } = [];

    /// <summary>Patterns of what is not read there; see <see cref="IgnorePatterns"/>.</summary>
    public IReadOnlyList<string> Ignored { get; init; } = [];

    /// <summary>Where manifests are read from: what the operator writes itself is no manifest.</summary>
    public ManifestSource Source => new()
    {
        Paths = Manifests,
        Ignored = Ignored,
        IsOutput = folder => RealPath.IsWithin(folder, Output) || RealPath.IsWithin(folder, State) || LocalFolders.AreOurs(folder),
    };

    /// <summary>Directory that token Secrets are published in, one folder each.</summary>
    public string Output { get; init; } = string.Empty;

    /// <summary>Directory that keeps what must survive a restart: statuses and tokens.</summary>
    public string State { get; init; } = string.Empty;

    /// <summary>When to stop.</summary>
    public LocalRun Until { get; init; } = LocalRun.Stopped;

    /// <summary>How long <see cref="LocalRun.Settled"/> is waited for.</summary>
    public TimeSpan Timeout { get; init; } = DefaultTimeout;

    /// <summary>
    /// Longer than the wait for missing objects (60 s), so that those are reported by their own reason, and longer than a few attempts at a
    /// provider that is down.
    /// </summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(2);

    /// <summary>What the administrator allows.</summary>
    public AllowLists AllowLists { get; init; } = new();

    /// <summary>How log records are written.</summary>
    public LogOptions Logs { get; init; } = new() { Format = LogFormat.Text };
}

/// <summary>When <c>local</c> stops by itself.</summary>
internal enum LocalRun
{
    /// <summary>Never; it is stopped by a signal.</summary>
    Stopped,

    /// <summary>As soon as every connection is Ready or Stalled.</summary>
    Settled,
}

/// <summary>Local mode cannot go on, for a reason that the user can mend.</summary>
internal sealed class LocalException(string message, Exception? cause = null) : ExplainedException(message, cause);

/// <summary>Recognizes folders that a local mode writes, also when it ran with other options.</summary>
internal static class LocalFolders
{
    /// <summary>True for a state directory, and for the folder of one published Secret.</summary>
    public static bool AreOurs(string path) => SecretFolder.IsOurs(path) || StateDirectory.IsOne(path);
}
