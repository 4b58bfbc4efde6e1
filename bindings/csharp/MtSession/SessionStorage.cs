namespace MtSession;

/// <summary>
/// A storage of your own for <see cref="Session.Custom"/>: a database, a server. Telethon: a subclass of
/// <c>Session</c>.
/// </summary>
/// <remarks>
/// <para>The session decides what is stored, and merges; a storage keeps whole records and finds them
/// again. Its members are called on any thread that uses the session: commits one at a time, the
/// others also beside a commit and beside each other. They must not call their own session.</para>
/// <para>What a member throws makes the call fail that needed it, with what was thrown as the
/// <see cref="Exception.InnerException"/> and <see cref="Status.Callback"/> as the status. Throw a
/// <see cref="MtSessionException"/> to choose another status, or
/// <see cref="NotSupportedException"/> for <see cref="Status.Unsupported"/>.</para>
/// </remarks>
public abstract class SessionStorage
{
    /// <summary>
    /// Claims the storage for this session, or throws with <see cref="Status.Owned"/>. Called once,
    /// before <see cref="Load"/>; <see cref="Released"/> is where to let go.
    /// </summary>
    protected internal virtual void Lock()
    {
    }

    /// <summary>
    /// The account record, every update state and every value; null for a new session. Called once, at
    /// the opening.
    /// </summary>
    protected internal abstract StoredLogin? Load();

    /// <summary>
    /// Stores all of the changes, or nothing. The same changes may come again after a failure.
    /// </summary>
    protected internal abstract void Commit(StorageChanges changes);

    /// <summary>The entity with this marked id; null for none.</summary>
    protected internal abstract Entity? FindById(long id);

    /// <summary>
    /// The entities with this username, which is in lower case and without "@"; compare it with each of
    /// an entity's usernames (<see cref="Entity.EachUsername"/>).
    /// </summary>
    protected internal abstract IEnumerable<Entity> FindByUsername(string username);

    /// <summary>The entities with this phone number, which is digits only.</summary>
    protected internal abstract IEnumerable<Entity> FindByPhone(string phone);

    /// <summary>The entities with exactly this display name.</summary>
    protected internal virtual IEnumerable<Entity> FindByName(string name) =>
        throw new NotSupportedException("this storage finds no display names");

    /// <summary>
    /// At most <paramref name="max"/> entities with a marked id above <paramref name="after"/>, the
    /// lowest ones.
    /// </summary>
    protected internal virtual IEnumerable<Entity> List(long after, int max) =>
        throw new NotSupportedException("this storage lists no entities");

    /// <summary>
    /// The session is gone and nothing is asked any more. Called once, not where
    /// <see cref="Session.Custom"/> fails. What it throws is lost.
    /// </summary>
    protected internal virtual void Released()
    {
    }
}

/// <summary>What a custom storage answers when a session is opened.</summary>
public sealed class StoredLogin
{
    /// <summary>
    /// The account record, as the last commit with one gave it; null for none.
    /// </summary>
    public byte[]? Account { get; init; }

    /// <summary>Every update state.</summary>
    public IEnumerable<UpdateState> States { get; init; } = [];

    /// <summary>Every value, by its key.</summary>
    public IEnumerable<KeyValuePair<string, byte[]>> Values { get; init; } = [];
}

/// <summary>
/// What a custom storage is to store: all of it, or nothing. A session makes them, and whoever tests a
/// storage without one.
/// </summary>
public sealed class StorageChanges
{
    /// <summary>It must survive the loss of power once the commit has returned.</summary>
    public bool Durable { get; init; }

    /// <summary>
    /// The account is another one now: remove every entity before the rest is applied.
    /// </summary>
    public bool OtherAccount { get; init; }

    /// <summary>
    /// The account record: opaque bytes that replace the stored ones, secret keys among them. Null: it
    /// did not change.
    /// </summary>
    public byte[]? Account { get; init; }

    /// <summary>Whole entities, each replacing the stored one of that id.</summary>
    public IReadOnlyList<Entity> Entities { get; init; } = [];

    /// <summary>Marked ids of entities to remove.</summary>
    public IReadOnlyList<long> ForgottenEntities { get; init; } = [];

    /// <summary>Update states, each replacing the stored one of that id.</summary>
    public IReadOnlyList<UpdateState> States { get; init; } = [];

    /// <summary>Ids of update states to remove.</summary>
    public IReadOnlyList<long> ForgottenStates { get; init; } = [];

    /// <summary>
    /// Values by their keys; null means to remove it. Sent files are among them, under keys
    /// "mts:file:…".
    /// </summary>
    public IReadOnlyList<KeyValuePair<string, byte[]?>> Values { get; init; } = [];
}
