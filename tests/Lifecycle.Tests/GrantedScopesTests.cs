using Xunit;
using static Lifecycle.Tests.Some;

namespace Lifecycle.Tests;

/// <summary>What was granted, against what was asked for and against what the client's owner allows.</summary>
public sealed class GrantedScopesTests
{
    public static readonly IReadOnlyList<ScopeRow> Rows =
    [
        // Without a limit of the owner
        new("what was asked for is granted", "read create", Limit: null, "read create", Reason.AllGranted),
        new("the order says nothing", "read create", Limit: null, "create read", Reason.AllGranted),
        new("a duplicate is no scope more", "read", Limit: null, "read read", Reason.AllGranted),
        new("an answer without scope granted what was asked for", "read", Limit: null, Granted: null, Reason.AllGranted),
        new("so did one with an empty scope", "read", Limit: null, "", Reason.AllGranted),
        new("fewer are told", "read create", Limit: null, "read", Reason.ScopesMissing, Missing: "create"),
        new("more are told and published", "read", Limit: null, "read create", Reason.ScopesExceeded, Unasked: "create"),
        new("other ones are more and fewer", "read", Limit: null, "create", Reason.ScopesExceeded, Missing: "read", Unasked: "create"),
        new(
            "a scope of another case is another scope",
            "read",
            Limit: null,
            "READ",
            Reason.ScopesExceeded,
            Missing: "read",
            Unasked: "READ"
        ),
        new("offline_access is what the operator itself asks for", "read", Limit: null, "read offline_access", Reason.AllGranted),
        new("offline_access need not be listed among what was granted", "read offline_access", Limit: null, "read", Reason.AllGranted),
        new("openid is granted where it was asked for", "openid read", Limit: null, "openid read", Reason.AllGranted),
        new(
            "openid is more where it was not",
            "read",
            Limit: null,
            "openid profile read",
            Reason.ScopesExceeded,
            Unasked: "openid profile"
        ),
        new("with allScopes nothing is more than was asked for", "", Limit: null, "read create", Reason.AllGranted),
        // With a limit of the owner
        new(
            "more than was asked for within the limit is published",
            "read",
            "read create",
            "read create",
            Reason.ScopesExceeded,
            Unasked: "create"
        ),
        new(
            "more than the limit is not published",
            "read",
            "read create",
            "read delete",
            Reason.ScopesExceeded,
            Unasked: "delete",
            Beyond: "delete"
        ),
        new("with allScopes the limit counts", "", "read", "read create", Reason.AllGranted, Beyond: "create"),
        new("offline_access needs no entry in a limit", "read", "read", "read offline_access", Reason.AllGranted),
        new("an answer without scope is within the limit", "read", "read", Granted: null, Reason.AllGranted),
        new("a limit is compared with case, too", "read", "read", "read Read", Reason.ScopesExceeded, Unasked: "Read", Beyond: "Read"),
        new(
            "of two rules one must allow everything",
            "read",
            "read create|read delete",
            "read create delete",
            Reason.ScopesExceeded,
            Unasked: "create delete",
            Beyond: "delete"
        ),
        new("of two rules one is enough", "read", "read|read create", "read create", Reason.ScopesExceeded, Unasked: "create"),
    ];

    public static TheoryData<string> Sentences => [.. Rows.Select(row => row.Sentence)];

    [Theory]
    [MemberData(nameof(Sentences))]
    public void Says_that(string sentence)
    {
        var row = Rows.Single(row => row.Sentence == sentence);
        var facts = FactsOf(row);

        var condition = ScopesGranted(facts);

        Assert.Equal((row.Reason == Reason.AllGranted, row.Reason), (condition.IsTrue, condition.Reason));
        Assert.True(
            row.Missing.Length == 0 || condition.Message.Contains($"Not granted: {row.Missing}. ", StringComparison.Ordinal),
            condition.Message
        );
        Assert.True(
            row.Unasked.Length == 0 || condition.Message.Contains($"Granted but not asked for: {row.Unasked}. ", StringComparison.Ordinal),
            condition.Message
        );
    }

    [Theory]
    [MemberData(nameof(Sentences))]
    public void Takes_away_only_what_exceeds_the_owners_limit(string sentence)
    {
        var row = Rows.Single(row => row.Sentence == sentence);

        var decision = Policy.Decide(FactsOf(row), Soon);

        if (row.Beyond.Length == 0)
        {
            Assert.Equal(new Decision.Wait(Due), decision);
            return;
        }

        var problem = Assert.IsType<Decision.Withdraw>(decision).Problem;
        Assert.Equal((Reason.ScopesExceeded, FailureKind.NeedsPerson), (problem.Reason, problem.Kind));
        Assert.Contains(
            $"OAuthClient customer-a/acme allows for this tenant and namespace, so the token is not published: {row.Beyond}. ",
            problem.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_limit_that_allows_no_scope_at_all_is_exceeded_by_any() =>
        Assert.Equal(["read"], new ScopeLimit("a/b", [[]]).Beyond(["read"]));

    [Fact]
    public void Where_all_scopes_are_asked_for_a_limit_needs_an_answer_that_says_which_were_granted()
    {
        var limit = new ScopeLimit("a/b", [["read"]]) { IsAskedForAll = true };

        Assert.Equal(Reason.ScopesExceeded, limit.ProblemWith(granted: null)!.Reason);
        Assert.Equal(Reason.ScopesExceeded, limit.ProblemWith([])!.Reason);
        Assert.Null(limit.ProblemWith(["read"]));
        Assert.Null((limit with { IsAskedForAll = false }).ProblemWith(granted: null));
    }

    [Fact]
    public void Five_scopes_are_named_and_the_others_counted()
    {
        Assert.Equal("a b c d e", GrantedScopes.Named(["a", "b", "c", "d", "e"]));
        Assert.Equal("a b c d e and 1 more", GrantedScopes.Named(["a", "b", "c", "d", "e", "f"]));
    }

    [Fact]
    public void A_scope_is_cut_where_it_is_too_long_and_has_no_space()
    {
        var longest = new string('x', GrantedScopes.MaxLength);

        Assert.Equal([longest, longest[3..] + "..."], GrantedScopes.Recordable([], [longest, longest + "x"]));
        Assert.Equal("!?~?", GrantedScopes.Named(["! ~\u007f"]));
    }

    [Fact]
    public void Recorded_scopes_are_printable_short_and_unique_and_those_asked_for_come_first()
    {
        var granted = Enumerable
            .Range(0, 2_000)
            .Select(number => $"s{number}")
            .Append("read")
            .Append("read")
            .Prepend(new string('x', 10_000))
            .Prepend("a\u0000\n😀")
            .ToList();

        var recorded = GrantedScopes.Recordable(["read"], granted)!;

        Assert.Equal((GrantedScopes.MaxCount, "read", "a????"), (recorded.Count, recorded[0], recorded[1]));
        Assert.Equal(GrantedScopes.MaxLength, recorded.Max(scope => scope.Length));
        Assert.Equal(recorded, GrantedScopes.Recordable(["read"], recorded));
        Assert.Null(GrantedScopes.Recordable(["read"], granted: null));
    }

    [Fact]
    public void A_list_that_was_cut_says_so()
    {
        var granted = GrantedScopes.Recordable(["erp:read", "erp:create"], [.. Enumerable.Range(0, 1_025).Select(number => $"s{number}")]);

        var condition = ScopesGranted(Serving() with { Token = Token() with { GrantedScopes = granted } });

        Assert.EndsWith("The list in status and in the Secret ends after 1024 scopes.", condition.Message, StringComparison.Ordinal);
        Assert.Contains("s0 s1 s2 s3 s4 and 1019 more", condition.Message, StringComparison.Ordinal);
    }

    private static ConditionReport ScopesGranted(Facts facts) =>
        Report.Of(facts, new Decision.Wait(Due), Soon).Conditions.Single(condition => condition.Type == ConditionType.ScopesGranted);

    private static Facts FactsOf(ScopeRow row) =>
        Serving() with
        {
            Connection = Serving().Connection with { Scopes = Words(row.Asked) },
            Client = new ClientFacts.Usable("k1", "r1")
            {
                ScopeLimit = row.Limit is { } limit ? new ScopeLimit("customer-a/acme", [.. limit.Split('|').Select(Words)]) : null,
            },
            Token = Token() with { GrantedScopes = row.Granted is { } granted ? Words(granted) : null },
        };

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>One case: what was asked for, what the owner allows (rules separated by a bar), what was granted; and what follows.</summary>
public sealed record ScopeRow(
    string Sentence,
    string Asked,
    string? Limit,
    string? Granted,
    string Reason,
    string Missing = "",
    string Unasked = "",
    string Beyond = ""
);
