using OAuth;
using VismaConnect.StandIn;
using VismaOperator.Grants;

namespace VismaOperator.Tests.Crashes;

/// <summary>
/// Watches a simulation from outside, where everything is seen: which token the provider issued to whom, whether the answer arrived, what
/// the cluster stored. It says what must never happen, and sorts what cannot be helped.
/// </summary>
internal sealed class Judge(World world, StandInRefreshTokens kind)
{
    private readonly List<Issue> issues = [];
    private readonly Dictionary<string, LossKind?> revokedBy = [];

    // A token that was given up once is lost, however often somebody asks for another try; unless its successor is stored in its place.
    private readonly Dictionary<string, LossKind?> refused = [];

    // Tokens that were stored over a refusal when the provider had revoked all of their family already, with the loss that this is.
    private readonly Dictionary<string, LossKind> deadOnArrival = [];

    /// <summary>What must not happen and did.</summary>
    public List<(ViolationKind Kind, string Text)> Violations { get; } = [];

    /// <summary>Grants that were lost as cannot be helped.</summary>
    public List<LossKind> Losses { get; } = [];

    /// <summary>How often a token was stored in the place of one whose refusal was recorded.</summary>
    public int StoredOverARefusal { get; private set; }

    /// <summary>How often the provider took what was so stored, so that nothing is lost.</summary>
    public int TakenBack { get; private set; }

    /// <summary>Requests to the token endpoint.</summary>
    public int Requests { get; private set; }

    /// <summary>The grant was revoked because its connection was gone for long.</summary>
    public bool WasRevokedOnPurpose { get; private set; }

    /// <summary>True while a process that lives has something to store.</summary>
    public bool IsAwaitingStore =>
        world.Replicas.Exists(replica => replica.Parts.PendingGrants.Find(World.Key) is not null)
        || issues.Exists(issue =>
            issue is { From: null, IsPending: true } && world.Time.GetUtcNow() - issue.IssuedAt < TimeSpan.FromMinutes(6)
        );

    /// <summary>The provider processed a request.</summary>
    /// <param name="letter">The request with its verdict.</param>
    /// <param name="stored">What the cluster held just before.</param>
    public void Processed(Letter letter, GrantDocument? stored)
    {
        Requests++;
        if (letter.Trace is not { } trace)
        {
            return;
        }

        world.Note($"the provider: {trace.Verdict} of generation {trace.Generation} for {letter.From}");
        if (
            issues.Exists(issue => issue.From == letter.Presents && issue is { From: not null, IsStored: true })
            && kind.Usage == RefreshTokenUsage.OneTime
        )
        {
            Excuse(letter, ViolationKind.SuccessorStored, "a token was spent whose successor is stored");
        }

        if (trace.RevokedFamily)
        {
            revokedBy[trace.Family] = ExcuseOf(letter);
            if (IsLiveOf(trace.Family, stored))
            {
                Excuse(letter, ViolationKind.LiveRevoked, "a family was revoked of which a live token is stored");
            }
        }

        if (trace.Issued is { } issued && issued != letter.Presents)
        {
            issues.Add(
                new Issue(letter, issued, world.Time.GetUtcNow())
                {
                    Accidents = world.Api.Accidents,
                    Attempts = world.Connection()?.Status.Failure?.Attempts ?? 0,
                }
            );
        }
    }

    /// <summary>The answer is with the process that asked.</summary>
    public void Delivered(Letter letter)
    {
        if (letter.Outcome is TokenOutcome.Granted && Find(letter.Trace?.Issued) is { } issue)
        {
            issue.DeliveredAt = world.Time.GetUtcNow();
        }
    }

    /// <summary>The cluster stored a grant.</summary>
    public void Stored(Replica by, GrantDocument document)
    {
        WasRevokedOnPurpose |= document.RevocationTime is not null;
        if (document.Held is not { } held)
        {
            return;
        }

        var token = GrantTrace.HashOf(held.RefreshToken.Reveal());
        if (document.Intent is { } intent && intent.TokenHash == token)
        {
            var isAnnounced = intent.TakeoverTime is not null;
            foreach (var issue in issues.Where(issue => issue.To != by && issue.From == token))
            {
                issue.NoteTakeover(isAnnounced);
            }
        }

        if (Find(token) is { IsStored: false } stored)
        {
            stored.IsStored = true;
            TakeBack(by, stored);
        }

        if (held.RefusalTime is not null && !refused.ContainsKey(token))
        {
            refused[token] = Lose(token);
            if (refused[token] is { } loss)
            {
                world.Note($"{by} gives the grant up: {loss}");
                Losses.Add(loss);
            }
        }
    }

    // Nothing is lost, after all; or it comes out at the next exchange that it is.
    private void TakeBack(Replica by, Issue stored)
    {
        if (stored.From is not { } spent || !refused.Remove(spent, out var loss))
        {
            return;
        }

        StoredOverARefusal++;
        world.Note($"{by} stores the successor of a token whose refusal was recorded");
        if (loss is not { } lost || !Losses.Remove(lost))
        {
            return;
        }

        if (FamilyOf(stored.Token).IsRevoked)
        {
            deadOnArrival[stored.Token] = lost;
        }
        else
        {
            TakenBack++;
        }
    }

    /// <summary>A process wrote something other than a grant.</summary>
    public void Wrote(Replica by)
    {
        if (!world.Api.IsOut)
        {
            Attempted(by);
        }
    }

    /// <summary>A process had the chance to write.</summary>
    public void Attempted(Replica by)
    {
        foreach (var issue in issues.Where(issue => issue.To == by && issue.IsPending))
        {
            issue.WasAttempted = true;
        }
    }

    /// <summary>A token was revoked at the revocation endpoint.</summary>
    public void Revoked(GrantTrace trace, GrantDocument? stored)
    {
        world.Note($"the provider revokes a family, as asked");
        revokedBy[trace.Family] = null;
        if (!IsLiveOf(trace.Family, stored))
        {
            return;
        }

        if (world.Connection() is null || stored?.RevocationTime is not null)
        {
            WasRevokedOnPurpose = true;
        }
        else
        {
            Violate(ViolationKind.LiveRevoked, "a process asked to revoke a family of which a live token is stored");
        }
    }

    /// <summary>A process has died. What it held is gone with it.</summary>
    public void Died(Replica replica)
    {
        foreach (var issue in issues.Where(issue => issue.To == replica && issue is { IsDelivered: true, IsStored: false }))
        {
            issue.DiedInTime = issue.HealthySeconds == 0 || (!issue.WasAttempted && issue.HealthySeconds <= 1);
        }
    }

    /// <summary>Time has passed.</summary>
    public void Passed(TimeSpan by)
    {
        var leader = world.Lease.ActingHolder;
        foreach (var issue in issues.Where(issue => !issue.IsStored))
        {
            issue.WasCutOff |= issue is { IsDelivered: true, To.IsCutOff: true };
            issue.HealthySeconds += issue is { IsDelivered: true, To: { IsActing: true, IsCutOff: false } } && !world.Api.IsOut
                ? Within(by, issue.DeliveredAt!.Value)
                : 0;
            if (world.Time.GetUtcNow() < issue.IssuedAt + kind.Grace && issue.IssuedAt < world.Time.GetUtcNow())
            {
                issue.CountChance(world.Api.IsOut || world.Provider.Next is not null || world.Connection() is null ? null : leader, by);
            }
        }
    }

    public void Bug(Exception failure) => Violate(ViolationKind.Bug, failure.ToString());

    public void Violate(ViolationKind what, string text)
    {
        world.Note($"VIOLATION {what}: {text}");
        Violations.Add((what, text));
    }

    /// <summary>At the end: a consent that was received is stored, unless its process died at once or a later one took its place.</summary>
    public void CheckConsents()
    {
        var codes = issues.Where(issue => issue.From is null).ToList();
        foreach (var dropped in codes.Where(issue => issue.IsDelivered && !issue.IsStored && issue.DiedInTime != true))
        {
            if (
                !codes.Exists(other => other != dropped && other.IsStored && other.IssuedAt >= dropped.IssuedAt - TimeSpan.FromMinutes(2))
                && world.Connection() is not null
            )
            {
                Violate(ViolationKind.GrantLost, "a consent was received and never stored");
            }
        }
    }

    /// <summary>At the end: where a refusal is recorded, nobody received a successor that the provider takes.</summary>
    public void CheckRefusal(HeldGrant? held)
    {
        var token = held is { RefusalTime: not null } ? GrantTrace.HashOf(held.RefreshToken.Reveal()) : null;
        foreach (var successor in issues.Where(issue => token is not null && issue.From == token && issue.IsDelivered))
        {
            if (successor is { IsStored: false, DiedInTime: not true } && IsLive(successor.Token))
            {
                Violate(ViolationKind.GrantLost, $"{successor.To} received a successor that the provider takes, and it is not stored");
            }
        }
    }

    // A leap may have begun long before.
    private double Within(TimeSpan by, DateTimeOffset since) => Math.Min(by.TotalSeconds, (world.Time.GetUtcNow() - since).TotalSeconds);

    private Issue? Find(string? token) => issues.Find(issue => issue.Token == token);

    private GrantFamily FamilyOf(string token) =>
        world.Provider.Grants.Families.Single(family => family.RefreshTokens.Any(issued => issued.Sha256 == token));

    private bool IsLive(string token) => FamilyOf(token).RefreshTokens.Any(issued => issued.Sha256 == token && issued.IsLive);

    private bool IsLiveOf(string family, GrantDocument? stored)
    {
        if (
            stored?.Held is not { } held
            || world.Provider.Grants.FamilyOf(held.RefreshToken.Reveal()) is not { } found
            || found.Id != family
        )
        {
            return false;
        }

        var token = GrantTrace.HashOf(held.RefreshToken.Reveal());
        return found.RefreshTokens.Any(issued => issued.Sha256 == token && issued.ConsumedAt is null);
    }

    // What cannot be promised: a request that left before the successor was stored, held up in a stopped process or on its way.
    private static LossKind? ExcuseOf(Letter letter) =>
        letter.From.WasPausedInside ? LossKind.SentByAStoppedProcess
        : letter.IsLate ? LossKind.ProcessedLate
        : null;

    private void Excuse(Letter letter, ViolationKind what, string text)
    {
        if (ExcuseOf(letter) is null)
        {
            Violate(what, $"{text}, by {letter.From}");
        }
    }

    private LossKind? Lose(string token)
    {
        if (revokedBy.GetValueOrDefault(FamilyOf(token).Id) is { } excuse)
        {
            return excuse;
        }

        if (deadOnArrival.TryGetValue(token, out var earlier))
        {
            return earlier;
        }

        var successors = issues.Where(issue => issue.From == token).ToList();
        if (successors.Count == 0 || successors.Exists(issue => issue.IsStored))
        {
            return Lost(
                successors.Count == 0 ? "it was refused although nobody had spent it" : "its successor was stored and is not there any more"
            );
        }

        if (successors.Exists(issue => issue.HadChance))
        {
            return Lost("the provider would have accepted the old token for long enough");
        }

        if (successors.Exists(issue => issue.IsAwaited))
        {
            return Lost("the process that had sent it was still waiting for the answer");
        }

        return successors.Find(issue => issue.IsDelivered) is { } received
            ? OfReceived(received)
            : kind.Grace > TimeSpan.Zero ? LossKind.GraceOver
            : successors.Exists(issue => issue.To.IsDead) ? LossKind.AnswerDied
            : LossKind.AnswerLost;
    }

    private LossKind? OfReceived(Issue received) => received switch
    {
        { To.IsDead: true, DiedInTime: true } => LossKind.DiedWithinOneWrite,
        { To.IsPaused: true } or { To.WasPausedInside: true } => LossKind.HeldByAStoppedProcess,
        { HadNoWayInTime: true } => LossKind.HeldByACutOffProcess,
        _ => Lost($"{received.To} had received its successor for {received.HealthySeconds} s"),
    };

    private LossKind? Lost(string text)
    {
        Violate(ViolationKind.GrantLost, $"a grant is lost: {text}");
        return null;
    }
}

/// <summary>A refresh token that the provider issued, and how far it came.</summary>
internal sealed class Issue(Letter letter, string token, DateTimeOffset issuedAt)
{
    private const int LongForTheOwner = 4;
    private const int LongForAnother = 25;

    private Replica? leader;
    private double leading;
    private double? healthyAtTakeover;
    private double healthyBefore;

    public string Token => token;

    /// <summary>The token that was spent for it; null when it was a code.</summary>
    public string? From => letter.Presents;

    public Replica To => letter.From;

    public DateTimeOffset IssuedAt => issuedAt;

    public bool IsDelivered => DeliveredAt is not null;

    /// <summary>Its answer is on its way to a process that is there for it.</summary>
    public bool IsAwaited => !IsDelivered && !letter.IsOver && To is { IsActing: true, WasPausedInside: false };

    public DateTimeOffset? DeliveredAt { get; set; }

    public bool IsStored { get; set; }

    public bool IsPending => IsDelivered && !IsStored && !To.IsDead;

    /// <summary>How long its holder could have stored it.</summary>
    public double HealthySeconds { get; set; }

    /// <summary>Its holder wrote something, or wrote this and lost a race.</summary>
    public bool WasAttempted { get; set; }

    /// <summary>Its holder died before it could be expected to have stored it; null while it lives.</summary>
    public bool? DiedInTime { get; set; }

    /// <summary>Accidents that the API server had had before.</summary>
    public int Accidents { get; init; }

    /// <summary>Failures in a row before it was issued: with several, the next attempt may be minutes away.</summary>
    public int Attempts { get; init; }

    /// <summary>Within the grace somebody led undisturbed for so long that the old token should have been sent again.</summary>
    public bool HadChance { get; private set; }

    /// <summary>Its holder was without a way to the API server.</summary>
    public bool WasCutOff { get; set; }

    /// <summary>
    /// Its holder was cut off, and was back for no more than two looks before another process had waited for it and sent the old token.
    /// </summary>
    public bool HadNoWayInTime => WasCutOff && healthyAtTakeover <= 2;

    /// <summary>
    /// Another process writes that it is about to send the token that was spent for it. From then on its holder waits, until a third one
    /// announces that it takes over from that one: then it can store it again.
    /// </summary>
    public void NoteTakeover(bool isAnnounced)
    {
        if (!isAnnounced)
        {
            healthyAtTakeover ??= HealthySeconds - healthyBefore;
        }
        else if (healthyAtTakeover is not null)
        {
            (healthyAtTakeover, healthyBefore) = (null, HealthySeconds);
        }
    }

    public void CountChance(Replica? now, TimeSpan by)
    {
        var isWaiting = now == To && !letter.IsOver;
        leading = now is not null && now == leader && !isWaiting ? leading + by.TotalSeconds : 0;
        leader = now;
        HadChance |= Attempts <= 1 && leading >= (now == To && To.WasPausedInside is false ? LongForTheOwner : LongForAnother);
    }
}

/// <summary>What must never happen.</summary>
internal enum ViolationKind
{
    /// <summary>
    /// A grant was lost although its successor had been received for longer than one write, or the provider would still have taken the old
    /// token.
    /// </summary>
    GrantLost,

    /// <summary>A token was spent whose successor is stored.</summary>
    SuccessorStored,

    /// <summary>A family was revoked of which a live token is stored.</summary>
    LiveRevoked,

    /// <summary>The end is neither Ready with a live grant nor Stalled for want of a consent.</summary>
    WrongEnd,

    /// <summary>A reconcile ended in an exception that no outage explains.</summary>
    Bug,
}

/// <summary>Why a grant was lost that could not be saved.</summary>
internal enum LossKind
{
    /// <summary>The answer died with the process, and the provider gives no grace.</summary>
    AnswerDied,

    /// <summary>The answer was lost on its way, and the provider gives no grace.</summary>
    AnswerLost,

    /// <summary>The answer was lost, and the grace was over before anybody could send again.</summary>
    GraceOver,

    /// <summary>The process died within one write of receiving, or while the API server took none.</summary>
    DiedWithinOneWrite,

    /// <summary>A process that was stopped between check and write sent once more.</summary>
    SentByAStoppedProcess,

    /// <summary>A request was processed after its sender had given up.</summary>
    ProcessedLate,

    /// <summary>A stopped process held the successor for longer than others wait.</summary>
    HeldByAStoppedProcess,

    /// <summary>A process without a way to the API server held it for longer than others wait.</summary>
    HeldByACutOffProcess,
}
