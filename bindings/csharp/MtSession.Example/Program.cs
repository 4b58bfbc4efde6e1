// What is in a session file, and how a client goes on with it:  MtSession.Example SESSION [WHOM...]
using MtSession;

if (args.Length == 0)
{
    Console.Error.WriteLine("usage: MtSession.Example SESSION_FILE [@NAME | +PHONE | LINK | ID]...");
    return 2;
}
try
{
    using var session = Session.Open(args[0]);

    DataCenter? dc = session.Dc;
    Console.WriteLine(dc is null
        ? "no data center yet"
        : $"data center {dc.Id} at {dc.Host}:{dc.Port}");
    Console.WriteLine(session.AuthKeyId is { } keyId
        ? $"logged in, auth key {keyId:x16}"
        : "not logged in");

    // What an update brought: first the peers in it, then how far it was read. Both wait in memory and
    // are saved together, so no state is ever ahead of its peers.
    var batch = new EntityBatch();
    batch.Add(123456789, 1111111111111111111, EntityFlags.Whole, "AdaUser", "+1 555 000 1111",
        "Ada Lovelace");
    batch.Add(Entity.ChannelId(1234567890), 2222222222222222222, EntityFlags.Broadcast,
        usernames: "mtnews", name: "News");
    session.PutEntities(batch);
    session.SetUpdateState(new UpdateState(1234567890) { Pts = 4321 });
    session.Save();

    foreach (string whom in args.Skip(1))
    {
        Console.WriteLine(session.TryGetInputPeer(whom, out InputPeer peer)
            ? $"{whom} is the {peer.Kind} {peer.BareId}"
            : $"{whom}: nobody known; ask the server");
    }
    foreach (Entity entity in session.Entities())
    {
        Console.WriteLine($"{entity.Id,16} {entity.Username,-16} {entity.Name}");
    }
    foreach (UpdateState state in session.UpdateStates())
    {
        Console.WriteLine($"updates of {state.Id}: pts {state.Pts}");
    }
    foreach (Notice notice in session.TakeNotices())
    {
        Console.Error.WriteLine($"notice: {notice.Text}");
    }
    return 0;
}
catch (MtSessionException failure) when (failure.Status == Status.Owned)
{
    Console.Error.WriteLine($"stop the other client first: {failure.Message}");
    return 1;
}
catch (MtSessionException failure)
{
    Console.Error.WriteLine($"{failure.Status}: {failure.Message}");
    return 1;
}
