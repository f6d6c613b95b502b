using System.Text.Json.Serialization;

namespace VismaOperator.Cli.Doctor;

/// <summary>What was found of one link of the chain. The names are API.</summary>
public enum LinkOutcome
{
    /// <summary>It holds.</summary>
    Ok,

    /// <summary>It holds, and somebody should look at it.</summary>
    Warning,

    /// <summary>It does not hold; the exit code is 1.</summary>
    Broken,

    /// <summary>It cannot be told from here, or not by who asks.</summary>
    Unknown,

    /// <summary>It was not looked at.</summary>
    Skipped,
}

/// <summary>What a look at a link gave.</summary>
/// <param name="Outcome">What was found.</param>
/// <param name="Reason">Why, in CamelCase: a reason of a condition, or one of <see cref="DoctorReason"/>; null where it holds.</param>
/// <param name="Message">What was seen; where it does not hold the cause and the remedy. Never a secret.</param>
internal sealed record LinkFinding(LinkOutcome Outcome, string? Reason, string Message)
{
    /// <summary>It holds.</summary>
    public static LinkFinding Ok(string message) => new(LinkOutcome.Ok, null, message);

    /// <summary>It holds, and somebody should look at it.</summary>
    public static LinkFinding Warning(string reason, string message) => new(LinkOutcome.Warning, reason, message);

    /// <summary>It does not hold.</summary>
    public static LinkFinding Broken(string reason, string message) => new(LinkOutcome.Broken, reason, message);

    /// <summary>It does not hold, for a reason that the operator has words for.</summary>
    public static LinkFinding Broken(Lifecycle.Problem problem) => new(LinkOutcome.Broken, problem.Reason, problem.Message);

    /// <summary>It cannot be told, and why.</summary>
    public static LinkFinding Unknown(Lifecycle.Problem problem) => new(LinkOutcome.Unknown, problem.Reason, problem.Message);

    /// <summary>It cannot be told.</summary>
    public static LinkFinding Unknown(string reason, string message) => new(LinkOutcome.Unknown, reason, message);

    /// <summary>It was not looked at.</summary>
    public static LinkFinding Skipped(string reason, string message) => new(LinkOutcome.Skipped, reason, message);
}

/// <summary>One link as it is printed. The names of the members are those of the JSON output: they are added, never renamed.</summary>
public sealed record LinkReport
{
    /// <summary>The link, for programs.</summary>
    public required string Link { get; init; }

    /// <summary>The link, for people.</summary>
    public required string Title { get; init; }

    /// <summary>What was found.</summary>
    public required LinkOutcome Outcome { get; init; }

    /// <summary>Why; absent where it holds.</summary>
    public string? Reason { get; init; }

    /// <summary>What was seen; where it does not hold the cause and the remedy.</summary>
    public required string Message { get; init; }
}

/// <summary>All links of one connection, or of one set. The names of the members are those of the JSON output.</summary>
public sealed record DoctorReport
{
    /// <summary><c>VismaConnection</c> or <c>VismaConnectionSet</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Its namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Where it was read: a cluster, or manifests.</summary>
    public required string Source { get; init; }

    /// <summary>What the reader must know of all that follows.</summary>
    public string Note => DoctorNote.Text;

    /// <summary>True when a link does not hold.</summary>
    public bool Broken => Links.Any(link => link.Outcome == LinkOutcome.Broken);

    /// <summary>The links in their order.</summary>
    public required IReadOnlyList<LinkReport> Links { get; init; }
}

/// <summary>What <c>-o json</c> prints for all connections of manifests.</summary>
public sealed record DoctorReports
{
    /// <summary>One report for each.</summary>
    public required IReadOnlyList<DoctorReport> Items { get; init; }
}

/// <summary>What is said once.</summary>
internal static class DoctorNote
{
    public const string Text = "Network checks run from here, not from the operator's pod.";
}

/// <summary>Reasons that only <c>doctor</c> gives. They are API: added, never renamed.</summary>
public static class DoctorReason
{
    /// <summary>An earlier link is broken.</summary>
    public const string DependsOnBrokenLink = nameof(DependsOnBrokenLink);

    /// <summary>Only a request would show it, and none was asked for (<c>--request</c>).</summary>
    public const string NotAsked = nameof(NotAsked);

    /// <summary>The spec does not use it.</summary>
    public const string NotApplicable = nameof(NotApplicable);

    /// <summary>It is in a cluster only.</summary>
    public const string NoCluster = nameof(NoCluster);

    /// <summary>Who asks may not see it.</summary>
    public const string Forbidden = nameof(Forbidden);

    /// <summary>The API server did not answer, or refused for another cause than a permission.</summary>
    public const string ClusterNotReached = nameof(ClusterNotReached);

    /// <summary>What is written cannot be read, for example since it is encrypted.</summary>
    public const string NotReadable = nameof(NotReadable);

    /// <summary>What was looked for is not where doctor looked.</summary>
    public const string NotFound = nameof(NotFound);

    /// <summary>The host name has no address.</summary>
    public const string NameNotResolved = nameof(NameNotResolved);

    /// <summary>There is no connection, or no answer.</summary>
    public const string NotReached = nameof(NotReached);

    /// <summary>The certificate has expired.</summary>
    public const string CertificateExpired = nameof(CertificateExpired);

    /// <summary>The certificate expires within two weeks.</summary>
    public const string CertificateExpiresSoon = nameof(CertificateExpiresSoon);

    /// <summary>The certificate is not valid yet, or the clock here is wrong.</summary>
    public const string CertificateNotYetValid = nameof(CertificateNotYetValid);

    /// <summary>The certificate is for another host.</summary>
    public const string CertificateOfAnotherHost = nameof(CertificateOfAnotherHost);

    /// <summary>The certificate does not lead to a trusted root.</summary>
    public const string CertificateUntrusted = nameof(CertificateUntrusted);

    /// <summary>The clocks differ.</summary>
    public const string ClockSkewed = nameof(ClockSkewed);

    /// <summary>The value of a client secret looks as if it was copied wrongly.</summary>
    public const string SecretLooksWrong = nameof(SecretLooksWrong);

    /// <summary>A client secret has expired, as the spec says.</summary>
    public const string SecretExpired = nameof(SecretExpired);

    /// <summary>A scope is one of the other grant.</summary>
    public const string ScopeOfOtherGrant = nameof(ScopeOfOtherGrant);

    /// <summary>No Pod of the operator is ready.</summary>
    public const string OperatorNotReady = nameof(OperatorNotReady);

    /// <summary>More than one operator serves the namespace.</summary>
    public const string SeveralOperators = nameof(SeveralOperators);

    /// <summary>The operator lacks a permission.</summary>
    public const string PermissionMissing = nameof(PermissionMissing);

    /// <summary>A NetworkPolicy limits what the operator may reach.</summary>
    public const string EgressLimited = nameof(EgressLimited);

    /// <summary>A Pod reads the Secret in a way that does not follow changes.</summary>
    public const string ReaderKeepsOldToken = nameof(ReaderKeepsOldToken);

    /// <summary>The operator does not serve sets of connections.</summary>
    public const string SetsNotServed = nameof(SetsNotServed);

    /// <summary>A workload is restarted with each changed token and does not read it.</summary>
    public const string RestartNotNeeded = nameof(RestartNotNeeded);

    /// <summary>The Secret is not there although it should be.</summary>
    public const string TokenSecretMissing = nameof(TokenSecretMissing);
}

/// <summary>The source-generated JSON contract of the reports.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(DoctorReport))]
[JsonSerializable(typeof(DoctorReports))]
internal sealed partial class DoctorJsonContext : JsonSerializerContext;
