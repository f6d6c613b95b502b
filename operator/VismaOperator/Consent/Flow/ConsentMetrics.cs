using System.Diagnostics.Metrics;
using VismaOperator.Grants;

namespace VismaOperator.Consent.Flow;

/// <summary>Counts how consents go, on each replica that serves them.</summary>
internal sealed class ConsentMetrics
{
    public const string MeterName = "VismaOperator.Consent";

    private readonly Counter<long> consents;

    /// <summary>Makes the counter, with every label set at zero, so that a rate is right from the first event on.</summary>
    public ConsentMetrics(IMeterFactory meters)
    {
        consents = meters
            .Create(MeterName)
            .CreateCounter<long>(
                "visma_operator_consents",
                "{answer}",
                "Answers to people who begin a consent or come back from the provider, by outcome."
            );
        string[] outcomes =
        [
            nameof(ConsentAnswer.Begun),
            nameof(ConsentAnswer.Granted),
            nameof(ConsentAnswer.StoredSoon),
            .. Enum.GetNames<ConsentFailureCause>(),
        ];
        foreach (var outcome in outcomes)
        {
            Add(0, outcome);
        }
    }

    /// <summary>Counts an answer and hands it on. To look at a link is not counted: machines do it, too.</summary>
    public ConsentAnswer Counted(ConsentAnswer answer)
    {
        Add(1, answer is ConsentAnswer.Failed failed ? failed.Why.ToString() : answer.GetType().Name);
        return answer;
    }

    private void Add(long count, string outcome) => consents.Add(count, new KeyValuePair<string, object?>("outcome", outcome));
}
