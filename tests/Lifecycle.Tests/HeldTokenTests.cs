using Xunit;
using static Lifecycle.Tests.Some;
using static Lifecycle.Tests.SomeGrant;

namespace Lifecycle.Tests;

/// <summary>What publishing the access token that stands beside a grant shows, and what it does not.</summary>
public sealed class HeldTokenTests
{
    [Fact]
    public void It_answers_no_request_that_it_was_not_exchanged_for()
    {
        var facts = Consented().Requested();

        var published = facts.AnsweredBy(Grant()).HeldPublished(Token());

        Assert.True(published.Connection.HasUnhandledRequest);
        Assert.IsType<Decision.Exchange>(Policy.Decide(published, Soon));
    }

    [Fact]
    public void It_answers_the_request_that_it_was_exchanged_for()
    {
        var facts = Consented().Requested("now");

        var published = facts.AnsweredBy(Grant() with { AnsweredRequest = "now" }).HeldPublished(Token());

        Assert.Equal("now", published.Connection.HandledRequest);
        Assert.IsType<Decision.Wait>(Policy.Decide(published, Soon));
    }

    [Fact]
    public void A_successor_of_an_older_exchange_answers_no_later_request()
    {
        var stored = Consented().Requested("later").Renewed(Grant() with { AnsweredRequest = "earlier" });

        Assert.True(stored.Connection.HasUnhandledRequest);
        Assert.Equal("later", Consented().Requested("later").Renewed(Grant() with { AnsweredRequest = "later" }).Connection.HandledRequest);
    }

    [Fact]
    public void A_failed_exchange_stays_on_record_and_anything_else_is_over()
    {
        var refused = Consented().FailedWith(Refused, Soon);

        Assert.Equal(refused.Failure, refused.HeldPublished(Token()).Failure);
        Assert.Null(refused.HeldPublished(Token() with { IssueTime = Soon.AddSeconds(1) }).Failure);
        Assert.Null(Consented().FailedWith(Unwritable, Soon).HeldPublished(Token()).Failure);
        Assert.Null(refused.With(grant => grant with { Family = "another" }).HeldPublished(Token()).Failure);
    }

    [Fact]
    public void A_successor_that_is_not_stored_stays_on_record_until_its_own_token_is_published()
    {
        var facts = Serving().Holding(Grant()).FailedWith(NotStored, Soon);

        Assert.Equal(facts.Failure, facts.HeldPublished(Token()).Failure);
        Assert.Null(facts.HeldPublished(Token() with { IssueTime = Soon }).Failure);
    }
}
