using System.Reflection;
using System.Text.RegularExpressions;
using Lifecycle;
using VismaOperator.Cli.Check;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Structure;

/// <summary>Every reason that a user can meet is explained, and nothing is explained that nobody can meet.</summary>
public sealed partial class ReasonTests
{
    // They say how it stands or what is to come; what is in the way, where anything is, stands beside them.
    internal static readonly string[] NoFailures =
    [
        Reason.TokenValid,
        Reason.Renewed,
        Reason.LifetimeTooShort,
        Reason.TokenExpired,
        Reason.TokenPending,
        Reason.Suspended,
        Reason.AllGranted,
        Reason.ScopesMissing,
        Reason.ClientUsable,
        Reason.SecretAccepted,
        Reason.NotTried,
        Reason.SecretExpiresSoon,
        Reason.NoSecretExpiresSoon,
        Reason.ConsentGranted,
        Reason.ConsentExpiresSoon,
        Reason.NoConsentExpiresSoon,
        Reason.LiteralReference,
        Reason.NamespaceNotServed,
        Reason.NamespaceServed,
        Reason.SecretsRemoved,
        Reason.ClockSkewed,
        Reason.ApiAnswered,
        Reason.Restarted,
        Reason.AllCopied,
        Reason.ConnectionsReady,
        Reason.ConnectionsNotReady,
        Reason.ConnectionsStalled,
    ];

    /// <summary>Reasons that only a set has.</summary>
    internal static readonly string[] OfSets =
    [
        Reason.ConnectionNotOwned,
        Reason.ConnectionNotWritten,
        Reason.ConnectionNotAccepted,
        Reason.RemovalsHeld,
        Reason.TenantsNotFound,
        Reason.TenantsInvalid,
        Reason.TenantsForbidden,
        Reason.TenantSourceNotAllowed,
    ];

    [Fact]
    public void Reasons_of_check_are_not_reasons_of_the_operator()
    {
        var ofTheOperator = Reasons(typeof(Reason));
        var ofCheck = Reasons(typeof(CheckReasons));
        var page = File.ReadAllLines(Repository.Path("docs", "reference", "check.md"));
        var explained = page.SkipWhile(line => line != "| reason | severity | meaning |").Skip(2).TakeWhile(line => line.StartsWith('|'))
            .SelectMany(line => line.Split('|')[1].Split('`').Where((_, index) => index % 2 == 1)).ToList();

        Assert.Empty(ofCheck.Intersect(ofTheOperator));
        Assert.Empty(ofCheck.Except(explained));
        Assert.Empty(explained.Except(ofCheck).Except(ofTheOperator));
    }

    [Fact]
    public void Every_reason_is_in_the_reference_once() =>
        Assert.Equal(Reasons(typeof(Reason)).Order(StringComparer.Ordinal), Rows().Select(row => row.Reason).Order(StringComparer.Ordinal));

    [Fact]
    public void Every_failure_has_the_kind_there_that_the_operator_treats_it_by()
    {
        var kinds = new Dictionary<string, FailureKind>(StringComparer.Ordinal)
        {
            ["passes by itself"] = FailureKind.Transient,
            ["not there yet"] = FailureKind.NotThereYet,
            ["needs a consent"] = FailureKind.NeedsConsent,
            ["needs a person"] = FailureKind.NeedsPerson,
        };
        var told = Rows().ToDictionary(row => row.Reason, row => row.Kind, StringComparer.Ordinal);

        var explained = told.Where(word => kinds.ContainsKey(word.Value)).Select(word => (word.Key, kinds[word.Value]));

        Assert.Equal(
            Reasons(typeof(Reason))
                .Except(NoFailures, StringComparer.Ordinal)
                .Select(reason => (reason, RecordedProblem.KindOf(reason)))
                .Order(),
            explained.Order());
    }

    // They choose words for people by a reason, or read the reason of an API server.
    private static readonly string[] words =
    [
        "operator/Lifecycle/RecordedProblem.cs", // the one map, for a status that says no more
        "operator/Lifecycle/Problem.cs", // a problem is still the same
        "operator/Lifecycle/Problems.cs",
        "operator/Lifecycle/ReadyMessage.cs",
        "operator/Lifecycle/StatusSummary.cs",
        "operator/VismaOperator/Reporting/OwnedConditions.cs",
        "operator/VismaOperator/Reporting/ProblemLog.cs",
        "operator/VismaOperator/Clients/SecretRemovals.cs",
        "operator/VismaOperator/Probing/LostProbe.cs", // a count for an alert, which a new process goes on with
        "operator/VismaOperator/Cli/",
        "operator/Kubernetes.Client/",
    ];

    [GeneratedRegex(
        @"(==|!=|\bis|\bis not|\bor|Reason:|Reason: not) \(?(Lifecycle\.)?Reason\.[A-Z]"
        + @"|^\s*(Lifecycle\.)?Reason\.\w+ =>|\.?\b[rR]eason (==|!=|is|switch)\b|(==|!=) [a-z]\w*\.Reason\b|RecordedProblem\.KindOf\(",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        60_000)]
    private static partial Regex ReadsReason();

    /// <summary>Reasons are words for people. A decision reads the kind and the stage, which a problem carries.</summary>
    [Fact]
    public void No_reason_is_read_to_decide()
    {
        var read =
            from file in Sources()
            where !words.Any(word => file.StartsWith(word, StringComparison.Ordinal))
            from line in File.ReadLines(Repository.Path(file))
            where !line.TrimStart().StartsWith("//", StringComparison.Ordinal) && ReadsReason().IsMatch(line)
            select $"{file}: {line.Trim()}";

        Assert.Empty(read);
    }

    [GeneratedRegex(
        @"(?:new Problem|new|Unreadable)\(\s*Reason\.(?<reason>\w+),(?:(?!new\(|new Problem\(|;\s*\n)[\s\S])*",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        5000)]
    private static partial Regex Made();

    [Fact]
    public void A_problem_is_made_of_the_kind_that_the_reference_says()
    {
        var made = Sources()
            .SelectMany(file => Made().Matches(File.ReadAllText(Repository.Path(file))))
            .Select(match => (
                Reason: match.Groups["reason"].Value,
                Kind: match.Value.Split("FailureKind.") is [_, var said, ..]
                    ? Enum.Parse<FailureKind>(new string([.. said.TakeWhile(char.IsLetter)]))
                    : FailureKind.NeedsPerson))
            .ToList();

        Assert.True(made.Count > 40);
        Assert.All(made, problem => Assert.Equal((problem.Reason, RecordedProblem.KindOf(problem.Reason)), problem));
    }

    private static IEnumerable<string> Sources() =>
        Directory.EnumerateFiles(Repository.Path("operator"), "*.cs", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Repository.Root, path))
            .Where(file => !file.Split('/').Any(part => part is "obj" or "bin"));

    private static IEnumerable<(string Reason, string Kind)> Rows() =>
        from line in File.ReadAllLines(Repository.Path("docs", "reference", "conditions.md"))
            .SkipWhile(line => line != "| reason | kind | meaning and remedy |")
            .Skip(2)
        let cells = line.Split('|')
        where cells.Length > 3
        select (cells[1].Trim(' ', '`'), cells[2].Trim());

    private static IReadOnlyList<string> Reasons(Type type) =>
        [
            .. type.GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static)
                .Select(field => (string)field.GetRawConstantValue()!),
        ];
}
