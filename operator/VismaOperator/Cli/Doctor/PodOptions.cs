using Kubernetes.Client.Resources;
using VismaOperator.Hosting;

namespace VismaOperator.Cli.Doctor;

/// <summary>
/// What a Pod of the operator is started with: an option of <c>run</c> on its command line, else the variable that replaces it. Of a
/// variable whose value is kept elsewhere, such as in a ConfigMap, nothing is seen.
/// </summary>
internal static class PodOptions
{
    /// <summary>The values of an option that takes a list; empty where the Pod has neither option nor variable.</summary>
    public static IReadOnlyList<string> List(Pod pod, string word) =>
    [
        .. pod.Spec.Containers.SelectMany(container => Values(container, word))
            .SelectMany(list => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)),
    ];

    /// <summary>The value of an option that is true or false; null where the Pod has neither option nor variable.</summary>
    public static bool? Switch(Pod pod, string word) =>
        pod.Spec.Containers.SelectMany(container => Values(container, word)).LastOrDefault() switch
        {
            null => null,
            "0" => false,
            var text => !text.Equals("false", StringComparison.OrdinalIgnoreCase),
        };

    // As --word=value or in two arguments, and perhaps several times; a switch has no value where another option follows.
    private static List<string> Values(Container container, string word)
    {
        string[] arguments = [.. container.Command, .. container.Args];
        List<string> values = [];
        foreach (var (index, argument) in arguments.Index())
        {
            if (argument == $"--{word}")
            {
                values.Add(arguments.ElementAtOrDefault(index + 1) is { } next && !next.StartsWith('-') ? next : "true");
            }
            else if (argument.StartsWith($"--{word}=", StringComparison.Ordinal))
            {
                values.Add(argument[(word.Length + 3)..]);
            }
        }

        var variable = container.Env.LastOrDefault(one => one.Name == Product.VariableOf(word))?.Value?.RevealText();
        List<string> given = values.Count == 0 && !string.IsNullOrWhiteSpace(variable) ? [variable] : values;
        return [.. given.Where(value => !value.Contains("$(", StringComparison.Ordinal))]; // the kubelet puts a variable's value there
    }
}
