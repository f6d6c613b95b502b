using System.Text.Json.Serialization;
using Kubernetes.Client.Resources;
using VismaOperator.Api;
using VismaOperator.Cli.Connect;
using VismaOperator.Cli.Status;

namespace VismaOperator.Cli.Dashboard;

/// <summary>What one page shows. It has nothing of a Secret, and no link that starts a consent.</summary>
internal sealed record DashboardView
{
    private const int MostNamespaces = 500;

    /// <summary>Where it was read.</summary>
    public required string Source { get; init; }

    /// <summary>Why nothing can be read at present; null where it can.</summary>
    public string? Trouble { get; init; }

    /// <summary>Since when.</summary>
    public DateTimeOffset? TroubleSince { get; init; }

    /// <summary>What could not be read, and why.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>How many objects there are.</summary>
    public required int Total { get; init; }

    /// <summary>How many of all are broken.</summary>
    public required int Broken { get; init; }

    /// <summary>How many of all work, and need somebody in time.</summary>
    public required int Warnings { get; init; }

    /// <summary>How many objects fit the text, the kind and the namespace, by state.</summary>
    public required IReadOnlyDictionary<string, int> States { get; init; }

    /// <summary>How many of these have the states that are asked for.</summary>
    public required int Matches { get; init; }

    /// <summary>The namespaces that there are.</summary>
    public required IReadOnlyList<string> Namespaces { get; init; }

    /// <summary>The first ones.</summary>
    public required IReadOnlyList<DashboardItem> Items { get; init; }

    /// <summary>What a page shows of a snapshot.</summary>
    /// <param name="snapshot">What is known.</param>
    /// <param name="query">What the page wants.</param>
    /// <param name="detail">The words of <c>status</c>.</param>
    /// <param name="source">Where it was read.</param>
    public static DashboardView Of(DashboardSnapshot snapshot, DashboardQuery query, StatusDetail detail, string source)
    {
        var fitting = snapshot.Objects.Values.Where(one => query.Matches(one.Entry)).ToList();
        var matching = fitting.Where(one => query.MatchesState(one.Entry)).ToList();
        return new DashboardView
        {
            Source = source,
            Trouble = snapshot.Trouble is { } trouble ? DashboardText.Of(trouble.Cause) : null,
            TroubleSince = snapshot.Trouble?.Since,
            Notes = [.. snapshot.Notes.Select(DashboardText.Of)],
            Total = snapshot.Objects.Count,
            Broken = snapshot.Objects.Values.Count(one => one.Entry.Broken),
            Warnings = snapshot.Objects.Values.Count(one => one.Entry.State == StatusState.Warning),
            States = Enum.GetValues<StatusState>()
                .Where(state => state != StatusState.Deleted)
                .ToDictionary(state => state.ToString(), state => fitting.Count(one => one.Entry.State == state)),
            Matches = matching.Count,
            Namespaces =
            [
                .. snapshot.Objects.Keys.Select(key => key.Name.Namespace).Distinct().Order(StringComparer.Ordinal).Take(MostNamespaces),
            ],
            Items = [.. matching.Order(OrderOf(query.Sort)).Take(query.Count).Select(one => DashboardItem.Of(one, snapshot, detail))],
        };
    }

    private static Comparer<DashboardObject> OrderOf(DashboardSort sort) =>
        sort switch
        {
            DashboardSort.Ends => By(entry => entry.EndsTime ?? DateTimeOffset.MaxValue),
            DashboardSort.Expiry => By(entry => entry.ExpirationTime ?? DateTimeOffset.MaxValue),
            DashboardSort.Since => By(entry => DateTimeOffset.MaxValue - (entry.Since ?? DateTimeOffset.MinValue)),
            DashboardSort.Name => Comparer<DashboardObject>.Create((left, right) => StatusOrder.CompareNames(left.Entry, right.Entry)),
            _ => Comparer<DashboardObject>.Create((left, right) => StatusOrder.BrokenFirst.Compare(left.Entry, right.Entry)),
        };

    private static Comparer<DashboardObject> By<T>(Func<StatusEntry, T> key)
        where T : IComparable<T> =>
        Comparer<DashboardObject>.Create(
            (left, right) =>
                key(left.Entry).CompareTo(key(right.Entry)) is var byKey and not 0
                    ? byKey
                    : StatusOrder.CompareNames(left.Entry, right.Entry)
        );
}

/// <summary>One row.</summary>
internal sealed record DashboardItem
{
    private const int LongestMessage = 1000;

    /// <summary>Kind.</summary>
    public required string Kind { get; init; }

    /// <summary>Namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>The name for people.</summary>
    public string? DisplayName { get; init; }

    /// <summary>Where it stands.</summary>
    public required StatusState State { get; init; }

    /// <summary>Since when.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Why, in CamelCase.</summary>
    public required string Reason { get; init; }

    /// <summary>What happened, in the operator's words; the beginning where it is long.</summary>
    public required string Message { get; init; }

    /// <summary>What a person can do; null where that is nothing.</summary>
    public string? ToDo { get; init; }

    /// <summary>When the token was issued.</summary>
    public DateTimeOffset? Issued { get; init; }

    /// <summary>When the token expires.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>What the operator does next.</summary>
    public NextAction? Next { get; init; }

    /// <summary>When it does it.</summary>
    public DateTimeOffset? NextTime { get; init; }

    /// <summary>When the consent ends.</summary>
    public DateTimeOffset? ConsentEnds { get; init; }

    /// <summary>When the client secret expires, by its stated expiry.</summary>
    public DateTimeOffset? SecretEnds { get; init; }

    /// <summary>How many connections use this client.</summary>
    public int? Connections { get; init; }

    /// <summary>The row of an object.</summary>
    public static DashboardItem Of(DashboardObject one, DashboardSnapshot snapshot, StatusDetail detail)
    {
        var entry = one.Entry;
        var client = snapshot.ClientOf(entry);
        var isClient = entry.Kind == OAuthClient.ResourceKind.Kind;
        return new DashboardItem
        {
            Kind = entry.Kind,
            Namespace = entry.Namespace,
            Name = entry.Name,
            DisplayName = entry.DisplayName is { } shown ? DashboardText.Beginning(shown, LongestMessage) : null,
            State = entry.State,
            Since = entry.Since,
            Reason = DashboardText.Beginning(entry.Reason, LongestMessage),
            Message = DashboardText.Beginning(entry.Message, LongestMessage),
            ToDo = entry.State == StatusState.Ready ? null : DashboardText.Of(detail.ToDo(entry, client)),
            Issued = entry.IssueTime,
            Expires = entry.ExpirationTime,
            Next = entry.NextAction,
            NextTime = entry.NextTime,
            ConsentEnds = one.ConsentEnds,
            SecretEnds = (isClient ? entry : client) is { Ends: EndingThing.ClientSecret } ending ? ending.EndsTime : null,
            Connections = entry.Connections,
        };
    }
}

/// <summary>One object in full.</summary>
internal sealed record DashboardDetail
{
    /// <summary>What <c>status NAME</c> says of it.</summary>
    public required IReadOnlyList<DashboardPart> Parts { get; init; }

    /// <summary>The same words as <c>status</c>.</summary>
    public static DashboardDetail Of(DashboardObject one, DashboardSnapshot snapshot, StatusDetail detail)
    {
        var client = snapshot.ClientOf(one.Entry);
        var parts = detail.Parts(one.Entry, client is null ? null : new ClientLook(client, Failure: null), snapshot.Now);
        return new DashboardDetail
        {
            Parts =
            [
                .. from part in parts where part.Text is not null select new DashboardPart(part.Label, DashboardText.Of(part.Text)),
            ],
        };
    }
}

/// <summary>One line of the words about an object.</summary>
/// <param name="Label">What it says.</param>
/// <param name="Text">The words.</param>
internal sealed record DashboardPart(string Label, string Text);

/// <summary>Text of others, which a page may show.</summary>
internal static class DashboardText
{
    private const string Ellipsis = "…";

    /// <summary>Without characters that control, hide or turn what is shown around.</summary>
    public static string Of(string text) => TerminalText.Printable(text);

    /// <summary>The same, at most so many characters of it.</summary>
    public static string Beginning(string text, int most)
    {
        if (text.Length <= most)
        {
            return Of(text);
        }

        var length = char.IsHighSurrogate(text[most - 1]) ? most - 1 : most;
        return Of(text[..length]) + Ellipsis;
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(TimeConverter)],
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(DashboardView))]
[JsonSerializable(typeof(DashboardDetail))]
internal sealed partial class DashboardJsonContext : JsonSerializerContext;
