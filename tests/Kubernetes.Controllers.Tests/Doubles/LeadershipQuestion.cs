using Kubernetes.Controllers.Leadership;

namespace Kubernetes.Controllers.Tests.Doubles;

/// <summary>The fence as a question, for assertions.</summary>
internal static class LeadershipQuestion
{
    /// <summary>True while the fence lets this process pass.</summary>
    public static bool Leads(this ILeadership leadership)
    {
        try
        {
            leadership.EnsureLeader();
            return true;
        }
        catch (LeadershipLostException)
        {
            return false;
        }
    }
}
