namespace VismaOperator.Cli.Check;

/// <summary>What stands in written manifests where a value is not known yet. It keeps the rules, so only <c>check</c> finds it.</summary>
internal static class Placeholders
{
    /// <summary>Instead of a client id.</summary>
    internal const string ClientId = "YOUR_CLIENT_ID";

    /// <summary>Instead of a tenant id; no company has it.</summary>
    internal const string TenantId = "00000000-0000-0000-0000-000000000000";

    /// <summary>Instead of a client secret.</summary>
    internal const string ClientSecret = "YOUR_CLIENT_SECRET";
}
