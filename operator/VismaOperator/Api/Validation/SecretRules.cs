using VismaOperator.Manifests;

namespace VismaOperator.Api.Validation;

/// <summary>What the declared Secret of a connection must fulfil.</summary>
internal static class SecretRules
{
    private const string Template = "spec.secret.template";

    internal static void Check(Findings findings, SecretSpec secret, AllowLists allowLists)
    {
        if (secret.Name is not null)
        {
            NameRules.CheckSubdomain(findings, "spec.secret.name", secret.Name);
            findings.Require(
                !secret.Name.EndsWith(AuthorizationSpec.GrantSecretSuffix, StringComparison.Ordinal)
                    && !secret.Name.EndsWith(AuthorizationSpec.HandoffSecretSuffix, StringComparison.Ordinal),
                "spec.secret.name",
                "names that end with -visma-grant or -visma-handoff are kept for the Secrets of a person's consent: choose another name");
        }

        findings.Require(secret.DeletionPolicy != DeletionPolicy.Unrecognized, "spec.secret.deletionPolicy", NameRules.UnknownValue);
        if (secret.Template is { } template)
        {
            CheckType(findings, template.Type);
            CheckKeys(findings, $"{Template}.metadata.labels", template.Metadata?.Labels, allowLists);
            CheckKeys(findings, $"{Template}.metadata.annotations", template.Metadata?.Annotations, allowLists);
            CheckLabelValues(findings, template.Metadata?.Labels);
            CheckData(findings, template.Data);
        }

        CheckPresets(findings, secret);
        CopyRules.Check(findings, secret.Copies);
    }

    private static void CheckPresets(Findings findings, SecretSpec secret)
    {
        for (var index = 0; index < secret.Presets.Count; index++)
        {
            findings.Require(
                secret.Presets[index] != SecretPreset.Unrecognized,
                FieldPath.Item("spec.secret.presets", index),
                NameRules.UnknownValue
            );
        }

        findings.Require(
            !(secret.Template?.Data?.Keys ?? []).Intersect(secret.Presets.SelectMany(PresetKeys.Of), StringComparer.Ordinal).Any(),
            "spec.secret.presets",
            "a preset writes the key of its name, and service-binding writes type, provider and uri; template.data has one of these keys, "
            + "too: remove it there, or remove the preset"
        );
    }

    private static void CheckType(Findings findings, string type)
    {
        const string Path = $"{Template}.type";
        findings.Require(
            Patterns.SecretType.IsMatch(type),
            Path,
            "the type of a Secret is made of letters, digits, dots, dashes, underscores and slashes, such as Opaque or example.com/token");
        findings.Require(
            !Patterns.ReservedSecretType.IsMatch(type),
            Path,
            "the types of kubernetes.io, k8s.io and visma-operator.io have a meaning in the cluster and are refused: use Opaque or a "
            + "type of your own domain"
        );
    }

    private static void CheckKeys(Findings findings, string path, IReadOnlyDictionary<string, string>? entries, AllowLists allowLists)
    {
        foreach (var key in (entries ?? new Dictionary<string, string>()).Keys)
        {
            var keyPath = FieldPath.Member(path, key);
            CheckKey(findings, keyPath, key);
            findings.Require(
                allowLists.AllowsMetadataKey(key),
                keyPath,
                $"the administrator allows only keys that begin with {string.Join(", ", allowLists.AllowedMetadataPrefixes)}: remove "
                + "the key, or ask for it to be added to --allowed-metadata-prefixes"
            );
        }
    }

    /// <summary>What the key of a label or annotation that a template sets must fulfil, whatever the administrator allows.</summary>
    internal static void CheckKey(Findings findings, string path, string key)
    {
        findings.Require(
            Patterns.MetadataKey.IsMatch(key),
            path,
            "a key is an optional domain in lower case with a slash and a name of at most 63 letters, digits, dots, dashes and "
            + "underscores, such as example.com/team: correct the key"
        );
        findings.Require(
            !Patterns.ReservedMetadataKey.IsMatch(key),
            path,
            "keys of kubernetes.io, k8s.io, argoproj.io and visma-operator.io steer the cluster, Argo CD or the operator and are "
            + "refused: remove them or use a key of your own domain"
        );
    }

    private static void CheckLabelValues(Findings findings, IReadOnlyDictionary<string, string>? labels)
    {
        foreach (var (key, value) in labels ?? new Dictionary<string, string>())
        {
            findings.Require(
                Patterns.LabelValue.IsMatch(value),
                FieldPath.Member($"{Template}.metadata.labels", key),
                "the value of a label is made of at most 63 letters, digits, dots, dashes and underscores and begins and ends with a "
                + "letter or digit: correct it, or use an annotation"
            );
        }
    }

    private static void CheckData(Findings findings, IReadOnlyDictionary<string, string>? data)
    {
        foreach (var (key, value) in data ?? new Dictionary<string, string>())
        {
            var path = FieldPath.Member($"{Template}.data", key);
            findings.Require(
                Patterns.SecretKey.IsMatch(key) && key != "." && !key.StartsWith("..", StringComparison.Ordinal),
                path,
                "a key of a Secret is made of at most 253 letters, digits, dots, dashes and underscores, and neither is a dot nor "
                + "begins with two: correct the key"
            );
            findings.Require(
                !StandardKeys.All.Contains(key),
                path,
                "the keys access_token, token_type, authorization, expires_at, scope, tenant_id, api_version and base_url are always "
                + "written and cannot be redefined: choose another key"
            );
            findings.Require(
                TemplateText.IsValid(value),
                path,
                "a reference ${...} must name one of access_token, token_type, authorization, expires_at, scope, tenant_id, api_version "
                + "and base_url and end with a brace: correct the reference"
            );
        }
    }
}
