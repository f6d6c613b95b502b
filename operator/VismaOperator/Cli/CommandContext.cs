using VismaOperator.Hosting;
using VismaOperator.Manifests;

namespace VismaOperator.Cli;

/// <summary>What a verb may touch of the process that it runs in; tests hand in their own.</summary>
/// <param name="Variable">Looks up an environment variable.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
/// <param name="Time">The clock.</param>
/// <param name="Called">What the person typed to get here; see <see cref="Hosting.Product.Called"/>.</param>
internal sealed record CommandContext(
    Func<string, string?> Variable,
    TextWriter Output,
    TextWriter Error,
    TimeProvider Time,
    string Called = Product.Name
)
{
    /// <summary>Opens standard input.</summary>
    public Func<Stream> Input { get; init; } = ProcessInput.Open;
}
