namespace VismaConnect.StandIn;

/// <summary>A fault as the administration takes it, for example <c>{"kind": "tooManyRequests", "seconds": 30, "count": 3}</c>.</summary>
/// <param name="Kind">What goes wrong.</param>
internal sealed record FaultOrder(FaultKind Kind)
{
    /// <summary>How many requests; null until cleared.</summary>
    public int? Count { get; init; }

    /// <summary>Which endpoint.</summary>
    public StandInEndpoint Endpoint { get; init; } = StandInEndpoint.Token;

    /// <summary>Only requests for this tenant; null for all.</summary>
    public string? TenantId { get; init; }

    /// <summary>Only token requests of this grant type; null for all.</summary>
    public string? GrantType { get; init; }

    /// <summary>HTTP status of serverError, html, error and erp.</summary>
    public int? Status { get; init; }

    /// <summary>Delay of slow, Retry-After of tooManyRequests.</summary>
    public double Seconds { get; init; } = 5;

    /// <summary>OAuth error code of error, fault code of erp.</summary>
    public string Error { get; init; } = "invalid_request";

    /// <summary>Description of error; absent when null.</summary>
    public string? Description { get; init; }

    /// <summary>Target of redirect.</summary>
    public string Location { get; init; } = "https://elsewhere.invalid/";

    public void AddTo(FaultScript script)
    {
        if (Count is { } count)
        {
            script.Next(ToFault(), count, Endpoint, TenantId, GrantType);
        }
        else
        {
            script.Always(ToFault(), Endpoint, TenantId, GrantType);
        }
    }

    private Fault ToFault() => Kind switch
    {
        FaultKind.ServerError => Fault.ServerError(Status ?? 500),
        FaultKind.TooManyRequests => Fault.TooManyRequests(TimeSpan.FromSeconds(Seconds)),
        FaultKind.Slow => new Fault.Slow(TimeSpan.FromSeconds(Seconds)),
        FaultKind.CutBefore => new Fault.CutBefore(),
        FaultKind.CutAfterProcessing => new Fault.CutAfterProcessing(),
        FaultKind.CutDuringAnswer => new Fault.CutDuringAnswer(),
        FaultKind.Garbage => Fault.Garbage(),
        FaultKind.Huge => Fault.Huge(),
        FaultKind.Html => Fault.Html(Status ?? 200),
        FaultKind.Redirect => Fault.Redirect(Location),
        FaultKind.Erp => Fault.Erp(Error, Description ?? "No license for this company.", Status ?? 500),
        FaultKind.Error => Fault.Error(new StandInError(Error, Description), Status ?? 400),
        _ => throw new InvalidOperationException("a kind of fault without a meaning"),
    };
}

/// <summary>Names of faults for other processes.</summary>
internal enum FaultKind
{
    ServerError,
    TooManyRequests,
    Slow,
    CutBefore,
    CutAfterProcessing,
    CutDuringAnswer,
    Garbage,
    Huge,
    Html,
    Redirect,
    Error,
    Erp,
}
