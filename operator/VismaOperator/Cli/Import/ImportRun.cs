using VismaOperator.Api.Validation;
using VismaOperator.Cli.Check;
using VismaOperator.Cli.Connect;
using VismaOperator.Cli.Init;
using VismaOperator.Manifests;
using VismaOperator.Reporting;

namespace VismaOperator.Cli.Import;

/// <summary>Everything that <c>import</c> can be told.</summary>
internal sealed record ImportOptions
{
    /// <summary>Files, or <see cref="ManifestSource.StandardInput"/>.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Namespace of what is written; null to leave it to kubectl.</summary>
    public string? Namespace { get; init; }

    /// <summary>The tenant id where the export has none; null for none.</summary>
    public string? TenantId { get; init; }

    /// <summary>File or folder to write; null for standard output.</summary>
    public string? Output { get; init; }

    /// <summary>What the administrator allows.</summary>
    public AllowLists AllowLists { get; init; } = new();

    /// <summary>Opens standard input.</summary>
    public required Func<Stream> Input { get; init; }
}

/// <summary>Nothing can be read or written. The message names cause and remedy.</summary>
internal sealed class ImportException(string message, Exception? cause = null) : ExplainedException(message, cause);

/// <summary>
/// The verb <c>import</c>: makes manifests of iClients and connections that were exported from Celigo. Manifests go to standard output or
/// into files, the report to standard error. No secret of the export is in either.
/// </summary>
/// <param name="options">What was asked for.</param>
/// <param name="output">Standard output.</param>
/// <param name="error">Standard error.</param>
/// <param name="time">The clock of the check.</param>
internal sealed class ImportRun(ImportOptions options, TextWriter output, TextWriter error, TimeProvider time)
{
    // Shorter is no secret, and may stand in any name.
    private const int ShortestSecret = 8;

    /// <summary>Runs to the end.</summary>
    /// <returns>False when an object had to be left out, or breaks a rule of <c>check</c>.</returns>
    /// <exception cref="ImportException">Nothing can be read or written.</exception>
    public async Task<bool> RunAsync(CancellationToken stop)
    {
        try
        {
            // On another thread, and abandoned on stop: reading may block.
            var read = await Task.Run(() => ManifestReader.ReadForeign(options.Files, options.Input, stop), stop).WaitAsync(stop);
            return await WriteAsync(read);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new ImportException(failure.Message, failure);
        }
    }

    private async Task<bool> WriteAsync(ManifestSet read)
    {
        foreach (var problem in read.Problems)
        {
            await error.WriteLineAsync(TerminalText.Printable($"{problem.File}:{problem.Position}: error: {problem.Message}"));
        }

        if (read.Problems.Count > 0)
        {
            throw new ImportException("Nothing was written, since the files cannot be read as a whole.");
        }

        var import = new CeligoImport(options);
        var files = import.Make(read.Documents);
        var (text, report) = (DraftFile.Stream(files), string.Concat(import.Notes.Select(note => note + Environment.NewLine)));
        var all = text + report;
        if (import.SecretsInClear.Any(secret => secret.Length >= ShortestSecret && all.Contains(secret, StringComparison.Ordinal)))
        {
            throw new ImportException(
                "Nothing was written, since a name, an id or a URL of the export has a secret of the export in it. Remove it there."
            );
        }

        await error.WriteAsync(report);

        var broken = ManifestCheck.Check(ManifestReader.ReadText("manifests", text), options.AllowLists, time)
            // The report says of each place that is to be filled in.
            .Findings.Where(finding => finding.Severity == Severity.Error && finding.Reason != CheckReasons.NotFilledIn)
            .ToList();
        foreach (var finding in broken)
        {
            await error.WriteLineAsync(TerminalText.Printable($"error: {finding.Kind} {finding.Name}: {finding.Path}: {finding.Message}"));
        }

        await TellAsync(files, text);
        return broken.Count == 0 && files.Count > 0 && import.Notes.All(note => note.Kind != NoteKind.Error);
    }

    private async Task TellAsync(IReadOnlyList<DraftFile> files, string text)
    {
        if (files.Count == 0)
        {
            await error.WriteLineAsync("Nothing was written: there is no iClient and no connection that could be taken over.");
        }
        else if (options.Output is { } path)
        {
            foreach (var written in DraftFile.Write(path, files))
            {
                await error.WriteLineAsync($"Written: {written}");
            }
        }
        else
        {
            await output.WriteAsync(text);
        }
    }
}
