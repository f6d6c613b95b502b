using System.Text.Json.Serialization;
using Kubernetes.Client.Resources;
using Lifecycle;

namespace VismaOperator.Api;

/// <summary>What the user declares of a connection.</summary>
public sealed record VismaConnectionSpec
{
    /// <summary>The scope that asks for a refresh token (OpenID Connect Core 1.0 section 11).</summary>
    public const string OfflineAccess = Lifecycle.GrantedScopes.OfflineAccess;

    /// <summary>A name for people; null when none was given.</summary>
    public string? DisplayName { get; init; }

    /// <summary>Version of the Visma ERP API. It decides the base URL where <see cref="BaseUrl"/> is absent.</summary>
    public ErpApiVersion ApiVersion { get; init; }

    /// <summary>Base URL of the API, where <see cref="ApiVersion"/> does not imply it.</summary>
    [JsonPropertyName("baseURL")]
    public string? BaseUrl { get; init; }

    /// <summary>The client that asks for the token.</summary>
    [JsonPropertyName("oauthClientRef")]
    public required OAuthClientReference OAuthClientRef { get; init; }

    /// <summary>The company's tenant GUID, sent as form field <c>tenant_id</c>; null for APIs without tenants.</summary>
    [JsonPropertyName("tenantID")]
    public string? TenantId { get; init; }

    /// <summary>Scopes to ask for. Empty with <see cref="AllScopes"/> only.</summary>
    public IReadOnlyList<string> Scopes { get => field ?? []; init; }

    /// <summary>True to send no scope, which asks for all that the application is allowed.</summary>
    public bool AllScopes { get; init; }

    /// <summary>How the token is obtained.</summary>
    public Grant Grant { get; init; }

    /// <summary>
    /// <see cref="Authorization"/> as it was declared; null when it was not. What works with a consent reads that instead.
    /// </summary>
    [JsonPropertyName("authorization")]
    public AuthorizationSpec? DeclaredAuthorization { get; init; }

    /// <summary>The consent of a person, with the grant <see cref="Grant.AuthorizationCode"/>: as declared, else the defaults.</summary>
    [JsonIgnore]
    public AuthorizationSpec Authorization { get => DeclaredAuthorization ?? new(); init => DeclaredAuthorization = value; }

    /// <summary>When the token is renewed.</summary>
    public RefreshSpec Refresh { get => field ?? new(); init; }

    /// <summary>The Secret that the token is published in.</summary>
    public SecretSpec Secret { get => field ?? new(); init; }

    /// <summary><see cref="Probe"/> as it was declared; null when it was not.</summary>
    [JsonPropertyName("probe")]
    public ProbeSpec? DeclaredProbe { get; init; }

    /// <summary>Whether the API is asked if it accepts the token: as declared, else the defaults.</summary>
    [JsonIgnore]
    public ProbeSpec Probe { get => DeclaredProbe ?? ProbeSpec.Default; init => DeclaredProbe = value; }

    /// <summary>Workloads of the namespace to restart with each changed token; null for none.</summary>
    public IReadOnlyList<WorkloadReference>? Restart { get; init; }

    /// <summary>True to stop renewing; the Secret is left as it is.</summary>
    public bool Suspend { get; init; }

    /// <summary>
    /// The scopes as they are sent: none with <see cref="AllScopes"/>; with the grant <see cref="Grant.AuthorizationCode"/> always with
    /// <see cref="OfflineAccess"/>, whether it was written or not.
    /// </summary>
    public IReadOnlyList<string> RequestedScopes() => this switch
    {
        { AllScopes: true } => [],
        { Grant: Grant.AuthorizationCode } => [.. Scopes.Except([OfflineAccess]), OfflineAccess],
        _ => Scopes,
    };

    /// <summary>The base URL as declared, else what the version implies.</summary>
    public string EffectiveBaseUrl() => BaseUrl ?? $"https://api.finance.visma.net/{ErpApiVersionName()}";

    /// <summary>The version as users write it.</summary>
    public string ErpApiVersionName() => ApiVersion == ErpApiVersion.V2 ? "v2" : "v1";
}

/// <summary>Names a client.</summary>
public sealed record OAuthClientReference
{
    /// <summary>Name of the OAuthClient.</summary>
    public required string Name { get; init; }

    /// <summary>Its namespace; null: the connection's own. Another one needs the client's allowance.</summary>
    public string? Namespace { get; init; }
}

/// <summary>Version of the Visma ERP API.</summary>
[JsonConverter(typeof(ErpApiVersionConverter))]
public enum ErpApiVersion
{
    /// <summary><c>https://api.finance.visma.net/v1</c></summary>
    V1,

    /// <summary><c>https://api.finance.visma.net/v2</c></summary>
    V2,

    /// <summary>A name that this version of the operator does not know.</summary>
    Unrecognized,
}

internal sealed class ErpApiVersionConverter() : NamedEnumConverter<ErpApiVersion>(
    ErpApiVersion.Unrecognized,
    (ErpApiVersion.V1, "v1"),
    (ErpApiVersion.V2, "v2"));

/// <summary>How a token is obtained.</summary>
[JsonConverter(typeof(GrantConverter))]
public enum Grant
{
    /// <summary>The application acts for itself (RFC 6749 section 4.4).</summary>
    ClientCredentials,

    /// <summary>A person consents once, and the application acts for that person (RFC 6749 section 4.1).</summary>
    AuthorizationCode,

    /// <summary>A name that this version of the operator does not know.</summary>
    Unrecognized,
}

internal sealed class GrantConverter() : NamedEnumConverter<Grant>(
    Grant.Unrecognized,
    (Grant.ClientCredentials, "ClientCredentials"),
    (Grant.AuthorizationCode, "AuthorizationCode"));

/// <summary>When a token is renewed. Durations are Go-style strings (<c>10m</c>, <c>1h30m</c>).</summary>
public sealed record RefreshSpec
{
    /// <summary><see cref="RefreshMargins.Default"/>, as the schema writes it.</summary>
    public const string DefaultMinRemainingValidity = "10m";

    /// <summary>A reader never finds less than this left while the provider answers.</summary>
    public string MinRemainingValidity { get => field ?? DefaultMinRemainingValidity; init; }

    /// <summary>How long before expiry the renewal is due; null: a third of the real lifetime.</summary>
    public string? RenewBefore { get; init; }

    /// <summary><see cref="MinRemainingValidity"/> as a span; the default where it cannot be read (the rules report that).</summary>
    public TimeSpan MinRemainingValiditySpan() =>
        GoDuration.TryParse(MinRemainingValidity, out var span) ? span : RefreshMargins.Default.MinRemainingValidity;

    /// <summary><see cref="RenewBefore"/> as a span; null where it is absent or cannot be read (the rules report that).</summary>
    public TimeSpan? RenewBeforeSpan() =>
        RenewBefore is not null && GoDuration.TryParse(RenewBefore, out var span) ? span : null;
}

/// <summary>Whether, where and how often the API is asked if it accepts the token.</summary>
public sealed record ProbeSpec
{
    /// <summary>The cheapest call of the ERP API that needs a token, as the schema writes it.</summary>
    public const string DefaultPath = "/dimension";

    /// <summary>An hour, as the schema writes it.</summary>
    public const string DefaultInterval = "1h";

    /// <summary>What counts where nothing is declared.</summary>
    public static ProbeSpec Default { get; } = new();

    /// <summary>True to probe.</summary>
    public bool Enabled { get; init; }

    /// <summary>What is asked for, after the base URL.</summary>
    public string Path { get => field ?? DefaultPath; init; }

    /// <summary>The time between two probes of one token; a Go-style duration.</summary>
    public string Interval { get => field ?? DefaultInterval; init; }

    /// <summary><see cref="Interval"/> as a span; the default where it cannot be used (the rules report that).</summary>
    public TimeSpan IntervalSpan() =>
        GoDuration.TryParse(Interval, out var span) && span >= TimeSpan.FromMinutes(5) ? span : TimeSpan.FromHours(1);
}
