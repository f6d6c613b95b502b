using System.CommandLine;
using VismaOperator.Hosting;

namespace VismaOperator.Cli;

/// <summary>How many values an option takes on the command line.</summary>
internal enum SettingShape
{
    /// <summary>Exactly one value.</summary>
    One,

    /// <summary>Values separated by commas, also by repeating the option.</summary>
    List,

    /// <summary><c>true</c> or <c>false</c>; the bare option means true.</summary>
    Switch,
}

/// <summary>
/// One option of the command line and the environment variable that replaces it. Values stay text here: they are parsed in
/// <see cref="SettingReader"/>, so that an option and its variable are judged by the same code with the same words.
/// </summary>
internal sealed class Setting
{
    /// <param name="word">The option's word without dashes, for example <c>http-port</c>.</param>
    /// <param name="valueName">What the help shows for the value.</param>
    /// <param name="description">One or two sentences with unit and default.</param>
    /// <param name="shape">How many values it takes.</param>
    /// <param name="variable">
    /// The word of the variable, where another verb has an option of the same word with other values. Null for no variable, where it would
    /// repeat by surprise what was meant for one command.
    /// </param>
    public Setting(
        string word,
        string valueName,
        string description,
        SettingShape shape = SettingShape.One,
        string? variable = ""
    )
    {
        Word = word;
        Shape = shape;
        Variable = variable is null ? null : Product.VariableOf(variable.Length > 0 ? variable : word);
        Option = new Option<string[]>("--" + word)
        {
            HelpName = valueName,
            Description = Variable is null ? description : $"{description} [{Variable}]",
            Arity = shape == SettingShape.Switch ? ArgumentArity.ZeroOrOne : ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
            // An array keeps every occurrence; a single-valued option given twice is reported by the reader, not overridden silently.
            CustomParser = result => [.. result.Tokens.Select(token => token.Value)],
        };
        if (valueName.Contains('|', StringComparison.Ordinal))
        {
            Option.CompletionSources.Add(valueName.Split('|'));
        }
    }

    /// <summary>The option's word without dashes.</summary>
    public string Word { get; }

    /// <summary>How many values it takes.</summary>
    public SettingShape Shape { get; }

    /// <summary>The environment variable that is read where the option is absent; null where none is.</summary>
    public string? Variable { get; }

    /// <summary>The option as the parser knows it.</summary>
    public Option<string[]> Option { get; }
}
