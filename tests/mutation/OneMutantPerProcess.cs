using System.Diagnostics;

[assembly: Xunit.AssemblyFixture(typeof(Mutation.OneMutantPerProcess))]

namespace Mutation;

/// <summary>
/// Only for <c>make mutate</c>, which runs one mutant after the other in one process. What is initialised once in a process keeps the form
/// that it had under the first of them. So a process that is asked for another one ends, and the tool starts the next for it.
/// </summary>
public sealed class OneMutantPerProcess
{
    private static int? first;

    public OneMutantPerProcess()
    {
        if (Environment.GetEnvironmentVariable("STRYKER_MUTANT_FILE") is not { Length: > 0 } file)
        {
            return;
        }

        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new BinaryReader(stream);
        var active = reader.ReadInt32();
        first ??= active;
        if (active != first)
        {
            using var self = Process.GetCurrentProcess();
            self.Kill();
        }
    }
}
