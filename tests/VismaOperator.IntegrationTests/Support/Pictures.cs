using Microsoft.Playwright;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>What every page must do, and its picture for the documentation, which WRITE_SCREENSHOTS=1 keeps.</summary>
internal static class Pictures
{
    private static readonly ViewportSize telephone = new() { Width = 320, Height = 640 };

    private static bool Wanted => Environment.GetEnvironmentVariable("WRITE_SCREENSHOTS") is { Length: > 0 };

    /// <summary>Waits until our page with this heading is shown, keeps a picture of it, and looks whether it fits a telephone.</summary>
    public static async Task UntilShownAsync(this IPage page, string heading, string picture)
    {
        await page.Locator("h1", new PageLocatorOptions { HasText = heading }).WaitForAsync();
        if (Wanted)
        {
            await page.Locator("main").ScreenshotAsync(new LocatorScreenshotOptions { Path = PathOf(picture) });
        }

        var usual = page.ViewportSize!;
        await page.SetViewportSizeAsync(telephone.Width, telephone.Height);
        await page.AssertFitsAsync(telephone);
        await page.SetViewportSizeAsync(usual.Width, usual.Height);
    }

    /// <summary>Nothing must be scrolled sideways for.</summary>
    public static async Task AssertFitsAsync(this IPage page, ViewportSize size)
    {
        var box = await page.Locator("main").BoundingBoxAsync();
        Assert.InRange(box!.X + box.Width, 0, size.Width);
    }

    /// <summary>Keeps a picture of the whole page.</summary>
    public static async Task KeepAsync(this IPage page, string name)
    {
        if (Wanted)
        {
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = PathOf(name), FullPage = true });
        }
    }

    private static string PathOf(string name) => RepositoryFolder.PathOf($"docs/images/{name}.png");
}
