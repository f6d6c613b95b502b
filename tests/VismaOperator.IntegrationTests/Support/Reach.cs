namespace VismaOperator.IntegrationTests.Support;

/// <summary>Which namespaces an operator serves, and with which roles of the chart.</summary>
internal enum Reach
{
    /// <summary>Those of its scene, with a Role in each, as with the chart's value <c>namespaces</c>.</summary>
    Listed,

    /// <summary>All, with a ClusterRole, as with the chart's defaults.</summary>
    Cluster,
}

/// <summary>The reach of the operators of this run.</summary>
internal static class Reaches
{
    /// <summary>The variable that says <c>listed</c> (default) or <c>cluster</c>. <c>tests/run.sh</c> runs the suite with
    /// <c>listed</c>, and what has the trait Reach=Cluster with <c>cluster</c> as well.</summary>
    public const string Variable = "TEST_OPERATOR_REACH";

    /// <summary>What the variable says.</summary>
    public static Reach OfThisRun { get; } =
        Enum.Parse<Reach>(
            Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } word ? word : nameof(Reach.Listed),
            ignoreCase: true
        );
}
