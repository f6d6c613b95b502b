using System.CommandLine;
using System.CommandLine.Completions;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Cli.Cluster;
using VismaOperator.Hosting;
using VismaOperator.Local;

namespace VismaOperator.Cli;

/// <summary>
/// What the last word of a command line may become. The library's parser keeps the words of each option and argument. Which of them is
/// meant is decided here: for the parser, each option takes any number of values, so that an option that is given twice can be reported.
/// </summary>
internal sealed class Completions(RootCommand root, CommandContext process)
{
    private const string NamespaceNames = "<namespaces>";
    private const string ConnectionNames = "<connections>";
    private const string ClientNames = "<clients>";
    private const string SetNames = "<sets>";

    private static readonly TimeSpan patience = TimeSpan.FromSeconds(3);

    /// <summary>Stands for the names of namespaces, as the source of an option.</summary>
    public static IEnumerable<CompletionItem> Namespaces(CompletionContext context) => [new(NamespaceNames)];

    /// <summary>Stands for the names of connections.</summary>
    public static IEnumerable<CompletionItem> Connections(CompletionContext context) => [new(ConnectionNames)];

    /// <summary>Stands for the names of clients, with their kind before them.</summary>
    public static IEnumerable<CompletionItem> Clients(CompletionContext context) => [new(ClientNames)];

    /// <summary>Stands for the names of connections, and of clients and sets with their kind before them.</summary>
    public static IEnumerable<CompletionItem> Objects(CompletionContext context) =>
        [new(ConnectionNames), new(ClientNames), new(SetNames)];

    /// <summary>Stands for the names of connections, and of sets with their kind before them.</summary>
    public static IEnumerable<CompletionItem> ConnectionsAndSets(CompletionContext context) => [new(ConnectionNames), new(SetNames)];

    /// <summary>The candidates, in order. Failures are not reported: somebody is typing.</summary>
    /// <param name="line">The words behind the program's name; the last one is to be completed, and may be empty.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<IReadOnlyList<string>> OfAsync(IReadOnlyList<string> line, CancellationToken stop)
    {
        var (words, last, prefix) = Split(line);
        var command = CommandOf(words);
        var option = words.Count > 0 ? command.Options.FirstOrDefault(option => TakesValue(option) && IsNamed(option, words[^1])) : null;
        var candidates =
            option is not null ? await NamedAsync(option.GetCompletions(CompletionContext.Empty), words, last, stop)
            : last.StartsWith('-') ? command.Options.Where(option => !option.Hidden).Select(option => option.Name)
            : command is RootCommand ? command.Subcommands.Where(verb => !verb.Hidden).Select(verb => verb.Name)
            : await NamedAsync(command.Arguments.SelectMany(one => one.GetCompletions(CompletionContext.Empty)), words, last, stop);
        return
        [
            .. candidates
                .Where(candidate => candidate.StartsWith(last, StringComparison.Ordinal))
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal)
                .Select(candidate => prefix + candidate),
        ];
    }

    // zsh and fish give --output=js as one word; bash gives the same as three.
    private static (IReadOnlyList<string> Words, string Last, string Prefix) Split(IReadOnlyList<string> line)
    {
        var last = line.Count == 0 || line[^1] == "\"\"" ? string.Empty : line[^1]; // PowerShell cannot always pass an empty word
        List<string> words = [.. line.SkipLast(1).Where(word => word != "=")];
        var mark = last.StartsWith("--", StringComparison.Ordinal) ? last.IndexOf('=', StringComparison.Ordinal) : -1;
        return last == "=" ? (words, string.Empty, string.Empty)
            : mark < 0 ? (words, last, string.Empty)
            : ([.. words, last[..mark]], last[(mark + 1)..], last[..(mark + 1)]);
    }

    private Command CommandOf(IReadOnlyList<string> words) =>
        root.Subcommands.FirstOrDefault(verb => words.Count > 0 && verb.Name == words[0]) ?? (Command)root;

    private static bool TakesValue(Option option) => option.Arity.MinimumNumberOfValues > 0;

    private static bool IsNamed(Option option, string word) => option.Name == word || option.Aliases.Contains(word);

    private async Task<IEnumerable<string>> NamedAsync(
        IEnumerable<CompletionItem> items,
        IReadOnlyList<string> words,
        string last,
        CancellationToken stop
    )
    {
        List<string> names = [];
        foreach (var item in items.Select(item => item.Label))
        {
            names.AddRange(
                item switch
                {
                    NamespaceNames => await TryAsync(cluster => ListAsync<Namespace>(cluster, null, string.Empty, stop), words),
                    ConnectionNames => await ObjectsAsync<VismaConnection>(words, last, string.Empty, stop),
                    ClientNames => await ObjectsAsync<OAuthClient>(words, last, "oac/", stop),
                    SetNames => await ObjectsAsync<VismaConnectionSet>(words, last, "vcs/", stop),
                    _ => [item],
                }
            );
        }

        return names;
    }

    private Task<IReadOnlyList<string>> ObjectsAsync<T>(IReadOnlyList<string> words, string last, string kind, CancellationToken stop)
        where T : class, IResource<T>
    {
        // What is written before the slash is a kind, or else a namespace.
        var before = last.Split('/') is [var first, _] ? first : null;
        if (before is "vc" or "oac" or "vcs" && T.ResourceKind != ObjectName.KindOf(before))
        {
            return Task.FromResult<IReadOnlyList<string>>([]);
        }

        kind = before is "vc" ? "vc/" : kind;
        if (CommandOf(words).Options.Any(option => option.Name == "--state") && Value(words, "--state") is { } state)
        {
            return Task.FromResult<IReadOnlyList<string>>(
                [.. FilesIn(state, T.ResourceKind).Select(file => kind + Path.GetFileNameWithoutExtension(file)).Where(IsSafe)]
            );
        }

        var inName = kind.Length == 0 ? before : null;
        var named = inName ?? Value(words, "--namespace", "-n");
        return TryAsync(
            cluster => ListAsync<T>(cluster, named ?? cluster.Namespace, inName is null ? kind : inName + "/", stop),
            words
        );
    }

    private static IEnumerable<string> FilesIn(string state, ResourceKind kind)
    {
        try
        {
            return [.. StateFiles.All(state, kind)];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return [];
        }
    }

    private async Task<IReadOnlyList<string>> ListAsync<T>(
        ClusterConnection cluster,
        string? namespaceName,
        string before,
        CancellationToken stop
    )
        where T : class, IResource<T>
    {
        using var limit = Deadline.Linked(patience, process.Time, stop);
        var found = await cluster.Client.ListAsync<T>(new ResourceSelector(namespaceName), limit.Token);
        return [.. found.Select(one => before + one.Metadata.Name).Where(IsSafe)];
    }

    private async Task<IReadOnlyList<string>> TryAsync(
        Func<ClusterConnection, Task<IReadOnlyList<string>>> look,
        IReadOnlyList<string> words
    )
    {
        try
        {
            await using var cluster = ClusterConnection.Open(
                new NamedSource(Value(words, "--kubeconfig"), Value(words, "--context")),
                process.Time
            );
            return await look(cluster);
        }
#pragma warning disable CA1031 // Whatever it is, the person types on.
        catch (Exception)
#pragma warning restore CA1031
        {
            return [];
        }
    }

    private string? Value(IReadOnlyList<string> words, params string[] names)
    {
        for (var index = 0; index < words.Count; index++)
        {
            if (names.Contains(words[index]) && index + 1 < words.Count)
            {
                return words[index + 1];
            }

            if (words[index].StartsWith(names[0] + "=", StringComparison.Ordinal))
            {
                return words[index][(names[0].Length + 1)..];
            }
        }

        var variable = process.Variable(Product.VariableOf(names[0][2..]));
        return string.IsNullOrWhiteSpace(variable) ? null : variable;
    }

    // A shell gets nothing that it could take for something else.
    private static bool IsSafe(string name) => name.Split('/').All(part => Patterns.Subdomain.IsMatch(part));
}
