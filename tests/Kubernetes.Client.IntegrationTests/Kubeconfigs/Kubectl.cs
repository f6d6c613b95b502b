using System.Diagnostics;
using Xunit;

namespace Kubernetes.Client.IntegrationTests.Kubeconfigs;

/// <summary>The real kubectl, with no settings but those of the test.</summary>
internal static class Kubectl
{
    private const string ProgramVariable = "TEST_KUBECTL";

    /// <summary>Asks for the Secret <c>probe</c> of the context's namespace. What kubectl printed, for messages.</summary>
    /// <exception cref="FileNotFoundException">There is no kubectl; the message says what to do.</exception>
    public static async Task<string> GetProbeAsync(string home, IReadOnlyDictionary<string, string> variables, params string[] arguments)
    {
        var info = new ProcessStartInfo(FindProgram())
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (
            var argument in (string[])
                ["get", "secrets", "probe", "--cache-dir", Path.Combine(home, "cache"), "--request-timeout", "10s", .. arguments]
        )
        {
            info.ArgumentList.Add(argument);
        }

        info.Environment.Clear();
        info.Environment["PATH"] = Environment.GetEnvironmentVariable("PATH");
        info.Environment["HOME"] = home;
        foreach (var (name, value) in variables)
        {
            info.Environment[name] = value;
        }

        using var process = Process.Start(info)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return await output + await errors;
    }

    private static string FindProgram()
    {
        if (Environment.GetEnvironmentVariable(ProgramVariable) is { Length: > 0 } named)
        {
            return named;
        }

        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return folders.Select(folder => Path.Combine(folder, "kubectl")).FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException(
                $"There is no kubectl on the PATH. Install it (Debian: apt-get install kubernetes-client), or set {ProgramVariable} to one."
            );
    }
}
