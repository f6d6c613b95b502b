using System.CommandLine;
using VismaOperator.Api.Validation;
using VismaOperator.Cli.Check;
using VismaOperator.Cli.Import;
using VismaOperator.Manifests;

namespace VismaOperator.Cli;

/// <summary><c>visma-operator import</c>: manifests of an export of Celigo.</summary>
internal sealed class ImportVerb
{
    private readonly Argument<string[]> files = new("FILE")
    {
        HelpName = "FILE",
        Arity = ArgumentArity.OneOrMore,
        Description = "JSON of iClients and connections, as Celigo's API answers it, one or a list of them; - for standard input",
    };
    private readonly Setting namespaceName = new(
        "namespace",
        "NAME",
        "Namespace of what is written. Default: none is written, and kubectl takes that of its context",
        variable: null
    );
    private readonly Setting tenantId = new(
        "tenant-id",
        "GUID",
        "Tenant id of the company, where the export has none. Default: a place to fill in",
        variable: null
    );
    private readonly Setting output = new(
        "output",
        "PATH",
        "File to write, or a folder for a file of each object; nothing is overwritten. Default: standard output",
        variable: null
    );
    private readonly AllowListSettings allowLists = new();

    public ImportVerb()
    {
        namespaceName.Option.Aliases.Add("-n");
        output.Option.Aliases.Add("-o");
    }

    private IEnumerable<Setting> All => [namespaceName, tenantId, output, .. allowLists.All];

    /// <summary>The verb; <paramref name="start"/> runs it with what was asked for.</summary>
    public Command ToCommand(CommandContext process, Func<ImportOptions, CancellationToken, Task<int>> start)
    {
        var command = new Command(
            "import",
            "Writes manifests of iClients and connections that were exported from Celigo; no secret is taken over. Standard error says "
            + "what has no counterpart and what is to be filled in. Exit code 1 when an object had to be left out, 2 when nothing can be "
            + "read."
        ).With(All);
        command.Arguments.Add(files);
        return command.Run(process, (reader, arguments) => Read(reader, arguments.GetValue(files) ?? [], process), start);
    }

    private ImportOptions Read(SettingReader reader, IReadOnlyList<string> named, CommandContext process)
    {
        foreach (var file in named.Where(file => file != ManifestSource.StandardInput && !File.Exists(file)))
        {
            reader.Report(
                files.Name,
                $"'{file}' {(Directory.Exists(file) ? "is a folder" : "does not exist")}",
                "Name files with JSON, or - for standard input."
            );
        }

        var inNamespace = reader.Text(namespaceName);
        if (inNamespace is not null && SettingChecks.NamespaceName(inNamespace) is { } cause)
        {
            reader.Report(namespaceName, $"'{inNamespace}' {cause}", "Write the name of one namespace.");
        }

        var tenant = reader.Text(tenantId);
        if (tenant is not null && (!Patterns.Guid.IsMatch(tenant) || tenant == Placeholders.TenantId))
        {
            reader.Report(
                tenantId,
                $"'{tenant}' is {(tenant == Placeholders.TenantId ? "the tenant id of no company" : "no GUID")}",
                "Copy it from Visma Admin > Company > Edit > Configuration > Tenant id."
            );
        }

        return new ImportOptions
        {
            Files = named,
            Namespace = inNamespace,
            TenantId = tenant,
            Output = reader.Text(output),
            AllowLists = allowLists.Read(reader),
            Input = process.Input,
        };
    }
}
