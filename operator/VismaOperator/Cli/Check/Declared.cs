using Kubernetes.Client;
using Kubernetes.Client.Resources;
using VismaOperator.Api;
using VismaOperator.Clients;
using VismaOperator.Manifests;

namespace VismaOperator.Cli.Check;

/// <summary>An object together with the document that declares it.</summary>
internal sealed record Declared<T>(T Resource, ManifestDocument Document)
    where T : class, IResource<T>
{
    internal NamespacedName Name => Resource.Metadata.NamespacedName;
}

/// <summary>All objects that the files declare, as far as references need them.</summary>
internal sealed record DeclaredObjects(
    IReadOnlyList<Declared<OAuthClient>> Clients,
    IReadOnlyList<Declared<VismaConnection>> Connections,
    IReadOnlyList<ManifestDocument> Secrets,
    IReadOnlyList<ManifestDocument> Namespaces)
{
    // Every namespace of a cluster has it.
    private const string NameLabel = "kubernetes.io/metadata.name";

    // The first of each name. Files may hold tens of thousands of objects.
    private readonly ILookup<NamespacedName, Declared<VismaConnection>> publishers = Connections.ToLookup(connection =>
        connection.Resource.SecretName()
    );
    private readonly ILookup<NamespacedName, Declared<VismaConnection>> copiers = Connections
        .SelectMany(connection => connection.Resource.Spec.Secret.Copies.Select(copy => (copy, connection)))
        .ToLookup(pair => new NamespacedName(pair.copy.Namespace, pair.copy.Name), pair => pair.connection);
    private readonly ILookup<NamespacedName, Declared<OAuthClient>> clients = Clients.ToLookup(client => client.Name);
    private readonly ILookup<NamespacedName, ManifestDocument> secrets = Secrets.ToLookup(secret => secret.NamespacedName);
    private readonly ILookup<string, ManifestDocument> namespaces = Namespaces.ToLookup(declared => declared.Name, StringComparer.Ordinal);

    /// <summary>What is in the cluster; null where nothing is compared.</summary>
    internal LiveObjects? Live { get; init; }

    /// <summary>The client as it will be: from the files, else from the cluster.</summary>
    internal OAuthClient? FindClient(NamespacedName name) =>
        clients[name].FirstOrDefault()?.Resource
        ?? Live?.Clients.FirstOrDefault(client => client.Metadata.NamespacedName == name);

    internal Declared<OAuthClient>? ClientReading(NamespacedName secret) =>
        Clients.FirstOrDefault(client => CredentialReader.ReferencesOf(client.Resource).Contains(secret));

    /// <summary>The first connection that publishes in a Secret that some connection publishes in.</summary>
    internal Declared<VismaConnection> Publisher(NamespacedName secret) => publishers[secret].First();

    /// <summary>A connection that publishes in a Secret of this name; null where none does.</summary>
    internal Declared<VismaConnection>? FindPublisher(NamespacedName secret) => publishers[secret].FirstOrDefault();

    /// <summary>The first connection that lists a Secret as a copy, of those that do.</summary>
    internal Declared<VismaConnection> FirstCopier(NamespacedName secret) => copiers[secret].First();

    internal ManifestDocument? FindSecret(NamespacedName name) => secrets[name].FirstOrDefault();

    /// <summary>The labels of a namespace, as far as the files declare it.</summary>
    internal NamespaceLabels LabelsOf(string name) =>
        namespaces[name].FirstOrDefault() is { } document
            ? new NamespaceLabels.Known(
                new Dictionary<string, string>(
                    ManifestConversion.ToResource<Namespace>(document, [])?.Metadata.Labels ?? new Dictionary<string, string>()
                )
                {
                    [NameLabel] = name,
                }
            )
            : new NamespaceLabels.Unreadable();
}
