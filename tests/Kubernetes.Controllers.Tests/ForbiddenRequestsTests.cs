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
    public async Task A_refusal_is_believed_once_it_has_lasted()
    {
        await RefusedAsync(isBelieved: false);
        time.Advance(ForbiddenPatience.Length);

        await RefusedAsync(isBelieved: true);
        await RefusedAsync(isBelieved: true);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(HttpStatusCode.Conflict)]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    public async Task Any_other_answer_makes_the_next_403_a_first_one(HttpStatusCode? other)
    {
        await RefusedAsync(isBelieved: false);
        time.Advance(ForbiddenPatience.Length);
        var failed = await Record.ExceptionAsync(() => forbidden.FindAsync("write", _ => AnswerAsync(other), Ct));
        Assert.Equal(other, (failed as KubernetesException)?.StatusCode);

        await RefusedAsync(isBelieved: false);
    }

    [Fact]
    public async Task A_request_without_an_answer_makes_the_next_refusal_a_first_one()
    {
        await RefusedAsync(isBelieved: false);
        time.Advance(ForbiddenPatience.Length);
        await Assert.ThrowsAsync<IOException>(() =>
            forbidden.FindAsync("write", _ => throw new IOException("cut"), Ct)
        );

        await RefusedAsync(isBelieved: false);
    }

    [Fact]
    public async Task A_read_that_is_answered_says_nothing_about_a_write_that_is_refused()
    {
        await RefusedAsync(isBelieved: false);
        time.Advance(ForbiddenPatience.Length);
        await forbidden.FindAsync("read", _ => Task.CompletedTask, Ct);

        await RefusedAsync(isBelieved: true);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private async Task RefusedAsync(bool isBelieved)
    {
        Task<KubernetesException?> Refused() =>
            forbidden.FindAsync("write", _ => AnswerAsync(HttpStatusCode.Forbidden), Ct);
        if (isBelieved)
        {
            Assert.NotNull(await Refused());
        }
        else
        {
            await Assert.ThrowsAsync<KubernetesException>(Refused);
        }
    }

    private static Task AnswerAsync(HttpStatusCode? status) =>
        status is { } code ? throw new KubernetesException(code, code.ToString(), "no") : Task.CompletedTask;
}
