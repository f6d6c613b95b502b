using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Api.Validation;

namespace VismaOperator.Sets;

/// <summary>What the template of one generation of a set makes of one list of tenants.</summary>
internal sealed record RenderedTemplate(string? Uid, long? Generation, IReadOnlyList<SetTenant> Tenants)
{
    /// <summary>The connections that keep the rules.</summary>
    public required IReadOnlyList<WantedConnection> Wanted { get; init; }

    /// <summary>Tenants of which the template makes no valid connection, with the rule that it breaks.</summary>
    public required IReadOnlyDictionary<string, Problem> Broken { get; init; }

    /// <summary>Why no tenant has a valid connection; null where one has.</summary>
    public Problem? Problem => Wanted.Count == 0 && Tenants is [var first, ..] ? Broken[first.Name] : null;

    /// <summary>Makes and judges them.</summary>
    public static RenderedTemplate Of(VismaConnectionSet set, IReadOnlyList<SetTenant> list, AllowLists allowLists)
    {
        var (wanted, broken) = (new List<WantedConnection>(), new Dictionary<string, Problem>(StringComparer.Ordinal));
        foreach (var (connection, tenant) in SetConnections.Render(set, list).Zip(list))
        {
            if (SetConnections.Check(connection, allowLists) is [var first, ..])
            {
                broken[tenant.Name] = SetProblems.Invalid(first, tenant.Name);
            }
            else
            {
                wanted.Add(new WantedConnection(connection));
            }
        }

        return new(set.Metadata.Uid, set.Metadata.Generation, list) { Wanted = wanted, Broken = broken };
    }

    /// <summary>True where it would be the same again.</summary>
    public bool IsOf(VismaConnectionSet set, IReadOnlyList<SetTenant> list) =>
        (Uid, Generation) == (set.Metadata.Uid, set.Metadata.Generation) && Tenants.SequenceEqual(list);
}
