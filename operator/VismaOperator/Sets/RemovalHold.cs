using System.Globalization;
using VismaOperator.Api;

namespace VismaOperator.Sets;

/// <summary>
/// Whether connections of tenants that left the list are removed: a list that lost many at once was more often broken than meant.
/// </summary>
/// <param name="Count">How many there are to remove.</param>
/// <param name="IsHeld">True where they wait for a person.</param>
/// <param name="Confirmed">The count that confirms nothing else from now on; null where there is none.</param>
internal sealed record RemovalHold(int Count, bool IsHeld, int? Confirmed)
{
    private const int AlwaysAtOnce = 5;
    private const int Share = 10; // one of so many

    /// <summary>How many of the confirmed removals are to be done; null where none was confirmed.</summary>
    public int? Left { get; init; }

    /// <summary>True where it is held since the list that somebody else keeps is empty.</summary>
    public bool IsEmptied { get; init; }

    /// <summary>
    /// True where status does not say yet what the annotation confirms. It must before the first removal: what is left of them could not
    /// be told from other removals after a failure or a restart.
    /// </summary>
    public bool IsToBeTold { get; init; }

    /// <summary>
    /// The decision. A count that was begun once confirms nothing beyond it before the annotation changes; nor does one that met no hold.
    /// </summary>
    /// <param name="set">The set, with its annotation and what was carried out.</param>
    /// <param name="connections">How many connections it has.</param>
    /// <param name="removals">How many of them have no tenant any more.</param>
    /// <param name="list">The tenants.</param>
    public static RemovalHold Of(VismaConnectionSet set, int connections, int removals, TenantList.Known list)
    {
        var isEmptied = !list.IsDeclared && list.Tenants.Count == 0 && list.Unclear.Count == 0;
        var isMany = removals > Math.Max(AlwaysAtOnce, connections / Share) || (isEmptied && removals > 0);
        var annotation = CountOf(set);
        var isUsed = annotation is not null && annotation == set.Status.ConfirmedRemovals;
        var isUnderWay = isUsed && removals > 0 && removals <= set.Status.RemovalsLeft;
        return isUnderWay || !isMany ? new(removals, IsHeld: false, annotation) { Left = isUnderWay ? removals : null }
            : annotation == removals && !isUsed ? new(removals, IsHeld: false, annotation) { Left = removals, IsToBeTold = true }
            : new(removals, IsHeld: true, isUsed ? annotation : null) { IsEmptied = isEmptied };
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
