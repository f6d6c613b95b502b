using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Kubernetes.Client.Access;

/// <summary>
/// The members of a kubeconfig that the package does not know or reads as another type, from YamlDotNet's tree of the file. The file is
/// parsed a second time for them, since the package keeps its own tree to itself.
/// </summary>
internal sealed class KubeconfigTree
{
    private const string ExtraMember = "as-user-extra"; // lists of texts; the package takes each for one text and refuses the file

    /// <summary>
    /// Names the configuration of exec plugins among the extensions of a cluster (<see
    /// href="https://kubernetes.io/docs/reference/config-api/client-authentication.v1/#client-authentication-k8s-io-v1-Cluster"/>).
    /// </summary>
    private const string ExecExtension = "client.authentication.k8s.io/exec";

    private static readonly string[] lists = ["clusters", "users", "contexts"];

    private readonly YamlStream yaml = [];
    private readonly string text;

    private KubeconfigTree(string text)
    {
        using var reader = new StringReader(text);
        yaml.Load(reader);
        this.text = text;
    }

    private YamlMappingNode? Root => yaml.Documents.Count == 0 ? null : yaml.Documents[0].RootNode as YamlMappingNode;

    /// <summary>True where the file says nothing at all.</summary>
    public bool IsEmpty => yaml.Documents.Count == 0 || yaml.Documents[0].RootNode is YamlScalarNode { Value: null or "" or "~" or "null" };

    /// <summary>Reads a file.</summary>
    /// <exception cref="SharpYaml.YamlException">It is not YAML, or nested too deeply.</exception>
    /// <exception cref="YamlException">It has a key twice.</exception>
    public static KubeconfigTree Read(string file) => new(KubeconfigText.FirstDocument(File.ReadAllText(file)));

    /// <summary>The first document as the package can read it.</summary>
    public string WithoutUnreadable()
    {
        var users = Entries("users")
            .Select(entry => Child(entry, "user"))
            .OfType<YamlMappingNode>()
            .Where(user => Child(user, ExtraMember) is not null)
            .ToList();
        if (users.Count == 0)
        {
            return text;
        }

        using var readable = new StringWriter(CultureInfo.InvariantCulture);
        var kept = users.Select(user => Child(user, ExtraMember)!).ToList();
        users.ForEach(user => user.Children.Remove(new YamlScalarNode(ExtraMember)));
        yaml.Save(readable, assignAnchors: false);
        users.Zip(kept).ToList().ForEach(pair => pair.First.Children.Add(new YamlScalarNode(ExtraMember), pair.Second));
        return readable.ToString();
    }

    /// <summary>Names that a list has twice: kubectl refuses such a file, since either could be meant.</summary>
    public IEnumerable<string> DoubledNames() =>
        from list in lists
        from same in Entries(list).GroupBy(entry => Text(entry, "name"))
        where same.Count() > 1
        select $"{list}: '{same.Key}'";

    public ClusterExtras Cluster(string name)
    {
        var cluster = Body("clusters", name, "cluster");
        var extension = (Child(cluster, "extensions") as YamlSequenceNode)?.Children
            .OfType<YamlMappingNode>()
            .FirstOrDefault(entry => Text(entry, "name") == ExecExtension);
        return new ClusterExtras(
            Text(cluster, "proxy-url"),
            Text(cluster, "disable-compression") == "true",
            Child(extension, "extension") is { } config ? Json(config) : null);
    }

    public UserExtras User(string name)
    {
        var user = Body("users", name, "user");
        var extra = (Child(user, ExtraMember) as YamlMappingNode)?.Children
            .Select(entry => KeyValuePair.Create(((YamlScalarNode)entry.Key).Value ?? string.Empty, Texts(entry.Value)));
        return new UserExtras(
            Text(user, "tokenFile"),
            Text(user, "as-uid"),
            [.. extra ?? []],
            Text(Child(user, "exec") as YamlMappingNode, "interactiveMode"));
    }

    private IEnumerable<YamlMappingNode> Entries(string list) =>
        (Child(Root, list) as YamlSequenceNode)?.Children.OfType<YamlMappingNode>() ?? [];

    private YamlMappingNode? Body(string list, string name, string body) =>
        Child(Entries(list).FirstOrDefault(entry => Text(entry, "name") == name), body) as YamlMappingNode;

    private static YamlNode? Child(YamlMappingNode? mapping, string key) =>
        mapping is not null && mapping.Children.TryGetValue(new YamlScalarNode(key), out var child) ? child : null;

    private static string? Text(YamlMappingNode? mapping, string key) =>
        Child(mapping, key) is YamlScalarNode { Value.Length: > 0 } scalar ? scalar.Value : null;

    private static IReadOnlyList<string> Texts(YamlNode node) =>
        [.. (node as YamlSequenceNode)?.Children.OfType<YamlScalarNode>().Select(scalar => scalar.Value ?? string.Empty) ?? []];

    private static JsonNode? Json(YamlNode node) => node switch
    {
        YamlMappingNode mapping => new JsonObject(mapping.Children
            .Select(entry => new KeyValuePair<string, JsonNode?>(Json(entry.Key)?.ToString() ?? "null", Json(entry.Value)))),
        YamlSequenceNode sequence => new JsonArray([.. sequence.Children.Select(Json)]),
        YamlScalarNode { Style: ScalarStyle.Plain } plain => Scalar(plain.Value ?? string.Empty),
        YamlScalarNode quoted => JsonValue.Create(quoted.Value),
        _ => null,
    };

    // As kubectl reads a plain scalar, which is YAML 1.1.
    private static JsonValue? Scalar(string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => null,
        "true" or "True" or "TRUE" or "yes" or "Yes" or "YES" or "on" or "On" or "ON" or "y" or "Y" => JsonValue.Create(true),
        "false" or "False" or "FALSE" or "no" or "No" or "NO" or "off" or "Off" or "OFF" or "n" or "N" => JsonValue.Create(false),
        _ when Hexadecimal(text) is { } number => JsonValue.Create(number),
        _ when text.All(char.IsAsciiDigit) && text.Length > 1 && text[0] == '0' => text.All(digit => digit < '8')
            ? JsonValue.Create(Convert.ToInt64(text, 8))
            : JsonValue.Create(text),
        _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
        _ when double.TryParse(text, NumberStyles.Float & ~NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var real)
            && double.IsFinite(real) => JsonValue.Create(real),
        _ => JsonValue.Create(text),
    };

    private static long? Hexadecimal(string text) =>
        text.StartsWith("0x", StringComparison.Ordinal)
        && long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    /// <summary>Settings of a cluster that the package does not read.</summary>
    internal sealed record ClusterExtras(string? ProxyUrl, bool DisablesCompression, JsonNode? ExecConfiguration);

    /// <summary>Settings of a user that the package does not read.</summary>
    internal sealed record UserExtras(
        string? TokenFile,
        string? ImpersonateUid,
        IReadOnlyList<KeyValuePair<string, IReadOnlyList<string>>> ImpersonateExtra,
        string? InteractiveMode);
}
