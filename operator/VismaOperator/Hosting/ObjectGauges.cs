using System.Buffers;
using System.Buffers.Text;
using System.Text;
using VismaOperator.Reporting;

namespace VismaOperator.Hosting;

/// <summary>The metrics that name objects.</summary>
internal sealed class ObjectGauges
{
    private volatile IReadOnlyList<ObjectGauge> all = [];

    /// <summary>The gauges; none before the caches exist.</summary>
    public IReadOnlyList<ObjectGauge> All => all;

    /// <summary>These are served from now on.</summary>
    public void Add(IReadOnlyList<ObjectGauge> gauges) => all = gauges;
}

/// <summary>
/// Writes gauges as text, in the lines that the formats of Prometheus (0.0.4) and OpenMetrics (1.0) have in common. A part at a time, so
/// that a page with 10,000 objects is never in memory as a whole.
/// </summary>
internal sealed class SeriesWriter(Stream page) : ISeriesSink
{
    private const int Part = 16 * 1024;

    private readonly ArrayBufferWriter<byte> buffer = new(2 * Part);
    private string metric = string.Empty;

    /// <summary>Writes all of them.</summary>
    public async Task WriteAsync(IReadOnlyList<ObjectGauge> gauges, CancellationToken cancellationToken)
    {
        foreach (var gauge in gauges)
        {
            metric = gauge.Name;
            Write($"# TYPE {gauge.Name} gauge\n# HELP {gauge.Name} {gauge.Help}\n");
            foreach (var _ in gauge.Read(this))
            {
                if (buffer.WrittenCount >= Part)
                {
                    await FlushAsync(cancellationToken);
                }
            }
        }

        await FlushAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public void Add(long value, params ReadOnlySpan<SeriesLabel> labels)
    {
        Write(metric);
        var before = '{';
        foreach (var label in labels)
        {
            Write(before);
            Write(label.Name);
            Write("=\"");
            WriteValue(label.Value);
            Write('"');
            before = ',';
        }

        Write("} ");
        Write(value);
        Write('\n');
    }

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        await page.WriteAsync(buffer.WrittenMemory, cancellationToken);
        buffer.ResetWrittenCount();
    }

    // Names of objects need no escape; other values may.
    private void WriteValue(string text)
    {
        if (text.AsSpan().IndexOfAny('\\', '"', '\n') < 0)
        {
            Write(text);
            return;
        }

        foreach (var character in text.EnumerateRunes())
        {
            Write(character.Value switch
            {
                '\\' => @"\\",
                '"' => @"\""",
                '\n' => @"\n",
                _ => character.ToString(),
            });
        }
    }

    private void Write(string text) => Encoding.UTF8.GetBytes(text, buffer);

    private void Write(char ascii)
    {
        buffer.GetSpan(1)[0] = (byte)ascii;
        buffer.Advance(1);
    }

    private void Write(long value)
    {
        Utf8Formatter.TryFormat(value, buffer.GetSpan(20), out var written);
        buffer.Advance(written);
    }
}
