using System.Text.Json.Nodes;
using Lifecycle;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using VismaOperator.Connections;
using VismaOperator.Hosting;

namespace VismaOperator.Tests.Reporting;

/// <summary>What a collector of logs can go by, as the console really writes it.</summary>
[Collection(nameof(StandardError))]
public sealed class JsonLogTests
{
    private static readonly DateTimeOffset expires = new(2026, 11, 23, 13, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_record_names_its_event_its_category_and_the_object_that_it_is_about()
    {
        var record = await WrittenAsync(logs =>
        {
            var controller = logs.CreateLogger("Controller.VismaConnection");
            using var scope = controller.BeginScope(
                new Dictionary<string, object?>
                {
                    ["namespace"] = "integrations",
                    ["name"] = "acme",
                    ["reconcileId"] = 7L,
                }
            );
            new ConnectionLog(logs.CreateLogger("VismaConnection")).Refreshed(RefreshCause.Due, expires, expires.AddMinutes(-20));
        });

        Assert.Equal("TokenRefreshed", (string?)record["EventName"]);
        Assert.Equal("VismaConnection", (string?)record["Category"]);
        Assert.Equal("Information", (string?)record["LogLevel"]);
        Assert.Equal("Due", (string?)record["State"]!["Cause"]);
        Assert.Equal(
            ("integrations", "acme", 7),
            (
                (string?)record["Scopes"]![0]!["namespace"],
                (string?)record["Scopes"]![0]!["name"],
                (int?)record["Scopes"]![0]!["reconcileId"]
            )
        );
        Assert.StartsWith("Token refreshed (Due)", (string?)record["Message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exception_and_odd_text_stay_one_line_of_JSON()
    {
        KeyValuePair<string, object?>[] state = [new("Number", 12)];

        var record = await WrittenAsync(logs =>
            logs.CreateLogger("a").Log(LogLevel.Error, default, state, new InvalidOperationException("two\nlines"), (_, _) => "A \"quote\"")
        );

        Assert.Contains("two\nlines", (string?)record["Exception"], StringComparison.Ordinal);
        Assert.Equal(12, (int)record["State"]!["Number"]!);
        Assert.Null(record["EventName"]);
    }

    private static async Task<JsonNode> WrittenAsync(Action<ILoggerFactory> log)
    {
        var before = Console.Error;
        using var written = new StringWriter();
        Console.SetError(written);
        try
        {
            await using var services = new ServiceCollection()
                .AddLogging(logging => logging.WriteToConsole(new LogOptions { Format = LogFormat.Json }))
                .BuildServiceProvider();
            log(services.GetRequiredService<ILoggerFactory>());
        }
        finally
        {
            Console.SetError(before);
        }

        return JsonNode.Parse(Assert.Single(written.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)))!;
    }
}

/// <summary>Standard error is one for the whole process: whoever looks at it is alone.</summary>
[CollectionDefinition(nameof(StandardError), DisableParallelization = true)]
public sealed class StandardError;
