using System.Text.Json.Serialization;
using Kubernetes.Client.Resources;

namespace VismaOperator.Api;

/// <summary>The Secret that a token is published in.</summary>
public sealed record SecretSpec
{
    /// <summary>What follows the connection's name in the default name.</summary>
    public const string DefaultNameSuffix = "-token";

    /// <summary>Its name; null: the connection's name followed by <see cref="DefaultNameSuffix"/>.</summary>
    public string? Name { get; init; }

    /// <summary>What happens to it when the connection is deleted.</summary>
    public DeletionPolicy DeletionPolicy { get; init; }

    /// <summary>What it holds besides the standard keys; null for nothing.</summary>
    public SecretTemplate? Template { get; init; }

    /// <summary>Keys in formats that other programs read, which need no template.</summary>
    public IReadOnlyList<SecretPreset> Presets { get => field ?? []; init; }

    /// <summary>Secrets of other namespaces that hold the same token, where these accept it.</summary>
    public IReadOnlyList<SecretCopy> Copies { get => field ?? []; init; }
}

/// <summary>A Secret of another namespace that is kept equal to the token Secret.</summary>
public sealed record SecretCopy
{
    /// <summary>Its namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }
}

/// <summary>A format that programs read without any code for it.</summary>
[JsonConverter(typeof(SecretPresetConverter))]
public enum SecretPreset
{
    /// <summary>Variables for a shell, and for what reads <c>.env</c> files.</summary>
    DotEnv,

    /// <summary>Configuration for .NET.</summary>
    AppSettings,

    /// <summary>A file for <c>curl --config</c>.</summary>
    Curl,

    /// <summary>The entries of the Service Binding Specification for Kubernetes.</summary>
    ServiceBinding,

    /// <summary>A name that this version of the operator does not know.</summary>
    Unrecognized,
}

internal sealed class SecretPresetConverter() : NamedEnumConverter<SecretPreset>(
    SecretPreset.Unrecognized,
    (SecretPreset.DotEnv, PresetKeys.DotEnv),
    (SecretPreset.AppSettings, PresetKeys.AppSettings),
    (SecretPreset.Curl, PresetKeys.Curl),
    (SecretPreset.ServiceBinding, PresetKeys.ServiceBinding));

/// <summary>The keys that presets write. A file is named as its preset; that of a service binding stands for three entries.</summary>
internal static class PresetKeys
{
    public const string DotEnv = "dotenv";
    public const string AppSettings = "appsettings.json";
    public const string Curl = "curl";
    public const string ServiceBinding = "service-binding";
    public const string Type = "type";
    public const string Provider = "provider";
    public const string Uri = "uri";

    /// <summary>The keys of a preset.</summary>
    public static IReadOnlyList<string> Of(SecretPreset preset) => preset switch
    {
        SecretPreset.DotEnv => [DotEnv],
        SecretPreset.AppSettings => [AppSettings],
        SecretPreset.Curl => [Curl],
        SecretPreset.ServiceBinding => [Type, Provider, Uri],
        _ => [],
    };
}

/// <summary>What happens to a Secret when its connection is deleted.</summary>
[JsonConverter(typeof(DeletionPolicyConverter))]
public enum DeletionPolicy
{
    /// <summary>It has an owner reference, and the garbage collector deletes it.</summary>
    Delete,

    /// <summary>It stays.</summary>
    Retain,

    /// <summary>A name that this version of the operator does not know.</summary>
    Unrecognized,
}

internal sealed class DeletionPolicyConverter() : NamedEnumConverter<DeletionPolicy>(
    DeletionPolicy.Unrecognized,
    (DeletionPolicy.Delete, "Delete"),
    (DeletionPolicy.Retain, "Retain"));

/// <summary>What a Secret holds besides the standard keys.</summary>
public sealed record SecretTemplate
{
    /// <summary>The type of a Secret when none is declared.</summary>
    public const string DefaultType = "Opaque";

    /// <summary>Type of the Secret; never one that Kubernetes gives a meaning.</summary>
    public string Type { get => field ?? DefaultType; init; }

    /// <summary>Labels and annotations to add; null for none.</summary>
    public TemplateMetadata? Metadata { get; init; }

    /// <summary>Values by key, in which <c>${key}</c> is replaced by the value of a standard key; null for none.</summary>
    public IReadOnlyDictionary<string, string>? Data { get; init; }
}

/// <summary>Labels and annotations to add to a Secret.</summary>
public sealed record TemplateMetadata
{
    /// <summary>Labels; null for none.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Annotations; null for none.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}

/// <summary>The keys that every token Secret has. A template may refer to them as <c>${key}</c>.</summary>
public static class StandardKeys
{
    /// <summary>The access token itself.</summary>
    public const string AccessToken = "access_token";

    /// <summary>The token type, normally <c>Bearer</c>.</summary>
    public const string TokenType = "token_type";

    /// <summary>A ready value for the <c>Authorization</c> header.</summary>
    public const string Authorization = "authorization";

    /// <summary>When the token expires (RFC 3339, UTC).</summary>
    public const string ExpiresAt = "expires_at";

    /// <summary>Granted scopes, separated by spaces.</summary>
    public const string Scope = "scope";

    /// <summary>The tenant that the token is for; empty when none was asked for.</summary>
    public const string TenantId = "tenant_id";

    /// <summary>Version of the Visma ERP API, <c>v1</c> or <c>v2</c>.</summary>
    public const string ApiVersion = "api_version";

    /// <summary>Base URL of the API that the token is for.</summary>
    public const string BaseUrl = "base_url";

    /// <summary>All of them, in the order of the documentation.</summary>
    public static IReadOnlyList<string> All { get; } =
        [AccessToken, TokenType, Authorization, ExpiresAt, Scope, TenantId, ApiVersion, BaseUrl];
}
