using System.CommandLine;
using VismaOperator.Api;
using VismaOperator.Cli.Connect;

namespace VismaOperator.Cli;

/// <summary><c>visma-operator connect</c>: a person's consent from a terminal.</summary>
internal sealed class ConnectVerb
{
    private static readonly TimeSpan longestTimeout = TimeSpan.FromHours(1);

    private readonly Argument<string> connection = new("NAMESPACE/NAME")
    {
        HelpName = "NAMESPACE/NAME",
        Description = "The VismaConnection; without a namespace, that of -n, of the kubeconfig's context, or default",
    };
    private readonly SourceSettings source = new(
        "State directory of visma-operator local, for a connection without a cluster. Local mode may be started afterwards"
    );
    private readonly NamespaceSetting namespaces = new();
    private readonly Setting port = new(
        "port",
        "N",
        "Port of this machine that the browser comes back to: the redirect URI is then "
        + $"http://localhost:N{ConnectOptions.DefaultRedirectPath}. Default: {ConnectOptions.DefaultPort}"
    );
    private readonly Setting redirectUri = new(
        "redirect-uri",
        "URI",
        "Redirect URI as it is registered in the developer portal; its host must be this machine. With https it is served with a "
        + "certificate made on the spot"
    );
    private readonly Setting clientId = new(
        "client-id",
        "ID",
        "Client id. Default: the OAuthClient's, which may be in a Secret that you cannot read"
    );
    private readonly Setting noBrowser = new(
        "no-browser",
        "true|false",
        "Print the page's address instead of opening a browser. Default: false",
        SettingShape.Switch
    );
    private readonly Setting timeout = new(
        "timeout",
        "DURATION",
        "How long to wait for the person, for example 10m; at most 1h. Default: 5m"
    );
    private readonly AllowListSettings allowLists = new();

    private IEnumerable<Setting> All =>
        [.. source.OfCluster, namespaces.One, source.State, port, redirectUri, clientId, noBrowser, timeout, .. allowLists.OfIssuers];

    /// <summary>The verb; <paramref name="start"/> runs it with what was asked for.</summary>
    public Command ToCommand(CommandContext process, Func<ConnectOptions, CancellationToken, Task<int>> start)
    {
        connection.CompletionSources.Add(Completions.Connections);
        var command = new Command(
            "connect",
            "Has a person consent for an interactive connection, by a browser on this machine. Exit code 0 once the operator has stored "
            + "the grant."
        ).With(All);
        command.Arguments.Add(connection);
        return command.Run(process, (reader, arguments) => Read(reader, arguments.GetValue(connection) ?? string.Empty), start);
    }

    private ConnectOptions Read(SettingReader reader, string wanted)
    {
        var origin = source.Read(reader);
        var namespaceName = namespaces.Read(reader);
        var name = ObjectName.ReadConnection(reader, connection.Name, wanted);
        namespaces.Compare(reader, name, namespaceName);
        return new ConnectOptions
        {
            Name = name?.Name ?? wanted,
            Namespace = name?.Namespace ?? namespaceName,
            Source = origin,
            RedirectUri = ReadRedirectUri(reader),
            ClientId = reader.Text(clientId),
            Browser = reader.Switch(noBrowser) ?? false ? BrowserUse.Printed : BrowserUse.Opened,
            Timeout = ReadTimeout(reader),
            AllowLists = allowLists.Read(reader),
        };
    }

    private Uri ReadRedirectUri(SettingReader reader)
    {
        var number = reader.Port(port, ConnectOptions.DefaultPort, least: 1);
        if (reader.Text(redirectUri) is not { } text)
        {
            return ConnectOptions.DefaultRedirectUri(number);
        }

        if (number != ConnectOptions.DefaultPort)
        {
            reader.Report(port, "cannot be combined with --redirect-uri, which has a port of its own", "Leave one of them out.");
        }

        if (RedirectTarget.ProblemIn(text) is { } problem)
        {
            reader.Report(redirectUri, $"'{text}' {problem}", "Write it as it is registered, for example https://localhost:8888.");
            return ConnectOptions.DefaultRedirectUri(number);
        }

        return new Uri(text);
    }

    private TimeSpan ReadTimeout(SettingReader reader)
    {
        if (reader.Text(timeout) is not { } text)
        {
            return ConnectOptions.DefaultTimeout;
        }

        if (GoDuration.TryParse(text, out var span) && span > TimeSpan.Zero && span <= longestTimeout)
        {
            return span;
        }

        reader.Report(timeout, $"'{text}' is not a duration up to 1h", "Write it as 90s or 10m.");
        return ConnectOptions.DefaultTimeout;
    }
}
