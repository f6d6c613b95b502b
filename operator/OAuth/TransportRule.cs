namespace OAuth;

/// <summary>Which URL schemes may be contacted.</summary>
public enum TransportRule
{
    /// <summary>https only.</summary>
    HttpsOnly,

    /// <summary>http too, for development: credentials then cross the network in the clear.</summary>
    HttpAllowed,
}
