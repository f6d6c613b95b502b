global using Xunit;
using VismaOperator.Testing.ApiServer;

// One API server for all tests; each test works in namespaces of its own, so that tests may run side by side.
[assembly: AssemblyFixture(typeof(ApiServerFixture))]

// Most of them wait for an API server, so more run side by side than a small machine has cores.
[assembly: CollectionBehavior(MaxParallelThreads = 6)]
