using System.CommandLine;
using Kubernetes.Client;
using VismaOperator.Api;
using VismaOperator.Cli.Doctor;
using VismaOperator.Local;
using VismaOperator.Manifests;

namespace VismaOperator.Cli;

/// <summary><c>visma-operator doctor</c>: finds out which link of the chain of one connection does not hold.</summary>
internal sealed class DoctorVerb
{
    private static readonly Dictionary<string, DoctorOutput> outputs = new(StringComparer.Ordinal)
    {
        ["text"] = DoctorOutput.Text,
        ["json"] = DoctorOutput.Json,
    };

    private readonly Argument<string?> named = new("NAME")
    {
        HelpName = "NAME",
        Arity = ArgumentArity.ZeroOrOne,
        Description = "The VismaConnection, as NAME or NAMESPACE/NAME, or the VismaConnectionSet, as vcs/NAME. With -f or --state it may "
            + "be left out: then all connections",
    };
    private readonly ManifestSetting manifests = new(
        "Directory or file with manifests, or - for standard input, which are read instead of a cluster; may be repeated",
        variable: null
    );
    private readonly Setting state = new(
        "state",
        "DIR",
        "State directory of visma-operator local, which is read instead of a cluster; with -f client secrets are those of the manifests",
        variable: null
    );
    private readonly Setting request = new(
        "request",
        "true|false",
        "Ask for a token with client credentials, try it at the API once, and discard it; a grant is never sent. Default: false, both are "
            + "only shown",
        SettingShape.Switch,
        variable: null
    );
    private readonly Setting serviceAccount = new(
        "service-account",
        "NAMESPACE/NAME",
        "Service account of the operator, to ask what it may do. Default: that of the Pods that carry the labels of the chart"
    );
    private readonly Setting output = new(
        "output",
        "text|json",
        "Form of what was found. Default: text",
        variable: "doctor-output"
    );
    private readonly ClusterSettings cluster = new();
    private readonly NamespaceSetting namespaces = new();
    private readonly AllowListSettings allowLists = new();

    public DoctorVerb()
    {
        named.CompletionSources.Add(Completions.ConnectionsAndSets);
        output.Option.Aliases.Add("-o");
    }

    private IEnumerable<Setting> All =>
        [.. manifests.All, state, request, serviceAccount, output, .. cluster.All, namespaces.One, .. allowLists.All];

    /// <summary>The verb; <paramref name="start"/> runs it with what was asked for.</summary>
    public Command ToCommand(CommandContext process, Func<DoctorOptions, CancellationToken, Task<int>> start)
    {
        var command = new Command(
            "doctor",
            "Walks the chain of one connection (DNS, TLS, discovery, client secret, token, tenant, scopes, API, consent, permissions) "
            + "and says of each link whether it holds, or the cause and the remedy; of a set of connections (list of tenants, template, "
            + "client, permissions) likewise. Network checks run from here. Exit code 0 when none is broken, 1 when one is, 2 when there "
            + "is nothing to look at."
        ).With(All);
        command.Arguments.Add(named);
        return command.Run(process, (reader, arguments) => Read(reader, arguments.GetValue(named), process), start);
    }

    private DoctorOptions Read(SettingReader reader, string? wanted, CommandContext process)
    {
        var (kubeconfig, context) = cluster.Read(reader);
        var namespaceName = namespaces.Read(reader);
        var parsed = wanted is null ? null : ObjectName.Parse(wanted);
        var isSet = parsed?.Kind == VismaConnectionSet.ResourceKind;
        var name = wanted is null ? null : isSet ? parsed : ObjectName.ReadConnection(reader, named.Name, wanted);
        namespaces.Compare(reader, name, namespaceName);
        var (source, directory) = (ReadManifests(reader, process), reader.Text(state));
        var isInCluster = source is null && directory is null;
        if (wanted is null && isInCluster)
        {
            reader.Report(
                named.Name,
                "is missing",
                "Name a connection, or manifests with -f, or the state directory of local mode with --state."
            );
        }

        if (isSet && !isInCluster)
        {
            reader.Report(
                named.Name,
                $"'{wanted}' is a set, and sets are looked at in a cluster only",
                "Leave -f and --state out, or check the manifests: visma-operator check -f DIR."
            );
        }

        foreach (var setting in isInCluster ? [] : cluster.All.Append(serviceAccount).Where(reader.IsWritten))
        {
            reader.Report(setting, "counts only for a cluster, and with -f or --state there is none", "Leave it out, or leave those out.");
        }

        return new DoctorOptions
        {
            Name = name?.Name,
            Kind = isSet ? VismaConnectionSet.ResourceKind : VismaConnection.ResourceKind,
            // A variable that is meant for clusters would leave out some of the manifests.
            Namespace = name?.Namespace ?? (isInCluster || reader.IsWritten(namespaces.One) ? namespaceName : null),
            Kubeconfig = kubeconfig,
            Context = context,
            Manifests = source,
            State = directory,
            Requests = reader.Switch(request) ?? false ? DoctorRequests.Sent : DoctorRequests.Shown,
            ServiceAccount = ReadServiceAccount(reader),
            Output = reader.Choice(output, DoctorOutput.Text, outputs),
            AllowLists = allowLists.Read(reader),
        };
    }

    private ManifestSource? ReadManifests(SettingReader reader, CommandContext process) =>
        manifests.IsWritten(reader)
            ? new ManifestSource
            {
                Paths = manifests.ReadPaths(
                    reader,
                    path => path == ManifestSource.StandardInput ? null : ManifestSetting.Missing(path)
                ),
                Ignored = manifests.ReadIgnored(reader),
                IsOutput = LocalFolders.AreOurs,
                Input = process.Input,
            }
            : null;

    private NamespacedName? ReadServiceAccount(SettingReader reader)
    {
        if (reader.Text(serviceAccount) is not { } text)
        {
            return null;
        }

        if (ObjectName.Parse(text) is { Namespace: { } ns, Name: var name })
        {
            return new NamespacedName(ns, name);
        }

        reader.Report(serviceAccount, $"'{text}' is not the name of a service account", "Write it as visma-system/visma-operator.");
        return null;
    }
}
