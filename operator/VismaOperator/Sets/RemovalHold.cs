using System.Globalization;
using VismaOperator.Api;

namespace VismaOperator.Sets;

/// <summary>
/// Whether connections of tenants that left the list are removed: a list that lost many at once was more often broken than meant.
/// </summary>
/// <param name="Count">How many there are to remove.</param>
/// <param name="IsHeld">True where they wait for a person.</param>
/// <param name="Confirmed">The count that is confirmed from now on; null where no annotation stands.</param>
internal sealed record RemovalHold(int Count, bool IsHeld, int? Confirmed)
{
    private const int AlwaysAtOnce = 5;
    private const int Share = 10; // one of so many

    /// <summary>The decision. A count that was carried out once confirms nothing else before the annotation changes.</summary>
    /// <param name="set">The set, with its annotation and what was carried out.</param>
    /// <param name="connections">How many connections it has.</param>
    /// <param name="removals">How many of them are of no tenant any more.</param>
    /// <param name="list">The tenants.</param>
    public static RemovalHold Of(VismaConnectionSet set, int connections, int removals, TenantList.Known list)
    {
        var isEmptied = !list.IsDeclared && list.Tenants.Count == 0 && list.Unclear.Count == 0;
        var isMany = removals > Math.Max(AlwaysAtOnce, connections / Share) || (isEmptied && removals > 0);
        var (annotation, used) = (CountOf(set), set.Status.ConfirmedRemovals);
        return !isMany ? new(removals, IsHeld: false, annotation is not null && annotation == used ? used : null)
            : annotation == removals && annotation != used ? new(removals, IsHeld: false, annotation)
            : new(removals, IsHeld: true, annotation is not null && annotation == used ? used : null);
    }

    /// <summary>The count that the annotation names; null where there is none, or no count.</summary>
    public static int? CountOf(VismaConnectionSet set) =>
        int.TryParse(
            set.Metadata.Annotation(VismaNames.ConfirmRemovalsAnnotation),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var count
        )
            ? count
            : null;
}
