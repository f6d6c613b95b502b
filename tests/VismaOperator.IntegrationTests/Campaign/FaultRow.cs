namespace VismaOperator.FaultCampaign;

/// <summary>
/// One cause of the fault campaign, and what a person on call sees of it. The integration test compares the row with reality, and
/// <c>docs/fault-campaign.md</c> is written from it.
/// </summary>
/// <param name="Number">Its number in the page; 0 is the connection that is well.</param>
/// <param name="Cause">The cause, in the words of whoever has it.</param>
/// <param name="Made">How the test makes it.</param>
internal sealed record FaultRow(int Number, string Cause, string Made)
{
    /// <summary>What is expected to be seen.</summary>
    public required FaultSigns Signs { get; init; }

    /// <summary>For each column that has nothing, why.</summary>
    public FaultSigns Why { get; init; } = new();

    /// <summary>What is seen where the cause comes after a first token; null where that is no case of its own.</summary>
    public FaultSigns? Later { get; init; }

    /// <summary>What else the reader should know; null where that is nothing.</summary>
    public string? Note { get; init; }
}

/// <summary>What is seen of one cause, in five columns. Each entry stands on a line of its own in the page.</summary>
internal sealed record FaultSigns
{
    /// <summary>Conditions that are not as they are on a good day: <c>Ready=False ClientRefused</c>.</summary>
    public IReadOnlyList<string> Conditions { get; init; } = [];

    /// <summary>Events: <c>Warning ClientRefused</c>.</summary>
    public IReadOnlyList<string> Events { get; init; } = [];

    /// <summary>Series that are not as they are on a good day.</summary>
    public IReadOnlyList<string> Metrics { get; init; } = [];

    /// <summary>Alerts of the chart whose expression holds.</summary>
    public IReadOnlyList<string> Alerts { get; init; } = [];

    /// <summary>Lines of <c>doctor --request</c> that a connection that is well does not have.</summary>
    public IReadOnlyList<string> Doctor { get; init; } = [];

    /// <summary>The columns in the order of the page.</summary>
    public IReadOnlyList<(string Column, IReadOnlyList<string> Cell)> Columns =>
    [
        ("condition", Conditions),
        ("event", Events),
        ("metric", Metrics),
        ("alert", Alerts),
        ("doctor", Doctor),
    ];
}
