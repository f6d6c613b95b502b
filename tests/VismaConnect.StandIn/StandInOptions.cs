using System.Text.Json.Serialization;

namespace VismaConnect.StandIn;

/// <summary>What a stand-in starts with. All but the listening part can be changed while it runs.</summary>
public sealed record StandInOptions
{
    /// <summary>Port on 127.0.0.1; 0 for a free one.</summary>
    public int Port { get; init; }

    /// <summary>http, or https with a certificate of its own making.</summary>
    public StandInScheme Scheme { get; init; } = StandInScheme.Http;

    /// <summary>Until when its certificate is valid; null for a month.</summary>
    public DateTimeOffset? CertificateExpirationTime { get; init; }

    /// <summary>Clock of lifetimes, of delays and of the ledger.</summary>
    [JsonIgnore]
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>By how much the <c>Date</c> of answers is wrong; positive when ahead of the truth.</summary>
    public TimeSpan ClockOffset { get; init; }

    /// <summary>Applications.</summary>
    public IReadOnlyList<StandInClient> Clients { get; init; } = [];

    /// <summary>Tenants.</summary>
    public IReadOnlyList<StandInTenant> Tenants { get; init; } = [];

    /// <summary>People who can sign in.</summary>
    public IReadOnlyList<StandInUser> Users { get; init; } = [];

    /// <summary>Lifetime of access tokens. The default is an hour, as at Visma.</summary>
    public TimeSpan AccessTokenLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The answer for a tenant that is unknown or has not approved the client; the real one is not documented.</summary>
    public StandInError TenantError { get; init; } = new("invalid_tenant");

    /// <summary>Issuer in documents and tokens, to play a mismatch; null for the URL it listens on.</summary>
    public string? Issuer { get; init; }

    /// <summary>Whether answers of the authorization endpoint carry <c>iss</c> (RFC 9207), as Visma's do.</summary>
    public bool SendsAuthorizationResponseIssuer { get; init; } = true;

    /// <summary>Who learns of a wrong authorization request whose redirect URI is right.</summary>
    public AuthorizationErrors AuthorizationErrors { get; init; } = AuthorizationErrors.ToClient;

    /// <summary>How long a person may take from the authorization request to the answer; later reads <c>access_denied</c>.</summary>
    public TimeSpan ConsentTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Requests to the ERP API in an hour, for each pair of tenant and client; the real number is not published.</summary>
    public int ApiRequestsPerHour { get; init; } = 1000;

    /// <summary>
    /// File to which every secret issued is appended, a line each, for a search after the process is gone; null for none.
    /// </summary>
    public string? SecretsFile { get; init; }
}

/// <summary>How the stand-in is reached.</summary>
public enum StandInScheme
{
    /// <summary>In the clear.</summary>
    Http,

    /// <summary>With a self-signed certificate, see <see cref="VismaConnectStandIn.Certificate"/>.</summary>
    Https,
}

/// <summary>Where errors of the authorization endpoint go.</summary>
public enum AuthorizationErrors
{
    /// <summary>To the client, by redirect (RFC 6749 section 4.1.2.1).</summary>
    ToClient,

    /// <summary>Onto a page, as Duende does with all but a person's refusal and the errors of <c>prompt=none</c>.</summary>
    OnPage,
}

/// <summary>An OAuth error body.</summary>
/// <param name="Code">The member <c>error</c>.</param>
/// <param name="Description">The member <c>error_description</c>; absent when null, as mostly at Duende.</param>
public sealed record StandInError(string Code, string? Description = null);
