namespace VismaOperator.IntegrationTests.Support;

/// <summary>Tests that hold the operator to times run alone: beside others they would measure the machine.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class TimePromises
{
    /// <summary>Name of the collection.</summary>
    public const string Name = "time promises";
}
