namespace VismaOperator.Checking;

/// <summary>Reasons that only <c>check</c> gives; those of a spec are <see cref="Rules.ProblemReasons"/>.</summary>
internal static class CheckReasons
{
    /// <summary>The file is not YAML or holds something that is no object of Kubernetes.</summary>
    internal const string UnreadableManifest = nameof(UnreadableManifest);

    /// <summary>A kind or version of the operator's group that does not exist.</summary>
    internal const string UnknownKind = nameof(UnknownKind);

    /// <summary>The same object twice.</summary>
    internal const string DuplicateObject = nameof(DuplicateObject);

    /// <summary>The client is not among the files.</summary>
    internal const string ClientMissing = nameof(ClientMissing);

    /// <summary>The client does not allow the connection's namespace.</summary>
    internal const string NamespaceNotAllowed = nameof(NamespaceNotAllowed);

    /// <summary>The client does not serve the tenant with these scopes to the namespace.</summary>
    internal const string TenantNotAllowed = nameof(TenantNotAllowed);

    /// <summary>Two connections publish in the same Secret, or one in a Secret that the files declare.</summary>
    internal const string SecretNotOwned = nameof(SecretNotOwned);

    /// <summary>A referenced Secret is not among the files.</summary>
    internal const string SecretMissing = nameof(SecretMissing);

    /// <summary>A referenced Secret lacks the key.</summary>
    internal const string SecretKeyMissing = nameof(SecretKeyMissing);

    /// <summary>A client that other namespaces may use for every tenant.</summary>
    internal const string OpenClient = nameof(OpenClient);

    /// <summary>A secret that has expired or soon will.</summary>
    internal const string SecretExpiring = nameof(SecretExpiring);

    /// <summary>A base URL that is known to be no API.</summary>
    internal const string NotAnApiUrl = nameof(NotAnApiUrl);

    /// <summary>A scope of Visma's other kind of integration than the grant.</summary>
    internal const string ScopeOfOtherGrant = nameof(ScopeOfOtherGrant);

    /// <summary>A person's consent whose redirect URI only the operator knows.</summary>
    internal const string RedirectNotDeclared = nameof(RedirectNotDeclared);

    /// <summary>A person would sign in over plain http.</summary>
    internal const string InsecureConsent = nameof(InsecureConsent);
}
