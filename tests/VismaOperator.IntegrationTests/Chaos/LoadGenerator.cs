using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.IntegrationTests.Chaos;

/// <summary>Processes that use all the processor time that they get, until this is disposed.</summary>
internal sealed class LoadGenerator : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("visma-operator-load-");
    private readonly List<RealProcess> processes;

    /// <summary>Starts so many.</summary>
    public LoadGenerator(int count) =>
        processes =
        [
            .. Enumerable
                .Range(0, count)
                .Select(number =>
                    RealProcess.Start(
                        new ProcessCommand("load", "/bin/sh", ["-c", "while :; do :; done"], Path.Combine(folder.FullName, $"{number}.log"))
                    )
                ),
        ];

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes)
        {
            await process.DisposeAsync();
        }

        folder.Delete(recursive: true);
    }
}
