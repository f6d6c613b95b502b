using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>
/// A real browser without scripts' help: what a person sees and clicks. Each window has cookies of its own, as another person's browser
/// would.
/// </summary>
internal sealed class Browser(IBrowser chromium) : IAsyncDisposable
{
    private readonly ConcurrentBag<IBrowserContext> windows = [];

    /// <summary>A window of a browser that knows nothing yet. Scripts are off: the pages must do without.</summary>
    public async Task<IPage> OpenAsync(ViewportSize? size = null, ColorScheme scheme = ColorScheme.Light)
    {
        var window = await chromium.NewContextAsync(new BrowserNewContextOptions
        {
            JavaScriptEnabled = false,
            ColorScheme = scheme,
            ViewportSize = size ?? new ViewportSize { Width = 900, Height = 720 },
            Locale = "en-GB",
        });
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
