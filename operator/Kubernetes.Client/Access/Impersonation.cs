using System.Text;

namespace Kubernetes.Client.Access;

/// <summary>
/// Who requests are made as, where this is not the account of the credentials
/// (<see href="https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation"/>).
/// </summary>
/// <param name="User">The user.</param>
internal sealed record Impersonation(string User)
{
    /// <summary>Stands between the values of one header. No value holds it: control characters are refused.</summary>
    private const char Separator = '\u001F';

    public string? Uid { get; init; }

    public IReadOnlyList<string> Groups { get; init; } = [];

    public IReadOnlyList<KeyValuePair<string, IReadOnlyList<string>>> Extra { get; init; } = [];

    /// <summary>True when a header is sent several times, which the runtime can only do in HTTP/1.1.</summary>
    public bool RepeatsHeaders => Groups.Count > 1 || Extra.Any(extra => extra.Value.Count > 1);

    /// <summary>Every value, for checks.</summary>
    public IEnumerable<string> Values => [User, Uid ?? string.Empty, .. Groups, .. Extra.SelectMany(extra => extra.Value)];

    /// <summary>Adds the headers to a request; see <see cref="HeaderEncoding"/> for those with several values.</summary>
    public void AddTo(HttpRequestMessage request)
    {
        Add(request, "Impersonate-User", [User]);
        Add(request, "Impersonate-Uid", string.IsNullOrEmpty(Uid) ? [] : [Uid]);
        Add(request, "Impersonate-Group", Groups);
        foreach (var (key, values) in Extra)
        {
            Add(request, "Impersonate-Extra-" + Escaped(key), values);
        }
    }

    /// <summary>
    /// How the text of a header becomes bytes; null for the default of the runtime. The API server wants one header for each group, but the
    /// runtime joins the values of one name with commas, which would be one group of that long name. So the values are given to it as one,
    /// and become several lines here.
    /// </summary>
    public static Encoding? HeaderEncoding(string name) =>
        name.StartsWith("Impersonate-", StringComparison.OrdinalIgnoreCase) ? new RepeatedHeader(name) : null;

    private static void Add(HttpRequestMessage request, string name, IReadOnlyList<string> values)
    {
        if (values.Count > 0)
        {
            request.Headers.TryAddWithoutValidation(name, string.Join(Separator, values));
        }
    }

    // A key may hold what a header's name may not; the API server decodes it (%2F).
    private static string Escaped(string key)
    {
        var escaped = new StringBuilder();
        foreach (var octet in Encoding.UTF8.GetBytes(key))
        {
            var isToken = char.IsAsciiLetterOrDigit((char)octet) || "!#$&'*+-.^_`|~".Contains((char)octet, StringComparison.Ordinal);
            escaped.Append(isToken ? ((char)octet).ToString() : $"%{octet:X2}");
        }

        return escaped.ToString();
    }

    /// <summary>UTF-8, with a new line of the same header for each further value.</summary>
    private sealed class RepeatedHeader(string name) : Encoding
    {
        public override int GetByteCount(char[] chars, int index, int count) => UTF8.GetByteCount(Lines(chars, index, count));

        public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex)
        {
            var lines = Lines(chars, charIndex, charCount);
            return UTF8.GetBytes(lines, 0, lines.Length, bytes, byteIndex);
        }

        public override int GetCharCount(byte[] bytes, int index, int count) => UTF8.GetCharCount(bytes, index, count);

        public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex) =>
            UTF8.GetChars(bytes, byteIndex, byteCount, chars, charIndex);

        public override int GetMaxByteCount(int charCount) => UTF8.GetMaxByteCount(charCount * (name.Length + 4));

        public override int GetMaxCharCount(int byteCount) => UTF8.GetMaxCharCount(byteCount);

        private string Lines(char[] chars, int index, int count) =>
            new string(chars, index, count).Replace(Separator.ToString(), $"\r\n{name}: ", StringComparison.Ordinal);
    }
}
