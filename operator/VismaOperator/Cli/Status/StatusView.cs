using Kubernetes.Client;
using VismaOperator.Api;

namespace VismaOperator.Cli.Status;

/// <summary>
/// Prints objects in the form that was asked for. While it watches a terminal it draws anew; anything else gets one line for each change.
/// </summary>
internal sealed class StatusView(StatusOptions options, StatusScreen screen, bool hasNamespaces)
{
    /// <summary>How often what depends on the time alone is looked at again.</summary>
    public static readonly TimeSpan Refresh = TimeSpan.FromSeconds(10);

    private const string ClearScreen = "\u001b[H\u001b[2J";

    private readonly Dictionary<(string Kind, NamespacedName Name), IResource> known = [];
    private readonly Dictionary<(string Kind, NamespacedName Name), string> told = [];
    private readonly StatusTable table = new(options.Output == StatusOutput.Wide, hasNamespaces, screen.IsColoured);

    private bool IsDrawn => screen.Size is not null && options.Output is StatusOutput.Text or StatusOutput.Wide;

    /// <summary>Prints once.</summary>
    /// <returns>What was printed, the broken ones first.</returns>
    public IReadOnlyList<StatusEntry> Print(IEnumerable<IResource> resources, ClientLook? client)
    {
        var entries = Ordered(resources);
        Write(Whole(entries, client));
        return entries;
    }

    /// <summary>Prints what there is as the watch begins.</summary>
    public void Begin(IReadOnlyList<IResource> resources)
    {
        foreach (var resource in resources)
        {
            known[(KindOf(resource).Kind, resource.Metadata.NamespacedName)] = resource;
        }

        if (IsDrawn)
        {
            Draw();
            return;
        }

        var entries = Ordered(resources);
        Write(
            options.Output switch
            {
                StatusOutput.Text or StatusOutput.Wide => table.Lines(entries, Now),
                _ => entries.SelectMany(Lines),
            }
        );
        entries.ForEach(entry => told[Key(entry)] = StatusText.JsonLine(entry));
    }

    /// <summary>Prints what changed.</summary>
    public void Tell(IReadOnlyList<StatusChange> changes)
    {
        foreach (var change in changes)
        {
            Take(change);
        }

        if (IsDrawn)
        {
            Draw();
        }
    }

    /// <summary>Prints what changed by the passing of time.</summary>
    public void Retell()
    {
        if (IsDrawn)
        {
            Draw();
            return;
        }

        foreach (var entry in Ordered(known.Values))
        {
            TellIfNew(entry);
        }
    }

    /// <summary>The kind of an object.</summary>
    public static ResourceKind KindOf(IResource resource) =>
        resource switch
        {
            VismaConnection => VismaConnection.ResourceKind,
            VismaConnectionSet => VismaConnectionSet.ResourceKind,
            _ => OAuthClient.ResourceKind,
        };

    /// <summary>Where an object of any kind stands.</summary>
    public static StatusEntry EntryOf(IResource resource, DateTimeOffset now) =>
        resource switch
        {
            VismaConnection connection => ConnectionStatus.Of(connection, now),
            OAuthClient client => ClientStatus.Of(client, now),
            VismaConnectionSet set => SetStatus.Of(set),
            _ => throw new InvalidOperationException($"Unknown kind {resource.GetType().Name}."),
        };

    private DateTimeOffset Now => screen.Time.GetUtcNow();

    private void Take(StatusChange change)
    {
        var key = (change.Kind.Kind, change.Name);
        if (change.Resource is { } resource)
        {
            known[key] = resource;
            if (!IsDrawn && EntryOf(resource) is var entry && IsWanted(entry))
            {
                TellIfNew(entry);
            }
        }
        else if (known.Remove(key, out var last) && told.Remove(key) && !IsDrawn)
        {
            Write(Lines(EntryOf(last) with { State = StatusState.Deleted, Since = Now, NextAction = null, NextTime = null }));
        }
    }

    private void TellIfNew(StatusEntry entry)
    {
        var text = StatusText.JsonLine(entry);
        if (told.GetValueOrDefault(Key(entry)) != text)
        {
            told[Key(entry)] = text;
            Write(Lines(entry));
        }
    }

    private void Draw()
    {
        var (columns, rows) = screen.Size!() is { Columns: > 0, Rows: > 0 } size ? size : (int.MaxValue, int.MaxValue);
        List<string> lines = [.. Whole(Ordered(known.Values), client: null, columns)];
        if (lines.Count == 0)
        {
            lines = [options.ExpiringWithin is null ? $"There is {StatusRun.Nothing}." : "Nothing ends within this time."];
        }

        var shown = Math.Max(1, rows - 2);
        if (lines.Count > shown)
        {
            lines = [.. lines.Take(shown - 1), $"... and {lines.Count - shown + 1} more"];
        }

        screen.Output.Write(ClearScreen);
        Write(lines);
    }

    private IEnumerable<string> Whole(List<StatusEntry> entries, ClientLook? client, int columns = int.MaxValue) =>
        (options.Output, options.Name) switch
        {
            (StatusOutput.Json, null) => [StatusText.Json(entries)],
            (StatusOutput.Json, _) => entries.Select(StatusText.Json),
            (StatusOutput.Yaml, null) => [StatusText.Yaml(StatusText.Json(entries))],
            (StatusOutput.Yaml, _) => entries.Select(entry => StatusText.Yaml(StatusText.Json(entry))),
            (StatusOutput.Name, _) => entries.SelectMany(Lines),
            (StatusOutput.Text, not null) => entries.SelectMany(entry =>
                new StatusDetail(screen.Called, options.Source, screen.IsColoured).Lines(entry, client, Now)
            ),
            _ => entries.Count == 0 ? [] : table.Lines(entries, Now, columns),
        };

    private IEnumerable<string> Lines(StatusEntry entry) =>
        options.Output switch
        {
            StatusOutput.Json => [StatusText.JsonLine(entry)],
            StatusOutput.Yaml => ["---", StatusText.Yaml(StatusText.JsonLine(entry))],
            StatusOutput.Name => [$"{entry.Kind.ToLowerInvariant()}.{VismaNames.Group}/{entry.Name}"],
            _ => [table.Line(entry, Now)],
        };

    private void Write(IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            screen.Output.WriteLine(line);
        }

        screen.Output.Flush();
    }

    private List<StatusEntry> Ordered(IEnumerable<IResource> resources) =>
        [
            .. resources
                .Select(EntryOf)
                .Where(IsWanted)
                .OrderBy(
                    entry => entry,
                    options.ExpiringWithin is null ? StatusOrder.BrokenFirst : StatusOrder.BrokenFirstThenByEnd
                ),
        ];

    private bool IsWanted(StatusEntry entry) =>
        options.ExpiringWithin is not { } span || (entry.EndsTime is { } end && end - Now <= span);

    private StatusEntry EntryOf(IResource resource) => EntryOf(resource, Now);

    private static (string Kind, NamespacedName Name) Key(StatusEntry entry) =>
        (entry.Kind, new NamespacedName(entry.Namespace, entry.Name));
}

/// <summary>Orders in which people look through entries.</summary>
internal static class StatusOrder
{
    /// <summary>The broken ones first, among those that still work what ends soonest, then by name.</summary>
    public static IComparer<StatusEntry> BrokenFirst { get; } =
        Comparer<StatusEntry>.Create(
            (left, right) => Compare(left, right, entry => entry.State is StatusState.Failing or StatusState.Warning ? End(entry) : default)
        );

    /// <summary>The broken ones first, then what ends soonest, then by name.</summary>
    public static IComparer<StatusEntry> BrokenFirstThenByEnd { get; } =
        Comparer<StatusEntry>.Create((left, right) => Compare(left, right, End));

    /// <summary>By namespace, name and kind.</summary>
    public static int CompareNames(StatusEntry left, StatusEntry right) =>
        string.CompareOrdinal(left.Namespace, right.Namespace) is var byNamespace and not 0 ? byNamespace
            : string.CompareOrdinal(left.Name, right.Name) is var byName and not 0 ? byName
            : string.CompareOrdinal(left.Kind, right.Kind);

    private static int Compare(StatusEntry left, StatusEntry right, Func<StatusEntry, DateTimeOffset> end) =>
        left.State != right.State ? left.State.CompareTo(right.State)
            : end(left).CompareTo(end(right)) is var byEnd and not 0 ? byEnd
            : CompareNames(left, right);

    private static DateTimeOffset End(StatusEntry entry) => entry.EndsTime ?? DateTimeOffset.MaxValue;
}
