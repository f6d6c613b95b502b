using System.Text;

namespace VismaOperator.Cli.Import;

/// <summary>Names of Kubernetes, made of names of people. None is given twice.</summary>
internal sealed class DraftNames
{
    private const int LongestName = 60;

    private readonly HashSet<string> taken = new(StringComparer.Ordinal);

    /// <summary>A free name.</summary>
    /// <param name="name">That of people.</param>
    /// <param name="otherwise">Where no letter and no digit is in it.</param>
    public string Of(string name, string otherwise)
    {
        var wanted = Slug(name, otherwise);
        var free = wanted;
        for (var number = 2; !taken.Add(free); number++)
        {
            free = $"{wanted}-{number}";
        }

        return free;
    }

    private static string Slug(string name, string otherwise)
    {
        var slug = new StringBuilder();
        foreach (var letter in name.Take(LongestName * 4))
        {
            if (char.IsAsciiLetterOrDigit(letter))
            {
                slug.Append(char.ToLowerInvariant(letter));
            }
            else if (slug.Length > 0 && slug[^1] != '-')
            {
                slug.Append('-');
            }
        }

        var text = slug.ToString();
        text = (text.Length > LongestName ? text[..LongestName] : text).Trim('-');
        return text.Length > 0 ? text : otherwise;
    }
}
