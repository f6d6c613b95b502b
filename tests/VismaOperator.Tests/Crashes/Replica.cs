using System.Globalization;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers;
using Kubernetes.Controllers.Leadership;
using Kubernetes.Controllers.Tests.Doubles;
using Microsoft.Extensions.Time.Testing;
using VismaOperator.Api;
using VismaOperator.Grants;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Crashes;

/// <summary>
/// One simulated operator process: the real parts, a clock of its own, and a thread that goes on only while the process lives. It does for
/// one connection what controllers, election and host do: reconcile what is due, end when the lease is lost, store what is pending before
/// that.
/// </summary>
internal sealed class Replica
{
    private static readonly TimeSpan drainDeadline = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan flushDeadline = TimeSpan.FromMinutes(5);

    private readonly World world;
    private readonly CancellationTokenSource stop = new();
    private readonly Keyed connection;
    private readonly Keyed custody;
    private readonly List<Task> visits = [];
    private TaskCompletionSource? pause;
    private TimeSpan missed;
    private string? caughtUp;
    private Task? flush;
    private DateTimeOffset? endsAt;

    public Replica(World world, string name, TimeSpan clockError)
    {
        this.world = world;
        Name = name;
        Time = new FakeTimeProvider(world.Time.GetUtcNow() + clockError);
        Leadership = new ReplicaLeadership(Time);
        Parts = new OperatorParts(
            new ReplicaClient(this, world),
            new ReplicaEndpoints(this, world),
            Leadership,
            Time,
            world.RandomBytes,
            world.LogsOf(this)
        );
        connection = new Keyed(this, Parts.Reconciler);
        custody = new Keyed(this, Parts.Custodian);
        CatchUp();
        visits.Add(Parts.PendingGrants.RunAsync(stop.Token));
    }

    public string Name { get; }

    public FakeTimeProvider Time { get; }

    public ReplicaLeadership Leadership { get; }

    public OperatorParts Parts { get; }

    public KillStage KillStage { get; private set; }

    /// <summary>Killed, or ended.</summary>
    public bool IsDead { get; private set; }

    public bool IsPaused => pause is not null;

    /// <summary>It alone has no way to the API server: neither to read nor to write, nor to renew its lease.</summary>
    public bool IsCutOff { get; private set; }

    /// <summary>Asked to end, or without its lease; it finishes what it has begun.</summary>
    public bool IsEnding { get; private set; }

    /// <summary>It was stopped since the present reconcile began: what it decided before may be wrong by now.</summary>
    public bool WasPausedInside { get; private set; }

    public bool IsActing => !IsDead && !IsPaused;

    /// <summary>When it looks again by itself.</summary>
    public DateTimeOffset? NextLook => IsEnding ? null : Earlier(connection.DueAt, custody.DueAt);

    /// <summary>True while something of it is under way.</summary>
    public bool IsBusy => connection.IsRunning || custody.IsRunning || IsEnding || visits.Skip(1).Any(visit => !visit.IsCompleted);

    /// <summary>True when the watches have told it everything.</summary>
    public bool IsUpToDate => caughtUp == world.Cluster.ResourceVersion;

    public override string ToString() => Name;

    /// <summary>A point at which the process can be struck. It returns when, and only if, the process goes on.</summary>
    public async Task PointAsync(string where)
    {
        if (!IsDead)
        {
            world.AtPoint(this, where);
        }

        while (pause is { } gate && !IsDead)
        {
            await gate.Task;
        }

        if (IsDead)
        {
            await new TaskCompletionSource().Task;
        }
    }

    public void Kill(string how)
    {
        world.Note($"{Name} {how} at {KillStage}");
        IsDead = true;
        world.Judge.Died(this);
        world.Lease.Gone(this);
    }

    public void Pause()
    {
        world.Note($"{Name} stopped at {KillStage}");
        pause ??= new TaskCompletionSource();
        WasPausedInside = true;
    }

    /// <summary>Goes on. Its clocks jump; whether it notices before or after its next step is up to chance, as on a real machine.</summary>
    public void Resume(bool clockFirst)
    {
        world.Note($"{Name} goes on");
        var gate = pause;
        (pause, var jump) = (null, missed);
        missed = TimeSpan.Zero;
        if (clockFirst)
        {
            Time.Advance(jump);
        }

        gate?.TrySetResult();
        if (!clockFirst)
        {
            Time.Advance(jump);
        }
    }

    public void CutOff()
    {
        world.Note($"{Name} is cut off at {KillStage}");
        IsCutOff = true;
    }

    /// <summary>Its way to the API server is there again.</summary>
    public void Reconnect()
    {
        world.Note($"{Name} is connected again");
        IsCutOff = false;
    }

    /// <summary>Time passes for this process.</summary>
    public void Advance(TimeSpan by)
    {
        if (IsPaused)
        {
            missed += by;
        }
        else if (!IsDead)
        {
            Time.Advance(by);
        }
    }

    /// <summary>The watches tell what is new.</summary>
    public void CatchUp()
    {
        if (IsUpToDate || IsCutOff)
        {
            return;
        }

        caughtUp = world.Cluster.ResourceVersion;
        if (Parts.CatchUp(world.Cluster))
        {
            connection.Wake();
            custody.Wake();
        }
    }

    /// <summary>Does what is due.</summary>
    public void Work()
    {
        if (!IsActing)
        {
            return;
        }

        if (IsEnding)
        {
            End();
        }
        else if (Leadership.IsLeader)
        {
            connection.Work();
            custody.Work();
        }
    }

    /// <summary>The lease is lost, or somebody asks the process to end.</summary>
    public void BeginToEnd(bool isAsked)
    {
        if (IsEnding || IsDead)
        {
            return;
        }

        world.Note($"{Name} {(isAsked ? "is asked to end" : "lost its lease")}");
        IsEnding = true;
        endsAt = Time.GetUtcNow() + (isAsked ? drainDeadline : flushDeadline);
        if (!isAsked)
        {
            Leadership.Close();
        }

        stop.Cancel();
    }

    /// <summary>A browser brings a code to this process.</summary>
    public void Visit(ConsentCode code) => visits.Add(Parts.RedeemAsync(code));

    public void About(ClusterRequest request)
    {
        if (IsGrantWrite(request) && KillStage == KillStage.Elsewhere)
        {
            KillStage = KillStage.BeforeIntent;
        }
    }

    public void About(Letter letter) => KillStage = letter.Presents is null ? KillStage.InRedemption : KillStage.AfterIntent;

    public void Processed(Letter letter) => KillStage = letter.Presents is null ? KillStage.InRedemption : KillStage.AfterProcessing;

    public void Received(Letter letter) => KillStage = letter.Presents is null ? KillStage.InRedemption : KillStage.BeforeStore;

    /// <summary>The cluster did what this process asked for.</summary>
    public void CarriedOut<TAnswer>(ClusterRequest request, TAnswer answer)
    {
        if (answer is Secret secret && IsGrantWrite(request))
        {
            var document = GrantSecret.Read(secret);
            KillStage = document.Intent is not null ? KillStage.AfterIntent : KillStage.AfterStore;
            world.Judge.Stored(this, document);
        }
        else if (request.IsWrite())
        {
            KillStage = request.Verb == ClusterVerb.PatchStatus ? KillStage.AfterStatus
                : request.Name.Name.EndsWith(AuthorizationSpec.HandoffSecretSuffix, StringComparison.Ordinal) ? KillStage.InRedemption
                : KillStage.AfterPublish;
            world.Judge.Wrote(this);
        }
    }

    /// <summary>The cluster did not.</summary>
    public void Refused(ClusterRequest request, KubernetesException refusal, bool isForeseen)
    {
        world.Note($"{Name} was refused {request.Verb} {request.Name.Name}: {refusal.Reason}");
        if (IsGrantWrite(request) && !isForeseen)
        {
            world.Judge.Attempted(this);
        }
    }

    private static bool IsGrantWrite(ClusterRequest request) =>
        request.Verb is ClusterVerb.Create or ClusterVerb.Update
        && request.Name.Name.EndsWith(AuthorizationSpec.GrantSecretSuffix, StringComparison.Ordinal);

    private static DateTimeOffset? Earlier(DateTimeOffset? left, DateTimeOffset? right) =>
        left is null || right < left ? right ?? left : left;

    // As OperatorHost: reconciles drain, then pending grants are flushed, then the lease is given back.
    private void End()
    {
        if ((connection.IsRunning || custody.IsRunning) && Time.GetUtcNow() < endsAt)
        {
            return;
        }

        if (flush is null)
        {
            var left = endsAt!.Value - Time.GetUtcNow();
            flush = Parts.PendingGrants.FlushAsync(new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, Time).Token);
        }

        if (flush.IsCompleted && !IsDead)
        {
            if (Parts.PendingGrants.Find(World.Key) is not null && Time.GetUtcNow() < endsAt)
            {
                world.Judge.Violate(ViolationKind.GrantLost, $"{Name} ended before its deadline with a token in its memory");
            }

            Kill("has ended");
        }
    }

    /// <summary>One controller's queue with one key.</summary>
    private sealed class Keyed(Replica replica, IReconciler reconciler)
    {
        private const int AtOnce = 5;

        private Task<Requeue>? running;
        private bool isWoken = true;
        private int failures;

        public DateTimeOffset? DueAt { get; private set; }

        public bool IsRunning => running is { IsCompleted: false };

        public void Wake() => isWoken = true;

        public void Work()
        {
            for (var round = 0; round < AtOnce && !IsRunning && replica.IsActing; round++)
            {
                Harvest();
                if (!isWoken && !(DueAt <= replica.Time.GetUtcNow()))
                {
                    return;
                }

                (isWoken, DueAt, replica.KillStage, replica.WasPausedInside) = (false, null, KillStage.Elsewhere, false);
                running = reconciler.ReconcileAsync(World.Key, replica.stop.Token);
                replica.world.Thread.Settle();
            }

            Harvest();
        }

        private void Harvest()
        {
            if (running is not { IsCompleted: true } done)
            {
                return;
            }

            running = null;
            replica.KillStage = KillStage.Elsewhere;
            if (done.IsCompletedSuccessfully)
            {
                failures = 0;
                DueAt = (done.Result as Requeue.At)?.Instant;
                return;
            }

            var failure = done.Exception?.InnerException;
            replica.world.Note(
                string.Create(CultureInfo.InvariantCulture, $"{replica.Name}: {failure?.GetType().Name ?? "cancelled"} {failure?.Message}")
            );
            if (failure is KubernetesException { IsConflict: true } && ++failures < AtOnce)
            {
                isWoken = true;
                return;
            }

            if (
                failure
                is not (
                    null
                    or KubernetesException
                    or LeadershipLostException
                    or HttpRequestException
                    or IOException
                    or OperationCanceledException
                )
            )
            {
                replica.world.Judge.Bug(failure);
            }

            DueAt = replica.Time.GetUtcNow() + TimeSpan.FromSeconds(Math.Min(60, 1 << Math.Min(++failures, 6)));
        }
    }
}

/// <summary>Where in an exchange a process is.</summary>
internal enum KillStage
{
    Elsewhere,

    /// <summary>About to write the intent.</summary>
    BeforeIntent,

    /// <summary>The intent is written, and the provider has processed nothing.</summary>
    AfterIntent,

    /// <summary>The provider has processed, and the answer is not here.</summary>
    AfterProcessing,

    /// <summary>The answer is here and not stored.</summary>
    BeforeStore,

    /// <summary>Stored and not published.</summary>
    AfterStore,

    /// <summary>Published, and status does not say so.</summary>
    AfterPublish,

    /// <summary>Status says so.</summary>
    AfterStatus,

    /// <summary>A code is taken, and its grant is not stored.</summary>
    InRedemption,
}
