namespace MtSession.Native;

/// <summary>Room for one page of records and the texts beside them, for one enumeration.</summary>
internal sealed class Page<T>(int records, int heap)
    where T : unmanaged
{
    public T[] Records { get; } = new T[records];

    public byte[] Heap { get; private set; } = new byte[heap];

    /// <summary>How many records were written.</summary>
    public int Count { get; private set; }

    /// <summary>What to pass to get the page behind this one.</summary>
    public long Next { get; private set; }

    /// <summary>
    /// Takes what a call wrote; false where the heap held not even one record, and is bigger now.
    /// </summary>
    public bool Take(Status status, in NativePage page)
    {
        if (status == Status.TooSmall)
        {
            Heap = new byte[page.HeapNeeded];
            return false;
        }
        Count = (int)page.Count;
        Next = page.Next;
        return true;
    }
}
