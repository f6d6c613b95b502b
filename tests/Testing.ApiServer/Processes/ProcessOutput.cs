namespace VismaOperator.Testing.ApiServer.Processes;

/// <summary>Keeps the output lines of one process, in memory for tests to search and in a file for people to read.</summary>
internal sealed class ProcessOutput(string file) : IDisposable
{
    private readonly Lock gate = new();
    private readonly List<string> lines = [];
    private readonly StreamWriter writer = new(new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.ReadWrite))
    {
        AutoFlush = true,
    };
    private bool closed;

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (gate)
            {
                return [.. lines];
            }
        }
    }

    /// <summary>Takes a line; null (the end of a stream) is ignored.</summary>
    public void Add(string? line)
    {
        lock (gate)
        {
            if (line is not null && !closed)
            {
                lines.Add(line);
                writer.WriteLine(line);
            }
        }
    }

    /// <summary>The last lines, for a failure text.</summary>
    public string Tail()
    {
        lock (gate)
        {
            return string.Join(Environment.NewLine, lines.TakeLast(15));
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            closed = true;
            writer.Dispose();
        }
    }
}
