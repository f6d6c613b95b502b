using System.CommandLine;
using VismaOperator.Api;
using VismaOperator.Cli.Init;

namespace VismaOperator.Cli;

/// <summary><c>visma-operator init</c>: a first client and connection.</summary>
internal sealed class InitVerb
{
    private static readonly Dictionary<string, ErpApiVersion> versions = new(StringComparer.Ordinal)
    {
        ["v1"] = ErpApiVersion.V1,
        ["v2"] = ErpApiVersion.V2,
    };

    // Without variables: nobody would notice an answer that was meant for another client.
    private readonly Setting name = Answer(
        "name",
        "NAMESPACE/NAME",
        "Name of the client and of the connection, as NAME or NAMESPACE/NAME"
    );
    private readonly Setting clientId = Answer("client-id", "ID", "Client id of the application in the Visma developer portal");
    private readonly Setting tenantId = Answer("tenant-id", "GUID", "Tenant id of the company, or none for an API without tenants");
    private readonly Setting grant = Answer(
        "grant",
        "ClientCredentials|AuthorizationCode",
        "Whether the application acts for itself, or for a person who consents"
    );
    private readonly Setting scopes = Answer("scopes", "SCOPE,...", "Scopes to ask for");
    private readonly Setting apiVersion = new("api-version", "v1|v2", "Version of the ERP API. Default: v1", variable: null);
    private readonly Setting output = new(
        "output",
        "PATH",
        "File to write, or a folder for a file of each object; nothing is overwritten. Default: standard output",
        variable: null
    );

    public InitVerb() => output.Option.Aliases.Add("-o");

    private IEnumerable<Setting> All => [name, clientId, tenantId, grant, scopes, apiVersion, output];

    /// <summary>The verb; <paramref name="start"/> runs it with what was asked for.</summary>
    public Command ToCommand(CommandContext process, Func<InitOptions, CancellationToken, Task<int>> start) =>
        new Command(
            "init",
            "Asks five questions and writes a first client and connection with comments, and a Secret to put the client secret in. What "
            + "an option answers is not asked. Exit code 2 when an answer is missing or breaks a rule."
        )
            .With(All)
            .Run(process, (reader, _) => Read(reader), start);

    private static Setting Answer(string word, string valueName, string what) =>
        new(word, valueName, $"{what}. Default: asked for", variable: null);

    private InitOptions Read(SettingReader reader) =>
        new()
        {
            Name = Checked(reader, name, InitQuestions.Name),
            ClientId = Checked(reader, clientId, InitQuestions.ClientId),
            TenantId = Checked(reader, tenantId, InitQuestions.TenantId),
            Grant = Checked(reader, grant, InitQuestions.Grant),
            Scopes = reader.Text(scopes),
            ApiVersion = reader.Choice(apiVersion, ErpApiVersion.V1, versions),
            Output = reader.Text(output),
        };

    // Before anything is asked.
    private static string? Checked(SettingReader reader, Setting setting, InitQuestion question)
    {
        var answer = reader.Text(setting);
        if (answer is not null && question.Problem(answer) is { } cause)
        {
            reader.Report(setting, $"'{answer}' is not usable", $"The rule is: {cause}.");
        }

        return answer;
    }
}

/// <summary>One run of <c>init</c>.</summary>
internal static class InitSession
{
    /// <summary>Runs to the end; the answer is the exit code.</summary>
    public static async Task<int> RunAsync(InitOptions options, CommandContext process, CancellationToken stop)
    {
        using var input = new InitInput(process.Input) { IsTerminal = process.IsInputTerminal };
        var run = new InitRun(options, input, process.Output, process.Error) { Called = process.Called };
        await run.RunAsync(stop);
        return ExitCode.Success;
    }
}
