using System.Text.Json;
using VismaOperator.Api;

namespace VismaOperator.Demo;

/// <summary>Local mode: manifests in a folder, tokens in files.</summary>
internal sealed class LocalStage(string folder, string manifests, Uri issuer) : IStage
{
    private readonly string output = Path.Combine(folder, "tokens");
    private readonly string state = Path.Combine(folder, "state");

    public string Description => "local mode: no cluster, the tokens become files";

    public IReadOnlyList<string> OperatorArguments =>
    [
        "local", "-f", manifests, "--out", output, "--state", state,
        "--allowed-issuers", issuer.OriginalString, "--insecure-issuers",
    ];

    public Task PrepareAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<IReadOnlyList<VismaConnection>> ConnectionsAsync(CancellationToken cancellationToken)
    {
        var connections = new List<VismaConnection>();
        var kept = Path.Combine(state, VismaConnection.ResourceKind.Plural);
        foreach (
            var file in Directory.Exists(kept)
                ? Directory.EnumerateFiles(kept, "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
                : Enumerable.Empty<string>()
        )
        {
            await using var content = File.OpenRead(file);
            connections.Add((await JsonSerializer.DeserializeAsync(content, VismaConnection.JsonTypeInfo, cancellationToken))!);
        }

        return [.. connections.OrderBy(connection => connection.Metadata.Name, StringComparer.Ordinal)];
    }

    public Task<IReadOnlyList<string>> KeysAsync(VismaConnection connection, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>([
            .. Directory
                .EnumerateFiles(FolderOf(connection))
                .Select(file => Path.GetRelativePath(Environment.CurrentDirectory, file))
                .Order(StringComparer.Ordinal),
        ]);

    public async Task<string?> AccessTokenAsync(VismaConnection connection, CancellationToken cancellationToken)
    {
        var file = TokenOf(connection);
        return File.Exists(file) ? await File.ReadAllTextAsync(file, cancellationToken) : null;
    }

    public Task TamperAsync(VismaConnection connection, CancellationToken cancellationToken) =>
        File.WriteAllTextAsync(TokenOf(connection), "tampered", cancellationToken);

    public Task CleanUpAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private string FolderOf(VismaConnection connection) =>
        Path.Combine(output, connection.SecretName().Namespace, connection.SecretName().Name);

    private string TokenOf(VismaConnection connection) => Path.Combine(FolderOf(connection), "access_token");
}
