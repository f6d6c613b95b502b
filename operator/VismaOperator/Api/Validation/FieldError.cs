namespace VismaOperator.Api.Validation;

/// <summary>Something in a spec that keeps it from working.</summary>
/// <param name="Path">Where, as JSON path from the object's root, for example <c>spec.clientSecrets[0].secretKeyRef.name</c>.</param>
/// <param name="Reason">Machine-readable reason in CamelCase: one of <see cref="Lifecycle.Reason"/>.</param>
/// <param name="Message">What is wrong and what to do, for a person; never a secret.</param>
public sealed record FieldError(string Path, string Reason, string Message);
