namespace VismaOperator.IntegrationTests.Support;

/// <summary>
/// Tests that hold the operator to times run alone in their process, else they would measure the machine. <c>tests/run.sh</c> gives them a
/// process of their own, which comes first at the processors, before all others.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class TimePromises
{
    /// <summary>Name of the collection.</summary>
    public const string Name = "time promises";
}
