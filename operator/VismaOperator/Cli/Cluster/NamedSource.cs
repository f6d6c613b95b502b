namespace VismaOperator.Cli.Cluster;

/// <summary>What a person named to say where to look. As text: the options that name it once more, for a command to copy.</summary>
/// <param name="Kubeconfig">Path of the kubeconfig; null for the default.</param>
/// <param name="Context">Context of the kubeconfig; null for the current one.</param>
/// <param name="State">State directory of local mode; null for a cluster.</param>
internal sealed record NamedSource(string? Kubeconfig = null, string? Context = null, string? State = null)
{
    /// <summary>True for local mode: what only a cluster has does not apply.</summary>
    public bool IsLocal => State is not null;

    /// <inheritdoc/>
    public override string ToString() => Option("kubeconfig", Kubeconfig) + Option("context", Context) + Option("state", State);

    /// <summary>A value as a shell reads it back.</summary>
    public static string Quoted(string value) =>
        value.All(character => char.IsAsciiLetterOrDigit(character) || "/._-+:@".Contains(character))
            ? value
            : $"'{value.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static string Option(string word, string? value) => value is null ? string.Empty : $" --{word} {Quoted(value)}";
}
