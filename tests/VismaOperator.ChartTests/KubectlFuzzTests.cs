using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using VismaOperator.ChartTests.Support;
using VismaOperator.Kubectl;
using VismaOperator.Manifests;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.ChartTests;

/// <summary>
/// Texts that nobody thought of: pieces of <c>tests/kubectl/corpus.json</c>, changed at random. They mean to <c>check</c> what the real
/// kubectl takes them for. <c>FUZZ_SEED=N</c> draws other texts, <c>FUZZ_TEXTS=N</c> so many.
/// </summary>
public sealed class KubectlFuzzTests
{
    private static readonly string[] pieces =
    [
        "---\n", "...\n", "&a ", "*a", "<<: *a\n", "? ", "- ", "{", "}", "[", "]", ", ", ": ", "!!str ", "!!int ", "!x ", "|\n", ">-\n",
        "'", "\"", "\t", "  ", "\n", "#", " #", "0o7",
        "1_000", "~", "yes", "0x1F", ".5", "1e3", "\\", "%YAML 1.1\n", "\r", "@", "`", "\u2028",
        "metadata:\n  name: b\n", "kind: List\nitems:\n", "a: &a {b: c}\n", "'a': \"b\"\n", "\uFEFF", "é", "null", "=",
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_text_at_random_means_what_kubectl_takes_it_for()
    {
        var (seed, count) = (EnvironmentNumber.Find("FUZZ_SEED") ?? 20261129, EnvironmentNumber.Find("FUZZ_TEXTS") ?? 40);
        var texts = Draw(seed, count).ToList();
        await using var server = await KubectlDryRun.StartAsync(Ct);
        var differing = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(
            texts.Index(),
            new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = Ct },
            async (text, cancellationToken) =>
            {
                var set = ManifestReader.ReadText("case.yaml", text.Item);
                var answer = await server.AnswerAsync(text.Item, [.. KubectlDryRun.UsualKinds, .. KindsOf(set)], cancellationToken);
                if (answer is not null && KubectlDifference.Find(set, answer) is { } difference)
                {
                    differing.Enqueue($"text {text.Index}: {difference}\n{JsonValue.Create(text.Item)!.ToJsonString()}");
                }
            }
        );

        Assert.True(differing.IsEmpty, $"FUZZ_SEED={seed} FUZZ_TEXTS={count}\n{string.Join("\n\n", differing)}");
    }

    // Without them, kubectl would refuse an object of a kind that nobody has, where check need not know better.
    private static IEnumerable<ServedKind> KindsOf(ManifestSet set) =>
        set.Documents.Where(document => document.ApiVersion.Split('/').All(part => part.Length > 0))
            .Select(document => new ServedKind(document.ApiVersion, document.Kind))
            .Except(KubectlDryRun.UsualKinds);

    private static IEnumerable<string> Draw(int seed, int count)
    {
        var random = new Random(seed);
        string[] corpus =
        [
            .. JsonNode
                .Parse(File.ReadAllText(RepositoryFolder.PathOf("tests/kubectl/corpus.json")))!
                .AsObject()
                .Select(entry => entry.Value!.GetValue<string>())
                .Where(text => text.Length is > 0 and < 1000),
        ];
        for (var drawn = 0; drawn < count; drawn++)
        {
            var text = corpus[random.Next(corpus.Length)];
            for (var changes = random.Next(1, 5); changes > 0; changes--)
            {
                text = Changed(text, corpus, random);
            }

            yield return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)); // half a character becomes U+FFFD
        }
    }

    private static string Changed(string text, string[] corpus, Random random)
    {
        var lines = text.Split('\n').ToList();
        var (at, line) = (random.Next(text.Length + 1), random.Next(lines.Count));
        switch (random.Next(8))
        {
            case 0:
                return text.Remove(Math.Min(at, Math.Max(0, text.Length - 1)), Math.Min(1, text.Length));
            case 1:
                lines.RemoveAt(line);
                break;
            case 2:
                lines.Insert(random.Next(lines.Count + 1), lines[line]);
                break;
            case 3:
                var other = corpus[random.Next(corpus.Length)].Split('\n');
                lines.Insert(line, other[random.Next(other.Length)]);
                break;
            case 4:
                lines[line] = new string(' ', random.Next(5)) + lines[line].TrimStart(' ');
                break;
            case 5:
                return text + pieces[random.Next(pieces.Length)] + corpus[random.Next(corpus.Length)];
            default:
                return text.Insert(at, pieces[random.Next(pieces.Length)]);
        }

        return string.Join('\n', lines);
    }
}
