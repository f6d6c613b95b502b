namespace VismaOperator.Api.Validation;

/// <summary>What a probe must fulfil.</summary>
internal static class ProbeRules
{
    private const int LongestPath = 512;

    private static readonly DurationRule interval = new(
        TimeSpan.FromMinutes(5),
        TimeSpan.FromHours(168),
        "the interval must be between 5m and 168h, written with the units h, m, s and ms in this order, such as 30m or 1h30m");

    private const string Field = "spec.probe.";

    /// <summary>What keeps a probe from being made; null where nothing does.</summary>
    internal static FieldError? ProblemOf(VismaConnectionSpec spec)
    {
        var findings = new Findings();
        Check(findings, spec);
        return findings.All is [var first, ..] ? first : null;
    }

    /// <summary>True for a problem of the probe only, which keeps no token from being renewed.</summary>
    internal static bool IsOfProbe(FieldError problem) => problem.Path.StartsWith(Field, StringComparison.Ordinal);

    internal static void Check(Findings findings, VismaConnectionSpec spec)
    {
        if (spec.DeclaredProbe is not { } probe)
        {
            return;
        }

        findings.Require(
            spec is not { ApiVersion: ErpApiVersion.V2, BaseUrl: null } || probe is not { Enabled: true, Path: ProbeSpec.DefaultPath },
            "spec.probe.path",
            "/dimension, which is the default of spec.probe.path, is in version 1 of the API only, and version 2 answers it with 404: "
            + "set a path that the connection uses, such as /customerinvoice?pageSize=1"
        );

        findings.Require(
            IsPath(probe.Path),
            "spec.probe.path",
            "the path must begin with one slash, such as /dimension, and be made of letters, digits and ._~$(),=:- without empty segments "
            + "and without segments that begin with a dot; a query may follow: correct it"
        );
        interval.Check(findings, "spec.probe.interval", probe.Interval);
    }

    /// <summary>
    /// True for a path that begins with one slash and cannot change the host: no empty segment, no segment that begins with a dot, no
    /// percent sign, backslash, <c>@</c> or <c>#</c>. A query may follow.
    /// </summary>
    internal static bool IsPath(string path) => path.Length <= LongestPath && Patterns.ProbePath.IsMatch(path);
}
