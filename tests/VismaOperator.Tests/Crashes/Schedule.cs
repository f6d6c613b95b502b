using Kubernetes.Client.Resources;
using Lifecycle;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Grants;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Crashes;

/// <summary>One randomised schedule: what is drawn from its seed, and how it ends.</summary>
internal sealed class Schedule
{
    private static readonly TimeSpan[] graces = [TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(60)];

    private readonly Random random;
    private readonly World world;

    public Schedule(int seed, Action<string>? trace = null)
    {
        random = new Random(seed);
        Tokens = random.Next(5) == 0
            ? new StandInRefreshTokens { Usage = RefreshTokenUsage.ReUse }
            : new StandInRefreshTokens
            {
                Usage = RefreshTokenUsage.OneTime,
                Grace = graces[random.Next(graces.Length)],
                RevokesFamilyOnReuse = random.Next(2) == 0,
            };
        world = new World(random, Tokens, trace);
        world.Note($"seed {seed}: {Tokens.Usage}, grace {Tokens.Grace.TotalSeconds:0} s, revokes {Tokens.RevokesFamilyOnReuse}");
    }

    public StandInRefreshTokens Tokens { get; }

    public World World => world;

    /// <summary>Runs it to its end.</summary>
    public void Run() => world.Thread.Run(RunToItsEnd);

    private void RunToItsEnd()
    {
        world.SetUp();
        world.StartReplica(TimeSpan.Zero);
        HandOver();
        world.Pass(TimeSpan.FromSeconds(10));
        if (random.Next(3) > 0)
        {
            world.StartReplica(world.ClockError());
        }

        for (var rounds = random.Next(2, 6); rounds > 0; rounds--)
        {
            Round();
        }

        world.Heal();
        world.Pass(TimeSpan.FromMinutes(20));
        CheckEnd();
    }

    private void Round()
    {
        for (var disturbances = random.Next(1, 3); disturbances > 0; disturbances--)
        {
            Disturb();
        }

        Begin();
        world.Pass(random.Next(4) switch
        {
            0 => TimeSpan.FromSeconds(random.Next(1, 10)),
            1 => TimeSpan.FromSeconds(random.Next(10, 90)),
            2 => TimeSpan.FromMinutes(random.Next(2, 8)),
            _ => TimeSpan.FromMinutes(random.Next(10, 20)),
        });
    }

    // What makes the operator do something.
    private void Begin()
    {
        switch (random.Next(20))
        {
            case < 10:
                Request();
                break;
            case < 13:
                world.Pass(SimulatedProvider.AccessTokenLifetime * 0.7); // the next renewal falls into this
                break;
            case < 16:
                HandOver();
                break;
            case < 18:
                Browse(AnyActing());
                break;
            case < 19:
                Recreate();
                break;
        }
    }

    private void Disturb()
    {
        var points = random.Next(1, 30);
        switch (random.Next(22))
        {
            case < 7:
                world.Arm(new Disturbance("kill", points, replica => world.Kill(replica, Seconds(1, 30))));
                break;
            case < 10:
                DisturbApi(points);
                break;
            case < 13:
                world.Provider.Next = Trouble();
                break;
            case < 15:
                world.Arm(new Disturbance("steal the lease", points, _ => Steal()));
                break;
            case < 16:
                world.Arm(new Disturbance("stop", points, Stop));
                break;
            case < 18:
                world.Arm(new Disturbance("a person consents", points, _ => Consent()));
                break;
            case < 19:
                world.Arm(new Disturbance("end", points, End));
                break;
            case < 21:
                world.Arm(new Disturbance("cut off", points, CutOff));
                break;
            default:
                world.Arm(new Disturbance("the connection is replaced", points, _ => Recreate()));
                break;
        }
    }

    private void DisturbApi(int points)
    {
        if (random.Next(2) == 0)
        {
            world.Api.StrikeLater(
                random.Next(6),
                Pick(
                    ApiTroubleKind.Refuse,
                    ApiTroubleKind.Break,
                    ApiTroubleKind.LoseAnswer,
                    ApiTroubleKind.LoseAnswer,
                    ApiTroubleKind.Conflict
                )
            );
            return;
        }

        var (kind, secretsOnly, span) = (
            Pick(ApiTroubleKind.Refuse, ApiTroubleKind.Break, ApiTroubleKind.Hang),
            random.Next(3) == 0,
            Pick(Seconds(1, 5), Seconds(5, 30), Seconds(60, 61))
        );
        world.Arm(
            new Disturbance(
                "the API server takes no writes",
                points,
                _ =>
                {
                    world.Api.Begin(kind, secretsOnly);
                    world.After(span, world.Api.End);
                }
            )
        );
    }

    private ProviderTrouble Trouble() => random.Next(6) switch
    {
        0 => new ProviderTrouble.Unavailable(),
        1 => new ProviderTrouble.CutBefore(),
        2 => new ProviderTrouble.CutAfter(),
        3 or 4 => new ProviderTrouble.SlowAnswer(Seconds(1, 15)),
        _ => new ProviderTrouble.LateProcessing(Seconds(1, 15)),
    };

    private void Steal()
    {
        if (
            world.Replicas.Find(replica => replica is { IsActing: true, IsCutOff: false, IsEnding: false, Leadership.HasLed: false })
            is { } thief
        )
        {
            world.Lease.Steal(thief);
        }
    }

    private void Stop(Replica replica)
    {
        replica.Pause();
        var clockFirst = random.Next(2) == 0;
        world.After(Seconds(1, 60), () => replica.Resume(clockFirst));
    }

    // A takeover takes 25 s: the lease runs out, and the other one waits.
    private void CutOff(Replica replica)
    {
        replica.CutOff();
        world.After(
            Pick(Seconds(1, 20), Seconds(25, 40), Seconds(25, 90)),
            () =>
            {
                if (replica is { IsDead: false, IsCutOff: true })
                {
                    replica.Reconnect();
                }
            }
        );
    }

    private void End(Replica replica)
    {
        if (!replica.IsEnding)
        {
            replica.BeginToEnd(isAsked: true);
            world.After(Seconds(1, 10), () => world.StartReplica(world.ClockError()));
        }
    }

    private void Consent()
    {
        if (random.Next(2) == 0)
        {
            HandOver();
        }
        else
        {
            Browse(AnyActing());
        }
    }

    private void Request() => Annotate(VismaNames.RequestedAtAnnotation, $"{random.Next()}");

    private void Annotate(string annotation, string value)
    {
        if (world.Connection() is not null)
        {
            var patch = new System.Text.Json.Nodes.JsonObject
            {
                ["metadata"] = new System.Text.Json.Nodes.JsonObject
                {
                    ["annotations"] = new System.Text.Json.Nodes.JsonObject { [annotation] = value },
                },
            };
            world.Cluster.PatchAsync<VismaConnection>(World.Key, patch, default).Wait();
        }
    }

    private void HandOver()
    {
        var name = new Kubernetes.Client.NamespacedName(Some.Namespace, Some.Connection + AuthorizationSpec.HandoffSecretSuffix);
        if (world.Cluster.FindAsync<Secret>(name, default).Result is null)
        {
            world.Note("a code is handed over");
            var code = world.Provider.Consent();
            var asked = Handoff.AskedFor(
                world.Connection() ?? SomeConsents.InteractiveConnection(),
                SimulatedProvider.Issuer,
                Some.ClientId
            );
            world.Apply(
                SomeConsents
                    .Handoff(Some.Connection, code.Code.Reveal(), code.CodeVerifier.Reveal(), world.Time.GetUtcNow().AddMinutes(4))
                    .Asking(asked)
            );
        }
    }

    private void Browse(Replica? replica)
    {
        if (world.Connection() is not null && replica is not null)
        {
            world.Note($"a browser brings a code to {replica}");
            replica.Visit(world.Provider.Consent());
        }
    }

    private void Recreate()
    {
        if (world.Connection() is null)
        {
            return;
        }

        world.Note("the connection is deleted");
        world.Cluster.DeleteAsync<VismaConnection>(World.Key, null, default).Wait();
        world.After(Pick(TimeSpan.Zero, Seconds(1, 60), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(12)), () =>
        {
            world.Note("the connection is back");
            world.Apply(SomeConsents.InteractiveConnection());
        });
    }

    private Replica? AnyActing() =>
        world
            .Replicas.Where(replica => replica is { IsActing: true, IsCutOff: false, IsEnding: false })
            .OrderBy(_ => random.Next())
            .FirstOrDefault();

    private TimeSpan Seconds(int from, int to) => TimeSpan.FromSeconds(random.Next(from, to));

    private T Pick<T>(params ReadOnlySpan<T> choices) => choices[random.Next(choices.Length)];

    // Ready with a token that the provider takes, and a refresh that somebody asks for succeeds; or, where the grant is lost or was given
    // up, waiting for a person and asking nobody.
    private void CheckEnd()
    {
        var requests = world.Judge.Requests;
        var before = Held();
        if (before is { RefusalTime: null })
        {
            Request();
        }

        world.Pass(TimeSpan.FromMinutes(20));
        world.Judge.CheckConsents();
        var (connection, held) = (world.Connection()!, Held());
        world.Judge.CheckRefusal(held);
        var isAsking = world.Judge.Requests > requests;
        var isEnd = held switch
        {
            null => world.StoredGrant()?.RevocationTime is null // what was claimed is revoked, whoever is back
                && world.Judge.WasRevokedOnPurpose
                && connection.Is("Authorized", "False")
                && !isAsking,
            { RefusalTime: not null } => world.Judge.Losses.Count > 0
                && IsAskingForConsent(connection)
                && (!isAsking || before is { RefusalTime: null }),
            _ => IsAccepted(held)
                && connection.Is("Ready", "True")
                && connection.Is("Authorized", "True")
                && connection.Condition("Stalled") is null
                && isAsking,
        };
        if (!isEnd && world.Judge.Violations.Count == 0)
        {
            var conditions = connection.Status.Conditions.Select(condition => $"{condition.Type}={condition.Status}/{condition.Reason}");
            world.Judge.Violate(
                ViolationKind.WrongEnd,
                $"it ends with {string.Join(' ', conditions)}, "
                + $"{(held is null ? "no grant" : $"a grant that is {(IsAccepted(held) ? "good" : "dead")}")}"
            );
        }
    }

    private HeldGrant? Held() => world.StoredGrant() is { RevocationTime: null, Held: { } held } ? held : null;

    private static bool IsAskingForConsent(VismaConnection connection) =>
        connection.Condition("Stalled")?.Reason == Reason.ConsentRequired
        && connection.Is("Stalled", "True")
        && connection.Is("Authorized", "False");

    private bool IsAccepted(HeldGrant held)
    {
        var token = GrantTrace.HashOf(held.RefreshToken.Reveal());
        return world
                .Provider.Grants.FamilyOf(held.RefreshToken.Reveal())
                ?.RefreshTokens.Any(issued => issued.Sha256 == token && issued.IsAccepted) == true;
    }
}
