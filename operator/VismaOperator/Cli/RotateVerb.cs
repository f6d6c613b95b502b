using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text;
using Kubernetes.Client;
using Kubernetes.Client.Access;
using Kubernetes.Controllers.Caching;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Cli.Doctor;
using VismaOperator.Cli.Rotate;
using VismaOperator.Cli.Status;
using VismaOperator.Hosting;

namespace VismaOperator.Cli;

/// <summary><c>visma-operator rotate</c>: a new client secret for a client.</summary>
internal sealed class RotateVerb
{
    private static readonly TimeSpan defaultTimeout = TimeSpan.FromMinutes(2);
    private static readonly string[] dates = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ss'Z'"];

    private readonly Argument<string> named = new("CLIENT")
    {
        HelpName = "CLIENT",
        Description = "The OAuthClient, as NAME or NAMESPACE/NAME",
    };
    private readonly ClusterSettings cluster = new();
    private readonly NamespaceSetting namespaces = new();

    // Without variables: what was meant for one client would do by surprise for another one.
    private readonly Setting key = new(
        "key",
        "KEY",
        "Key of the new secret in the Secret of the client. Default: that of the first one, with the date of today",
        variable: null
    );
    private readonly Setting expires = new(
        "expires",
        "DATE",
        "When the new secret expires, as the developer portal shows it: 2027-11-30, or 2027-11-30T12:00:00Z. Default: not stated",
        variable: null
    );
    private readonly Setting noVerify = new(
        "no-verify",
        "true|false",
        "Do not try the new secret by a token request before it is written. Default: false",
        SettingShape.Switch,
        variable: null
    );
    private readonly Setting asIs = new(
        "as-is",
        "true|false",
        "Take a secret that looks wrong, such as one with quotes around it. Default: false",
        SettingShape.Switch,
        variable: null
    );
    private readonly Setting write = new(
        "write",
        "true|false",
        "Write also where GitOps, External Secrets or Sealed Secrets keep the objects, and may undo it. Default: false, the change is "
            + "printed",
        SettingShape.Switch,
        variable: null
    );
    private readonly Setting wait = new(
        "wait",
        "true|false",
        "Wait until the operator uses the new secret. Default: false",
        SettingShape.Switch,
        variable: null
    );
    private readonly Setting timeout = new("timeout", "DURATION", "With --wait: how long, such as 30s or 5m. Default: 2m", variable: null);
    private readonly AllowListSettings allowLists = new();

    public RotateVerb() => named.CompletionSources.Add(Completions.Clients);

    private IEnumerable<Setting> All =>
        [.. cluster.All, namespaces.One, key, expires, noVerify, asIs, write, wait, timeout, .. allowLists.OfIssuers];

    /// <summary>The verb; <paramref name="start"/> runs it with what was asked for.</summary>
    public Command ToCommand(CommandContext process, Func<RotateOptions, CancellationToken, Task<int>> start)
    {
        var command = new Command(
            "rotate",
            "Takes a new client secret from standard input, tries it, and puts it first in spec.clientSecrets; the old ones stay behind "
            + "it. Exit code 0 when that is done, 1 when nothing or not all could be written, 3 when nothing was written since somebody "
            + "else keeps the objects: then the change is printed."
        ).With(All);
        command.Arguments.Add(named);
        return command.Run(process, (reader, arguments) => Read(reader, arguments.GetValue(named) ?? string.Empty), start);
    }

    private RotateOptions Read(SettingReader reader, string wanted)
    {
        var (kubeconfig, context) = cluster.Read(reader);
        var namespaceName = namespaces.Read(reader);
        var name = ReadName(reader, wanted);
        namespaces.Compare(reader, name, namespaceName);
        var isWaiting = reader.Switch(wait) ?? false;
        if (!isWaiting && reader.IsWritten(timeout))
        {
            reader.Report(timeout, "counts only with --wait", "Say --wait, or leave it out.");
        }

        return new RotateOptions
        {
            Name = name?.Name ?? wanted,
            Namespace = name?.Namespace ?? namespaceName,
            Key = ReadKey(reader),
            Expires = ReadExpiry(reader),
            Trial = reader.Switch(noVerify) ?? false ? RotateTrial.Skipped : RotateTrial.Made,
            Judgement = reader.Switch(asIs) ?? false ? SecretJudgement.AsItIs : SecretJudgement.Usual,
            Kept = reader.Switch(write) ?? false ? KeptObjects.Written : KeptObjects.Printed,
            Wait = isWaiting ? reader.Duration(timeout, defaultTimeout) : null,
            Kubeconfig = kubeconfig,
            Context = context,
            AllowLists = allowLists.Read(reader),
        };
    }

    private ObjectName? ReadName(SettingReader reader, string wanted)
    {
        if (ObjectName.Parse(wanted) is { } name && (name.Kind is null || name.Kind == OAuthClient.ResourceKind))
        {
            return name;
        }

        reader.Report(named.Name, $"'{wanted}' is not the name of a client", "Write it as integrations/acme, or acme -n integrations.");
        return null;
    }

    private string? ReadKey(SettingReader reader)
    {
        var wanted = reader.Text(key);
        if (wanted is not null && !Patterns.SecretKey.IsMatch(wanted))
        {
            reader.Report(
                key,
                $"'{wanted}' is no key of a Secret",
                "It is made of at most 253 letters, digits, dots, dashes and underscores."
            );
        }

        return wanted;
    }

    private DateTimeOffset? ReadExpiry(SettingReader reader)
    {
        if (reader.Text(expires) is not { } text)
        {
            return null;
        }

        if (DateTimeOffset.TryParseExact(text, dates, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var end))
        {
            return end;
        }

        reader.Report(expires, $"'{text}' is no date", "Write it as 2027-11-30 or 2027-11-30T12:00:00Z.");
        return null;
    }
}

/// <summary>One run of <c>rotate</c>: what it consists of is constructed here.</summary>
internal sealed class RotateSession(RotateOptions options, CommandContext process)
{
    /// <summary>Runs to the end; the answer is the exit code.</summary>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        if (options.Expires <= process.Time.GetUtcNow())
        {
            throw new RotateException("--expires: the date is past: nothing was changed. Write the expiry of the new secret.");
        }

        await using var cluster = ClusterConnection.Open(options.Source, process.Time);
        using var providers = new OAuthEndpoints(options.AllowLists, process.Time);
        var proxy = ProxyChoice.FromEnvironment(process.Variable);
        var tools = new DoctorTools
        {
            Source = new ClusterObjects(cluster.Client, cluster.Server),
            Providers = providers,
            Probe = providers.Probe.Value,
            Resolve = Dns.GetHostAddressesAsync,
            ProxyOf = proxy.GetProxy,
            Time = process.Time,
            Called = process.Called,
        };
        var name = new NamespacedName(options.Namespace ?? cluster.Namespace, options.Name);
        var value = await ReadAsync(name, stop);
        var result = await new RotateRun(options, cluster.Client, tools, cluster.Server, process.Output).RunAsync(name, value, stop);
        if (result is null || options.Wait is not { } patience)
        {
            return result is null ? ExitCode.ChangePrinted : ExitCode.Success;
        }

        if (result.Stays is not null)
        {
            await process.Error.WriteLineAsync($"{Product.Name}: --wait: there is nothing to wait for. Do not delete the old one yet.");
            return ExitCode.Failure;
        }

        return await IsUsedAsync(cluster, name, result, patience, stop) ? ExitCode.Success : ExitCode.Failure;
    }

    private async Task<Sensitive> ReadAsync(NamespacedName name, CancellationToken stop)
    {
        if (process.IsInputTerminal)
        {
            await process.Error.WriteAsync($"New client secret for OAuthClient {name} (it is not shown): ");
            await process.Error.FlushAsync(stop);
            var typed = await Task.Run(Typed, stop).WaitAsync(stop);
            await process.Error.WriteLineAsync();
            return NewSecret.Judge(typed, options.Judgement);
        }

        try
        {
            // On another thread, and abandoned on stop: a pipe that nobody writes to blocks.
            return await Task.Run(
                    () =>
                    {
                        using var input = process.Input();
                        return NewSecret.Read(input, options.Judgement);
                    },
                    stop
                )
                .WaitAsync(stop);
        }
        catch (IOException)
        {
            return NewSecret.Judge(string.Empty, options.Judgement); // it was closed
        }
    }

    private static string Typed()
    {
        var typed = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } pressed)
        {
            if (pressed.Key == ConsoleKey.Backspace)
            {
                typed.Length = Math.Max(0, typed.Length - 1);
            }
            else if (pressed.KeyChar != '\0')
            {
                typed.Append(pressed.KeyChar);
            }
        }

        return typed.ToString();
    }

    // As the operator says it in the status of the client.
    private async Task<bool> IsUsedAsync(
        ClusterConnection cluster,
        NamespacedName name,
        RotateResult result,
        TimeSpan patience,
        CancellationToken stop
    )
    {
        var source = new ClusterStatusSource(cluster.Client, cluster.Server, ResourceSelectors.ByName(name), process.Time, cluster.Log);
        await source.PingAsync<OAuthClient>(stop); // who may not list would wait in vain
        using var limit = Deadline.Linked(patience, process.Time, stop);
        try
        {
            var kinds = new HashSet<ResourceKind> { OAuthClient.ResourceKind };
            await foreach (var batch in source.FollowAsync(kinds, [(OAuthClient.ResourceKind, name)], limit.Token))
            {
                foreach (var seen in batch.Where(change => change.Name == name))
                {
                    if (IsDecided((OAuthClient?)seen.Resource, result, name) is { } isUsed)
                    {
                        return isUsed;
                    }
                }
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            await process.Error.WriteLineAsync(
                $"{Product.Name}: the operator did not use the new secret within {GoDuration.Format(patience)}. It stays first. Do not "
                    + $"delete the old one yet. Why: {process.Called} status oac/{name.Name} -n {name.Namespace}{options.Source}"
            );
        }

        return false;
    }

    private bool? IsDecided(OAuthClient? client, RotateResult result, NamespacedName name)
    {
        var reference = result.Plan.Reference;
        var trial = client?.Status.ClientSecrets?.FirstOrDefault(one => one.Is(reference));
        if (client is not null && trial?.Trial == SecretTrial.Accepted && client.Status.ActiveSecret == reference)
        {
            process.Output.WriteLine(
                "The operator uses the new secret. The old one may be deleted in the Visma developer portal"
                    + (result.Cautions.Count == 0 ? "." : ", once you have done what is said above.")
            );
            return true;
        }

        // A refusal that was on record before is not one of this secret.
        if (client is null || (trial?.Trial == SecretTrial.Refused && trial != result.Before))
        {
            process.Error.WriteLine(
                client is null
                    ? $"{Product.Name}: OAuthClient {name} was deleted meanwhile."
                    : $"{Product.Name}: the provider refused the new secret when the operator tried it. Do not delete the old one."
            );
            return false;
        }

        return null;
    }
}
