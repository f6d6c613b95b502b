using VismaOperator.Wiring;

namespace VismaOperator.Hosting;

/// <summary>Where <c>run</c> and <c>local</c> get the controllers from: the same for both.</summary>
internal static class ControllerWiring
{
    /// <summary>The controllers of the operator, not started yet.</summary>
    public static IControllerSet Create(OperatorContext context) => new OperatorControllers(context);
}
