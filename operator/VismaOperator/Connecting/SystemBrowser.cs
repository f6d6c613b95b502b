using System.ComponentModel;
using System.Diagnostics;

namespace VismaOperator.Connecting;

/// <summary>The browser that the desktop calls its default. The page's address is seen by whoever lists this machine's processes, which RFC 8252 puts up with: PKCE makes it worthless.</summary>
internal sealed class SystemBrowser(Func<string, string?> variable, TimeProvider time) : IBrowser
{
    /// <summary>An opener that fails does so at once; one that still runs after this has become the browser.</summary>
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(3);

    /// <inheritdoc/>
    public async Task<bool> OpenAsync(Uri page, CancellationToken cancellationToken)
    {
        if (Opener(page.AbsoluteUri) is not { } opener)
        {
            return false;
        }

        try
        {
            using var process = Process.Start(opener)!;
            return await SucceedsAsync(process, cancellationToken);
        }
        catch (Win32Exception)
        {
            return false; // there is no such program
        }
    }

    private async Task<bool> SucceedsAsync(Process process, CancellationToken cancellationToken)
    {
        // What an opener prints is not for this terminal, and a pipe that nobody reads would stop it.
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var limit = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await process.WaitForExitAsync(either.Token);
            return process.ExitCode == 0;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return true;
        }
    }

    private ProcessStartInfo? Opener(string url)
    {
        if (OperatingSystem.IsWindows())
        {
            return Start("rundll32", "url.dll,FileProtocolHandler", url);
        }

        if (OperatingSystem.IsMacOS())
        {
            return Start("open", url);
        }

        // Without a display, xdg-open falls back to browsers inside the terminal, where nobody can consent.
        return HasDisplay() ? Start("xdg-open", url) : null;
    }

    private bool HasDisplay() => !string.IsNullOrEmpty(variable("DISPLAY")) || !string.IsNullOrEmpty(variable("WAYLAND_DISPLAY"));

    private static ProcessStartInfo Start(string program, params string[] arguments) => new(program, arguments)
    {
        UseShellExecute = false,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };
}
