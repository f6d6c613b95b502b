using System.Globalization;
using CsCheck;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Tests.Doubles;
using Xunit;

namespace Kubernetes.Controllers.Tests.Caching;

/// <summary>
/// Random interleavings of own writes, their late answers, others' writes, a lagging watch and lists that are old when they arrive. In any
/// order the store never goes back, never resurrects an object, and ends with what the cluster holds.
/// </summary>
public sealed class StoreModelTests
{
    private static readonly Gen<(int Verb, int Name)[]> steps = Gen.Select(Gen.Int[0, 9], Gen.Int[0, 2]).Array[1, 120];

    [Fact]
    public void Never_goes_back_never_resurrects_and_ends_up_right() => steps.Sample(
        script =>
        {
            var run = new Run();
            foreach (var (verb, name) in script)
            {
                run.Do(verb, $"s{name}");
                run.Check();
            }

            run.DeliverEverything();
        },
        iter: 1000);

    private sealed class Run
    {
        private readonly Dictionary<string, SecretMetadata> cluster = new(StringComparer.Ordinal);
        private readonly List<(bool IsDeletion, SecretMetadata Resource)> history = [];
        private readonly List<SecretMetadata> lateAnswers = [];
        private readonly HashSet<string> deletedHere = new(StringComparer.Ordinal);
        private readonly Dictionary<NamespacedName, SecretMetadata> replayed = [];
        private readonly Dictionary<string, long> newestShown = new(StringComparer.Ordinal);
        private readonly Store<SecretMetadata> store = new();
        private readonly StoreFeed<SecretMetadata> feed;
        private (IReadOnlyList<SecretMetadata> Items, long Version)? listUnderWay;
        private long version = 1;
        private long watched = 1;

        public Run()
        {
            feed = store.AddFeed(ResourceSelector.All);
            store.Subscribe(Replay);
            feed.Found(new CacheEvent<SecretMetadata>.Complete([], "1"));
        }

        public void Do(int verb, string name)
        {
            switch (verb)
            {
                case 0 or 1:
                    Write(name);
                    break;
                case 2 or 3:
                    Observe(Write(name));
                    break;
                case 4:
                    lateAnswers.Add(Write(name));
                    break;
                case 5:
                    Delete(name);
                    break;
                case 6:
                    DeleteHere(name);
                    break;
                case 7 when listUnderWay is null:
                    listUnderWay = ([.. cluster.Values], version);
                    break;
                case 7:
                    DeliverList();
                    break;
                case 8 when lateAnswers.Count > 0:
                    Observe(lateAnswers[0]);
                    lateAnswers.RemoveAt(0);
                    break;
                case 9 when listUnderWay is null:
                    DeliverNextLine();
                    break;
            }
        }

        /// <summary>What holds at every moment.</summary>
        public void Check()
        {
            foreach (var shown in store.List())
            {
                Assert.DoesNotContain(shown.Metadata.Uid!, deletedHere);
                Assert.True(
                    VersionOf(shown) >= newestShown.GetValueOrDefault(shown.Metadata.Name),
                    "an older version than was shown before"
                );
                newestShown[shown.Metadata.Name] = VersionOf(shown);
            }

            Assert.Equal(store.List().ToHashSet(), replayed.Values.ToHashSet());
        }

        public void DeliverEverything()
        {
            if (listUnderWay is not null)
            {
                DeliverList();
            }

            lateAnswers.ForEach(Observe);
            while (watched < version)
            {
                DeliverNextLine();
                Check();
            }

            Assert.Equal(cluster.Values.ToHashSet(), store.List().ToHashSet());
        }

        private static long VersionOf(SecretMetadata secret) => long.Parse(secret.Metadata.ResourceVersion!, CultureInfo.InvariantCulture);

        private SecretMetadata Write(string name)
        {
            version++;
            var uid = cluster.TryGetValue(name, out var present) ? present.Metadata.Uid : $"{name}-{version}";
            cluster[name] = Some.Secret(name, version, uid);
            history.Add((false, cluster[name]));
            return cluster[name];
        }

        private void Delete(string name)
        {
            if (cluster.Remove(name, out var last))
            {
                version++;
                history.Add((true, Some.Secret(name, version, last.Metadata.Uid)));
            }
        }

        private void DeleteHere(string name)
        {
            if (cluster.TryGetValue(name, out var last))
            {
                Delete(name);
                deletedHere.Add(last.Metadata.Uid!);
                store.ObserveDeletion(new("team-a", name), last.Metadata.Uid);
            }
        }

        /// <summary>The store must hold the own write, or something newer, or know that it is gone.</summary>
        private void Observe(SecretMetadata answer)
        {
            store.Observe(answer);
            if (deletedHere.Contains(answer.Metadata.Uid!))
            {
                return;
            }

            var shown = store.Find(answer.Metadata.NamespacedName);
            var isGone = history.Any(line => line.IsDeletion && line.Resource.Metadata.Uid == answer.Metadata.Uid);
            Assert.True(shown is null ? isGone : VersionOf(shown) >= VersionOf(answer), "an own write was lost");
        }

        private void DeliverList()
        {
            var (items, listVersion) = listUnderWay!.Value;
            feed.Found(new CacheEvent<SecretMetadata>.Complete(items, listVersion.ToString(CultureInfo.InvariantCulture)));
            (watched, listUnderWay) = (listVersion, null);
        }

        private void DeliverNextLine()
        {
            if (history.Find(line => VersionOf(line.Resource) > watched) is { Resource: { } resource } line)
            {
                feed.Found(
                    line.IsDeletion ? new CacheEvent<SecretMetadata>.Deleted(resource) : new CacheEvent<SecretMetadata>.Applied(resource)
                );
                watched = VersionOf(resource);
            }
        }

        private void Replay(StoreChange<SecretMetadata> change)
        {
            var isConfirmation =
                change.After is null && deletedHere.Contains(change.Before!.Metadata.Uid!) && !replayed.ContainsKey(change.Name);
            Assert.Equal(isConfirmation ? change.Before : replayed.GetValueOrDefault(change.Name), change.Before);
            if (change.After is null)
            {
                replayed.Remove(change.Name);
            }
            else
            {
                replayed[change.Name] = change.After;
            }
        }
    }
}
