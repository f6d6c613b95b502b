using System.Globalization;
using SharpYaml;
using SharpYaml.Events;

namespace Kubernetes.Client.Access;

/// <summary>
/// The first document of a kubeconfig, which is the one that kubectl reads, in block style. YamlDotNet reads that whole; of flow style it
/// refuses forms that kubectl takes, such as an anchor before a mapping.
/// </summary>
internal static class KubeconfigText
{
    private const int MaxDepth = 100; // deeper than any kubeconfig, and far from a stack overflow of the code that builds a tree from it
    private const int Indent = 2;

    /// <exception cref="YamlException">It is not YAML, or nested too deeply.</exception>
    public static string FirstDocument(string text)
    {
        using var reader = new StringReader(text);
        using var block = new StringWriter(CultureInfo.InvariantCulture);
        var emitter = new Emitter(block, Indent, bestWidth: int.MaxValue);
        var parser = Parser.CreateParser(reader, MaxDepth);
        while (parser.MoveNext())
        {
            emitter.Emit(InBlockStyle(parser.Current!));
            if (parser.Current is DocumentEnd)
            {
                emitter.Emit(new StreamEnd());
                break;
            }
        }

        return block.ToString();
    }

    private static ParsingEvent InBlockStyle(ParsingEvent read) =>
        read switch
        {
            MappingStart mapping => new MappingStart(mapping.Anchor, mapping.Tag, mapping.IsImplicit, YamlStyle.Block),
            SequenceStart list => new SequenceStart(list.Anchor, list.Tag, list.IsImplicit, YamlStyle.Block),
            _ => read,
        };
}
