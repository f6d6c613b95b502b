using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Lifecycle;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using VismaOperator.Connections;
using VismaOperator.Hosting;

namespace VismaOperator.Tests.Reporting;

/// <summary>What a collector of logs can go by.</summary>
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

    [Fact]
    public void A_record_is_written_in_one_piece()
    {
        var output = new Pieces();
        using (var logs = LoggerFactory.Create(logging => logging.WriteJson(output)))
        {
            var log = logs.CreateLogger("a");
            Say(log, new string('x', 10_000));
            Say(log, "short");
        }

        Assert.Equal(2, output.Written.Count);
        Assert.All(output.Written, piece => Assert.EndsWith("}\n", piece, StringComparison.Ordinal));
        Assert.Equal("short", (string?)JsonNode.Parse(output.Written[1])!["Message"]);
    }

    [Fact]
    public void A_record_that_cannot_be_written_or_made_disturbs_nobody_and_no_later_record()
    {
        var output = new Pieces { Broken = "lost" };
        using (var logs = LoggerFactory.Create(logging => logging.WriteJson(output)))
        {
            var log = logs.CreateLogger("a");
            Say(log, "lost");
            Assert.ThrowsAny<Exception>(() => log.Log(LogLevel.Error, default, new Unprintable(), exception: null, (_, _) => "half"));
            Say(log, "later");
        }

        Assert.Equal("later", (string?)JsonNode.Parse(Assert.Single(output.Written))!["Message"]);
    }

    [Fact]
    public async Task A_reader_that_stands_still_holds_up_nobody_before_thousands_of_records_wait()
    {
        using var goesOn = new ManualResetEventSlim();
        var output = new Pieces { GoesOn = goesOn };
        var logs = LoggerFactory.Create(logging => logging.WriteJson(output));
        var log = logs.CreateLogger("a");

        await Task.Run(() =>
            {
                for (var number = 0; number < JsonLog.MostWaiting; number++)
                {
                    Say(log, number.ToString(CultureInfo.InvariantCulture));
                }
            }, TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.Empty(output.Written);
        goesOn.Set();
        await output.UntilWrittenAsync(JsonLog.MostWaiting);
        logs.Dispose();
        Assert.Equal(
            Enumerable.Range(0, JsonLog.MostWaiting),
            output.Written.Select(piece => int.Parse((string)JsonNode.Parse(piece)!["Message"]!, CultureInfo.InvariantCulture))
        );
    }

    private static void Say(ILogger log, string text) => log.Log(LogLevel.Information, default, text, exception: null, (said, _) => said);

    private static async Task<JsonNode> WrittenAsync(Action<ILoggerFactory> log)
    {
        using var written = new MemoryStream();
        await using (var services = new ServiceCollection().AddLogging(logging => logging.WriteJson(written)).BuildServiceProvider())
        {
            log(services.GetRequiredService<ILoggerFactory>());
        }

        var lines = Encoding.UTF8.GetString(written.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return JsonNode.Parse(Assert.Single(lines))!;
    }

    private sealed class Unprintable : List<KeyValuePair<string, object?>>
    {
        public Unprintable() => Add(new("Broken", this));

        public override string ToString() => throw new InvalidOperationException("no words");
    }

    // What each write brought.
    private sealed class Pieces : MemoryStream
    {
        private readonly TaskCompletionSource enough = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int wanted = int.MaxValue;

        public List<string> Written { get; } = [];

        public string? Broken { get; init; }

        public ManualResetEventSlim? GoesOn { get; init; }

        public Task UntilWrittenAsync(int count)
        {
            lock (Written)
            {
                wanted = count;
                Tell();
            }

            return enough.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, TestContext.Current.CancellationToken);
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            GoesOn?.Wait();
            var text = Encoding.UTF8.GetString(buffer);
            if (Broken is { } broken && text.Contains(broken, StringComparison.Ordinal))
            {
                throw new IOException("no space left");
            }

            lock (Written)
            {
                Written.Add(text);
                Tell();
            }
        }

        private void Tell()
        {
            if (Written.Count >= wanted)
            {
                enough.TrySetResult();
            }
        }
    }
}
