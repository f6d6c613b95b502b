using CsCheck;

namespace Lifecycle.Tests;

/// <summary>Facts that nobody thought of: every part of them is drawn for itself, so that they need not even make sense together.</summary>
internal static class Any
{
    /// <summary>An instant within two hours before and thirty days after <see cref="Some.Start"/>, not on a whole second.</summary>
    public static readonly Gen<DateTimeOffset> Instant =
        Gen.Frequency(
            (4, Gen.Long[-7_200_000, 7_200_000]),
            (1, Gen.Long[0, 30L * 86_400_000])).Select(milliseconds => Some.Start.AddMilliseconds(milliseconds));

    /// <summary>A lifetime from a second to thirty days.</summary>
    public static readonly Gen<TimeSpan> Lifetime =
        Gen.Frequency(
            (1, Gen.Int[1, 60]),
            (2, Gen.Int[60, 7_200]),
            (1, Gen.Int[7_200, 30 * 86_400])).Select(seconds => TimeSpan.FromSeconds(seconds));

    /// <summary>Margins from nothing to far more than any lifetime.</summary>
    public static readonly Gen<RefreshMargins> Margins = Gen.Select(Lifetime, Gen.Bool, Lifetime)
        .Select((validity, hasRenewBefore, renewBefore) => new RefreshMargins(validity, hasRenewBefore ? renewBefore : null));

    public static readonly Gen<Facts> Facts = Gen.Select(Connection(), Client(), Secret(), Content(), OrNull(Token()), OrNull(Failure()))
        .Select((connection, client, secret, content, token, failure) => new Facts
        {
            Connection = connection,
            Client = client,
            Secret = secret,
            Content = content,
            Token = token,
            Failure = failure,
            Removal = failure is { Inputs: { } inputs } ? new RemovalRecord(failure.LastFailureTime, failure.Reason, inputs) : null,
        });

    /// <summary>Facts of connections that act for a person.</summary>
    public static readonly Gen<Facts> GrantFacts = Gen.Select(Facts, Grant(), Consent())
        .Select((facts, grant, consent) => facts with { Grant = grant, Consent = consent });

    /// <summary>Facts of connections whose client was refused.</summary>
    public static readonly Gen<Facts> RefusedClient =
        Gen.Select(Gen.OneOf(Facts, GrantFacts), Instant, Gen.OneOf(("k1", "r1"), ("k1", "r1"), ("k2", "r2")), Gen.Bool)
            .Select((facts, retry, client, triesSecret) => facts.ClientIs(new ClientFacts.Usable(client.Item1, client.Item2)
            {
                TriesSecret = triesSecret,
                Refusal = new ClientRefusal(Some.Refused, WholeSeconds.Floor(retry)),
            }));

    private static Gen<ConnectionFacts> Connection() =>
        Gen.Select(Gen.Int[0, 31], Margins, Gen.OneOf("c1", "c2"), Gen.OneOf("l1", "l2"), Gen.OneOf("", "a", "b"))
            .Select(
                (flags, margins, inputs, layout, requested) =>
                    Some.Facts().Connection with
                    {
                        IsTerminating = flags is 1 or 2,
                        IsSuspended = flags is 2 or 3 or 4,
                        SpecProblem = flags is 4 or 5 ? Some.InvalidSpec : null,
                        SecretName = flags is 6 or 7 ? "other-token" : Some.SecretName,
                        Margins = margins,
                        Inputs = inputs,
                        Layout = layout,
                        RequestedAt = requested,
                        HandledRequest = "a",
                    }
            );

    private static Gen<ClientFacts> Client() =>
        Gen.OneOf<ClientFacts>(
            new ClientFacts.Usable("k1", "r1"),
            new ClientFacts.Usable("k1", "r1"),
            new ClientFacts.Usable("k2", "r2"),
            new ClientFacts.Missing(Some.Missing),
            new ClientFacts.NotAllowing(Some.NotAllowed),
            new ClientFacts.NotAllowing(Some.Missing),
            new ClientFacts.Unusable(Some.Unreadable, null),
            new ClientFacts.Unusable(Some.Outage with { Reason = Reason.MetadataUnusable }, Some.Soon)
        );

    private static Gen<GrantFacts> Grant() =>
        Gen.Frequency<GrantFacts>(
            (2, Gen.Const<GrantFacts>(new GrantFacts.None())),
            (1, Gen.Const<GrantFacts>(new GrantFacts.Unusable(SomeGrant.Elsewhere))),
            (1, Gen.Const<GrantFacts>(new GrantFacts.Unusable(SomeGrant.NotOwned))),
            (8, Held().Select(held => (GrantFacts)new GrantFacts.Held(held)))
        );

    private static Gen<GrantRecord> Held() =>
        Gen.Select(Gen.Int[0, 15], Instant, Lifetime, Instant, Gen.OneOf("c1.k1", "c1.k1", "c2.k1"))
            .Select(
                (flags, issued, lifetime, other, inputs) =>
                    SomeGrant.Grant() with
                    {
                        IsBound = flags is not (0 or 1),
                        RefusalTime = flags is 2 or 3 ? WholeSeconds.Floor(other) : null,
                        OpenElsewhereUntil = flags is 4 or 5 or 6 ? other : null,
                        IsNoteOutdated = flags is 14,
                        IsExchangeOpen = flags is 4 or 5 or 6 or 15,
                        IsTakeoverToAnnounce = flags is 15,
                        KeepAliveTime = flags is 7 or 8 ? other : WholeSeconds.Floor(issued).AddDays(7),
                        ConsentExpirationTime =
                            flags is 9 or 10 ? WholeSeconds.Floor(other)
                            : flags == 11 ? null
                            : SomeGrant.ConsentEnd,
                        AccessToken = Some.Token() with
                        {
                            IssueTime = WholeSeconds.Floor(issued),
                            ExpirationTime = WholeSeconds.Floor(issued) + lifetime,
                            RefreshTime = RefreshSchedule.RefreshTime(WholeSeconds.Floor(issued), lifetime, RefreshMargins.Default, "any"),
                            Inputs = inputs,
                            Fingerprint = flags is 12 or 13 ? "f3" : "f1",
                        },
                    }
            );

    private static Gen<ConsentFacts> Consent() =>
        Gen.Select(Gen.Bool, Gen.Bool, Gen.Int[0, 7], Instant)
            .Select(
                (canInvite, hasLink, flags, until) =>
                    new ConsentFacts
                    {
                        CanInvite = canInvite,
                        Invitation = hasLink ? new Invitation(SomeGrant.Link, WholeSeconds.Floor(until)) : null,
                        HasHandoff = flags is 0 or 4 or 5 or 6,
                        HandoffObstacle = flags is 4 or 5 or 6
                            ? new HandoffObstacle(until, flags is 4 ? TimeSpan.FromHours(1) : null, TimeSpan.FromMinutes(flags))
                            : null,
                        LastFailure = flags is 2 or 3 ? SomeGrant.Failure : null,
                        RecordedSequence = flags is 1 or 2 ? 3 : null,
                    }
            );

    private static Gen<SecretFacts> Secret() =>
        Gen.OneOf<SecretFacts>(
            new SecretFacts.Owned("7"),
            new SecretFacts.Owned("7"),
            new SecretFacts.Owned("8"),
            new SecretFacts.Absent(),
            new SecretFacts.Absent { IsDisputed = true },
            new SecretFacts.Terminating(),
            new SecretFacts.Foreign(Some.SomebodyElses)
        );

    private static Gen<ContentFacts?> Content() =>
        Gen.OneOf<ContentFacts?>(
            null,
            null,
            new ContentFacts.Intact(),
            new ContentFacts.Healable(),
            new ContentFacts.Lost(),
            new ContentFacts.Unrecorded(Some.UnrecordedToken())
        );

    private static Gen<TokenRecord> Token() =>
        Gen.Select(Instant, Lifetime, Gen.OneOf("c1.k1", "c1.k1", "c2.k1", "c1.k2"), Gen.OneOf("l1", "l2"), Gen.OneOf("7", "8"))
            .Select(
                (issued, lifetime, inputs, layout, version) =>
                    Some.Token() with
                    {
                        IssueTime = WholeSeconds.Floor(issued),
                        ExpirationTime = WholeSeconds.Floor(issued) + lifetime,
                        RefreshTime = RefreshSchedule.RefreshTime(WholeSeconds.Floor(issued), lifetime, RefreshMargins.Default, "any"),
                        Inputs = inputs,
                        Layout = layout,
                        SecretResourceVersion = version,
                    }
            );

    private static Gen<FailureRecord> Failure() =>
        Gen.Select(
                Gen.OneOf(Some.Outage, Some.Refused, Some.SomebodyElses, Some.Missing, Some.NotAllowed),
                Gen.Int[1, 60],
                Instant,
                Gen.Int[0, 3_600],
                Gen.OneOf("c1", "c1.r1.acme-token", "c1.r1.acme-token", "c2.r1.acme-token", null)
            )
            .Select(
                (problem, attempts, failed, delay, inputs) =>
                    new FailureRecord
                    {
                        Problem = problem,
                        Attempts = attempts,
                        LastFailureTime = WholeSeconds.Floor(failed),
                        NextAttemptTime = WholeSeconds.Floor(failed).AddSeconds(delay),
                        Inputs = inputs,
                    }
            );

    private static Gen<T?> OrNull<T>(Gen<T> gen)
        where T : class =>
        Gen.Frequency((1, Gen.Const(default(T))), (4, gen.Select(value => (T?)value)));
}
