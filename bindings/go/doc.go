// Package mtsession keeps what a Telegram (MTProto) client must remember between two runs: its data
// center and auth key, the peers it has met, how far it has read the update stream, the files it has
// sent. It does the job of telethon.sessions, and opens the same files: a session of any Telethon
// since 0.16 opens here, and one made here opens in Telethon.
//
//	session, err := mtsession.Open("me.session")
//	if err != nil {
//		return err
//	}
//	defer session.Close()
//	peer, err := session.InputPeer("https://t.me/durov")
//
// It is the C library of that name, linked by pkg-config, or with -tags mtsession_static from
// libmtsession.a. The package adapter fits a session to the interfaces of a client like gotd. Only
// 64-bit systems are served.
//
// # Errors
//
// What is not there is [ErrNotFound], found by [errors.Is]; so is every other [Status]. A failure
// is an [*Error] with a message for a person, which never holds a secret. Whatever fails, nothing
// was changed.
//
// # Saving
//
// Data center, keys, takeout and identity are on the disk when their setter returns. Entities,
// update states, files, salts and plain values wait in memory until [Session.Save],
// [Session.Close], or a bound on their number or age. Go runs nothing at the end of a program, so
// close every session.
//
// # One owner
//
// Two clients on one auth key destroy it, so a session is opened by one client at a time
// ([ErrOwned]) unless it asks to share ([Shared]). [ReadOnly] claims nothing and asks nobody: it is for
// looking into a session, not for a second client. Telethon does not know that lock: do not run both
// at once. And never open the same file by another copy of SQLite in the same process.
//
// # Conventions
//
// Times are unix seconds. Ids of peers are marked ids, as in Telethon and the Bot API, where nothing
// else is said: a user's id, minus a chat's id, -(1000000000000 + a channel's id). [ChatID] and
// [ChannelID] mark an id; [KindOf] and [BareID] go back. Texts are UTF-8.
package mtsession
