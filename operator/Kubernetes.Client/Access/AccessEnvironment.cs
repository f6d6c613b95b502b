namespace Kubernetes.Client.Access;

/// <summary>The parts of the process and its machine that decide about the access.</summary>
internal sealed record AccessEnvironment(Func<string, string?> Variable, string Home, string ServiceAccountFolder)
{
    public static AccessEnvironment OfThisProcess => new(
        Environment.GetEnvironmentVariable,
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile),
        "/var/run/secrets/kubernetes.io/serviceaccount");
}
