namespace VismaOperator.Cli.Check;

/// <summary>
/// Reasons that only <c>check</c> gives. What the operator finds as well has the same name there: <see cref="Lifecycle.Reason"/>.
/// </summary>
internal static class CheckReasons
{
    /// <summary>The file is not YAML or holds something that is no object of Kubernetes.</summary>
    internal const string UnreadableManifest = nameof(UnreadableManifest);

    /// <summary>Something that may hold manifests was passed over, or kubectl would not read it.</summary>
    internal const string NotRead = nameof(NotRead);

    /// <summary>A file that holds no manifest was passed over, or one that was named has no object in it.</summary>
    internal const string NoManifest = nameof(NoManifest);

    /// <summary>A key that kubectl reads as another text.</summary>
    internal const string KeyNotQuoted = nameof(KeyNotQuoted);

    /// <summary>Applying the manifests would make a connection of the cluster lose its Secret.</summary>
    internal const string WouldLoseSecret = nameof(WouldLoseSecret);

    /// <summary>An object without a name of its own.</summary>
    internal const string GeneratedName = nameof(GeneratedName);

    /// <summary>A document that SOPS has encrypted.</summary>
    internal const string EncryptedManifest = nameof(EncryptedManifest);

    /// <summary>A kind or version of the operator's group that does not exist.</summary>
    internal const string UnknownKind = nameof(UnknownKind);

    /// <summary>The same object twice.</summary>
    internal const string DuplicateObject = nameof(DuplicateObject);

    /// <summary>One tenant id under two names in a set.</summary>
    internal const string DuplicateTenant = nameof(DuplicateTenant);

    /// <summary>A place that was to be filled in.</summary>
    internal const string NotFilledIn = nameof(NotFilledIn);

    /// <summary>A client that other namespaces may use for every tenant.</summary>
    internal const string OpenClient = nameof(OpenClient);

    /// <summary>A base URL that is known to be no API.</summary>
    internal const string NotAnApiUrl = nameof(NotAnApiUrl);

    /// <summary>A probe that will most likely not be accepted.</summary>
    internal const string UnlikelyProbe = nameof(UnlikelyProbe);

    /// <summary>A scope of Visma's other kind of integration than the grant.</summary>
    internal const string ScopeOfOtherGrant = nameof(ScopeOfOtherGrant);

    /// <summary>A person's consent whose redirect URI only the operator knows.</summary>
    internal const string RedirectNotDeclared = nameof(RedirectNotDeclared);

    /// <summary>A person would sign in over plain http.</summary>
    internal const string InsecureConsent = nameof(InsecureConsent);
}
