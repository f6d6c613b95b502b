using Xunit;
using Xunit.Sdk;
using Xunit.v3;

[assembly: CollectionBehavior(DisableTestParallelization = true)]
[assembly: TestCollectionOrderer(typeof(Mutation.TablesFirst))]

namespace Mutation;

/// <summary>
/// Only for <c>make mutate</c>, where a run ends with the first test that fails: the classes of properties come last, since one of them
/// takes as long as all the tables.
/// </summary>
public sealed class TablesFirst : ITestCollectionOrderer
{
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [
            .. testCollections
                .OrderBy(collection => collection.TestCollectionDisplayName.Contains("Properties", StringComparison.Ordinal))
                .ThenBy(collection => collection.TestCollectionDisplayName, StringComparer.Ordinal),
        ];
}
