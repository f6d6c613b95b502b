namespace VismaOperator.Clients;

/// <summary>Whether a client may be used for a namespace.</summary>
internal enum Allowance
{
    /// <summary>Its owner does not allow the namespace.</summary>
    Denied,

    /// <summary>Its owner allows the namespace.</summary>
    Given,

    /// <summary>The labels decide, and there is no namespace that could have any.</summary>
    NamespaceGone,

    /// <summary>The labels decide, and may not be read.</summary>
    Unknown,
}
