namespace VismaOperator.Cli.Check;

/// <summary>Finds what someone probably meant.</summary>
internal static class Suggestion
{
    /// <summary><c>: did you mean x?</c> for the nearest candidate, or nothing when none is near.</summary>
    internal static string For(string given, IEnumerable<string> candidates)
    {
        // A third of the letters may differ: enough for a swapped pair or a wrong case, too little for another word.
        var allowed = Math.Max(2, given.Length / 3);
        var nearest = candidates.Select(candidate => (Candidate: candidate, Distance: Distance(given, candidate)))
            .Where(pair => pair.Distance <= allowed)
            .OrderBy(pair => pair.Distance)
            .Select(pair => pair.Candidate)
            .FirstOrDefault();
        return nearest is null ? string.Empty : $": did you mean {nearest}?";
    }

    // Levenshtein's distance; another case of the same letter is free.
    private static int Distance(string left, string right)
    {
        var previous = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var row = 1; row <= left.Length; row++)
        {
            var current = new int[right.Length + 1];
            current[0] = row;
            for (var column = 1; column <= right.Length; column++)
            {
                var cost = char.ToLowerInvariant(left[row - 1]) == char.ToLowerInvariant(right[column - 1]) ? 0 : 1;
                current[column] = Math.Min(previous[column - 1] + cost, Math.Min(previous[column], current[column - 1]) + 1);
            }

            previous = current;
        }

        return previous[^1];
    }
}
