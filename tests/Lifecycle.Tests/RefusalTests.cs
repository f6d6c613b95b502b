using Xunit;

namespace Lifecycle.Tests;

public sealed class RefusalTests
{
    private static readonly RequestContext context = new(
        "integrations/acme",
        "2f5c0d9e-8a41-4a2b-9c57-64d1f0b8a111",
        "erp:read erp:create"
    );

    [Theory]
    [InlineData("invalid_client", Reason.ClientRefused, "integrations/acme", "new secret")]
    [InlineData("invalid_scope", Reason.ScopeRefused, "[erp:read erp:create]", "spec.scopes")]
    [InlineData("unauthorized_client", Reason.GrantTypeRefused, "integrations/acme", "Enable")]
    [InlineData("invalid_tenant", Reason.TenantRefused, "2f5c0d9e-8a41-4a2b-9c57-64d1f0b8a111", "approve")]
    [InlineData("made_up_tomorrow", Reason.RequestRefused, "made_up_tomorrow", "RFC 6749")]
    public void A_code_names_the_cause_and_the_remedy(string error, string reason, string cause, string remedy)
    {
        var problem = new RequestFailure.Refused(error, Description: null).Explain(context);

        Assert.Equal(reason, problem.Reason);
        Assert.Equal(FailureKind.NeedsPerson, problem.Kind);
        Assert.StartsWith($"The provider refused with {error}. ", problem.Message, StringComparison.Ordinal);
        Assert.Contains(cause, problem.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_description_is_quoted_and_decides_nothing()
    {
        var problem = new RequestFailure.Refused("invalid_scope", "invalid_client").Explain(context);

        Assert.Equal(Reason.ScopeRefused, problem.Reason);
        Assert.Contains("(invalid_client)", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("invalid_client")]
    [InlineData("invalid_scope")]
    [InlineData("unauthorized_client")]
    [InlineData("invalid_tenant")]
    [InlineData("sixty_four_characters_are_as_many_as_an_error_code_may_have_here")]
    public void The_longest_names_that_the_schema_admits_fit_into_every_condition(string error)
    {
        var longest = new RequestContext(
            new string('n', 63) + "/" + new string('c', 253),
            context.Tenant,
            new string('s', 300) + " offline_access"
        )
        {
            Tried = [.. Enumerable.Repeat(new TriedSecret("a-secret-of-acme", "clientSecret", ["has quotes around it"]), 8)],
        };
        var problem = new RequestFailure.Refused(error, new string('d', 200)).Explain(longest);

        var story = new Story(
            Some.Facts() with
            {
                Connection = Some.Facts().Connection with { SecretName = new string('s', 253) },
            }
        ).Reconcile();
        story.Provider = () => new Answer.Failed(problem);
        story.Until(Some.Expired.AddDays(1));

        Assert.Equal(problem.Reason, story.Ready.Reason);
    }
}
