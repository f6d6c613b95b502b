namespace VismaOperator.Testing.ApiServer;

/// <summary>Where clients may be pointed at: the API server, or a proxy in front of it.</summary>
public interface IApiEndpoint
{
    /// <summary>Scheme, host and port.</summary>
    Uri Server { get; }

    /// <summary>The certificate authority to trust, as PEM; null where the machine's own authorities do.</summary>
    string? AuthorityPem { get; }
}
