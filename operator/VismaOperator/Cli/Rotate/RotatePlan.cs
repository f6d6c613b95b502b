using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Kubernetes.Client.Resources;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Clients;

namespace VismaOperator.Cli.Rotate;

/// <summary>
/// What makes a new client secret the first one of a client. It follows from the objects as they are, so that after a conflict, or after a
/// run that ended between its two writes, the same call goes on where the other one stopped.
/// </summary>
/// <param name="Reference">Where the new secret is, or will be.</param>
/// <param name="IsKeyNew">False where the Secret holds it already.</param>
/// <param name="List">The list of the client, the new secret first. No other entry is lost.</param>
/// <param name="IsListNew">False where the client has this list already.</param>
internal sealed record RotatePlan(SecretKeyReference Reference, bool IsKeyNew, IReadOnlyList<ClientSecretSpec> List, bool IsListNew)
{
    private const int MostSecrets = 8; // that the schema takes
    private const int LongestKey = 253;

    private static readonly Regex dated = new(
        @"-[0-9]{4}-[0-9]{2}-[0-9]{2}(-[0-9]+)?\z",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant
    );

    /// <summary>True where nothing is left to be written.</summary>
    public bool IsDone => !IsKeyNew && !IsListNew;

    /// <summary>The plan.</summary>
    /// <param name="client">The client.</param>
    /// <param name="secret">The Secret that its list names first.</param>
    /// <param name="value">The new secret.</param>
    /// <param name="options">The key and the expiry, where they were named.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="RotateException">It cannot be done.</exception>
    public static RotatePlan Of(OAuthClient client, Secret secret, Sensitive value, RotateOptions options, DateTimeOffset now)
    {
        var present = client.Spec.ClientSecrets;
        var (key, isNew) = KeyOf(secret, value, options.Key, DatedKey(present[0].SecretKeyRef.Key, now));
        var reference = new SecretKeyReference { Name = secret.Metadata.Name, Key = key };
        var before = present.FirstOrDefault(one => one.SecretKeyRef == reference);
        var first = new ClientSecretSpec
        {
            SecretKeyRef = reference,
            ExpirationTime = options.Expires ?? before?.ExpirationTime,
        };
        List<ClientSecretSpec> list = [first, .. present.Where(one => one.SecretKeyRef != reference)];
        return list.Count <= MostSecrets
            ? new RotatePlan(reference, isNew, list, !list.SequenceEqual(present))
            : throw new RotateException(
                $"OAuthClient {client.Metadata.NamespacedName} lists {present.Count} client secrets, and no more than {MostSecrets} may be "
                    + "listed. Take those that are not used any more out of spec.clientSecrets."
            );
    }

    /// <summary>The list as the API server takes it.</summary>
    public JsonArray ListAsJson() => new([.. List.Select(AsJson)]);

    /// <summary>The instant of an entry as it is written.</summary>
    public static string? ExpiryOf(ClientSecretSpec entry) => entry.ExpirationTime is { } end ? SecretInstant.Text(end) : null;

    private static JsonNode AsJson(ClientSecretSpec entry)
    {
        var json = new JsonObject
        {
            ["secretKeyRef"] = new JsonObject { ["name"] = entry.SecretKeyRef.Name, ["key"] = entry.SecretKeyRef.Key },
        };
        if (ExpiryOf(entry) is { } end)
        {
            json["expirationTime"] = end;
        }

        return json;
    }

    private static (string Key, bool IsNew) KeyOf(Secret secret, Sensitive value, string? wanted, string today)
    {
        var data = secret.Data ?? new Dictionary<string, SecretValue>();
        if (Holding(secret, value, wanted) is { } holding)
        {
            return wanted is null || wanted == holding
                ? (holding, false)
                : throw new RotateException(
                    $"Secret {secret.Metadata.NamespacedName} holds this client secret under the key {holding} already. Leave out "
                        + "--key."
                );
        }

        if (wanted is not null)
        {
            return data.ContainsKey(wanted)
                ? throw new RotateException(
                    $"Secret {secret.Metadata.NamespacedName} holds another value under the key {wanted}, which is never overwritten. "
                        + "Name another key, or leave out --key."
                )
                : (wanted, true);
        }

        var key = today;
        for (var number = 2; data.ContainsKey(key); number++)
        {
            key = string.Create(CultureInfo.InvariantCulture, $"{today}-{number}");
        }

        return (key, true);
    }

    // Under the wanted key before any other; else the first by name, so that a second run finds the same one.
    private static string? Holding(Secret secret, Sensitive value, string? wanted) =>
        (secret.Data ?? new Dictionary<string, SecretValue>())
            .Keys.Where(key => CredentialSecret.ValueOf(secret, key) is { Length: > 0 } text && Sensitive.From(text).FixedTimeEquals(value))
            .OrderBy(key => key != wanted)
            .ThenBy(key => key, StringComparer.Ordinal)
            .FirstOrDefault();

    // The name of before, with today's date in place of the one that it had.
    private static string DatedKey(string present, DateTimeOffset now)
    {
        const int Room = 16; // of the date, and of a number
        var name = dated.Replace(present, string.Empty);
        var date = now.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return $"{(name.Length is 0 or > LongestKey - Room ? "clientSecret" : name)}-{date}";
    }
}
