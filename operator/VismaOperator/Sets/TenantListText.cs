using System.Globalization;
using System.Text.Json;
using SharpYaml;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Manifests;

namespace VismaOperator.Sets;

/// <summary>
/// A list of tenants as a key of a ConfigMap holds it: YAML or JSON, written as <c>spec.tenants</c> is. It is taken as a whole or not at
/// all. No word of it is repeated in a message: the ConfigMap may hold something else than a list, and not for everybody's eyes.
/// </summary>
internal static class TenantListText
{
    private const int MaxDepth = 16;
    private const int MaxCharacters = 1024 * 1024; // no ConfigMap holds more

    private static readonly string[] members = ["name", "tenantID"];

    /// <summary>The tenants, none for an empty text; or what is wrong with it, to continue a sentence about the key.</summary>
    public static (IReadOnlyList<SetTenant> Tenants, string? Fault) Read(string text, CancellationToken cancellationToken = default)
    {
        try
        {
            return (Tenants(Items(text, cancellationToken)), null);
        }
        catch (TenantListException exception)
        {
            return ([], exception.Message);
        }
    }

    private static List<SetTenant> Tenants(IReadOnlyList<Item> items)
    {
        if (items.Count > VismaConnectionSetSpec.MostTenants)
        {
            throw new TenantListException($"has {items.Count} tenants, and a set may have {VismaConnectionSetSpec.MostTenants}: divide it");
        }

        var (tenants, places) = (new List<SetTenant>(), new Dictionary<string, string>(StringComparer.Ordinal));
        foreach (var item in items)
        {
            var tenant = Tenant(item);
            if (!places.TryAdd(tenant.Name, item.Place))
            {
                throw new TenantListException(
                    $"has one name twice ({places[tenant.Name]} and {item.Place}): give each tenant a name of its own"
                );
            }

            tenants.Add(tenant);
        }

        return tenants;
    }

    private static SetTenant Tenant(Item item)
    {
        if (item.Members is not { } given || given.Keys.Except(members).Any() || members.Any(name => given.GetValueOrDefault(name) is null))
        {
            throw new TenantListException($"has an entry that is not made of name and tenantID, two texts ({item.Place}): correct it");
        }

        var tenant = new SetTenant { Name = given["name"]!, TenantId = given["tenantID"]! };
        return VismaConnectionSetRules.Check(tenant) is [var problem, ..]
            ? throw new TenantListException($"has an entry that cannot be used ({item.Place}): {problem.Message}")
            : tenant;
    }

    private static IReadOnlyList<Item> Items(string text, CancellationToken cancellationToken)
    {
        if (text.Length > MaxCharacters)
        {
            throw new TenantListException("is larger than 1 MiB: divide it");
        }

        if (string.IsNullOrWhiteSpace(text))
        {
            return [];
        }

        return text.AsSpan().TrimStart().StartsWith("[") && JsonItems(text) is { } items ? items : YamlItems(text, cancellationToken);
    }

    // What is no JSON may still be YAML, which looks the same at its begin.
    private static List<Item>? JsonItems(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = MaxDepth });
            return
            [
                .. json.RootElement.EnumerateArray().Select((item, index) => new Item(
                    string.Create(CultureInfo.InvariantCulture, $"entry {index + 1}"),
                    item.ValueKind == JsonValueKind.Object ? Members(item) : null
                )),
            ];
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static Dictionary<string, string?> Members(JsonElement item)
    {
        var given = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var member in item.EnumerateObject())
        {
            given[member.Name] = member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString() : null;
        }

        return given;
    }

    private static List<Item> YamlItems(string text, CancellationToken cancellationToken)
    {
        Position? faulty = null;
        try
        {
            using var reader = new StringReader(text.ReplaceLineEndings("\n"));
            var composer = new YamlComposer(
                Parser.CreateParser(reader, MaxDepth),
                yaml: null,
                mark => new Position(mark.Line + 1, mark.Column + 1),
                (_, position, _) => faulty ??= position,
                cancellationToken
            );
            var root = composer.NextDocument();
            if (faulty is { } fault)
            {
                throw new TenantListException($"is no list of tenants that can be read (line {fault.Line}): correct it");
            }

            if (composer.Rest() is { } second)
            {
                throw new TenantListException($"holds more than one document (line {second.Line}): write one list");
            }

            return root?.Content switch
            {
                null => [],
                YamlNode.Scalar { IsPlain: true, Text: "" or "~" or "null" } => [],
                YamlNode.Sequence list => [.. list.Items.Select(ItemOf)],
                _ => throw new TenantListException("is not a list of tenants: write - name: ... and tenantID: ... for each"),
            };
        }
        catch (YamlException exception)
        {
            throw new TenantListException($"is neither YAML nor JSON (line {exception.Start.Line + 1}): correct it");
        }
        catch (DocumentTooLargeException)
        {
            throw new TenantListException("is too large or too deeply nested, aliases included: write it out");
        }
#pragma warning disable CA1031 // A text that the parser was not made for must not end the process.
        catch (Exception exception) when (exception is not (OperationCanceledException or TenantListException))
#pragma warning restore CA1031
        {
            throw new TenantListException($"is neither YAML nor JSON ({exception.GetType().Name}): correct it");
        }
    }

    private static Item ItemOf(YamlNode item) =>
        new(
            string.Create(CultureInfo.InvariantCulture, $"line {item.Start.Line}"),
            item.Content is YamlNode.Mapping mapping
                ? mapping.Entries.ToDictionary(
                    entry => entry.Key,
                    entry => (entry.Value.Content as YamlNode.Scalar)?.Text,
                    StringComparer.Ordinal
                )
                : null
        );

    /// <summary>One entry: where it is, and its members, of which those that are no texts are null; null where it is no object.</summary>
    private sealed record Item(string Place, IReadOnlyDictionary<string, string?>? Members);

    private sealed class TenantListException(string message) : Exception(message);
}
