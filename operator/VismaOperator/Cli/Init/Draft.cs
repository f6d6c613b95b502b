using System.Text;
using VismaOperator.Api;
using VismaOperator.Cli.Check;

namespace VismaOperator.Cli.Init;

/// <summary>A client to write.</summary>
internal sealed record ClientDraft
{
    /// <summary>The key of the credentials that it references.</summary>
    public const string SecretKey = "clientSecret";

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its namespace; null to leave it to kubectl.</summary>
    public string? Namespace { get; init; }

    /// <summary>What it was made of, for a comment; null for none.</summary>
    public string? Origin { get; init; }

    /// <summary>The issuer; null for the default.</summary>
    public string? Issuer { get; init; }

    /// <summary>The token endpoint, where it is not the one that the issuer's metadata names; null for none.</summary>
    public string? TokenEndpoint { get; init; }

    /// <summary>The client id.</summary>
    public string ClientId { get; init; } = Placeholders.ClientId;

    /// <summary>How it proves its identity.</summary>
    public AuthenticationMethod Method { get; init; }

    /// <summary>The Secret that its client secret is to be put in.</summary>
    public string SecretName => Name + "-credentials";
}

/// <summary>A connection to write.</summary>
internal sealed record ConnectionDraft
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its namespace; null to leave it to kubectl.</summary>
    public string? Namespace { get; init; }

    /// <summary>What it was made of, for a comment; null for none.</summary>
    public string? Origin { get; init; }

    /// <summary>What is declared of it.</summary>
    public required VismaConnectionSpec Spec { get; init; }

    /// <summary>As the operator would read it, for the rules.</summary>
    public VismaConnection ToResource() => new() { Metadata = new() { Name = Name, Namespace = Namespace }, Spec = Spec };
}

/// <summary>Writes drafts as YAML with comments. Each value of a person is written by <see cref="YamlScalar"/>.</summary>
internal static class DraftText
{
    private const string FillIn = " fill in";

    /// <summary>The client.</summary>
    public static string Of(ClientDraft client)
    {
        var text = Begin("The application in the Visma developer portal: who asks for tokens.", client.Origin)
            .Append($"apiVersion: {VismaNames.ApiVersion}\nkind: OAuthClient\n")
            .Append(Metadata(client.Name, client.Namespace))
            .Append("spec:\n");
        if (client.Issuer is { } issuer)
        {
            text.Append($"  issuer: {YamlScalar.Of(issuer)}\n");
        }

        if (client.TokenEndpoint is { } endpoint)
        {
            text.Append($"  endpoints:\n    token: {YamlScalar.Of(endpoint)}\n");
        }

        text.Append($"  clientID: {YamlScalar.Of(client.ClientId)}{Mark(client.ClientId == Placeholders.ClientId)}\n");
        if (client.Method == AuthenticationMethod.ClientSecretBasic)
        {
            text.Append("  authenticationMethod: client_secret_basic\n");
        }

        return text.Append(
                $"""
                  # The first secret is tried first. A new one is put before it by:
                  #   visma-operator rotate {client.Name}{InNamespace(client.Namespace)}
                  clientSecrets:
                  - secretKeyRef:
                      name: {YamlScalar.Of(client.SecretName)}
                      key: {ClientDraft.SecretKey}
                    # The expiry that the portal shows, so that you are warned 30 days ahead:
                    # expirationTime: "2027-11-30T00:00:00Z"

                """
            )
            .ToString();
    }

    /// <summary>
    /// The Secret that the client references, without the value and without the key: an empty value would be written over that of the
    /// cluster by each apply.
    /// </summary>
    public static string SecretOf(ClientDraft client) =>
        Begin(
                "The client secret of the application, which the portal shows once. In production let External Secrets, Sealed Secrets or\n"
                + "# SOPS make this Secret, and remove it here. It has no key, so that an apply never takes a value away.",
                origin: null
            )
            .Append("apiVersion: v1\nkind: Secret\n")
            .Append(Metadata(client.SecretName, client.Namespace))
            .Append(
                $"""
                #{FillIn}: put the value into the cluster, from a file that holds nothing else:
                #   kubectl create secret generic {client.SecretName}{InNamespace(client.Namespace)} --dry-run=client -o yaml \
                #     --from-file={ClientDraft.SecretKey}=/dev/stdin < new-secret.txt \
                #     | kubectl apply --server-side --field-manager=client-secret -f -
                # With kubectl's own field manager, the next apply of this file would take the value away.
                # Local mode reads it here. Do not commit it with a value.
                # stringData:
                #   {ClientDraft.SecretKey}: {Placeholders.ClientSecret}

                """
            )
            .ToString();

    /// <summary>The connection.</summary>
    public static string Of(ConnectionDraft connection)
    {
        var (spec, secret) = (connection.Spec, connection.ToResource().SecretName().Name);
        var text = Begin($"One company (tenant) in Visma. Its token ends up in the Secret {secret}, always fresh.", connection.Origin)
            .Append($"apiVersion: {VismaNames.ApiVersion}\nkind: VismaConnection\n")
            .Append(Metadata(connection.Name, connection.Namespace))
            .Append("spec:\n");
        if (spec.DisplayName is { } displayName)
        {
            text.Append($"  displayName: {YamlScalar.Of(displayName)}\n");
        }

        text.Append("  # Version of the ERP API, v1 or v2. It decides base_url in the Secret.\n");
        text.Append($"  apiVersion: {spec.ErpApiVersionName()}\n");
        if (spec.BaseUrl is { } baseUrl)
        {
            text.Append($"  baseURL: {YamlScalar.Of(baseUrl)}\n");
        }

        text.Append($"  oauthClientRef:\n    name: {YamlScalar.Of(spec.OAuthClientRef.Name)}\n");
        if (spec.TenantId is { } tenant)
        {
            text.Append("  # Visma Admin > Company > Edit > Configuration > Tenant id. The Customer tenant id is another one.\n")
                .Append($"  tenantID: {YamlScalar.Of(tenant)}{Mark(tenant == Placeholders.TenantId)}\n");
        }

        text.Append(GrantOf(spec.Grant));
        if (spec.AllScopes)
        {
            text.Append("  # No scope is sent, which asks for all that the application is allowed.\n  allScopes: true\n");
        }
        else
        {
            text.Append("  # As the application has them in the portal, one in each line.\n  scopes:\n");
            foreach (var scope in spec.Scopes)
            {
                text.Append($"  - {YamlScalar.Of(scope)}\n");
            }
        }

        if (spec.DeclaredProbe is { } probe)
        {
            text.Append("  # Asks the API whether it accepts the token, after each new one and once an hour.\n")
                .Append($"  probe:\n    enabled: true\n    path: {YamlScalar.Of(probe.Path)}\n");
        }

        return text.ToString();
    }

    private static string GrantOf(Grant grant) =>
        grant == Grant.AuthorizationCode
            ? "  # A person consents once, and the application acts for that person: visma-operator connect\n  grant: AuthorizationCode\n"
            : "  # The application acts for itself. AuthorizationCode: for a person who consents once.\n  grant: ClientCredentials\n";

    private static StringBuilder Begin(string what, string? origin) =>
        new StringBuilder()
            .Append($"# {what}\n")
            .Append(origin is null ? string.Empty : $"# Made of {YamlScalar.InComment(origin)}\n");

    private static string Metadata(string name, string? namespaceName) =>
        $"metadata:\n  name: {YamlScalar.Of(name)}\n"
        + (namespaceName is null ? string.Empty : $"  namespace: {YamlScalar.Of(namespaceName)}\n");

    private static string Mark(bool isOpen) => isOpen ? " #" + FillIn : string.Empty;

    private static string InNamespace(string? namespaceName) => namespaceName is null ? string.Empty : $" -n {namespaceName}";
}

/// <summary>Manifests as files, or as one stream.</summary>
/// <param name="Name">Name for a file of its own.</param>
/// <param name="Text">The YAML of one object.</param>
internal sealed record DraftFile(string Name, string Text)
{
    /// <summary>One stream of all objects.</summary>
    public static string Stream(IEnumerable<DraftFile> files) => string.Join("---\n", files.Select(file => file.Text));

    /// <summary>
    /// Writes one file, or where <paramref name="path"/> is a folder (it exists, or ends with a slash) one for each object. A file that is
    /// there is never overwritten.
    /// </summary>
    /// <returns>What was written.</returns>
    /// <exception cref="IOException">It could not be written.</exception>
    public static IReadOnlyList<string> Write(string path, IReadOnlyList<DraftFile> files)
    {
        if (!Directory.Exists(path) && !Path.EndsInDirectorySeparator(path))
        {
            WriteNew(path, Stream(files), []);
            return [path];
        }

        var paths = files.Select(file => Path.Combine(path, file.Name)).ToList();
        if (paths.FirstOrDefault(Path.Exists) is { } taken)
        {
            throw new IOException($"{taken} exists already: nothing was written. Name another folder, or remove it.");
        }

        Directory.CreateDirectory(path);
        for (var index = 0; index < paths.Count; index++)
        {
            WriteNew(paths[index], files[index].Text, paths[..index]);
        }

        return paths;
    }

    private static void WriteNew(string path, string text, List<string> before)
    {
        var written = before.Count == 0
            ? "nothing was written"
            : $"{string.Join(", ", before)} {(before.Count == 1 ? "was" : "were")} written before it; remove that, and run this again";
        if (Path.Exists(path))
        {
            throw new IOException($"{path} exists already: {written}. Name another file, or remove it.");
        }

        var isNew = false;
        try
        {
            using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
            isNew = true;
            file.Write(Encoding.UTF8.GetBytes(text));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            if (isNew)
            {
                File.Delete(path); // an incomplete file is of no use
            }

            throw new IOException($"{path} could not be written ({failure.Message.TrimEnd('.')}): {written}.", failure);
        }
    }
}
