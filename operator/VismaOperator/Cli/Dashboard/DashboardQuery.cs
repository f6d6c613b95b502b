using System.Globalization;
using Microsoft.Extensions.Primitives;
using VismaOperator.Cli.Status;

namespace VismaOperator.Cli.Dashboard;

/// <summary>What a page wants to see. Whatever cannot be understood counts as absent.</summary>
internal sealed record DashboardQuery
{
    /// <summary>Rows that a page gets unless it asks for more.</summary>
    public const int UsualCount = 100;

    /// <summary>Most rows that a page gets: browsers grow slow beyond, and nobody reads them.</summary>
    public const int MostCount = 1000;

    private const int LongestText = 200;

    /// <summary>Words that must all be found in an object.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>States that are shown; none for all.</summary>
    public IReadOnlySet<StatusState> States { get; init; } = new HashSet<StatusState>();

    /// <summary>The kind that is shown; null for both.</summary>
    public string? Kind { get; init; }

    /// <summary>The namespace that is shown; null for all.</summary>
    public string? Namespace { get; init; }

    /// <summary>The order.</summary>
    public DashboardSort Sort { get; init; }

    /// <summary>How many rows.</summary>
    public int Count { get; init; } = UsualCount;

    /// <summary>Reads the query of an address.</summary>
    public static DashboardQuery Of(IQueryCollection query) =>
        new()
        {
            Words = Text(query["q"]) is { } text
                ? text[..Math.Min(text.Length, LongestText)].Split(' ', StringSplitOptions.RemoveEmptyEntries)
                : [],
            States = query["state"].Select(Name<StatusState>).OfType<StatusState>().ToHashSet(),
            Kind = Text(query["kind"]),
            Namespace = Text(query["namespace"]),
            Sort = Name<DashboardSort>(Text(query["sort"])) ?? DashboardSort.Trouble,
            Count = int.TryParse(Text(query["count"]), CultureInfo.InvariantCulture, out var count)
                ? Math.Clamp(count, 1, MostCount)
                : UsualCount,
        };

    /// <summary>True when an object is wanted, whatever its state.</summary>
    public bool Matches(StatusEntry entry) =>
        (Kind is null || entry.Kind == Kind)
        && (Namespace is null || entry.Namespace == Namespace)
        && Words.All(word => TextsOf(entry).Any(text => text?.Contains(word, StringComparison.OrdinalIgnoreCase) == true));

    /// <summary>True when its state is wanted.</summary>
    public bool MatchesState(StatusEntry entry) => States.Count == 0 || States.Contains(entry.State);

    private static string?[] TextsOf(StatusEntry entry) =>
        [
            $"{entry.Namespace}/{entry.Name}",
            entry.DisplayName,
            entry.Reason,
            entry.State.ToString(),
            entry.Client,
            entry.TenantId,
            entry.SecretName,
            entry.GrantedBy,
        ];

    private static string? Text(StringValues values) => values is [{ Length: > 0 } text] ? text : null;

    // Numbers are names to Enum.TryParse, too.
    private static T? Name<T>(string? text)
        where T : struct, Enum => Enum.TryParse<T>(text, ignoreCase: true, out var value) && Enum.IsDefined(value) ? value : null;
}

/// <summary>Orders of the list.</summary>
internal enum DashboardSort
{
    /// <summary>The broken ones first.</summary>
    Trouble,

    /// <summary>What ends soonest and is not renewed.</summary>
    Ends,

    /// <summary>The token that expires soonest.</summary>
    Expiry,

    /// <summary>What changed last.</summary>
    Since,

    /// <summary>By namespace and name.</summary>
    Name,
}
