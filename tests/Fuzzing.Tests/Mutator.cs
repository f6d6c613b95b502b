using System.Globalization;
using System.Text;

namespace Fuzzing.Tests;

/// <summary>
/// Makes inputs of those of a corpus: bytes change, go, come twice, or come from elsewhere in the corpus; some are ones that parsers are
/// known to stumble over. The same seed makes the same inputs. It has no feedback from the code that runs.
/// </summary>
internal sealed class Mutator(IReadOnlyList<byte[]> corpus, Random random)
{
    private const int Longest = 256 * 1024;

    // Ends of ranges, what ends a text early, what is not UTF-8, and the words of the formats.
    private static readonly byte[][] stumblingBlocks =
    [
        .. new[]
        {
            "", "\0", "\n", "\r\n", "\t", " ", "\"", "\\", "\\u0000", "\\ud800", "'", "{", "}", "[", "]", "{}", "[]", ":", ",", "-", "---",
            "...", "&a", "*a", "!!binary ", "!!int ", "<<: *a", "? ", "| \n", ">\n", "%", "%00", "%zz", "&", "=", "+", "#", "null", "true",
            "~", "0", "-1", "1e999", "1E-400", "NaN", ".inf", "9223372036854775807", "9223372036854775808", "-9223372036854775809",
            "2147483648", "0x10", "1_000", "99999999999999999999999999", "0.1", "24h", "876000h", "-1s", "9999-12-31T23:59:59Z",
            "0001-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "\u2024", "\ufeff", "\u202e", "\U0001F600", "../../etc/passwd",
            "http://", "https://[::1]/", "https://user:pass@host/", "Retry-After", "eyJhbGciOiJub25lIn0.e30.", "YWJj", "=", "====",
        }.Select(Encoding.UTF8.GetBytes),
        [0xFF, 0xFE],
        [0xC0, 0x80],
        [0xED, 0xA0, 0x80],
        [0xF4, 0x90, 0x80, 0x80],
    ];

    /// <summary>The next input.</summary>
    public byte[] Next()
    {
        var input = new List<byte>(corpus[random.Next(corpus.Count)]);
        for (var changes = 1 + random.Next(6); changes > 0; changes--)
        {
            Change(input);
        }

        return input.Count > Longest ? [.. input.Take(Longest)] : [.. input];
    }

    private void Change(List<byte> input)
    {
        var at = random.Next(input.Count + 1);
        switch (random.Next(8))
        {
            case 0 when at < input.Count:
                input[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when at < input.Count:
                input[at] = (byte)random.Next(256);
                break;
            case 2:
                input.RemoveRange(at, Span(input.Count - at));
                break;
            case 3:
                input.InsertRange(at, input.GetRange(at, Span(input.Count - at)));
                break;
            case 4:
                var other = corpus[random.Next(corpus.Count)];
                var from = random.Next(other.Length + 1);
                input.InsertRange(at, other.AsSpan(from, Span(other.Length - from)).ToArray());
                break;
            case 5:
                Repeat(input, at);
                break;
            case 6:
                Number(input, at);
                break;
            default:
                input.InsertRange(at, stumblingBlocks[random.Next(stumblingBlocks.Length)]);
                break;
        }
    }

    // Mostly short, at times long.
    private int Span(int most) => Math.Min(most, random.Next(4) == 0 ? random.Next(most + 1) : random.Next(8));

    // Depth: what nests, nests often.
    private void Repeat(List<byte> input, int at)
    {
        var piece = input.GetRange(at, Math.Min(input.Count - at, 1 + random.Next(4)));
        for (var times = random.Next(2_000); times > 0 && input.Count < Longest; times--)
        {
            input.InsertRange(at, piece);
        }
    }

    private void Number(List<byte> input, int at)
    {
        var digit = input.FindIndex(at, one => one is >= (byte)'0' and <= (byte)'9');
        if (digit >= 0)
        {
            input.RemoveAt(digit);
            var number = random.NextInt64(long.MinValue, long.MaxValue).ToString(CultureInfo.InvariantCulture);
            input.InsertRange(digit, Encoding.ASCII.GetBytes(number));
        }
    }
}
