using System.Text;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Cli.Check;
using VismaOperator.Cli.Cluster;
using VismaOperator.Cli.Connect;
using VismaOperator.Reporting;

namespace VismaOperator.Cli.Init;

/// <summary>Everything that <c>init</c> can be told. An answer that is null is asked for.</summary>
internal sealed record InitOptions
{
    /// <summary>Name of client and connection, as NAME or NAMESPACE/NAME.</summary>
    public string? Name { get; init; }

    /// <summary>The client id.</summary>
    public string? ClientId { get; init; }

    /// <summary>The tenant id, or <see cref="InitQuestions.NoTenant"/>.</summary>
    public string? TenantId { get; init; }

    /// <summary>The grant.</summary>
    public string? Grant { get; init; }

    /// <summary>The scopes, separated by blanks or commas.</summary>
    public string? Scopes { get; init; }

    /// <summary>Version of the ERP API; never asked for.</summary>
    public ErpApiVersion ApiVersion { get; init; }

    /// <summary>File or folder to write; null for standard output.</summary>
    public string? Output { get; init; }
}

/// <summary>Nothing can be written. The message names cause and remedy.</summary>
internal sealed class InitException(string message, Exception? cause = null) : ExplainedException(message, cause);

/// <summary>One question of <c>init</c>.</summary>
/// <param name="Option">The option that answers it.</param>
/// <param name="Text">What is asked.</param>
/// <param name="Default">What counts where the answer is empty.</param>
/// <param name="Problem">What is wrong with an answer; null where nothing is.</param>
internal sealed record InitQuestion(string Option, string Text, string Default, Func<string, string?> Problem)
{
    /// <summary>The problem with an answer, where it has one.</summary>
    public string? ProblemWith(string answer) => Problem(answer) is { } cause ? $"'{TerminalText.Printable(answer)}': {cause}" : null;
}

/// <summary>The five questions, by the rules of <c>check</c>.</summary>
internal static class InitQuestions
{
    /// <summary>The answer that says that the API has no tenants.</summary>
    public const string NoTenant = "none";

    private const int LongestName = 200; // with what is appended to it, the name of a Secret

    private static readonly Dictionary<string, Grant> grants = new(StringComparer.OrdinalIgnoreCase)
    {
        [nameof(Api.Grant.ClientCredentials)] = Api.Grant.ClientCredentials,
        [nameof(Api.Grant.AuthorizationCode)] = Api.Grant.AuthorizationCode,
    };

    /// <summary>What both objects are called.</summary>
    public static InitQuestion Name { get; } = new(
        "--name",
        "Name of the client and the connection, as NAME or NAMESPACE/NAME",
        "integrations/acme",
        ProblemWithName
    );

    /// <summary>The application.</summary>
    public static InitQuestion ClientId { get; } = new(
        "--client-id",
        "Client id of the application in the Visma developer portal",
        Placeholders.ClientId,
        id => OAuthClientRules.IsClientId(id) ? null : $"{OAuthClientRules.ClientIdRule}: copy it from the developer portal"
    );

    /// <summary>The company.</summary>
    public static InitQuestion TenantId { get; } = new(
        "--tenant-id",
        $"Tenant id of the company (Visma Admin > Company > Edit > Configuration), or {NoTenant} for an API without tenants",
        Placeholders.TenantId,
        ProblemWithTenant
    );

    /// <summary>Who the application acts for.</summary>
    public static InitQuestion Grant { get; } = new(
        "--grant",
        "ClientCredentials (the application acts for itself) or AuthorizationCode (for a person who consents once)",
        nameof(Api.Grant.ClientCredentials),
        grant => grants.ContainsKey(grant) ? null : "write ClientCredentials or AuthorizationCode"
    );

    /// <summary>What may be done; depends on the grant and the tenant.</summary>
    public static InitQuestion Scopes(Grant grant, string? tenant) => new(
        "--scopes",
        "Scopes, separated by blanks or commas",
        tenant is null ? "business-graphql-service-api:access-group-based"
            : grant == Api.Grant.AuthorizationCode ? "vismanet_erp_interactive_api:read"
            : "vismanet_erp_service_api:read",
        scopes => ProblemWithScopes(grant, tenant, ScopesIn(scopes))
    );

    /// <summary>The grant that an answer names.</summary>
    public static Grant GrantOf(string answer) => grants[answer];

    /// <summary>The tenant that an answer names; null for none.</summary>
    public static string? TenantOf(string answer) => answer == NoTenant ? null : answer;

    /// <summary>The namespace, where there is one, and the name.</summary>
    public static (string? Namespace, string Name) NameIn(string answer) =>
        answer.Split('/') is [var before, var name] ? (before, name) : (null, answer);

    /// <summary>The scopes of an answer.</summary>
    public static IReadOnlyList<string> ScopesIn(string answer) =>
        [.. answer.Split([' ', ',', '\t'], StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal)];

    /// <summary>What is declared by the answers.</summary>
    public static VismaConnectionSpec SpecOf(string client, Grant grant, string? tenant, IReadOnlyList<string> scopes) =>
        new()
        {
            OAuthClientRef = new OAuthClientReference { Name = client },
            Grant = grant,
            TenantId = tenant,
            Scopes = scopes,
        };

    private static string? ProblemWithName(string answer)
    {
        var findings = new Findings();
        var (namespaceName, name) = NameIn(answer);
        NameRules.CheckSubdomain(findings, string.Empty, name);
        findings.Require(name.Length <= LongestName, string.Empty, $"the name is longer than {LongestName} characters: shorten it");
        if (namespaceName is not null)
        {
            NameRules.CheckNamespace(findings, string.Empty, namespaceName);
        }

        return First(findings.All);
    }

    private static string? ProblemWithTenant(string answer)
    {
        var findings = new Findings();
        if (TenantOf(answer) is { } tenant)
        {
            NameRules.CheckTenant(findings, string.Empty, tenant);
        }

        return First(findings.All);
    }

    private static string? ProblemWithScopes(Grant grant, string? tenant, IReadOnlyList<string> scopes) =>
        First(VismaConnectionRules.Check(SpecOf("acme", grant, tenant, scopes), new AllowLists()));

    private static string? First(IReadOnlyList<FieldError> problems) => problems is [var first, ..] ? first.Message : null;
}

/// <summary>
/// The verb <c>init</c>: asks what was not given as an option, one line each, and writes a first client and connection. Questions go to
/// standard error, so that standard output holds the manifests alone.
/// </summary>
/// <param name="options">What was given.</param>
/// <param name="input">Standard input.</param>
/// <param name="output">Standard output.</param>
/// <param name="error">Standard error.</param>
internal sealed class InitRun(InitOptions options, InitInput input, TextWriter output, TextWriter error)
{
    /// <summary>What the person types to run this program.</summary>
    public required string Called { get; init; }

    /// <summary>Runs to the end.</summary>
    /// <exception cref="InitException">An answer is missing or breaks a rule, or the file cannot be written.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        // Before the questions: answers that cannot be written are lost.
        if (options.Output is { } path && File.Exists(path))
        {
            throw new InitException($"--output: {path} exists already: nothing was written. Name another file, or remove it.");
        }

        if (
            options.Output is { } file
            && !Path.EndsInDirectorySeparator(file)
            && Path.GetDirectoryName(file) is { Length: > 0 } above
            && !Directory.Exists(above)
        )
        {
            throw new InitException($"--output: there is no folder {above}: nothing was written. Make it, or name another one.");
        }

        var (namespaceName, name) = InitQuestions.NameIn(await AnswerAsync(InitQuestions.Name, options.Name, stop));
        var clientId = await AnswerAsync(InitQuestions.ClientId, options.ClientId, stop);
        var tenant = InitQuestions.TenantOf(await AnswerAsync(InitQuestions.TenantId, options.TenantId, stop));
        var grant = InitQuestions.GrantOf(await AnswerAsync(InitQuestions.Grant, options.Grant, stop));
        var scopes = InitQuestions.ScopesIn(await AnswerAsync(InitQuestions.Scopes(grant, tenant), options.Scopes, stop));
        var client = new ClientDraft { Name = name, Namespace = namespaceName, ClientId = clientId };
        var connection = new ConnectionDraft
        {
            Name = name,
            Namespace = namespaceName,
            Spec = InitQuestions.SpecOf(name, grant, tenant, scopes) with { ApiVersion = options.ApiVersion },
        };
        await WriteAsync([
            new DraftFile($"secret-{client.SecretName}.yaml", DraftText.SecretOf(client)),
            new DraftFile($"oauthclient-{name}.yaml", DraftText.Of(client)),
            new DraftFile($"vismaconnection-{name}.yaml", DraftText.Of(connection)),
        ]);
    }

    private async Task WriteAsync(IReadOnlyList<DraftFile> files)
    {
        if (options.Output is not { } path)
        {
            await output.WriteAsync(DraftFile.Stream(files));
            return;
        }

        try
        {
            DraftFile.Write(path, files);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new InitException($"--output: {failure.Message}", failure);
        }

        var named = NamedSource.Quoted(path);
        await error.WriteLineAsync($"Written: {path}. Fill in what is marked so, then:");
        await error.WriteLineAsync($"  {Called} check -f {named} && kubectl apply -f {named}");
    }

    private async Task<string> AnswerAsync(InitQuestion question, string? given, CancellationToken stop)
    {
        if (given is not null)
        {
            return question.ProblemWith(given) is { } problem ? throw new InitException($"{question.Option}: {problem}") : given;
        }

        while (true)
        {
            await error.WriteAsync($"{question.Text} [{question.Default}]: ");
            await error.FlushAsync(stop);
            var line = await input.ReadLineAsync(stop);
            if (line is null)
            {
                await error.WriteLineAsync();
                throw new InitException($"The input ended before this was answered. Answer it by {question.Option}, or on a terminal.");
            }

            var answer = line.Trim() is { Length: > 0 } written ? written : question.Default;
            if (question.ProblemWith(answer) is not { } cause)
            {
                return answer;
            }

            if (!input.IsTerminal)
            {
                await error.WriteLineAsync();
                throw new InitException($"{question.Option}: {cause}");
            }

            await error.WriteLineAsync($"  {cause}");
        }
    }
}

/// <summary>Answers from standard input, line by line.</summary>
/// <param name="open">Opens standard input.</param>
internal sealed class InitInput(Func<Stream> open) : IDisposable
{
    private const int LongestLine = 4096; // bytes

    private Stream? stream;

    /// <summary>True where a person answers, who may try again.</summary>
    public bool IsTerminal { get; init; }

    /// <summary>The next line; null at the end.</summary>
    /// <exception cref="InitException">It is longer than an answer can be.</exception>
    public Task<string?> ReadLineAsync(CancellationToken stop) =>
        Task.Run(ReadLine, stop).WaitAsync(stop); // a read of a terminal cannot be cancelled, and is abandoned

    /// <inheritdoc/>
    public void Dispose() => stream?.Dispose();

    private string? ReadLine()
    {
        List<byte> line = [];
        stream ??= Open();
        while (stream.ReadByte() is >= 0 and var next)
        {
            if (next == '\n')
            {
                return Text(line);
            }

            line.Add((byte)next);
            if (line.Count > LongestLine)
            {
                throw new InitException($"A line of the input is longer than {LongestLine} bytes: answer in one short line each.");
            }
        }

        return line.Count == 0 ? null : Text(line);
    }

    // One that was closed has no answers.
    private Stream Open()
    {
        try
        {
            return open();
        }
        catch (IOException)
        {
            return Stream.Null;
        }
    }

    private static string Text(List<byte> line) => Encoding.UTF8.GetString([.. line]);
}
