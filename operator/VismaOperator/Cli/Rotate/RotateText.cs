using Kubernetes.Client.Resources;
using VismaOperator.Cli.Connect;
using VismaOperator.Cli.Init;

namespace VismaOperator.Cli.Rotate;

/// <summary>What a person reads of a rotation. No value is in it.</summary>
/// <param name="subject">What is rotated.</param>
/// <param name="options">What was asked for.</param>
/// <param name="called">What the person types to run this program.</param>
internal sealed class RotateText(RotateSubject subject, RotateOptions options, string called)
{
    private const string Path = "{.status.activeSecret.name} {.status.activeSecret.key}";

    private string Client => $"OAuthClient {subject.Client.Metadata.NamespacedName}";

    private string SecretName => subject.Secret.Metadata.Name;

    private string Namespace => subject.Secret.Metadata.Namespace!;

    private string Key => subject.Plan.Reference.Key;

    /// <summary>What was written, and what comes next.</summary>
    public void Tell(TextWriter output, string tried, RotateResult result)
    {
        var (plan, name) = (subject.Plan, subject.Client.Metadata.Name);
        var already = plan.IsDone ? " already" : string.Empty;
        output.WriteLine($"{Client}: the new client secret is first{already}, in Secret {Namespace}/{SecretName}, key {Key}. {tried}");
        if (plan.List.Count == 1)
        {
            return;
        }

        foreach (var caution in result.Cautions)
        {
            output.WriteLine($"Before you delete an old one: {caution}");
        }

        if (result.Stays is { } stays)
        {
            output.WriteLine(
                $"""
                The operator does not use it by itself now. {stays}
                Keep the old one in spec.clientSecrets until it has used the new one. How it stands:
                  {called} status oac/{name} -n {Namespace}{options.Source}
                """
            );
            return;
        }

        output.WriteLine(
            $"""
            The operator tries it {result.When}, and the old one stays behind it.
            Delete the old one in the Visma developer portal once the operator uses the new one, that is when this prints
            {SecretName} {Key}:
              kubectl -n {Namespace} get oac {name} -o jsonpath='{Path}'
            Why it does not: {called} status oac/{name} -n {Namespace}{options.Source}
            Then take the old one out of spec.clientSecrets, and its key out of its Secret. Where this client is applied from a
            file, write the new list there too, or the next apply puts the old one back.
            """
        );
    }

    /// <summary>The change, for who keeps the objects.</summary>
    public void Print(TextWriter output, string written, string tried, IReadOnlyList<string> cautions)
    {
        foreach (var (kind, keeper) in subject.Keepers)
        {
            var name = kind == Secret.ResourceKind.Kind ? SecretName : subject.Client.Metadata.Name;
            var words = $"{kind} {Namespace}/{name} is kept by {keeper.Words}, which would undo a change here.";
            output.WriteLine(TerminalText.Printable(words));
        }

        foreach (var caution in cautions)
        {
            output.WriteLine($"Before you delete an old one: {caution}");
        }

        output.WriteLine($"{written} {tried} What is to be done, in this order:");
        output.WriteLine();
        if (subject.Plan.IsKeyNew)
        {
            PrintSecret(output);
            output.WriteLine();
        }

        output.WriteLine($"{(subject.Plan.IsKeyNew ? "2" : "1")}. In the manifest of {Client}, put the new secret first:");
        output.WriteLine();
        output.WriteLine("spec:");
        output.WriteLine("  clientSecrets:");
        foreach (var entry in subject.Plan.List)
        {
            output.WriteLine("  - secretKeyRef:");
            output.WriteLine($"      name: {YamlScalar.Of(entry.SecretKeyRef.Name)}");
            output.WriteLine($"      key: {YamlScalar.Of(entry.SecretKeyRef.Key)}");
            if (RotatePlan.ExpiryOf(entry) is { } end)
            {
                output.WriteLine($"    expirationTime: \"{end}\"");
            }
        }
    }

    private void PrintSecret(TextWriter output)
    {
        const string Source = "/dev/stdin --dry-run=client -o yaml < new-secret.txt";
        var create = $"kubectl create secret generic {SecretName} -n {Namespace} --from-file={Key}={Source}";
        var keeper = subject.Keepers.FirstOrDefault(one => one.Object == Secret.ResourceKind.Kind).Keeper;
        switch (keeper?.Kind)
        {
            case KeeperKind.ExternalSecrets:
                output.WriteLine(
                    $$"""
                    1. Put the new secret into the store that the ExternalSecret reads, beside the old one, and into its spec.data:

                    spec:
                      data:
                      - secretKey: {{YamlScalar.Of(Key)}}
                        remoteRef: {key: WHERE-YOU-PUT-IT} # as that of the old one, with its property where it has one
                    """
                );
                break;
            case KeeperKind.SealedSecrets:
                output.WriteLine("1. Seal the new secret into the file of the SealedSecret, from a file that holds nothing else:");
                output.WriteLine();
                output.WriteLine($"{create} | kubeseal -o yaml --merge-into THE-FILE.yaml");
                break;
            case KeeperKind.GitOps:
                output.WriteLine(
                    $"""
                    1. Add the key {Key} with the new secret to the manifest of Secret {Namespace}/{SecretName}, encrypted as the
                       others are (with SOPS: sops edit THE-FILE.yaml), and leave the old key.
                    """
                );
                break;
            default:
                output.WriteLine("1. Add the new secret to the Secret, which nobody else keeps, from a file that holds nothing else:");
                output.WriteLine();
                output.WriteLine($"{create} | kubectl patch secret {SecretName} -n {Namespace} --patch-file /dev/stdin");
                break;
        }
    }
}
