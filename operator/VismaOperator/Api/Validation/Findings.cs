using Lifecycle;

namespace VismaOperator.Api.Validation;

/// <summary>Collects problems while a spec is checked.</summary>
internal sealed class Findings
{
    private readonly List<FieldError> problems = [];

    internal IReadOnlyList<FieldError> All => problems;

    /// <summary>Adds a problem unless the requirement is met.</summary>
    internal void Require(bool isMet, string path, string message)
    {
        if (!isMet)
        {
            Add(path, Reason.InvalidSpec, message);
        }
    }

    internal void Add(string path, string reason, string message) => problems.Add(new(path, reason, message));
}
