using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Cli.Check;
using VismaOperator.Cli.Init;

namespace VismaOperator.Cli.Import;

/// <summary>The OAuthClients: one for each iClient, and one for a connection whose iClient is missing.</summary>
/// <param name="options">What was asked for.</param>
/// <param name="files">Takes the manifests.</param>
internal sealed class CeligoClients(ImportOptions options, List<DraftFile> files)
{
    /// <summary>What counts where the export does not say.</summary>
    public const string DefaultTokenUri = OAuthClientSpec.DefaultIssuer + TokenPath;

    /// <inheritdoc cref="DefaultTokenUri"/>
    public const string DefaultAuthorizationUri = OAuthClientSpec.DefaultIssuer + AuthorizationPath;

    /// <inheritdoc cref="DefaultTokenUri"/>
    public const string DefaultLocation = "body";

    private const string ClientRef = CeligoConnections.ClientRef;
    private const string OAuth = CeligoConnections.OAuth;
    private const string TokenPath = "/connect/token";
    private const string AuthorizationPath = "/connect/authorize";

    // What a person wrote into a token request.
    private static readonly string[] bodies = ["oauth2.token.body", "oauth2.refresh.body"];

    private readonly List<ExportedObject> exported = [];
    private readonly DraftNames names = new();
    private readonly Dictionary<string, ImportedClient?> clients = new(StringComparer.Ordinal);

    /// <summary>Makes that of an iClient.</summary>
    public void Add(ExportedObject client)
    {
        if (client.Text("provider") is { } provider && provider != "custom_oauth2")
        {
            client.Note(NoteKind.Changed, "provider", "It is not custom_oauth2: see that this application is one of Visma Connect.");
        }

        exported.Add(client);
        var imported = ClientOf(client, "oauth2", client.Origin("the iClient"));
        if (!clients.TryAdd(client.Id, imported))
        {
            client.Note(NoteKind.Changed, "_id", "Another iClient has the same id, or none either: connections were given the first one.");
        }

        client.TellTheRest();
    }

    /// <summary>That of a connection; null where it was left out.</summary>
    public ImportedClient? Of(ExportedObject connection)
    {
        var id = connection.Text(ClientRef) ?? string.Empty;
        if (!clients.TryGetValue(id, out var known) && id.Length == 0 && clients.Count == 1)
        {
            // With one iClient and no id there is nothing else that could be meant.
            known = clients.Values.Single();
        }

        if (known is { } given && (id.Length == 0 || given.IsOfConnection))
        {
            connection.Note(
                NoteKind.Changed,
                ClientRef,
                $"{(id.Length == 0 ? "It names no iClient" : "Its iClient is not among the files")}: it was given OAuthClient {given.Name}"
                    + $"{(given.IsOfConnection ? ", which was made of another connection" : string.Empty)}. See that both are of one "
                    + "application."
            );
        }

        if (known is not null || clients.ContainsKey(id) || (id.Length == 0 && clients.Count == 1))
        {
            return known;
        }

        connection.Note(
            NoteKind.FillIn,
            ClientRef,
            "Its iClient is not among the files: export it, too, and name both files; or put the client id into the OAuthClient."
        );
        return clients[id] = ClientOf(connection, OAuth, connection.Origin("the connection, since its iClient is missing:"));
    }

    /// <summary>Says which iClients nobody uses.</summary>
    public void TellUnused()
    {
        foreach (var client in exported.Where(one => clients[one.Id] is { IsUsed: false }))
        {
            client.Note(
                NoteKind.Changed,
                "oauth2",
                "No connection of these files uses this iClient. Its scopes, grant and tenant belong to connections: none was written."
            );
        }
    }

    private ImportedClient? ClientOf(ExportedObject source, string at, string origin)
    {
        var isClient = at == "oauth2";
        var token = isClient ? "oauth2.token.uri" : $"{OAuth}.tokenURI";
        if (Issuer(source, token) is not { } provider)
        {
            return null;
        }

        var authorization = isClient ? "oauth2.auth.uri" : $"{OAuth}.authURI";
        if (Issuer(source, authorization) is not { } asker)
        {
            return null;
        }

        if (asker.Endpoint is not null && asker != (provider.Issuer, AuthorizationPath))
        {
            source.Note(NoteKind.Changed, authorization, "The metadata of the issuer names the authorization endpoint, which counts.");
        }

        var grant = isClient ? CeligoFields.GrantOf(source, $"{at}.grantType") : null;
        var draft = new ClientDraft
        {
            Name = names.Of(source.Name, "visma"),
            Namespace = options.Namespace,
            Origin = origin,
            Issuer = provider.Issuer == OAuthClientSpec.DefaultIssuer ? null : provider.Issuer,
            TokenEndpoint = provider.Endpoint is null or TokenPath ? null : provider.Issuer.TrimEnd('/') + provider.Endpoint,
            ClientId = isClient ? ClientId(source) : Placeholders.ClientId,
            Method = MethodOf(source, $"{at}.clientCredentialsLocation"),
        };
        files.Add(new DraftFile($"secret-{draft.SecretName}.yaml", DraftText.SecretOf(draft)));
        files.Add(new DraftFile($"oauthclient-{draft.Name}.yaml", DraftText.Of(draft)));
        source.Note(
            NoteKind.FillIn,
            isClient ? "oauth2.clientSecret" : ClientRef,
            $"Put the client secret into Secret {draft.SecretName}, key {ClientDraft.SecretKey}. No secret is taken over."
        );
        // What a connection asks for is its own, and no other one's.
        var (scopes, tenant) = isClient ? (CeligoFields.ScopesIn(source, at), CeligoFields.TenantIn(source, bodies)) : ([], null);
        return new ImportedClient(draft.Name, isClient ? grant : null, scopes, tenant)
        {
            TokenUri = source.Text(token),
            AuthorizationUri = source.Text(authorization),
            Location = source.Text($"{at}.clientCredentialsLocation"),
            IsOfConnection = !isClient,
        };
    }

    private static string ClientId(ExportedObject client)
    {
        if (client.Text("oauth2.clientId") is { } id && id != Placeholders.ClientId && OAuthClientRules.IsClientId(id))
        {
            return id;
        }

        client.Note(
            NoteKind.FillIn,
            "oauth2.clientId",
            $"There is no client id, a placeholder, or none that could be one ({OAuthClientRules.ClientIdRule}): put it into spec.clientID."
        );
        return Placeholders.ClientId;
    }

    // The issuer of an endpoint, where the administrator allows it: whoever it is gets the client secret. Below it, the endpoint.
    private (string Issuer, string? Endpoint)? Issuer(ExportedObject source, string name)
    {
        if (source.Text(name) is not { } text)
        {
            return (OAuthClientSpec.DefaultIssuer, null);
        }

        var url = text.Trim();
        var issuer = options.AllowLists.AllowedIssuers.FirstOrDefault(allowed =>
            url == allowed.TrimEnd('/') || url.StartsWith(allowed.TrimEnd('/') + "/", StringComparison.Ordinal)
        );
        var findings = new Findings();
        UrlRules.CheckEndpoint(findings, name, url, options.AllowLists);
        if (issuer is null || findings.All.Count > 0)
        {
            var allowed = string.Join(", ", options.AllowLists.AllowedIssuers);
            var cause = CeligoFields.CauseOf(findings, url, $"is of no issuer that is allowed ({allowed}): see --allowed-issuers");
            source.Note(NoteKind.Error, name, $"It was left out, since its endpoint cannot be used: {cause}.");
            return null;
        }

        return (issuer, url[issuer.TrimEnd('/').Length..]);
    }

    private static AuthenticationMethod MethodOf(ExportedObject source, string name)
    {
        switch (source.Text(name))
        {
            case null or DefaultLocation:
                return AuthenticationMethod.ClientSecretPost;
            case "basicauthheader":
                return AuthenticationMethod.ClientSecretBasic;
            default:
                source.Note(NoteKind.Changed, name, "It is neither body nor basicauthheader: client_secret_post counts.");
                return AuthenticationMethod.ClientSecretPost;
        }
    }
}

/// <summary>What connections need to know of the client that was made for them.</summary>
internal sealed record ImportedClient(string Name, Grant? Grant, IReadOnlyList<string> Scopes, string? TenantId)
{
    /// <summary>The token endpoint, as the export has it; null where it has none.</summary>
    public string? TokenUri { get; init; }

    /// <summary>The authorization endpoint, as the export has it; null where it has none.</summary>
    public string? AuthorizationUri { get; init; }

    /// <summary>Where id and secret are sent, as the export has it; null where it does not say.</summary>
    public string? Location { get; init; }

    /// <summary>True where no iClient was there to make it of.</summary>
    public bool IsOfConnection { get; init; }

    /// <summary>True once a connection uses it.</summary>
    public bool IsUsed { get; set; }
}
