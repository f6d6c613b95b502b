using System.Text.RegularExpressions;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Cli.Check;
using VismaOperator.Cli.Init;

namespace VismaOperator.Cli.Import;

/// <summary>The VismaConnections: one for each connection.</summary>
/// <param name="options">What was asked for.</param>
/// <param name="clients">The clients that they use.</param>
internal sealed class CeligoConnections(ImportOptions options, CeligoClients clients)
{
    /// <summary>The field that names the iClient.</summary>
    public const string ClientRef = "http._iClientId";

    /// <summary>The fields of OAuth 2.0, which may differ from those of the iClient.</summary>
    public const string OAuth = "http.auth.oauth";

    private const string BaseUri = "http.baseURI";
    private const string Ping = "http.ping.relativeURI";
    private const string OldHost = "integration.visma.net";
    private const int LongestDisplayName = 100; // of Celigo; the schema takes more
    private const int LongestScope = 100; // that a note repeats

    private static readonly Regex versionSegment = new("(^|/)(?<version>v[12])(/|$)", CeligoFields.Matched);
    private static readonly Regex secretQuery = new(
        "[?].*(secret|password|token|key|auth)",
        CeligoFields.Matched | RegexOptions.IgnoreCase
    );

    // What a person wrote into a token request.
    private static readonly string[] bodies = [$"{OAuth}.accessTokenBody", "http.auth.token.refreshBody"];

    private readonly DraftNames names = new();

    /// <summary>That of a connection; null where it was left out.</summary>
    public ConnectionDraft? Of(ExportedObject connection)
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

        if (clients.Of(connection) is not { } client)
        {
            connection.Note(NoteKind.Error, ClientRef, "It was left out, as its client was.");
            return null;
        }

        client.IsUsed = true;
        Compare(connection, client, $"{OAuth}.tokenURI", client.TokenUri, CeligoClients.DefaultTokenUri);
        Compare(connection, client, $"{OAuth}.authURI", client.AuthorizationUri, CeligoClients.DefaultAuthorizationUri);
        Compare(connection, client, $"{OAuth}.clientCredentialsLocation", client.Location, CeligoClients.DefaultLocation);
        var spec = SpecOf(connection, client);
        return new ConnectionDraft
        {
            Name = names.Of(connection.Name, client.Name),
            Namespace = options.Namespace,
            Origin = connection.Origin("the connection"),
            Spec = spec,
        };
    }

    // An OAuthClient has one of each, for all its connections.
    private static void Compare(ExportedObject connection, ImportedClient client, string name, string? ofClient, string usual)
    {
        if (connection.Text(name) is { } own && own != (ofClient ?? usual))
        {
            var source = client.IsOfConnection ? "The connection that its OAuthClient was made of" : "Its iClient";
            var what = ofClient is null ? "does not say, so that the default counts" : "says something else, which counts";
            connection.Note(NoteKind.Changed, name, $"{source} {what}: see spec of the OAuthClient.");
        }
    }

    private VismaConnectionSpec SpecOf(ExportedObject connection, ImportedClient client)
    {
        var isClientFirst = connection.IsTrue($"{OAuth}.useIClientFields");
        var ownGrant = CeligoFields.GrantOf(connection, $"{OAuth}.grantType");
        var grant = (isClientFirst ? client.Grant ?? ownGrant : ownGrant ?? client.Grant) ?? Grant.ClientCredentials;
        if (ownGrant is not null && client.Grant is not null && ownGrant != client.Grant)
        {
            connection.Note(NoteKind.Changed, $"{OAuth}.grantType", $"Its iClient says something else: {grant} was written.");
        }

        var own = CeligoFields.ScopesIn(connection, OAuth);
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
        var own = CeligoFields.TenantIn(connection, bodies);
        var tenant = own ?? client.TenantId ?? options.TenantId;
        if (new[] { own, client.TenantId, options.TenantId }.Any(other => other is not null && !CeligoFields.IsSame(other, tenant)))
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

    private VismaConnectionSpec WithApi(ExportedObject connection, VismaConnectionSpec spec)
    {
        var path = ProbePath(connection);
        var url = (connection.Text(BaseUri) ?? string.Empty).Trim().TrimEnd('/');
        var uri = Uri.TryCreate(url, UriKind.Absolute, out var parsed) ? parsed : null;
        var version = versionSegment.Match(uri?.Host == OldHost || uri is null ? url : uri.AbsolutePath);
        var inPath = versionSegment.Match(path ?? string.Empty);
        var isVersionOfPath = !version.Success && inPath is { Success: true, Index: 0 };
        version = isVersionOfPath ? inPath : version;
        spec = spec with { ApiVersion = version.Groups["version"].Value == "v2" ? ErpApiVersion.V2 : ErpApiVersion.V1 };
        if (uri?.Host == OldHost)
        {
            connection.Note(NoteKind.Changed, BaseUri, $"{OldHost} is being shut down: {spec.EffectiveBaseUrl()} takes its place.");
        }
        else if (url.Length > 0 && url != spec.EffectiveBaseUrl() && url + "/" + spec.ErpApiVersionName() != spec.EffectiveBaseUrl())
        {
            var findings = new Findings();
            UrlRules.CheckApi(findings, BaseUri, url, options.AllowLists);
            if (findings.All.Count > 0)
            {
                var allowed = string.Join(", ", options.AllowLists.AllowedApiHosts);
                var cause = CeligoFields.CauseOf(findings, url, $"is not one that is allowed ({allowed}): see --allowed-api-hosts");
                connection.Note(NoteKind.FillIn, BaseUri, $"It was left out: {cause}. {spec.EffectiveBaseUrl()} counts.");
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
            connection.Note(NoteKind.NoCounterpart, Ping, "It is no path that a probe can have (docs/probe.md): none was written.");
            return spec;
        }

        return probed;
    }

    private static string Cut(string scope) => scope.Length > LongestScope ? scope[..LongestScope] + "..." : scope;
}
