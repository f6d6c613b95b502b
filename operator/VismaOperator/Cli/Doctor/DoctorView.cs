using System.Text.Json;
using VismaOperator.Cli.Connect;
using VismaOperator.Cli.Status;

namespace VismaOperator.Cli.Doctor;

/// <summary>Prints what is found: as text each link when it is known, as JSON all at the end.</summary>
/// <param name="options">The form; without a cluster it is a list.</param>
/// <param name="screen">Where it goes.</param>
internal sealed class DoctorView(DoctorOptions options, StatusScreen screen)
{
    private const int TitleWidth = 15;

    private static readonly DoctorJsonContext json = DoctorJsonContext.Default;

    private bool hasBegun;

    /// <summary>A connection is looked at.</summary>
    public void Begin(DoctorCase subject)
    {
        if (!hasBegun)
        {
            Write(DoctorNote.Text);
        }

        hasBegun = true;
        Write(string.Empty);
        Write(TerminalText.Printable($"{subject.Kind.Kind} {subject.Name} in {subject.Source.Name}"));
    }

    /// <summary>A link of it is known.</summary>
    public void Tell(LinkReport link)
    {
        var mark = Mark(link.Outcome);
        Write(
            $"{(screen.IsColoured ? Coloured(link.Outcome, mark) : mark)} {link.Title.PadRight(TitleWidth)}"
                + TerminalText.Printable($"{(link.Reason is null ? string.Empty : $"{link.Reason}: ")}{link.Message}")
        );
    }

    /// <summary>All links of it are known.</summary>
    public void End(DoctorReport report) => Write(Sum(report));

    /// <summary>All connections were looked at.</summary>
    public void End(IReadOnlyList<DoctorReport> reports)
    {
        if (options.Output == DoctorOutput.Json)
        {
            screen.Output.WriteLine(
                options.Manifests is not null || options.State is not null
                    ? JsonSerializer.Serialize(new DoctorReports { Items = reports }, json.DoctorReports)
                    : JsonSerializer.Serialize(reports[0], json.DoctorReport)
            );
        }
    }

    private void Write(string line)
    {
        if (options.Output == DoctorOutput.Text)
        {
            screen.Output.WriteLine(line);
        }
    }

    private static string Sum(DoctorReport report)
    {
        var parts = new[]
        {
            (LinkOutcome.Broken, "broken"),
            (LinkOutcome.Warning, "to look at"),
            (LinkOutcome.Unknown, "unknown"),
            (LinkOutcome.Skipped, "skipped"),
        }
            .Select(part => (Count: report.Links.Count(link => link.Outcome == part.Item1), part.Item2))
            .Where(part => part.Count > 0)
            .Select(part => $"{part.Count} {part.Item2}");
        return $"{report.Links.Count(link => link.Outcome == LinkOutcome.Ok)} in order, {string.Join(", ", parts)}".TrimEnd(',', ' ') + ".";
    }

    private static string Mark(LinkOutcome outcome) =>
        outcome switch
        {
            LinkOutcome.Ok => "✓",
            LinkOutcome.Warning => "!",
            LinkOutcome.Broken => "✗",
            LinkOutcome.Unknown => "?",
            _ => "-",
        };

    private static string Coloured(LinkOutcome outcome, string mark) =>
        outcome switch
        {
            LinkOutcome.Ok => StatusColour.Of(StatusState.Ready, mark),
            LinkOutcome.Warning => StatusColour.Of(StatusState.Warning, mark),
            LinkOutcome.Broken => StatusColour.Of(StatusState.Stalled, mark),
            _ => mark,
        };
}
