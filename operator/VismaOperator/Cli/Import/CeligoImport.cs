using System.Text;
using System.Text.RegularExpressions;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Cli.Check;
using VismaOperator.Cli.Init;
using VismaOperator.Manifests;

namespace VismaOperator.Cli.Import;

/// <summary>What Celigo's objects become.</summary>
/// <param name="options">What was asked for.</param>
internal sealed class CeligoImport(ImportOptions options)
{
    private const string ClientRef = "http._iClientId";
    private const string OAuth = "http.auth.oauth";
    private const string Ping = "http.ping.relativeURI";
    private const string TokenPath = "/connect/token";
    private const string AuthorizationPath = "/connect/authorize";
    private const string DefaultTokenUri = OAuthClientSpec.DefaultIssuer + TokenPath;
    private const string DefaultAuthorizationUri = OAuthClientSpec.DefaultIssuer + AuthorizationPath;
    private const string OldHost = "integration.visma.net";
    private const int LongestName = 60;
    private const int LongestDisplayName = 100; // of Celigo; the schema takes more
    private const int LongestScope = 100; // that a note repeats

    // Matched without backtracking, and not compiled into the executable: they run once in a run.
    private const RegexOptions Matched = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant;

    private static readonly Regex tenantField = new(
        "tenant_?id[\"']?\\s*[=:]\\s*[\"']?(?<id>[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})([^0-9a-z-]|$)",
        Matched | RegexOptions.IgnoreCase
    );
    private static readonly Regex versionSegment = new("(^|/)(?<version>v[12])(/|$)", Matched);
    private static readonly Regex secretQuery = new("[?].*(secret|password|token|key|auth)", Matched | RegexOptions.IgnoreCase);

    // What a person wrote into a token request.
    private static readonly string[] clientBodies = ["oauth2.token.body", "oauth2.refresh.body"];
    private static readonly string[] connectionBodies = [$"{OAuth}.accessTokenBody", "http.auth.token.refreshBody"];

    private readonly List<ImportNote> notes = [];
    private readonly List<ExportedObject> read = [];
    private readonly HashSet<string> clientNames = new(StringComparer.Ordinal);
    private readonly HashSet<string> connectionNames = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ImportedClient?> clients = new(StringComparer.Ordinal);
    private readonly List<DraftFile> files = [];

    /// <summary>What there is to say, in the order of the files and of their lines.</summary>
    public IReadOnlyList<ImportNote> Notes =>
    [
        .. notes
            .Distinct()
            .OrderBy(note => options.Files.Index().First(file => file.Item == note.File).Index)
            .ThenBy(note => note.Position.Line)
            .ThenBy(note => note.Position.Column),
    ];

    /// <summary>Secrets that stand in the export in clear.</summary>
    public IEnumerable<string> SecretsInClear => read.SelectMany(one => one.SecretsInClear);

    /// <summary>The manifests of an export.</summary>
    public IReadOnlyList<DraftFile> Make(IReadOnlyList<ManifestDocument> documents)
    {
        var (exported, connections) = (new List<ExportedObject>(), new List<ExportedObject>());
        foreach (var document in documents)
        {
            var isClient = document.Content.ContainsKey("oauth2") || document.Content.ContainsKey("provider");
            var isConnection = document.Content.ContainsKey("http") || document.Content.ContainsKey("type");
            if (isClient == isConnection)
            {
                notes.Add(
                    new ImportNote(
                        document.File,
                        document.PositionOf(string.Empty),
                        NoteKind.Error,
                        string.Empty,
                        "This is neither an iClient (it has provider and oauth2) nor a connection (it has type and http): it was left out."
                    )
                );
                continue;
            }

            var one = new ExportedObject(document, isClient ? ExportFields.OfClient : ExportFields.OfConnection, notes);
            read.Add(one);
            (isClient ? exported : connections).Add(one);
        }

        foreach (var client in exported)
        {
            Add(client);
        }

        foreach (var connection in connections)
        {
            AddConnection(connection);
        }

        foreach (var client in exported.Where(one => clients[one.Id] is { IsUsed: false }))
        {
            client.Note(
                NoteKind.Changed,
                "oauth2",
                "No connection of these files uses this iClient. Its scopes, grant and tenant belong to connections: none was written."
            );
        }

        return files;
    }

    private void Add(ExportedObject client)
    {
        if (client.Text("provider") is { } provider && provider != "custom_oauth2")
        {
            client.Note(NoteKind.Changed, "provider", "It is not custom_oauth2: see that this application is one of Visma Connect.");
        }

        var imported = ClientOf(client, "oauth2", client.Origin("the iClient"));
        if (!clients.TryAdd(client.Id, imported))
        {
            client.Note(NoteKind.Changed, "_id", "Another iClient has the same id, or none either: connections were given the first one.");
        }

        client.TellTheRest();
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

        var grant = isClient ? GrantOf(source, $"{at}.grantType") : null;
        var draft = new ClientDraft
        {
            Name = Free(Slug(source.Name, "visma"), clientNames),
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
        var (scopes, tenant) = isClient ? (ScopesIn(source, at), TenantIn(source, clientBodies)) : ([], null);
        return new ImportedClient(draft.Name, isClient ? grant : null, scopes, tenant)
        {
            TokenUri = source.Text(token) ?? DefaultTokenUri,
            AuthorizationUri = source.Text(authorization) ?? DefaultAuthorizationUri,
            Location = source.Text($"{at}.clientCredentialsLocation") ?? "body",
            IsOfConnection = !isClient,
        };
    }

    private static string ClientId(ExportedObject client)
    {
        if (client.Text("oauth2.clientId") is { } id && OAuthClientRules.IsClientId(id))
        {
            return id;
        }

        client.Note(
            NoteKind.FillIn,
            "oauth2.clientId",
            $"There is no client id, or none that could be one ({OAuthClientRules.ClientIdRule}): put it into spec.clientID."
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
            var cause = CauseOf(findings, url) ?? $"{HostOf(url)} is of no issuer that is allowed ({allowed}): see --allowed-issuers";
            source.Note(NoteKind.Error, name, $"It was left out, since its endpoint cannot be used: {cause}.");
            return null;
        }

        return (issuer, url[issuer.TrimEnd('/').Length..]);
    }

    private static Grant? GrantOf(ExportedObject source, string name)
    {
        switch (source.Text(name))
        {
            case null:
                return null;
            case "authorizecode":
                return Grant.AuthorizationCode;
            case "clientcredentials":
                return Grant.ClientCredentials;
            default:
                source.Note(NoteKind.Changed, name, "Visma Connect has no such grant: ClientCredentials was written. See docs/import.md.");
                return Grant.ClientCredentials;
        }
    }

    private static AuthenticationMethod MethodOf(ExportedObject source, string name)
    {
        switch (source.Text(name))
        {
            case null or "body":
                return AuthenticationMethod.ClientSecretPost;
            case "basicauthheader":
                return AuthenticationMethod.ClientSecretBasic;
            default:
                source.Note(NoteKind.Changed, name, "It is neither body nor basicauthheader: client_secret_post counts.");
                return AuthenticationMethod.ClientSecretPost;
        }
    }

    private static IReadOnlyList<string> ScopesIn(ExportedObject source, string at) =>
        source.Texts($"{at}.scope", source.Text($"{at}.scopeDelimiter") ?? " ");

    private void AddConnection(ExportedObject connection)
    {
        if (Draft(connection) is { } draft)
        {
            files.Add(new DraftFile($"vismaconnection-{draft.Name}.yaml", DraftText.Of(draft)));
        }

        connection.TellTheRest();
    }

    private ConnectionDraft? Draft(ExportedObject connection)
    {
        if (connection.Text("type") is { } type && type != "http")
        {
            connection.Note(NoteKind.Error, "type", "It was left out: only connections of the type http can be to Visma's API.");
            return null;
        }

        if (connection.Text("http.auth.type") is { } auth && auth != "oauth")
        {
            connection.Note(NoteKind.Error, "http.auth.type", "It was left out: only connections with OAuth 2.0 have a counterpart.");
            return null;
        }

        if (ClientFor(connection) is not { } client)
        {
            connection.Note(NoteKind.Error, ClientRef, "It was left out, as its client was.");
            return null;
        }

        client.IsUsed = true;
        Compare(connection, $"{OAuth}.tokenURI", client.TokenUri);
        Compare(connection, $"{OAuth}.authURI", client.AuthorizationUri);
        Compare(connection, $"{OAuth}.clientCredentialsLocation", client.Location);
        var spec = SpecOf(connection, client);
        return new ConnectionDraft
        {
            Name = Free(Slug(connection.Name, client.Name), connectionNames),
            Namespace = options.Namespace,
            Origin = connection.Origin("the connection"),
            Spec = spec,
        };
    }

    // An OAuthClient has one of each, for all its connections.
    private static void Compare(ExportedObject connection, string name, string ofClient)
    {
        if (connection.Text(name) is { } own && own != ofClient)
        {
            connection.Note(NoteKind.Changed, name, "Its iClient says something else, which counts: see spec of the OAuthClient.");
        }
    }

    private ImportedClient? ClientFor(ExportedObject connection)
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

    private VismaConnectionSpec SpecOf(ExportedObject connection, ImportedClient client)
    {
        var isClientFirst = connection.IsTrue($"{OAuth}.useIClientFields");
        var ownGrant = GrantOf(connection, $"{OAuth}.grantType");
        var grant = (isClientFirst ? client.Grant ?? ownGrant : ownGrant ?? client.Grant) ?? Grant.ClientCredentials;
        if (ownGrant is not null && client.Grant is not null && ownGrant != client.Grant)
        {
            connection.Note(NoteKind.Changed, $"{OAuth}.grantType", $"Its iClient says something else: {grant} was written.");
        }

        var own = ScopesIn(connection, OAuth);
        var isOfClient = own.Count == 0 || isClientFirst;
        var asked = isOfClient && client.Scopes.Count > 0 ? client.Scopes : own;
        if (own.Count > 0 && client.Scopes.Count > 0 && !client.Scopes.ToHashSet(StringComparer.Ordinal).SetEquals(own))
        {
            connection.Note(
                NoteKind.Changed,
                $"{OAuth}.scope",
                isClientFirst
                    ? "useIClientFields is true: the scopes of the iClient count."
                    : "Its iClient has other scopes: those of the connection count."
            );
        }

        var scopes = Usable(connection, grant, asked);
        var spec = new VismaConnectionSpec
        {
            DisplayName = DisplayName(connection),
            OAuthClientRef = new OAuthClientReference { Name = client.Name },
            Grant = grant,
            Scopes = scopes,
            AllScopes = scopes.Count == 0,
        };
        return WithApi(connection, spec with { TenantId = TenantOf(connection, client, spec) });
    }

    private static string? DisplayName(ExportedObject connection)
    {
        if (connection.Name.Length > LongestDisplayName)
        {
            connection.Note(NoteKind.Changed, "name", "It is longer than Celigo allows, so it became no displayName.");
            return null;
        }

        return connection.Name.Length > 0 ? connection.Name : null;
    }

    private static IReadOnlyList<string> Usable(ExportedObject connection, Grant grant, IReadOnlyList<string> scopes)
    {
        List<string> usable = [];
        foreach (var scope in scopes)
        {
            var alone = InitQuestions.SpecOf("any", grant, Placeholders.TenantId, [scope]);
            if (VismaConnectionRules.Check(alone, new AllowLists()) is [var first, ..])
            {
                connection.Note(NoteKind.Changed, $"{OAuth}.scope", $"The scope '{Cut(scope)}' was left out: {first.Message}.");
            }
            else if (scope != VismaConnectionSpec.OfflineAccess) // always asked for where there is a consent
            {
                usable.Add(scope);
            }
        }

        if (usable.Count > 0)
        {
            return usable;
        }

        if (grant == Grant.AuthorizationCode)
        {
            connection.Note(NoteKind.FillIn, $"{OAuth}.scope", "There is no scope, and a consent needs one: a scope to read was written.");
            return ["vismanet_erp_interactive_api:read"];
        }

        connection.Note(NoteKind.Changed, $"{OAuth}.scope", "There is no scope: allScopes asks for all that the application is allowed.");
        return [];
    }

    private string? TenantOf(ExportedObject connection, ImportedClient client, VismaConnectionSpec spec)
    {
        var own = TenantIn(connection, connectionBodies);
        var tenant = own ?? client.TenantId ?? options.TenantId;
        if (new[] { own, client.TenantId, options.TenantId }.Any(other => other is not null && !IsSame(other, tenant)))
        {
            connection.Note(
                NoteKind.Changed,
                $"{OAuth}.accessTokenBody",
                $"Connection, iClient and --tenant-id name different tenants: that of the {(own is null ? "iClient" : "connection")} was "
                    + "written. See that it is the company that is meant."
            );
        }

        if (tenant is not null || VismaConnectionRules.Check(spec, options.AllowLists).All(problem => problem.Path != "spec.tenantID"))
        {
            return tenant ?? (spec.AllScopes ? Missing() : null);
        }

        return Missing();

        string Missing()
        {
            connection.Note(
                NoteKind.FillIn,
                $"{OAuth}.accessTokenBody",
                "There is no tenant_id with a GUID: put the tenant id of the company into spec.tenantID (Visma Admin > Company > Edit > "
                    + "Configuration > Tenant id), or give it by --tenant-id."
            );
            return Placeholders.TenantId;
        }
    }

    private static string? TenantIn(ExportedObject source, IEnumerable<string> names)
    {
        string? tenant = null;
        foreach (var name in names)
        {
            if (source.Text(name) is not { } text)
            {
                continue;
            }

            var match = tenantField.Match(text);
            if (text.Trim() != $"tenant_id={match.Groups["id"].Value}")
            {
                source.Note(NoteKind.Changed, name, "Nothing but a tenant_id was read of it: the operator makes the token request itself.");
            }

            var found = match.Success ? match.Groups["id"].Value : null;
            if (tenant is not null && found is not null && !IsSame(found, tenant))
            {
                source.Note(NoteKind.Changed, name, "It names another tenant than the body of the token request, whose tenant counts.");
            }

            tenant ??= found;
        }

        return tenant;
    }

    private static bool IsSame(string tenant, string? other) => tenant.Equals(other, StringComparison.OrdinalIgnoreCase);

    private VismaConnectionSpec WithApi(ExportedObject connection, VismaConnectionSpec spec)
    {
        const string Field = "http.baseURI";
        var path = ProbePath(connection);
        var url = (connection.Text(Field) ?? string.Empty).Trim().TrimEnd('/');
        var uri = Uri.TryCreate(url, UriKind.Absolute, out var parsed) ? parsed : null;
        var version = versionSegment.Match(uri?.Host == OldHost || uri is null ? url : uri.AbsolutePath);
        var inPath = versionSegment.Match(path ?? string.Empty);
        var isVersionOfPath = !version.Success && inPath is { Success: true, Index: 0 };
        version = isVersionOfPath ? inPath : version;
        spec = spec with { ApiVersion = version.Groups["version"].Value == "v2" ? ErpApiVersion.V2 : ErpApiVersion.V1 };
        if (uri?.Host == OldHost)
        {
            connection.Note(NoteKind.Changed, Field, $"{OldHost} is being shut down: {spec.EffectiveBaseUrl()} takes its place.");
        }
        else if (url.Length > 0 && url != spec.EffectiveBaseUrl() && url + "/" + spec.ErpApiVersionName() != spec.EffectiveBaseUrl())
        {
            var findings = new Findings();
            UrlRules.CheckApi(findings, Field, url, options.AllowLists);
            if (findings.All.Count > 0)
            {
                var allowed = string.Join(", ", options.AllowLists.AllowedApiHosts);
                var cause = CauseOf(findings, url) ?? $"{HostOf(url)} is not one that is allowed ({allowed}): see --allowed-api-hosts";
                connection.Note(NoteKind.FillIn, Field, $"It was left out: {cause}. {spec.EffectiveBaseUrl()} counts.");
            }
            else
            {
                spec = spec with { BaseUrl = url };
            }
        }

        if (uri?.Host == OldHost && inPath.Success)
        {
            connection.Note(NoteKind.NoCounterpart, Ping, $"It is a path of {OldHost}: see which one its successor has for it.");
            path = null;
        }
        else if (isVersionOfPath && spec.BaseUrl is null)
        {
            path = path!["/v1".Length..]; // the base URL ends with it
        }

        return Probed(connection, spec, path);
    }

    private static string? ProbePath(ExportedObject connection)
    {
        if (connection.Text(Ping) is not { } path)
        {
            return null;
        }

        if (connection.Text("http.ping.method") is { } method && method != "GET")
        {
            connection.Note(NoteKind.NoCounterpart, "http.ping.method", "A probe is a GET (docs/probe.md): none was written.");
            return null;
        }

        return path.Trim() is ['/', ..] whole ? whole : "/" + path.Trim();
    }

    private static VismaConnectionSpec Probed(ExportedObject connection, VismaConnectionSpec spec, string? path)
    {
        if (path is null)
        {
            return spec;
        }

        var probed = spec with { Probe = new ProbeSpec { Enabled = true, Path = path } };
        if (secretQuery.IsMatch(path) || ProbeRules.ProblemOf(probed) is not null)
        {
            connection.Note(
                NoteKind.NoCounterpart,
                Ping,
                "It is no path that a probe can have (docs/probe.md): none was written."
            );
            return spec;
        }

        return probed;
    }

    // The path of a URL may be a secret, so nothing but the host of it is repeated.
    private static string? CauseOf(Findings findings, string url) =>
        findings.All is [var first, ..] && !first.Message.Contains(url, StringComparison.Ordinal) ? first.Message : null;

    private static string HostOf(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Host.Length > 0 ? $"the host {uri.Host}" : "its host";

    private static string Cut(string scope) => scope.Length > LongestScope ? scope[..LongestScope] + "..." : scope;

    // A name of Kubernetes, of a name of people.
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

    private static string Free(string name, HashSet<string> taken)
    {
        var free = name;
        for (var number = 2; !taken.Add(free); number++)
        {
            free = $"{name}-{number}";
        }

        return free;
    }

    /// <summary>What connections need to know of the client that was made for them.</summary>
    private sealed record ImportedClient(string Name, Grant? Grant, IReadOnlyList<string> Scopes, string? TenantId)
    {
        /// <summary>The token endpoint, as the export has it.</summary>
        public required string TokenUri { get; init; }

        /// <summary>The authorization endpoint, as the export has it.</summary>
        public required string AuthorizationUri { get; init; }

        /// <summary>Where id and secret are sent.</summary>
        public required string Location { get; init; }

        /// <summary>True where no iClient was there to make it of.</summary>
        public bool IsOfConnection { get; init; }

        /// <summary>True once a connection uses it.</summary>
        public bool IsUsed { get; set; }
    }
}
