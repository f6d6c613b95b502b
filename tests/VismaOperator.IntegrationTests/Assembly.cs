global using Xunit;
using VismaOperator.Testing.ApiServer;

// One API server for all tests; each test works in namespaces of its own, so that tests may run side by side.
[assembly: AssemblyFixture(typeof(ApiServerFixture))]

// Most of a scene is waiting, so twice as many run side by side as a small machine has cores.
[assembly: CollectionBehavior(MaxParallelThreads = 4)]
