namespace VismaOperator.Testing.ApiServer.Proxy;

/// <summary>The faults in force, oldest first.</summary>
internal sealed class FaultList
{
    private readonly Lock gate = new();
    private readonly List<Fault> faults = [];

    public Fault Add(Fault fault)
    {
        lock (gate)
        {
            faults.Add(fault);
        }

        return fault;
    }

    /// <summary>The fault that the request meets, counted; null where it just passes.</summary>
    public Fault? Find(ProxiedRequest request)
    {
        lock (gate)
        {
            faults.RemoveAll(fault => fault.IsLifted);
            return faults.FirstOrDefault(fault => fault.TryApply(request));
        }
    }

    public void Lift()
    {
        lock (gate)
        {
            faults.ForEach(fault => fault.Dispose());
        }
    }
}
