namespace MtSession.Native;

// The constants of mtsession.h that the public API says in other words.

[Flags]
internal enum OpenFlags : uint
{
    None = 0,
    ReadOnly = 1,
    Shared = 2,
    Existing = 4,
    Schema8 = 8,
    StoreTmpAuthKey = 16,
    NoEntities = 32,
}

[Flags]
internal enum IdentityFlags : uint
{
    None = 0,
    Bot = 1,
    TestMode = 2,
}

[Flags]
internal enum StateFields : uint
{
    None = 0,
    Pts = 1,
    Qts = 2,
    Date = 4,
    Seq = 8,
    AccessHash = 16,
}

[Flags]
internal enum SetFlags : uint
{
    None = 0,
    MustExist = 1,
}

[Flags]
internal enum ValueFlags : uint
{
    None = 0,
    Durable = 1,
    Removed = 2,
}

[Flags]
internal enum CommitFlags : uint
{
    None = 0,
    Durable = 1,
    OtherAccount = 2,
}

internal enum FindBy : uint
{
    Id = 1,
    Username = 2,
    Phone = 3,
    Name = 4,
}
