using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;

namespace VismaOperator.Tests.Crashes;

/// <summary>
/// What is wrong with the API server of a simulation: it takes no writes for a while, or the next write meets with an accident. Reading
/// works.
/// </summary>
internal sealed class ApiTrouble
{
    private TaskCompletionSource? outage;
    private bool isOfSecretsOnly;
    private ApiTroubleKind outageKind;
    private (int Writes, ApiTroubleKind Kind)? accident;

    /// <summary>True while writes of everything, or of Secrets only, are not taken.</summary>
    public bool IsOut => outage is not null;

    /// <summary>How many writes met with an accident.</summary>
    public int Accidents { get; private set; }

    /// <summary>True while leases can be written.</summary>
    public bool TakesLeases => outage is null || isOfSecretsOnly;

    /// <summary>Completes with the outage.</summary>
    public Task Over => outage?.Task ?? Task.CompletedTask;

    public void Begin(ApiTroubleKind kind, bool secretsOnly)
    {
        outage ??= new TaskCompletionSource();
        (outageKind, isOfSecretsOnly) = (kind, secretsOnly);
    }

    public void End()
    {
        var over = outage;
        outage = null;
        over?.TrySetResult();
    }

    /// <summary>Lets the write after so many others meet with an accident.</summary>
    public void StrikeLater(int writes, ApiTroubleKind kind) => accident = (writes, kind);

    /// <summary>All is well again.</summary>
    public void Heal()
    {
        accident = null;
        End();
    }

    /// <summary>What happens to a write.</summary>
    public ApiTroubleKind TroubleOf(ClusterRequest request)
    {
        if (outage is not null && (!isOfSecretsOnly || request.Kind == Secret.ResourceKind))
        {
            return outageKind;
        }

        if (accident is not { } coming)
        {
            return ApiTroubleKind.None;
        }

        accident = coming.Writes > 0 ? (coming.Writes - 1, coming.Kind) : null;
        Accidents += coming.Writes > 0 ? 0 : 1;
        return coming.Writes > 0 ? ApiTroubleKind.None : coming.Kind;
    }
}

/// <summary>What can happen to a write.</summary>
internal enum ApiTroubleKind
{
    None,

    /// <summary>503.</summary>
    Refuse,

    /// <summary>The server cannot be reached.</summary>
    Break,

    /// <summary>It is carried out when the outage is over, or given up.</summary>
    Hang,

    /// <summary>It is carried out, and the answer is lost.</summary>
    LoseAnswer,

    /// <summary>Somebody else writes the object first.</summary>
    Conflict,
}
