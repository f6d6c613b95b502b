using Microsoft.Playwright;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>
/// A real Chromium, started by the first test that needs it and shared by all, since a start costs more than most tests. What one test does
/// there no other can see: each has windows with cookies of their own.
/// </summary>
public sealed class Chromium : IAsyncDisposable
{
    // Debian's packages first, then other names. The shell without a desktop is the same engine, for a third of the processor time.
    private static readonly string[] programs =
    [
        "/usr/bin/chromium-headless-shell",
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ];

    // In a browser with a desktop each window of its own cookies is a whole desktop window, of which parts are pages that take half of the
    // processor time here: the tab search, the box of the address, the reload button. The last switch of a name wins, so what Playwright
    // switches off stands here too.
    private static readonly string[] features =
    [
        "PreloadTopChromeWebUI",
        "TabSearch",
        "InitialWebUI",
        "InitialWebUISyncNavStartToCommit",
        "WebUILocationBar",
        "WebUIOmniboxAimPopup",
        "WebUIOmniboxPopup",
        "WebUIReloadButton",
        "WebUIToolbar",
        "AimEnabled",
        "AvoidUnnecessaryBeforeUnloadCheckSync",
        "DestroyProfileOnBrowserClose",
        "DialMediaRouteProvider",
        "HttpsUpgrades",
        "LensOverlay",
        "MediaRouter",
        "NetworkTimeServiceQuerying",
        "OptimizationHints",
        "PaintHolding",
        "ThirdPartyStoragePartitioning",
        "Translate",
    ];

    // Without these it looks for updates and for its maker's hosts at every start.
    private static readonly string[] quiet =
    [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        $"--disable-features={string.Join(',', features)}",
    ];

    private readonly Lazy<Task<(IPlaywright Driver, IBrowser Browser)>> started = new(LaunchAsync);

    /// <summary>A browser for one test.</summary>
    /// <exception cref="InvalidOperationException">There is no Chromium on this machine.</exception>
    internal async Task<Browser> StartAsync() => new((await started.Value).Browser);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!started.IsValueCreated || !started.Value.IsCompletedSuccessfully)
        {
            return;
        }

        var (driver, browser) = await started.Value;
        await browser.DisposeAsync();
        driver.Dispose();
    }

    private static async Task<(IPlaywright Driver, IBrowser Browser)> LaunchAsync()
    {
        var program =
            Environment.GetEnvironmentVariable("TEST_CHROMIUM")
            ?? programs.FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException(
                "There is no Chromium. Install it (Debian: apt-get install chromium-headless-shell), or name it in TEST_CHROMIUM."
            );
        var driver = await Playwright.CreateAsync();
        return (
            driver,
            await driver.Chromium.LaunchAsync(
                new BrowserTypeLaunchOptions
                {
                    ExecutablePath = program,
                    Args = quiet,
                    Timeout = 60_000,
                }
            )
        );
    }
}
