namespace MtSession.Tests;

/// <summary>A storage in lists, of which a member can be made to fail.</summary>
internal class ArrayStorage : SessionStorage
{
    private readonly object _lock = new();
    private readonly Dictionary<long, Entity> _entities = [];
    private readonly Dictionary<long, UpdateState> _states = [];
    private readonly Dictionary<string, byte[]> _values = [];
    private byte[]? _account;

    public Exception? LockFails { get; set; }

    public Exception? LoadFails { get; set; }

    public Exception? CommitFails { get; set; }

    public Exception? FindFails { get; set; }

    public bool IsLocked { get; private set; }

    public bool IsReleased { get; private set; }

    public int Commits { get; private set; }

    public int DurableCommits { get; private set; }

    public Action? InCommit { get; set; }

    public IReadOnlyDictionary<long, Entity> Entities => _entities;

    public IReadOnlyDictionary<string, byte[]> Values => _values;

    protected internal override void Lock()
    {
        Throw(LockFails);
        IsLocked = true;
    }

    protected internal override StoredLogin? Load()
    {
        Throw(LoadFails);
        return new StoredLogin
        {
            Account = _account,
            States = _states.Values.ToArray(),
            Values = _values.ToArray(),
        };
    }

    protected internal override void Commit(StorageChanges changes)
    {
        InCommit?.Invoke();
        Throw(CommitFails);
        lock (_lock)
        {
            Commits++;
            DurableCommits += changes.Durable ? 1 : 0;
            if (changes.OtherAccount)
            {
                _entities.Clear();
            }
            _account = changes.Account ?? _account;
            foreach (Entity entity in changes.Entities)
            {
                _entities[entity.Id] = entity;
            }
            foreach (long id in changes.ForgottenEntities)
            {
                _entities.Remove(id);
            }
            foreach (UpdateState state in changes.States)
            {
                _states[state.Id] = state;
            }
            foreach (long id in changes.ForgottenStates)
            {
                _states.Remove(id);
            }
            foreach ((string key, byte[]? value) in changes.Values)
            {
                if (value is null)
                {
                    _values.Remove(key);
                }
                else
                {
                    _values[key] = value;
                }
            }
        }
    }

    protected internal override Entity? FindById(long id) =>
        Where(entity => entity.Id == id).SingleOrDefault();

    protected internal override IEnumerable<Entity> FindByUsername(string username) =>
        Where(entity => entity.EachUsername().Contains(username));

    protected internal override IEnumerable<Entity> FindByPhone(string phone) =>
        Where(entity => entity.Phone == phone);

    protected internal override void Released() => IsReleased = true;

    protected Entity[] Where(Func<Entity, bool> fits)
    {
        Throw(FindFails);
        lock (_lock)
        {
            return _entities.Values.Where(fits).ToArray();
        }
    }

    private static void Throw(Exception? failure)
    {
        if (failure is not null)
        {
            throw failure;
        }
    }
}

/// <summary>One that can do everything.</summary>
internal sealed class FullStorage : ArrayStorage
{
    protected internal override IEnumerable<Entity> FindByName(string name) =>
        Where(entity => entity.Name == name);

    protected internal override IEnumerable<Entity> List(long after, int max) =>
        Where(entity => entity.Id > after).OrderBy(entity => entity.Id).Take(max);
}
