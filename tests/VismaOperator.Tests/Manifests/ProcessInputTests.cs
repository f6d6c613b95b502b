using System.IO.Pipes;
using VismaOperator.Manifests;

namespace VismaOperator.Tests.Manifests;

/// <summary>Standard input that was closed takes the number of a pipe of the runtime's own, which never ends.</summary>
public sealed class ProcessInputTests
{
    [Fact]
    public void A_pipe_that_this_process_writes_itself_is_no_input()
    {
        using var reading = new AnonymousPipeServerStream(PipeDirection.In);
        var number = (int)reading.SafePipeHandle.DangerousGetHandle();
        var whileWritable = ProcessInput.IsPipeOfOurs(number);
        reading.DisposeLocalCopyOfClientHandle();

        Assert.Equal(OperatingSystem.IsLinux(), whileWritable);
        Assert.False(ProcessInput.IsPipeOfOurs(number));
    }

    [Fact]
    public void A_number_that_is_not_open_is_no_input_of_ours() => Assert.False(ProcessInput.IsPipeOfOurs(1_000_000));
}
