using VismaOperator.Cli.Init;
using VismaOperator.Manifests;

namespace VismaOperator.Cli.Import;

/// <summary>What Celigo's objects become: first the iClients, then the connections that use them.</summary>
/// <param name="options">What was asked for.</param>
internal sealed class CeligoImport(ImportOptions options)
{
    private readonly List<ImportNote> notes = [];
    private readonly List<ExportedObject> read = [];

    /// <summary>What there is to say, in the order of the files and of their lines.</summary>
    public IReadOnlyList<ImportNote> Notes =>
    [
        .. notes
            .Distinct()
            .OrderBy(note => options.Files.Index().First(file => file.Item == note.File).Index)
            .ThenBy(note => note.Position.Line)
            .ThenBy(note => note.Position.Column),
    ];

    /// <summary>Secrets that stand in the export in clear.</summary>
    public IEnumerable<string> SecretsInClear => read.SelectMany(one => one.SecretsInClear);

    /// <summary>The manifests of an export.</summary>
    public IReadOnlyList<DraftFile> Make(IReadOnlyList<ManifestDocument> documents)
    {
        var (iClients, connections) = (new List<ExportedObject>(), new List<ExportedObject>());
        foreach (var document in documents)
        {
            var isClient = document.Content.ContainsKey("oauth2") || document.Content.ContainsKey("provider");
            var isConnection = document.Content.ContainsKey("http") || document.Content.ContainsKey("type");
            if (isClient == isConnection)
            {
                notes.Add(
                    new ImportNote(
                        document.File,
                        document.PositionOf(string.Empty),
                        NoteKind.Error,
                        string.Empty,
                        "This is neither an iClient (it has provider and oauth2) nor a connection (it has type and http): it was left out."
                    )
                );
                continue;
            }

            var one = new ExportedObject(document, isClient ? ExportFields.OfClient : ExportFields.OfConnection, notes);
            read.Add(one);
            (isClient ? iClients : connections).Add(one);
        }

        List<DraftFile> files = [];
        var clients = new CeligoClients(options, files);
        iClients.ForEach(clients.Add);
        var made = new CeligoConnections(options, clients);
        foreach (var connection in connections)
        {
            if (made.Of(connection) is { } draft)
            {
                files.Add(new DraftFile($"vismaconnection-{draft.Name}.yaml", DraftText.Of(draft)));
            }

            connection.TellTheRest();
        }

        clients.TellUnused();
        return files;
    }
}
