using System.CommandLine;
using System.Globalization;
using VismaOperator.Api;

namespace VismaOperator.Cli;

/// <summary>A value that an option cannot take.</summary>
/// <param name="Origin">The option or the environment variable that held it.</param>
/// <param name="Cause">What is wrong.</param>
/// <param name="Remedy">What to write instead.</param>
internal sealed record SettingProblem(string Origin, string Cause, string Remedy)
{
    public override string ToString() => $"{Origin}: {Cause}. {Remedy}";
}

/// <summary>
/// Reads settings from the parsed command line, then from the environment, then takes the default. Problems are
/// collected, so that one run names all of them; a value with a problem reads as its default.
/// </summary>
internal sealed class SettingReader(ParseResult arguments, Func<string, string?> environment)
{
    private static readonly TimeSpan longestDuration = TimeSpan.FromDays(30);
    private readonly List<SettingProblem> problems = [];

    /// <summary>Everything that was found wrong so far.</summary>
    public IReadOnlyList<SettingProblem> Problems => problems;

    /// <summary>Adds a problem that only the caller can see, such as two options that exclude each other.</summary>
    public void Report(Setting setting, string cause, string remedy) =>
        problems.Add(new SettingProblem(Find(setting)?.Origin ?? Name(setting), cause, remedy));

    /// <summary>Adds a problem with something that is no setting, such as an argument.</summary>
    public void Report(string origin, string cause, string remedy) => problems.Add(new SettingProblem(origin, cause, remedy));

    /// <summary>A variable of the environment that is no setting of this program; null where it is absent.</summary>
    public string? Variable(string name) => environment(name);

    /// <summary>True when the option stands on the command line.</summary>
    public bool IsWritten(Setting setting) => arguments.GetResult(setting.Option) is { Implicit: false };

    /// <summary>A text, or null when the setting is absent.</summary>
    public string? Text(Setting setting)
    {
        if (Find(setting) is not { } found)
        {
            return null;
        }

        if (found.Values.Count == 1 && found.Values[0].Trim().Length > 0)
        {
            return found.Values[0].Trim();
        }

        var cause = found.Values.Count > 1 ? "is given more than once" : "has no value";
        problems.Add(new SettingProblem(found.Origin, cause, "Give it one value, or leave it out."));
        return null;
    }

    /// <summary>The values between commas, without blanks and empty entries; null when the setting is absent.</summary>
    public IReadOnlyList<string>? List(Setting setting)
    {
        if (Find(setting) is not { } found)
        {
            return null;
        }

        string[] values =
        [
            .. found.Values.SelectMany(value => value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)),
        ];
        if (values.Length == 0)
        {
            // A variable that a script left empty must not turn "these namespaces" into "all of them".
            problems.Add(new SettingProblem(found.Origin, "has no value", "Give it at least one value, or leave it out."));
            return null;
        }

        return values;
    }

    /// <summary>A list of which each entry must satisfy <paramref name="check"/>, which answers with the cause or null.</summary>
    public IReadOnlyList<string>? List(Setting setting, Func<string, string?> check, string remedy)
    {
        var values = List(setting);
        foreach (var value in values ?? [])
        {
            if (check(value) is { } cause)
            {
                Report(setting, $"'{value}' {cause}", remedy);
            }
        }

        return values;
    }

    /// <summary>A whole number between two bounds, both included.</summary>
    public int Number(Setting setting, int fallback, int least, int most, string? otherwise = null)
    {
        if (Text(setting) is not { } text)
        {
            return fallback;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
        {
            return number;
        }

        Report(setting, $"'{text}' is not a whole number from {least} to {most}", $"Leave it out for {otherwise ?? $"{fallback}"}.");
        return fallback;
    }

    /// <summary>The number of a port; 0 stands for a free one, where <paramref name="least"/> allows it.</summary>
    public int Port(Setting setting, int fallback, int least) =>
        Number(setting, fallback, least, most: 65535, fallback == 0 ? "a free one" : null);

    /// <summary>A duration as Go writes it, longer than nothing and of less than a month: no timer counts further.</summary>
    public TimeSpan Duration(Setting setting, TimeSpan fallback)
    {
        if (Text(setting) is not { } text)
        {
            return fallback;
        }

        if (GoDuration.TryParse(text, out var duration) && duration > TimeSpan.Zero && duration < longestDuration)
        {
            return duration;
        }

        Report(setting, $"'{text}' is not a duration such as 30s, 5m or 1h30m", $"Leave it out for {GoDuration.Format(fallback)}.");
        return fallback;
    }

    /// <summary>True or false, or null when the setting is absent.</summary>
    public bool? Switch(Setting setting)
    {
        if (Find(setting) is { Values.Count: 0 })
        {
            return true;
        }

        switch (Text(setting)?.ToLowerInvariant())
        {
            case null:
                return null;
            case "true" or "1":
                return true;
            case "false" or "0":
                return false;
            case var other:
                Report(setting, $"'{other}' is neither true nor false", "Write true or false.");
                return null;
        }
    }

    /// <summary>One of a closed set of words.</summary>
    public T Choice<T>(Setting setting, T fallback, IReadOnlyDictionary<string, T> words)
    {
        if (Text(setting) is not { } text)
        {
            return fallback;
        }

        if (words.TryGetValue(text.ToLowerInvariant(), out var value))
        {
            return value;
        }

        Report(setting, $"'{text}' is not known", $"Write one of: {string.Join(", ", words.Keys)}.");
        return fallback;
    }

    private static string Name(Setting setting) => "--" + setting.Word;

    private Found? Find(Setting setting)
    {
        // Implicit results are options that were not written; only written ones count.
        if (arguments.GetResult(setting.Option) is { Implicit: false } written)
        {
            return new Found(Name(setting), [.. written.Tokens.Select(token => token.Value)]);
        }

        // An empty variable means "not set": deployment tools cannot always leave a variable out.
        return setting.Variable is { } name && environment(name) is { } value && !string.IsNullOrWhiteSpace(value)
            ? new Found(name, [value])
            : null;
    }

    private sealed record Found(string Origin, IReadOnlyList<string> Values);
}
