using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using k8s.KubeConfigModels;

namespace Kubernetes.Client.Access;

/// <summary>
/// A program that hands out credentials
/// (<see href="https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins"/>). The package's
/// runner is not used: it joins arguments with blanks, waits before it reads (a long answer never ends), and reports a plugin that failed
/// as unreadable JSON.
/// </summary>
internal sealed class ExecPlugin(ExternalExecution configuration, string kubeconfigFile, string owner, ExecClusterInfo cluster)
{
    private static readonly TimeSpan timeLimit = TimeSpan.FromMinutes(1); // no one is there to type a password
    private const int LongestDiagnosis = 300; // characters of stderr that an error may quote

    /// <summary>What messages call the plugin.</summary>
    public string Description => $"exec plugin '{configuration.Command}' of {owner}";

    /// <summary>Runs the plugin once.</summary>
    /// <exception cref="ClusterAccessException">It is missing, failed, took too long, or answered with something else.</exception>
    public async Task<ExecStatus> RunAsync(TimeProvider clock, CancellationToken cancellationToken)
    {
        // the caller gave up, or the plugin hangs
        using var deadline = Deadline.Linked(timeLimit, clock, cancellationToken);
        using var process = Start();
        try
        {
            process.StandardInput.Close();
            var answer = process.StandardOutput.ReadToEndAsync(deadline.Token);
            var diagnosis = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            return process.ExitCode == 0
                ? Parse(await answer)
                : throw new ClusterAccessException(
                    $"{Description} ended with exit code {process.ExitCode}: {Redacted(await diagnosis)}. Run it by hand to see why, "
                    + "and log in again."
                );
        }
        catch (OperationCanceledException cancelled)
        {
            process.Kill(entireProcessTree: true);
            cancellationToken.ThrowIfCancellationRequested();
            throw new ClusterAccessException(
                $"{Description} did not end within {timeLimit.TotalSeconds:0} s: it may wait for input, which it cannot get here. Run "
                + "it by hand and log in again.",
                cancelled
            );
        }
    }

    private Process Start()
    {
        try
        {
            return Process.Start(StartInfo())!;
        }
        catch (Win32Exception missing)
        {
            var hint = string.IsNullOrWhiteSpace(configuration.InstallHint)
                ? "Install it, or correct the command in the kubeconfig."
                : configuration.InstallHint.Trim();
            throw new ClusterAccessException($"{Description} cannot be started ({missing.Message}). {hint}", missing);
        }
    }

    private ProcessStartInfo StartInfo()
    {
        var info = new ProcessStartInfo(Command())
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
        };
        foreach (var argument in configuration.Arguments ?? [])
        {
            info.ArgumentList.Add(argument);
        }

        foreach (var variable in configuration.EnvironmentVariables ?? [])
        {
            info.Environment[variable["name"]] = ValueOf(variable);
        }

        info.Environment["KUBERNETES_EXEC_INFO"] = ExecInfo();
        return info;
    }

    // An absent value and null are both an empty text.
    private static string ValueOf(Dictionary<string, string> variable) => variable.GetValueOrDefault("value") ?? string.Empty;

    // A bare name is looked up on the PATH; a relative path is relative to the kubeconfig, as kubectl has it.
    private string Command()
    {
        var command = configuration.Command;
        return command.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? Path.Combine(Path.GetDirectoryName(kubeconfigFile)!, command)
            : command;
    }

    private string ExecInfo()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("apiVersion", configuration.ApiVersion);
            json.WriteString("kind", "ExecCredential");
            json.WriteStartObject("spec");
            json.WriteBoolean("interactive", false);
            if (configuration.ProvideClusterInfo)
            {
                cluster.WriteTo(json);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private ExecStatus Parse(string answer)
    {
        ExecAnswer? response;
        try
        {
            response = JsonSerializer.Deserialize(answer, ExecJsonContext.Default.ExecAnswer);
        }
        catch (JsonException unreadable)
        {
            throw new ClusterAccessException(
                $"{Description} did not print an ExecCredential in JSON: check its version and arguments.",
                unreadable
            );
        }

        if (response?.ApiVersion != configuration.ApiVersion)
        {
            throw new ClusterAccessException(
                $"{Description} answered in '{response?.ApiVersion}' but the kubeconfig asks for '{configuration.ApiVersion}': make "
                + "both the same."
            );
        }

        return response.Status?.IsUsable == true
            ? response.Status
            : throw new ClusterAccessException(
                $"{Description} returned neither a token nor a client certificate with its key: log in again."
            );
    }

    // A failing plugin may repeat what it was given, and that may be a secret.
    private string Redacted(string diagnosis)
    {
        var text = diagnosis.ReplaceLineEndings(" ").Trim();
        var given = (configuration.EnvironmentVariables ?? []).Select(ValueOf);
        foreach (var value in given.Where(value => value.Length > 3))
        {
            text = text.Replace(value, "***", StringComparison.Ordinal);
        }

        return text.Length switch
        {
            0 => "it said nothing",
            <= LongestDiagnosis => text,
            _ => text[..LongestDiagnosis] + "...",
        };
    }
}
