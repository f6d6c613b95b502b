using VismaOperator.Api;
using VismaOperator.Api.Crds;

namespace VismaOperator.Tests.Crds;

public sealed class RefreshRequestTests
{
    [Theory]
    [InlineData("2027-01-01T00:00:00Z", 20)]
    [InlineData("a", 1024)]
    [InlineData("a", 5000)]
    [InlineData("\U0001F600", 5000)]
    public void The_echo_fits_the_schema_for_any_annotation(string piece, int length)
    {
        var value = string.Concat(Enumerable.Repeat(piece, length / piece.Length)) + "x";
        var connection = new VismaConnection
        {
            Metadata = new()
            {
                Name = "a",
                Annotations = new Dictionary<string, string> { [VismaNames.RequestedAtAnnotation] = "y" + value },
            },
            Spec = new() { OAuthClientRef = new() { Name = "c" } },
        };

        var echo = ConnectionRequests.RequestedAt(connection)!;

        Assert.InRange(echo.Length, 1, Schemas.VismaConnection.Properties["status"].Properties["lastHandledReconcileAt"].MaxLength!.Value);
        Assert.False(char.IsHighSurrogate(echo[^1]));
        Assert.False(ConnectionRequests.IsUnhandled(connection with { Status = new() { LastHandledReconcileAt = echo } }));
    }
}
