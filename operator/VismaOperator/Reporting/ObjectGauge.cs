namespace VismaOperator.Reporting;

/// <summary>
/// A gauge with a series for each object. It is read from the store when somebody asks, and kept nowhere. So no object is missing, none
/// that was deleted stays, and no memory is needed in between.
/// </summary>
internal abstract class ObjectGauge(string name, string help)
{
    /// <summary>Name of the metric.</summary>
    public string Name => name;

    /// <summary>What it measures, in one sentence without line breaks.</summary>
    public string Help => help;

    /// <summary>
    /// Hands the series of one object after another to <paramref name="sink"/>; gives the number of objects that were read, after each.
    /// </summary>
    public abstract IEnumerable<int> Read(ISeriesSink sink);
}

/// <summary>A gauge over the objects of one kind.</summary>
/// <param name="name">Name of the metric.</param>
/// <param name="help">What it measures.</param>
/// <param name="objects">The objects.</param>
/// <param name="read">Hands the series of one object to the sink; none where the object has no such value.</param>
internal sealed class ObjectGauge<T>(string name, string help, Func<IEnumerable<T>> objects, Action<T, ISeriesSink> read)
    : ObjectGauge(name, help)
{
    /// <inheritdoc/>
    public override IEnumerable<int> Read(ISeriesSink sink)
    {
        var count = 0;
        foreach (var each in objects())
        {
            read(each, sink);
            yield return ++count;
        }
    }
}

/// <summary>Takes series in.</summary>
internal interface ISeriesSink
{
    /// <summary>One series with its value now.</summary>
    void Add(long value, params ReadOnlySpan<SeriesLabel> labels);
}

/// <summary>A label of a series.</summary>
/// <param name="Name">Name, in snake case.</param>
/// <param name="Value">Value; any text.</param>
internal readonly record struct SeriesLabel(string Name, string Value);
