namespace VismaOperator.Tests.Crashes;

/// <summary>
/// The Lease that the processes of a simulation share, as it stands in the cluster: the rules of the real elector, without its requests.
/// </summary>
internal sealed class SimulatedLease(World world)
{
    private Replica? holder;
    private DateTimeOffset renewedAt;
    private int looks;

    /// <summary>True when somebody leads who is neither stopped nor cut off nor about to end.</summary>
    public bool IsHeldByOneThatActs => holder is { IsActing: true, IsCutOff: false, IsEnding: false, Leadership.IsLeader: true };

    /// <summary>Who leads and can act.</summary>
    public Replica? ActingHolder => IsHeldByOneThatActs ? holder : null;

    /// <summary>Somebody writes another holder into the Lease.</summary>
    public void Steal(Replica thief)
    {
        world.Note($"the lease is stolen for {thief}");
        Take(thief);
    }

    /// <summary>The holder has died. One that ended in good order gives the lease back.</summary>
    public void Gone(Replica replica)
    {
        if (holder == replica && replica is { IsEnding: true, IsCutOff: false })
        {
            holder = null;
        }
    }

    /// <summary>Every other second each process renews, or tries to take.</summary>
    public void Look(bool leapt)
    {
        if (++looks % 2 == 0 && !leapt)
        {
            return;
        }

        if (holder is { IsActing: true } && leapt)
        {
            Renew(); // it was renewed all the time; only nobody watched
        }

        foreach (
            var replica in world.Replicas.Where(replica => replica.IsActing && !(replica.IsEnding && !replica.Leadership.IsLeader)).ToList()
        )
        {
            Look(replica);
        }
    }

    private void Look(Replica replica)
    {
        var takesLeases = world.Api.TakesLeases && !replica.IsCutOff;
        if (replica.Leadership.HasLed && (replica != holder || !replica.Leadership.IsLeader))
        {
            // Noticed by the answer to a renewal; or, where the API server takes none, when the deadline has passed.
            if (takesLeases || !replica.Leadership.IsLeader)
            {
                replica.Leadership.Close();
                replica.BeginToEnd(isAsked: false);
                world.After(TimeSpan.FromSeconds(2), () => world.StartReplica(world.ClockError()));
            }
        }
        else if (takesLeases && replica == holder)
        {
            Renew();
        }
        else if (
            takesLeases
            && !replica.IsEnding
            && (holder is null || world.Time.GetUtcNow() - renewedAt >= ReplicaLeadership.LeaseDuration)
        )
        {
            world.Note($"{replica} leads");
            Take(replica);
        }
    }

    private void Take(Replica replica)
    {
        holder = replica;
        replica.CatchUp();
        Renew();
    }

    private void Renew()
    {
        holder!.Leadership.Renew();
        renewedAt = world.Time.GetUtcNow();
    }
}
