namespace VismaOperator.Cli.Connect;

/// <summary>Opens pages for the person at the terminal.</summary>
internal interface IBrowser
{
    /// <summary>Opens a page.</summary>
    /// <returns>False when nothing on this machine could.</returns>
    Task<bool> OpenAsync(Uri page, CancellationToken cancellationToken);
}
