namespace VismaOperator.Cli.Doctor;

/// <summary>One link: what it is called, how it is looked at, and which earlier ones it needs.</summary>
/// <param name="Name">For programs.</param>
/// <param name="Title">For people.</param>
/// <param name="Look">Looks at it.</param>
internal sealed record DoctorLink(string Name, string Title, Func<DoctorCase, CancellationToken, Task<LinkFinding>> Look)
{
    /// <summary>Links without which it makes no sense to look.</summary>
    public IReadOnlyList<string> Needs { get; init; } = [];

    /// <summary>False where later links lack what it reads.</summary>
    public Func<DoctorCase, bool> HasRead { get; init; } = _ => true;

    /// <summary>True where it can only be looked at in a cluster.</summary>
    public bool IsOfCluster { get; init; }

    /// <summary>True where it needs what the operator said.</summary>
    public bool IsOfStatus { get; init; }
}

/// <summary>All links, in their order. What a broken one makes pointless is skipped.</summary>
internal static class DoctorChain
{
    /// <summary>The links.</summary>
    public static IReadOnlyList<DoctorLink> Links { get; } =
    [
        new("connection", "Connection", SpecLinks.ConnectionAsync),
        new("client", "Client", SpecLinks.ClientAsync) { Needs = ["connection"], HasRead = subject => subject.Client is not null },
        new("clientID", "Client id", CredentialLinks.ClientIdAsync) { Needs = ["client"] },
        new("clientSecret", "Client secret", CredentialLinks.ClientSecretAsync) { Needs = ["client"] },
        new("dns", "DNS", NetworkLinks.DnsAsync) { Needs = ["client"] },
        new("tls", "TLS", NetworkLinks.TlsAsync) { Needs = ["dns"] },
        new("clock", "Clock", NetworkLinks.ClockAsync) { Needs = ["tls"] },
        new("discovery", "Discovery", NetworkLinks.DiscoveryAsync) { Needs = ["tls"] },
        new("token", "Token request", TokenLinks.TokenAsync) { Needs = ["discovery", "clientID", "clientSecret"] },
        new("tenant", "Tenant", TokenLinks.TenantAsync) { Needs = ["token"] },
        new("scopes", "Scopes", TokenLinks.ScopesAsync) { Needs = ["tenant"] },
        new("probe", "API", ProbeLinks.ProbeAsync) { Needs = ["scopes"] },
        new("consent", "Consent", ConsentLinks.ConsentAsync) { Needs = ["connection"] },
        new("secret", "Token Secret", SecretLinks.OwnershipAsync) { Needs = ["connection"], IsOfCluster = true },
        new("copies", "Copies", CopyLinks.CopiesAsync) { Needs = ["connection"], IsOfStatus = true },
        new("readers", "Readers", SecretLinks.ReadersAsync) { IsOfCluster = true },
        new("operator", "Operator", OperatorLinks.OperatorAsync) { IsOfCluster = true },
        new("permissions", "Permissions", OperatorLinks.PermissionsAsync) { IsOfCluster = true },
        new("restarts", "Restarts", RestartLinks.RestartsAsync) { IsOfCluster = true },
        new("networkPolicy", "NetworkPolicy", OperatorLinks.NetworkPolicyAsync) { IsOfCluster = true },
        new("status", "Status", StatusLinks.StatusAsync) { IsOfStatus = true },
    ];

    /// <summary>Looks at all of them.</summary>
    /// <param name="subject">The connection, or the set.</param>
    /// <param name="tell">Told of each link as soon as it is known.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task<DoctorReport> WalkAsync(DoctorCase subject, Action<LinkReport> tell, CancellationToken stop)
    {
        List<LinkReport> reports = [];
        Dictionary<string, string> broken = []; // a link, and the title of the first broken one before it
        foreach (var link in subject.Set is null ? Links : SetLinks.Links)
        {
            var cause = link.Needs.Select(broken.GetValueOrDefault).FirstOrDefault(title => title is not null);
            var finding =
                (!subject.Source.IsCluster && link.IsOfCluster) || (!subject.Source.HasStatus && link.IsOfStatus)
                    ? LinkFinding.Skipped(DoctorReason.NoCluster, "There is no cluster to look at.")
                : cause is not null ? LinkFinding.Skipped(DoctorReason.DependsOnBrokenLink, $"Needs first: {cause}.")
                : await link.Look(subject, stop);
            if (cause is not null || finding.Outcome == LinkOutcome.Broken || !link.HasRead(subject))
            {
                broken.Add(link.Name, cause ?? link.Title);
            }

            reports.Add(Report(link, finding));
            tell(reports[^1]);
        }

        return new DoctorReport
        {
            Kind = subject.Kind.Kind,
            Namespace = subject.Name.Namespace,
            Name = subject.Name.Name,
            Source = subject.Source.Name,
            Links = reports,
        };
    }

    private static LinkReport Report(DoctorLink link, LinkFinding finding) =>
        new()
        {
            Link = link.Name,
            Title = link.Title,
            Outcome = finding.Outcome,
            Reason = finding.Reason,
            Message = finding.Message,
        };
}
