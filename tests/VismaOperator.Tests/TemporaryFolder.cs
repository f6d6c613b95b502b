namespace VismaOperator.Tests;

/// <summary>A folder of one test, deleted with it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("visma-operator-tests-").FullName;

    public string this[params string[] parts] => System.IO.Path.Combine([Path, .. parts]);

    public string CreateFolder(string name) => Directory.CreateDirectory(this[name]).FullName;

    public void Write(string name, string content) => File.WriteAllText(this[name], content);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
