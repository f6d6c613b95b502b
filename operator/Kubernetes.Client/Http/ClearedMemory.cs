using System.Buffers;

namespace Kubernetes.Client.Http;

/// <summary>Pooled memory that is cleared before anybody else gets it: answers may be of Secrets.</summary>
internal sealed class ClearedMemory : MemoryPool<byte>
{
    private const int Usual = 16 * 1024;

    /// <summary>The pool.</summary>
    public static ClearedMemory Pool { get; } = new();

    /// <inheritdoc/>
    public override int MaxBufferSize => Array.MaxLength;

    /// <inheritdoc/>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1) =>
        new Rented(ArrayPool<byte>.Shared.Rent(minBufferSize < 0 ? Usual : minBufferSize));

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // What is rented goes back by itself.
    }

    private sealed class Rented(byte[] array) : IMemoryOwner<byte>
    {
        private byte[]? array = array;

        public Memory<byte> Memory => array;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref array, null) is { } rented)
            {
                ArrayPool<byte>.Shared.Return(rented, clearArray: true);
            }
        }
    }
}
