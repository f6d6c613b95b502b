using System.Globalization;
using System.Text.Json.Nodes;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>An API server of its own that logs every write of a ServiceAccount (<c>audit.k8s.io/v1</c>) before it answers.</summary>
public sealed class AuditedServerFixture : IAsyncLifetime
{
    private const string Policy = """
        apiVersion: audit.k8s.io/v1
        kind: Policy
        omitStages: [RequestReceived]
        rules:
        - level: Metadata
          verbs: [create, update, patch, delete, deletecollection]
          userGroups: ["system:serviceaccounts"]
        - level: None
        """;

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("visma-operator-audit-");
    private ApiServer? server;

    public ApiServer Server => server ?? throw new InvalidOperationException("The fixture was not initialised.");

    private string LogFile => Path.Combine(folder.FullName, "audit.log");

    public async ValueTask InitializeAsync()
    {
        var policy = Path.Combine(folder.FullName, "policy.yaml");
        await File.WriteAllTextAsync(policy, Policy);
        string[] logging = [$"--audit-policy-file={policy}", $"--audit-log-path={LogFile}"];
        server = await ApiServer.StartAsync(ApiServerFixture.Options with { ExtraArguments = logging }, CancellationToken.None);
    }

    /// <summary>The writes that a user asked for since a moment, and that were carried out.</summary>
    internal IReadOnlyList<AuditedWrite> WritesOf(string user, DateTimeOffset since) =>
    [
        .. File.ReadLines(LogFile)
            .Select(line => AuditedWrite.Of(JsonNode.Parse(line)!))
            .Where(write => write.User == user && write.Received >= since && write.Status is >= 200 and < 300),
    ];

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }

        folder.Delete(recursive: true);
    }
}

/// <summary>One write, as the API server logged it.</summary>
/// <param name="User">Who asked.</param>
/// <param name="Resource">The kind in plural, with its subresource where there is one: <c>vismaconnections/status</c>.</param>
/// <param name="Status">The status code of the answer.</param>
/// <param name="Received">When the request came.</param>
/// <param name="Answered">When it was answered.</param>
internal sealed record AuditedWrite(string User, string Resource, int Status, DateTimeOffset Received, DateTimeOffset Answered)
{
    public bool IsOfTheLease => Resource == "leases";

    public static AuditedWrite Of(JsonNode line)
    {
        var (about, answer) = (line["objectRef"]!, line["responseStatus"]);
        return new AuditedWrite(
            line["user"]!["username"]!.GetValue<string>(),
            about["resource"]!.GetValue<string>() + (about["subresource"] is { } part ? $"/{part.GetValue<string>()}" : ""),
            answer?["code"]?.GetValue<int>() ?? 0,
            Time(line["requestReceivedTimestamp"]!),
            Time(line["stageTimestamp"]!)
        );
    }

    private static DateTimeOffset Time(JsonNode text) => DateTimeOffset.Parse(text.GetValue<string>(), CultureInfo.InvariantCulture);
}
