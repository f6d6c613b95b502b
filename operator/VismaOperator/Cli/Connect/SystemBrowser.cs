using System.ComponentModel;
using System.Diagnostics;

namespace VismaOperator.Cli.Connect;

/// <summary>
/// The browser that the desktop calls its default. The address of the page is in the command line of the started process, so everybody who
/// may list the processes of this machine can read it. A stolen code is useless without the PKCE verifier, which is not in the address (RFC
/// 7636 section 1). But the <c>state</c> is in the address: with it somebody could come back here before the person does, with a consent of
/// their own for the same company. On a shared machine, print the address instead (--no-browser).
/// </summary>
internal sealed class SystemBrowser(Func<string, string?> variable, TimeProvider time) : IBrowser
{
    /// <summary>
    /// An opener may start a browser that keeps running as a process of its own. It gets no terminal, so that it neither reads the keys nor
    /// draws over the text here, and Ctrl+C is not meant for it; and no pipe, since writing to one that nobody reads any more would end it.
    /// As "$@" the address is one argument, with any content.
    /// </summary>
    private const string Apart = """
        exec </dev/null >/dev/null 2>&1
        if command -v setsid; then exec setsid "$@"; fi
        exec "$@"
        """;

    private const string Path = "PATH";

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
        using var limit = Deadline.Linked(patience, time, cancellationToken);
        try
        {
            await process.WaitForExitAsync(limit.Token);
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
            return new ProcessStartInfo("rundll32", ["url.dll,FileProtocolHandler", url]) { UseShellExecute = false };
        }

        if (OperatingSystem.IsMacOS())
        {
            return Unix("open", url);
        }

        // Without a display, over ssh for example, xdg-open falls back to browsers inside the terminal, where nobody can consent.
        return HasDisplay() ? Unix("xdg-open", url) : null;
    }

    private bool HasDisplay() => !string.IsNullOrEmpty(variable("DISPLAY")) || !string.IsNullOrEmpty(variable("WAYLAND_DISPLAY"));

    private ProcessStartInfo Unix(string program, string url)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", Apart, "sh", program, url]) { UseShellExecute = false };
        start.Environment[Path] = variable(Path);
        return start;
    }
}

/// <summary>Opens pages for the person at the terminal.</summary>
internal interface IBrowser
{
    /// <summary>Opens a page.</summary>
    /// <returns>False when nothing on this machine could.</returns>
    Task<bool> OpenAsync(Uri page, CancellationToken cancellationToken);
}
