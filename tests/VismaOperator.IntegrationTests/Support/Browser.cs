using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>
/// A real browser, without scripts' help unless they are asked for: what a person sees and clicks. Each window has cookies of its own, as
/// another person's browser would.
/// </summary>
internal sealed class Browser(IBrowser chromium) : IAsyncDisposable
{
    private readonly ConcurrentBag<IBrowserContext> windows = [];

    /// <summary>A window of a browser that knows nothing yet. Scripts are off: the pages must do without.</summary>
    public Task<IPage> OpenAsync(ViewportSize? size = null, ColorScheme scheme = ColorScheme.Light) =>
        OpenAsync(
            new BrowserNewContextOptions
            {
                JavaScriptEnabled = false,
                ColorScheme = scheme,
                ViewportSize = size ?? new ViewportSize { Width = 900, Height = 720 },
                Locale = "en-GB",
            }
        );

    /// <summary>A window in which scripts run, as wide as a desktop's.</summary>
    public Task<IPage> OpenWithScriptsAsync() =>
        OpenAsync(new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 1400, Height = 900 }, Locale = "en-GB" });

    private async Task<IPage> OpenAsync(BrowserNewContextOptions options)
    {
        var window = await chromium.NewContextAsync(options);
        windows.Add(window);
        var page = await window.NewPageAsync();
        page.SetDefaultTimeout(60_000); // a loaded machine is no fault
        return page;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var window in windows)
        {
            await window.DisposeAsync();
        }
    }
}
