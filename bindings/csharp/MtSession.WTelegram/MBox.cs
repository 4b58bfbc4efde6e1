namespace MtSession.WTelegram;

/// <summary>
/// One entry of an update manager's state: the <c>MBoxState</c> of WTelegramClient, whose dictionary has
/// the account's pts under 0, its qts under -1, its seq under -2 (with the date as .NET ticks for an
/// access hash), and a channel's pts under the channel's bare id.
/// </summary>
/// <param name="Pts">The number.</param>
/// <param name="AccessHash">
/// Of a channel: its access hash, 0 when not known, -1 when there is none to be had.
/// </param>
public readonly record struct MBox(int Pts, long AccessHash);
