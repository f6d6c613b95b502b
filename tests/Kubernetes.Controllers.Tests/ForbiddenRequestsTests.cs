using System.Net;
using Kubernetes.Client;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Kubernetes.Controllers.Tests;

/// <summary>When a refusal (403) is believed, and when the next one is a first one again.</summary>
public sealed class ForbiddenRequestsTests
{
    private readonly FakeTimeProvider time = new();
    private readonly ForbiddenRequests<string> forbidden;

    public ForbiddenRequestsTests() => forbidden = new ForbiddenRequests<string>(time);

    [Fact]
    public void A_refusal_is_believed_once_it_has_lasted()
    {
        Assert.Null(Refused("write"));
        time.Advance(ForbiddenPatience.Length);

        Assert.NotNull(Refused("write"));
        Assert.NotNull(Refused("write"));
    }

    // An admission webhook that denies without a code of its own.
    [Fact]
    public void A_400_is_believed_once_it_has_lasted()
    {
        var denied = new KubernetesException(HttpStatusCode.BadRequest, string.Empty, "no");

        Assert.Null(forbidden.Believed("write", denied));
        time.Advance(ForbiddenPatience.Length);

        Assert.NotNull(forbidden.Believed("write", denied));
    }

    [Theory]
    [InlineData(HttpStatusCode.Conflict)]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    public void Any_other_answer_makes_the_next_403_a_first_one(HttpStatusCode other)
    {
        Refused("write");
        time.Advance(ForbiddenPatience.Length);

        Assert.Null(forbidden.Believed("write", new KubernetesException(other, other.ToString(), "no")));

        Assert.Null(Refused("write"));
    }

    [Fact]
    public void A_request_that_succeeds_makes_the_next_refusal_a_first_one()
    {
        Refused("write");
        time.Advance(ForbiddenPatience.Length);

        forbidden.Forget("write");

        Assert.Null(Refused("write"));
    }

    [Fact]
    public void A_request_without_an_answer_makes_the_next_refusal_a_first_one()
    {
        Refused("write");
        time.Advance(ForbiddenPatience.Length);

        Assert.Null(forbidden.Believed("write", new IOException("cut")));

        Assert.Null(Refused("write"));
    }

    [Fact]
    public void A_read_that_is_answered_says_nothing_about_a_write_that_is_refused()
    {
        Refused("write");
        time.Advance(ForbiddenPatience.Length);

        forbidden.Forget("read");

        Assert.NotNull(Refused("write"));
    }

    private KubernetesException? Refused(string request) =>
        forbidden.Believed(request, new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "no"));
}
