using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Crds;

/// <summary>
/// The template of a set has the fields of a connection, with their defaults and limits, and none of their rules: a placeholder stands
/// where a value will be. With <c>WRITE_DOCS=1</c> they are copied (<c>make docs</c>).
/// </summary>
[Trait("Category", "Docs")]
public sealed class SetTemplateTests
{
    private const string Begin = "                    # From here on as in visma-operator.io_vismaconnections.yaml,";
    private const string Rules = "x-kubernetes-validations:";
    private const int Deeper = 8;

    [Fact]
    public void The_template_of_a_set_has_the_fields_of_a_connection()
    {
        var (connections, sets) = (PathOf("vismaconnections"), PathOf("vismaconnectionsets"));
        var lines = File.ReadAllLines(sets);
        var begin = Array.FindIndex(lines, line => line.StartsWith(Begin, StringComparison.Ordinal)) + 1;
        var end = Array.FindIndex(lines, begin, line => IndentOf(line) < IndentOf(Begin));
        string[] copied = [.. Copied(File.ReadAllLines(connections))];
        if (Environment.GetEnvironmentVariable("WRITE_DOCS") == "1")
        {
            File.WriteAllText(sets, string.Join('\n', [.. lines[..begin], .. copied, .. lines[end..], string.Empty]));
            return;
        }

        Assert.NotEmpty(copied);
        Assert.True(
            lines.AsSpan(begin..end).SequenceEqual(copied),
            "crds/visma-operator.io_vismaconnectionsets.yaml does not repeat the fields of a connection: run `make docs`, then "
            + "`make manifests`, and commit the result."
        );
    }

    private static IEnumerable<string> Copied(string[] connection)
    {
        var spec = connection
            .SkipWhile(line => line != "          spec:")
            .TakeWhile(line => line != "          status:")
            .SkipWhile(line => !line.StartsWith("            required:", StringComparison.Ordinal));
        var rules = int.MaxValue; // how deep the rules stand that are left out
        foreach (var line in spec)
        {
            var indent = IndentOf(line);
            if (indent > rules || (indent == rules && line[indent] == '-'))
            {
                continue;
            }

            var text = line.AsSpan(indent);
            rules = text.StartsWith(Rules) ? indent : int.MaxValue;
            if (!text.StartsWith(Rules) && !text.StartsWith("pattern: "))
            {
                yield return new string(' ', Deeper) + line;
            }
        }
    }

    private static int IndentOf(string line) => line.Length - line.TrimStart().Length;

    private static string PathOf(string plural) => Repository.Path("crds", $"visma-operator.io_{plural}.yaml");
}
