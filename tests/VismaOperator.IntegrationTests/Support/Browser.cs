using Microsoft.Playwright;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>A real Chromium without scripts' help: what a person sees and clicks. Each window has cookies of its own, as another person's browser would.</summary>
internal sealed class Browser : IAsyncDisposable
{
    // Debian's package first; elsewhere whatever the machine calls it.
    private static readonly string[] Programs = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    // Without these it looks for updates and for its maker's hosts at every start.
    private static readonly string[] Quiet =
        ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

    private readonly IPlaywright playwright;
    private readonly IBrowser browser;

    private Browser(IPlaywright playwright, IBrowser browser)
    {
        this.playwright = playwright;
        this.browser = browser;
    }

    /// <summary>Starts one.</summary>
    /// <exception cref="InvalidOperationException">There is none on this machine.</exception>
    public static async Task<Browser> StartAsync()
    {
        var program = Environment.GetEnvironmentVariable("TEST_CHROMIUM") ?? Programs.FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException("There is no Chromium. Install it (Debian: apt-get install chromium), or name it in TEST_CHROMIUM.");
        var driver = await Playwright.CreateAsync();
        var started = await driver.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = program, Args = Quiet, Timeout = 60_000 });
        return new Browser(driver, started);
    }

    /// <summary>A window of a browser that knows nothing yet. Scripts are off: the pages must do without.</summary>
    public async Task<IPage> OpenAsync(ViewportSize? size = null, ColorScheme scheme = ColorScheme.Light)
    {
        var context = await browser.NewContextAsync(new BrowserNewContextOptions
        {
            JavaScriptEnabled = false,
            ColorScheme = scheme,
            ViewportSize = size ?? new ViewportSize { Width = 900, Height = 720 },
            Locale = "en-GB",
        });
        var page = await context.NewPageAsync();
        page.SetDefaultTimeout(60_000); // a loaded machine is no fault
        return page;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await browser.DisposeAsync();
        playwright.Dispose();
    }
}
