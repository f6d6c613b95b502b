namespace VismaOperator.IntegrationTests.Support;

/// <summary>
/// Which process is killed where, drawn from a seed before anything runs, so that the seed replays it with any timing. Points are dealt
/// like cards: each comes up as often as any other, and in as few as a dozen kills all of them do.
/// </summary>
internal static class KillPlan
{
    // The grace of a minute must outlast a batch: the first one that was killed recovers only when no other is killed any more.
    private const int Batch = 5;

    /// <summary>Batches of kills, each of different connections.</summary>
    /// <param name="seed">What everything is drawn from.</param>
    /// <param name="kills">How many there are in all.</param>
    /// <param name="connections">How many connections there are to strike.</param>
    public static IReadOnlyList<IReadOnlyList<Strike>> Draw(int seed, int kills, int connections)
    {
        var random = new Random(seed);
        return [.. Points(random).Take(kills).Chunk(Batch).Select(points => (IReadOnlyList<Strike>)
            [.. Shuffled(random, Enumerable.Range(0, connections)).Zip(points, (connection, point) => new Strike(connection, point))])];
    }

    private static IEnumerable<KillPoint> Points(Random random)
    {
        while (true)
        {
            foreach (var point in Shuffled(random, KillPoints.All))
            {
                yield return point;
            }
        }
    }

    private static T[] Shuffled<T>(Random random, IEnumerable<T> cards)
    {
        T[] deck = [.. cards];
        random.Shuffle(deck);
        return deck;
    }
}

/// <summary>One kill.</summary>
/// <param name="Connection">The number of the connection whose exchange is under way.</param>
/// <param name="Point">Where in it.</param>
internal sealed record Strike(int Connection, KillPoint Point);
