/* mtsession: the session store of Telegram (MTProto) clients. SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * A session is what a client must know again after a restart: its data center and auth key, the
 * peers it has met, how far it has read the update stream, the files it has sent. This library
 * keeps it in a file that Telethon opens, and opens the files that Telethon wrote.
 *
 *     mts_session *session;
 *     mts_error *error;
 *     mts_input_peer peer;
 *     if (mts_session_open("me.session", MTS_Z, NULL, &session, &error) < 0) {
 *         fprintf(stderr, "%s\n", mts_error_message(error));
 *         mts_error_free(error);
 *         return 1;
 *     }
 *     if (mts_session_input_peer(session, "https://t.me/durov", MTS_Z, 0,
 *                                &peer, sizeof peer, NULL) == MTS_OK)
 *         use(peer.kind, peer.bare_id, peer.access_hash);
 *     mts_session_free(session);
 *
 * ERRORS. A call that can fail returns mts_status: 0 is success, a positive number an answer that is
 * no failure (MTS_NOT_FOUND, MTS_DONE, MTS_TOO_SMALL, MTS_AMBIGUOUS), a negative one a failure. The
 * last parameter, `mts_error **err`, may be NULL; otherwise it is set to NULL, and on a failure to an
 * error object that is yours: mts_error_message tells a person what failed and what to do. Only
 * failures that a caller can do something about are listed at a function; any call may answer
 * MTS_E_ARGUMENT, MTS_E_CLOSED, MTS_E_INTERNAL, and any that touches the storage MTS_E_IO,
 * MTS_E_STORAGE, MTS_E_CORRUPT, MTS_E_BUSY, MTS_E_READ_ONLY and MTS_E_CALLBACK. Whatever fails,
 * nothing was changed. There is no errno-like global state.
 *
 * OWNERSHIP. What the library gives you (mts_session, mts_error, mts_buffer), its own `_free` function
 * takes back, once; `_free(NULL)` does nothing. What you pass stays yours and is not kept after the
 * call. Outputs are cleared first: after a failure they are zero or NULL. `out`, `page`, `needed` and
 * other outputs must not be NULL; a buffer may be where its length is 0.
 *
 * THREADS. Any thread may call any function at any time, on the same session too, but
 * mts_session_free, which must be the last. A child process after fork must not use the parent's
 * sessions; its calls answer MTS_E_CLOSED. It frees them, so that its hold on them does not outlive the
 * parent, and may then open them when the parent has closed them; but one that was open with a
 * write-ahead log only after exec. One whose storage is your own stays as it is: there freeing it does
 * nothing and calls nothing back. The library has no threads of its own and nothing to initialise. It
 * calls you back only where you made the storage yourself (mts_session_custom); each function's comment
 * says whether it may.
 *
 * TEXT is UTF-8. In: pointer and length in bytes, no NUL needed; the length MTS_Z means that the text
 * ends in NUL. Out: into your buffer; where it is too small the call answers MTS_TOO_SMALL and the
 * length it needs. Secrets come out as mts_buffer, which is wiped when it is freed.
 *
 * RECORDS are flat. Their texts are offset and length into one array of bytes beside them, the heap, so
 * that any language can pass its own arrays. Beside an array of records you pass its `stride`, the
 * sizeof of your record, and beside a single one its size: so newer headers and older libraries
 * understand each other. Zero a record before you fill it.
 *
 *     mts_entity users[2] = {{0}};
 *     const char texts[] = "adauser" "Ada Lovelace" "Bob";
 *     users[0].id = 123456789;
 *     users[0].access_hash = 1111;
 *     users[0].flags = MTS_ENTITY_WHOLE;
 *     users[0].usernames.len = 7;
 *     users[0].name.off = 7;
 *     users[0].name.len = 12;
 *     users[1].id = 987654321;
 *     users[1].access_hash = 2222;
 *     users[1].flags = MTS_ENTITY_WHOLE;
 *     users[1].name.off = 19;
 *     users[1].name.len = 3;
 *     status = mts_session_put_entities(session, users, 2, sizeof users[0],
 *                                       (const uint8_t *)texts, sizeof texts, &error);
 *
 * PAGES. Lists come in pages that fill your records; nothing stays open between two calls. A page
 * ends where records or heap are full; where the heap holds not even one, it must grow:
 *
 *     size_t room = 4096;
 *     uint8_t *heap = malloc(room);
 *     int64_t after = INT64_MIN;
 *     mts_status status;
 *     do {
 *         status = mts_session_entities(session, after, records, 100, sizeof records[0],
 *                                       heap, room, &page, &error);
 *         if (status < 0) break;
 *         if (status == MTS_TOO_SMALL) {
 *             heap = realloc(heap, room = page.heap_needed);
 *             continue;
 *         }
 *         for (i = 0; i < page.count; i++)
 *             printf("%s\n", (const char *)heap + records[i].name.off);
 *         after = page.next;
 *     } while (status != MTS_DONE);
 *     free(heap);
 *
 * SAVING. Data centers, keys, takeout and identity are on the disk when their setter returns.
 * Entities, update states, files, salts and plain values wait in memory until mts_session_save,
 * mts_session_close, mts_session_free, or a bound of mts_options.
 *
 * ONE OWNER. Two clients on one auth key destroy it, so a session is opened by one process at a time
 * (MTS_E_OWNED) unless it asks to share (MTS_OPEN_SHARED). MTS_OPEN_READ_ONLY claims nothing and asks
 * nobody: it is for looking into a session, not for a second client. Telethon does not know that
 * lock: do not run both at once. And never open the same file by another copy of SQLite in the same
 * process.
 *
 * TIMES are unix seconds. IDS of peers are marked ids, as in Telethon and the Bot API, where nothing
 * else is said.
 */

#ifndef MTSESSION_H
#define MTSESSION_H

#include <stddef.h>
#include <stdint.h>

#if defined(MTS_STATIC)
#define MTS_API
#elif defined(_WIN32)
#define MTS_API __declspec(dllimport)
#elif defined(__GNUC__)
#define MTS_API __attribute__((visibility("default")))
#else
#define MTS_API
#endif

#if defined(__GNUC__)
#define MTS_MUST_USE __attribute__((warn_unused_result))
#else
#define MTS_MUST_USE
#endif

/**
 * A length: the text ends in NUL.
 */
#define MTS_Z SIZE_MAX

/**
 * Options that say nothing yet: `mts_options options = MTS_OPTIONS_INIT;`
 */
#define MTS_OPTIONS_INIT { (uint32_t)sizeof(mts_options), 0, 0, 0, 0, 0, 0 }

/**
 * Number of this ABI: the same as in `libmtsession.so.0`. Within one number, functions and
 * constants may be added and records may grow at their tail; nothing else changes.
 */
#define MTS_ABI_VERSION 0

/**
 * First number of the version this header belongs to.
 */
#define MTS_VERSION_MAJOR 0

/**
 * Second number of the version this header belongs to.
 */
#define MTS_VERSION_MINOR 1

/**
 * Third number of the version this header belongs to.
 */
#define MTS_VERSION_PATCH 0

/**
 * The version this header belongs to as one number, for comparisons: 0x010203 is 1.2.3.
 */
#define MTS_VERSION_NUMBER (((MTS_VERSION_MAJOR << 16) | (MTS_VERSION_MINOR << 8)) | MTS_VERSION_PATCH)

/**
 * Open: never write. A file of an older schema is shown in the new shape and stays as it is. The
 * session is not claimed, and may have an owner: do not connect with its auth key beside him.
 */
#define MTS_OPEN_READ_ONLY 1

/**
 * Open: do not claim the session for this process. Several such clients may then share the file;
 * credentials that two of them change at once answer MTS_E_BUSY.
 */
#define MTS_OPEN_SHARED 2

/**
 * Open: fail with MTS_E_IO where there is no file, instead of creating one.
 */
#define MTS_OPEN_EXISTING 4

/**
 * Open: create a new file with schema 8 (Telethon 1.43 and later) instead of 7 (1.17 and later,
 * which newer ones raise by themselves). Only schema 8 has a place of its own for the temporary
 * auth key. Existing files keep their schema.
 */
#define MTS_OPEN_SCHEMA_8 8

/**
 * Open: store the temporary auth key too (Telethon's `store_tmp_auth_key_on_disk`); otherwise it
 * lives in memory only.
 */
#define MTS_OPEN_STORE_TMP_AUTH_KEY 16

/**
 * Open: take no entities in until mts_session_set_save_entities (Telethon's `save_entities`).
 */
#define MTS_OPEN_NO_ENTITIES 32

/**
 * Journal: a rollback journal. The file alone is the session at all times, and what was saved
 * survives the loss of power. For nearly everybody. After saves within a second of each other an
 * empty -journal stands beside it, until a later save or closing removes it. It is in nobody's way.
 */
#define MTS_JOURNAL_ROLLBACK 0

/**
 * Journal: a write-ahead log, several times faster for those who save at every update. What was
 * saved survives the loss of power. While the session is open, its file is whole only together
 * with the -wal file beside it: a copy of both that is made while something is saved is sure of the
 * credentials only, if the file was copied first (mts_session_clone_to is sure of all). It is
 * entered at the first write and left at close; where it would be dangerous (a network file system,
 * a file with several names, a shared session) a notice says so and the rollback journal serves.
 * Others may read and write the file meanwhile; only, the log is not begun anew until this session
 * next saves, or reads the file.
 */
#define MTS_JOURNAL_WAL 1

/**
 * Journal: as MTS_JOURNAL_WAL, faster still. What was saved survives the death of the process, but
 * what was saved since the last credential may be lost with the power. Credentials are never.
 */
#define MTS_JOURNAL_WAL_PROCESS_SAFE 2

/**
 * Notice: a save that the session made by itself failed. Everything is still in memory.
 */
#define MTS_NOTICE_SAVE_FAILED 1

/**
 * Notice: the storage met something odd: a damaged cell that was skipped, an import.
 */
#define MTS_NOTICE_STORAGE 2

/**
 * Notice: somebody else wrote the storage; what had been read of it is read again.
 */
#define MTS_NOTICE_CHANGED_ELSEWHERE 3

/**
 * Notice: older notices were dropped, because nobody fetched them.
 */
#define MTS_NOTICE_DROPPED 4

/**
 * Data center option: the host is an IPv6 address.
 */
#define MTS_DC_IPV6 1

/**
 * Data center option: for media only.
 */
#define MTS_DC_MEDIA_ONLY 2

/**
 * Data center option: speaks obfuscated TCP only.
 */
#define MTS_DC_TCPO_ONLY 4

/**
 * Data center option: a content delivery data center.
 */
#define MTS_DC_CDN 8

/**
 * Data center option: the address is static.
 */
#define MTS_DC_STATIC 16

/**
 * Data center option: only this port is to be used.
 */
#define MTS_DC_THIS_PORT_ONLY 32

/**
 * Slot of a data center's key: the permanent auth key.
 */
#define MTS_SLOT_PERMANENT 0

/**
 * Slot of a data center's key: the temporary auth key bound to it.
 */
#define MTS_SLOT_TEMPORARY 1

/**
 * Slot of a data center's key: the temporary auth key of the media connection.
 */
#define MTS_SLOT_MEDIA_TEMPORARY 2

/**
 * Length of every auth key, in bytes.
 */
#define MTS_AUTH_KEY_LEN 256

/**
 * Identity: the account is a bot.
 */
#define MTS_IDENTITY_BOT 1

/**
 * Identity: the account lives on the test servers.
 */
#define MTS_IDENTITY_TEST_MODE 2

/**
 * Entity, in: the record tells all there is; an absent text means that the peer has none.
 */
#define MTS_ENTITY_WHOLE 1

/**
 * Entity, in: only id and access hash are told; all texts stay.
 */
#define MTS_ENTITY_BARE 2

/**
 * Entity, in: the server marked the object `min`: its hash is not for use, its texts only fill
 * gaps, and it never becomes an entity of its own.
 */
#define MTS_ENTITY_MIN 4

/**
 * Entity, in: the access hash is not known; the one that is kept stays.
 */
#define MTS_ENTITY_NO_HASH 8

/**
 * Entity, out: the peer is the account itself. Ignored in.
 */
#define MTS_ENTITY_SELF 16

/**
 * Entity: a bot.
 */
#define MTS_ENTITY_BOT 32

/**
 * Entity: a broadcast channel.
 */
#define MTS_ENTITY_BROADCAST 64

/**
 * Entity: a supergroup.
 */
#define MTS_ENTITY_MEGAGROUP 128

/**
 * Entity: a supergroup with topics.
 */
#define MTS_ENTITY_FORUM 256

/**
 * Entity: a supergroup whose members may only read.
 */
#define MTS_ENTITY_GIGAGROUP 512

/**
 * Entity: a community.
 */
#define MTS_ENTITY_COMMUNITY 1024

/**
 * Entity: a premium user.
 */
#define MTS_ENTITY_PREMIUM 2048

/**
 * Entity: a deleted account.
 */
#define MTS_ENTITY_DELETED 4096

/**
 * Entity: an official, verified peer.
 */
#define MTS_ENTITY_VERIFIED 8192

/**
 * Look-up: never ask the storage, only what is in memory.
 */
#define MTS_LOOK_MEMORY_ONLY 1

/**
 * Look-up by any text: a text that means nothing else may be a display name. (They are not unique,
 * so this is off by default.)
 */
#define MTS_LOOK_NAMES 2

/**
 * Look-up by id: the id is bare, as on the wire, and of unknown kind; a channel, a chat and a user
 * are tried, in this order, which is Telethon's.
 */
#define MTS_LOOK_BARE_ID 4

/**
 * Kind of a peer: a user or a bot.
 */
#define MTS_PEER_USER 1

/**
 * Kind of a peer: a chat, that is a basic group.
 */
#define MTS_PEER_CHAT 2

/**
 * Kind of a peer: a channel or supergroup.
 */
#define MTS_PEER_CHANNEL 3

/**
 * Update state, a field that is meant: pts.
 */
#define MTS_STATE_PTS 1

/**
 * Update state, a field that is meant: qts.
 */
#define MTS_STATE_QTS 2

/**
 * Update state, a field that is meant: date.
 */
#define MTS_STATE_DATE 4

/**
 * Update state, a field that is meant: seq.
 */
#define MTS_STATE_SEQ 8

/**
 * Update state, out: the channel's access hash is known. Ignored in.
 */
#define MTS_STATE_ACCESS_HASH 16

/**
 * Setting update states: every one must be there already.
 */
#define MTS_SET_MUST_EXIST 1

/**
 * Kind of a sent file: a document.
 */
#define MTS_FILE_DOCUMENT 0

/**
 * Kind of a sent file: a photo.
 */
#define MTS_FILE_PHOTO 1

/**
 * Opaque value: it is on the disk when the call returns; otherwise it waits for the next save.
 */
#define MTS_VALUE_DURABLE 1

/**
 * Commit: what is in it must survive the loss of power once the callback has returned.
 */
#define MTS_COMMIT_DURABLE 1

/**
 * Commit: the account is another one now. Remove every entity before the rest is applied.
 */
#define MTS_COMMIT_OTHER_ACCOUNT 2

/**
 * A value of a commit: remove it.
 */
#define MTS_VALUE_REMOVED 2

/**
 * What a custom storage is asked for: the entity with the marked id `id`.
 */
#define MTS_FIND_ID 1

/**
 * What a custom storage is asked for: the entities with the username `text`.
 */
#define MTS_FIND_USERNAME 2

/**
 * What a custom storage is asked for: the entities with the phone number `text`.
 */
#define MTS_FIND_PHONE 3

/**
 * What a custom storage is asked for: the entities with exactly the display name `text`.
 */
#define MTS_FIND_NAME 4

/**
 * What a call answers. 0 is success, a positive number an answer that is no failure (no error
 * object is made), a negative one a failure (the error object says more).
 */
enum mts_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Done.
     */
    MTS_OK = 0,
    /**
     * There is no such thing in the session.
     */
    MTS_NOT_FOUND = 1,
    /**
     * This was the last page, or the last notice.
     */
    MTS_DONE = 2,
    /**
     * Your buffer is too small. Numbers are valid, texts and bytes are missing; the length needed
     * was written.
     */
    MTS_TOO_SMALL = 3,
    /**
     * Several peers fit; the one seen last was answered.
     */
    MTS_AMBIGUOUS = 4,
    /**
     * You passed something that cannot be meant.
     */
    MTS_E_ARGUMENT = -1,
    /**
     * The operating system refused: no such folder, no permission, disk full.
     */
    MTS_E_IO = -2,
    /**
     * The storage failed in a way that has no code of its own.
     */
    MTS_E_STORAGE = -3,
    /**
     * It is a session, but damaged.
     */
    MTS_E_CORRUPT = -4,
    /**
     * Somebody else is writing the file, or changed the same credential first: try again.
     */
    MTS_E_BUSY = -5,
    /**
     * Another client has this session open.
     */
    MTS_E_OWNED = -6,
    /**
     * The file, directory or string is not a session that can be read here.
     */
    MTS_E_FORMAT = -7,
    /**
     * The session was written by a newer version than is known here.
     */
    MTS_E_VERSION = -8,
    /**
     * The session was opened read-only, or its file or folder may not be written.
     */
    MTS_E_READ_ONLY = -9,
    /**
     * Something stands where the result should go.
     */
    MTS_E_EXISTS = -10,
    /**
     * A wrong passphrase. Reserved for formats that have one: no function answers it yet.
     */
    MTS_E_SECRET = -11,
    /**
     * A callback of a custom storage failed or broke a rule, or called its own session.
     */
    MTS_E_CALLBACK = -12,
    /**
     * This session or storage cannot do that.
     */
    MTS_E_UNSUPPORTED = -13,
    /**
     * The session was closed, or belongs to the process before a fork.
     */
    MTS_E_CLOSED = -14,
    /**
     * A bug in mtsession. Please report it.
     */
    MTS_E_INTERNAL = -15,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum mts_status mts_status;
#else
typedef int32_t mts_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Bytes that the library made for you: yours, until mts_buffer_free, which wipes them. Any
 * thread may read or free it.
 */
typedef struct mts_buffer mts_buffer;

/**
 * What went wrong, in full: yours, until mts_error_free. Any thread may read or free it. It is
 * independent of the session it came from.
 */
typedef struct mts_error mts_error;

/**
 * Where a callback of a custom storage puts its answer; good until the callback returns. Its
 * functions answer MTS_OK, or a failure that also makes the call fail which needed the callback.
 */
typedef struct mts_out mts_out;

/**
 * A session: all that a client must remember of one account. Made by mts_session_open and its
 * kin; yours, until mts_session_free. Any thread may use it, several at once.
 */
typedef struct mts_session mts_session;

/**
 * How a session is opened. Begin with MTS_OPTIONS_INIT; a zero field means its default. NULL
 * instead of options means all defaults.
 */
typedef struct mts_options {
    /**
     * sizeof(mts_options); MTS_OPTIONS_INIT sets it.
     */
    uint32_t size;
    /**
     * Any of MTS_OPEN_*.
     */
    uint32_t flags;
    /**
     * How long to wait for another program that is writing the file, in milliseconds; 5000 if 0.
     */
    uint32_t busy_timeout_ms;
    /**
     * Entities held in memory before the least used leave it; 100000 if 0.
     */
    uint32_t max_entities;
    /**
     * Unsaved rows at which a put saves by itself; 10000 if 0.
     */
    uint32_t max_dirty;
    /**
     * Age of the oldest unsaved row, in milliseconds, at which a put saves by itself; 60000 if 0,
     * never if UINT32_MAX.
     */
    uint32_t max_dirty_age_ms;
    /**
     * One of MTS_JOURNAL_*.
     */
    uint32_t journal;
} mts_options;

/**
 * A text of a record: `len` bytes of UTF-8 at offset `off` of the heap beside the record. `len` 0
 * means that there is none, so a zeroed one is right.
 */
typedef struct mts_text {
    /**
     * Offset of the first byte.
     */
    uint32_t off;
    /**
     * Length in bytes.
     */
    uint32_t len;
} mts_text;

/**
 * What is in one session file. Texts are in the heap.
 */
typedef struct mts_session_info {
    /**
     * The account's own user id; 0 when not known.
     */
    int64_t user_id;
    /**
     * Id of the auth key (see mts_session_auth_key_id); 0 without one.
     */
    uint64_t auth_key_id;
    /**
     * How many entities it holds.
     */
    uint64_t entities;
    /**
     * How many update states it holds.
     */
    uint64_t update_states;
    /**
     * Home data center; 0 when not known.
     */
    int32_t dc;
    /**
     * Its port.
     */
    uint32_t port;
    /**
     * MTS_OK, or the MTS_E_* for which it could not be read.
     */
    int32_t status;
    /**
     * Zero.
     */
    uint32_t reserved;
    /**
     * Name of the file without `.session`.
     */
    struct mts_text name;
    /**
     * Path of the file.
     */
    struct mts_text path;
    /**
     * Who wrote it, like "Telethon 7".
     */
    struct mts_text format;
    /**
     * Address of the home data center.
     */
    struct mts_text host;
    /**
     * Why it could not be read.
     */
    struct mts_text problem;
} mts_session_info;

/**
 * What a call wrote into your records and your heap.
 *
 * A heap that the library wrote begins with a NUL and has one behind each text: `heap + text.off`
 * is a C string also where there is no text.
 */
typedef struct mts_page {
    /**
     * What to pass to get the page behind this one.
     */
    int64_t next;
    /**
     * How many records were written.
     */
    uint32_t count;
    /**
     * How many bytes of the heap were written.
     */
    uint32_t heap_len;
    /**
     * With MTS_TOO_SMALL: the size of the heap that was needed.
     */
    uint32_t heap_needed;
    /**
     * Zero.
     */
    uint32_t reserved;
} mts_page;

/**
 * A way to reach a data center.
 */
typedef struct mts_dc {
    /**
     * Number of the data center, 1 and up; 0 (out only) in a file that tells the address but not
     * the number.
     */
    int32_t id;
    /**
     * TCP port, 1 to 65535.
     */
    uint32_t port;
    /**
     * Any of MTS_DC_*; 0 for the home data center.
     */
    uint32_t flags;
    /**
     * Length of `host`, at most 255.
     */
    uint32_t host_len;
    /**
     * IPv4 address, IPv6 address without brackets, or host name. Out: ends in NUL.
     */
    char host[256];
    /**
     * Length of `secret`, at most 32; 0 for none.
     */
    uint32_t secret_len;
    /**
     * Secret of an obfuscated endpoint.
     */
    uint8_t secret[32];
    /**
     * Zero.
     */
    uint32_t reserved;
} mts_dc;

/**
 * A key of one data center.
 */
typedef struct mts_key {
    /**
     * The data center.
     */
    int32_t dc;
    /**
     * One of MTS_SLOT_*.
     */
    uint32_t slot;
    /**
     * When it was made, unix seconds; 0 when not known.
     */
    int64_t created;
    /**
     * When it stops to be valid, unix seconds; 0 for never.
     */
    int64_t expires;
    /**
     * The user it is authorised for; 0 when none or not known.
     */
    int64_t user_id;
    /**
     * The key. Secret: wipe your copy.
     */
    uint8_t key[256];
} mts_key;

/**
 * A server salt.
 */
typedef struct mts_salt {
    /**
     * The salt.
     */
    int64_t salt;
    /**
     * First unix second of its validity.
     */
    int64_t since;
    /**
     * Unix second at which it ends.
     */
    int64_t until;
} mts_salt;

/**
 * Who is logged in. A zeroed one says that nothing is known.
 */
typedef struct mts_identity {
    /**
     * The account's own user id; 0 when not known.
     */
    int64_t user_id;
    /**
     * The api id the key was made with; 0 when not known.
     */
    int32_t api_id;
    /**
     * Any of MTS_IDENTITY_*.
     */
    uint32_t flags;
} mts_identity;

/**
 * What is known of a peer. Without any of WHOLE, BARE and MIN a record adds what it has to what
 * is known.
 */
typedef struct mts_entity {
    /**
     * Marked id: a user's id, minus a chat's id, -(1000000000000 + a channel's id).
     */
    int64_t id;
    /**
     * Access hash for this account. A chat needs none: 0, unless one was put for it. In: of a user or
     * channel, 0 does not replace one that is known, unless the record is whole or bare.
     */
    int64_t access_hash;
    /**
     * When the peer was seen, unix seconds. In: 0 for now. Out: 0 when not known.
     */
    int64_t seen;
    /**
     * Any of MTS_ENTITY_*. In: what only a user or only a channel can be is refused for any other peer,
     * whose id was not marked then.
     */
    uint32_t flags;
    /**
     * Zero.
     */
    uint32_t reserved;
    /**
     * Usernames separated by single spaces, the main one first. Out: in lower case, without `@`.
     */
    struct mts_text usernames;
    /**
     * Phone number. In: anything but digits is dropped. Out: digits only.
     */
    struct mts_text phone;
    /**
     * Display name: "first last" of a user, else the title.
     */
    struct mts_text name;
} mts_entity;

/**
 * What a request needs to name a peer: inputPeerUser, inputPeerChat, inputPeerChannel.
 */
typedef struct mts_input_peer {
    /**
     * Marked id.
     */
    int64_t id;
    /**
     * Bare id, as on the wire.
     */
    int64_t bare_id;
    /**
     * Access hash. A chat needs none: 0, unless one was put for it.
     */
    int64_t access_hash;
    /**
     * When the peer was last seen, unix seconds; 0 when not known.
     */
    int64_t seen;
    /**
     * One of MTS_PEER_*.
     */
    uint32_t kind;
    /**
     * Zero.
     */
    uint32_t reserved;
} mts_input_peer;

/**
 * How far the updates of the account, or of one channel, have been read.
 */
typedef struct mts_update_state {
    /**
     * 0 for the account, else the bare id of a channel.
     */
    int64_t id;
    /**
     * Out: the channel's access hash, where `fields` says so. Ignored in.
     */
    int64_t access_hash;
    /**
     * Date of the last event, unix seconds.
     */
    int64_t date;
    /**
     * Events of messages read so far.
     */
    int32_t pts;
    /**
     * Events of secret chats and bots read so far; 0 for a channel.
     */
    int32_t qts;
    /**
     * Sequence number of the last event; 0 for a channel.
     */
    int32_t seq;
    /**
     * Any of MTS_STATE_*: which values are meant. In: the others stay as they are (0 where there
     * was no state). Out: all, and MTS_STATE_ACCESS_HASH where the hash is known.
     */
    uint32_t fields;
} mts_update_state;

/**
 * A file that was sent before and need not be uploaded again.
 */
typedef struct mts_file {
    /**
     * MD5 digest of its content.
     */
    uint8_t md5[16];
    /**
     * Its size in bytes.
     */
    int64_t size;
    /**
     * Id that the server knows it by.
     */
    int64_t id;
    /**
     * Its access hash for this account.
     */
    int64_t access_hash;
    /**
     * One of MTS_FILE_*: what it was sent as.
     */
    uint32_t kind;
    /**
     * Zero.
     */
    uint32_t reserved;
} mts_file;

/**
 * A value of a commit. Key and bytes are in the heap.
 */
typedef struct mts_value {
    /**
     * The key.
     */
    struct mts_text key;
    /**
     * The bytes.
     */
    struct mts_text value;
    /**
     * 0, or MTS_VALUE_REMOVED.
     */
    uint32_t flags;
    /**
     * Zero.
     */
    uint32_t reserved;
} mts_value;

/**
 * What a custom storage is to store: all of it, or nothing. It belongs to the library and ends
 * with the callback. Step through each array by its stride: a newer library may have longer
 * records.
 */
typedef struct mts_changes {
    /**
     * sizeof(mts_changes) of the library that is running; newer ones may append fields.
     */
    uint32_t size;
    /**
     * Any of MTS_COMMIT_*.
     */
    uint32_t flags;
    /**
     * The account record: opaque bytes that replace the stored ones, secret keys among them. NULL:
     * it did not change.
     */
    const uint8_t *account;
    /**
     * Length of the account record.
     */
    size_t account_len;
    /**
     * Whole entities, each replacing the stored one of that id.
     */
    const struct mts_entity *entities;
    /**
     * How many.
     */
    size_t entity_count;
    /**
     * Bytes from one to the next.
     */
    size_t entity_stride;
    /**
     * Marked ids of entities to remove.
     */
    const int64_t *forget;
    /**
     * How many.
     */
    size_t forget_count;
    /**
     * Update states, each replacing the stored one of that id.
     */
    const struct mts_update_state *states;
    /**
     * How many.
     */
    size_t state_count;
    /**
     * Bytes from one to the next.
     */
    size_t state_stride;
    /**
     * Ids of update states to remove.
     */
    const int64_t *forget_states;
    /**
     * How many.
     */
    size_t forget_state_count;
    /**
     * Values to store or to remove. Sent files are among them, under keys "mts:file:…".
     */
    const struct mts_value *values;
    /**
     * How many.
     */
    size_t value_count;
    /**
     * Bytes from one to the next.
     */
    size_t value_stride;
    /**
     * The texts and bytes of the records above.
     */
    const uint8_t *heap;
    /**
     * Length of the heap.
     */
    size_t heap_len;
} mts_changes;

/**
 * A storage of your own: what Telethon calls subclassing `Session`. Set `size` to
 * sizeof(mts_storage) and every field you have no use for to zero; a missing callback answers
 * MTS_E_UNSUPPORTED when it is needed.
 *
 * Each callback gets your `user` and answers a status: MTS_OK, or an MTS_E_* that becomes the
 * status of the call (any other number: MTS_E_CALLBACK), with mts_out_error for the text. What it
 * finds it hands to mts_out_*, which copy at once; `out` is good until the callback returns.
 *
 * They may come on any thread that uses the session. Commits come one at a time; `find` and `list`
 * may run beside a commit and beside each other. A callback must not call functions of its own
 * session (they answer MTS_E_CALLBACK), nor throw or longjmp.
 */
typedef struct mts_storage {
    /**
     * sizeof(mts_storage).
     */
    uint32_t size;
    /**
     * Zero.
     */
    uint32_t reserved;
    /**
     * Passed to each callback.
     */
    void *user;
    /**
     * Answers the account record, every update state and every value, by mts_out_account,
     * mts_out_state and mts_out_value; nothing for a new session. Called once, at the opening.
     * Missing: the session begins empty.
     */
    int32_t (*load)(void *user, struct mts_out *out);
    /**
     * Stores all of `changes`, or nothing. The same changes may come again after a failure.
     * Missing: nothing can be saved.
     */
    int32_t (*commit)(void *user, const struct mts_changes *changes, struct mts_out *out);
    /**
     * Answers the entities that `by` (MTS_FIND_*) asks for, by mts_out_entity. `text` is
     * normalised: a username in lower case without "@" (compare it with each of an entity's
     * usernames), a phone number's digits; it has `text_len` bytes and a NUL.
     */
    int32_t (*find)(void *user,
                    uint32_t by,
                    int64_t id,
                    const char *text,
                    size_t text_len,
                    struct mts_out *out);
    /**
     * Answers at most `max` entities with a marked id above `after`, the lowest ones, by
     * mts_out_entity.
     */
    int32_t (*list)(void *user, int64_t after, uint32_t max, struct mts_out *out);
    /**
     * Claims the storage for this session, or answers MTS_E_OWNED. Called once, before `load`;
     * `free` is where to let go. May be missing.
     */
    int32_t (*lock)(void *user, struct mts_out *out);
    /**
     * The session is gone and no callback will come any more: free `user`. Called once, by
     * mts_session_free; not where mts_session_custom fails, and not in a child process after fork.
     * May be missing.
     */
    void (*free)(void *user);
} mts_storage;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * ==== Versions and statuses ====
 *
 * The ABI number of the library that is loaded; compare it with MTS_ABI_VERSION.
 *
 * Telethon: none. Never calls back.
 */
MTS_API MTS_MUST_USE uint32_t mts_abi_version(void);

/**
 * The version of the library that is loaded, like "0.1.0". Static text.
 *
 * Telethon: `telethon.__version__`. Never calls back.
 */
MTS_API MTS_MUST_USE const char *mts_version(void);

/**
 * The name of a status, like "MTS_E_BUSY"; "unknown status" for a number that is none. Static
 * text.
 *
 * Telethon: none. Never calls back.
 */
MTS_API MTS_MUST_USE const char *mts_status_name(int32_t status);

/**
 * ==== Errors ====
 *
 * The status of the call that failed; MTS_OK for NULL.
 *
 * Telethon: the exception's class. Never calls back.
 */
MTS_API MTS_MUST_USE mts_status mts_error_status(const struct mts_error *error);

/**
 * SQLite's extended result code behind the failure; 0 where SQLite had no part in it.
 *
 * Telethon: `sqlite3.Error.sqlite_errorcode`. Never calls back.
 */
MTS_API MTS_MUST_USE int32_t mts_error_sqlite_code(const struct mts_error *error);

/**
 * The operating system's error number (errno) behind the failure; 0 where it had no part in it.
 *
 * Telethon: `OSError.errno`. Never calls back.
 */
MTS_API MTS_MUST_USE int32_t mts_error_errno(const struct mts_error *error);

/**
 * One line of text for a person: what failed, on which path or value, and what to do. It never
 * holds a secret. UTF-8, ends in NUL, valid until mts_error_free; "" for NULL.
 *
 * Telethon: `str(exception)`. Never calls back.
 */
MTS_API MTS_MUST_USE const char *mts_error_message(const struct mts_error *error);

/**
 * Frees an error; NULL is fine.
 *
 * Telethon: none. Never calls back.
 */
MTS_API void mts_error_free(struct mts_error *error);

/**
 * ==== Buffers ====
 *
 * The bytes; a NUL follows the last of them, so that a text can be read as a C string. Valid until
 * mts_buffer_free; NULL for NULL.
 *
 * Telethon: none. Never calls back.
 */
MTS_API MTS_MUST_USE const uint8_t *mts_buffer_data(const struct mts_buffer *buffer);

/**
 * How many bytes there are, without the NUL; 0 for NULL.
 *
 * Telethon: none. Never calls back.
 */
MTS_API MTS_MUST_USE size_t mts_buffer_len(const struct mts_buffer *buffer);

/**
 * Wipes and frees a buffer; NULL is fine.
 *
 * Telethon: none. Never calls back.
 */
MTS_API void mts_buffer_free(struct mts_buffer *buffer);

/**
 * ==== Opening ====
 *
 * Opens the session file at `path`, or creates it (mode 0600). A file that any Telethon since
 * 0.16 wrote opens here; what is created here opens in Telethon. The path is taken as it is: no
 * suffix is added.
 *
 * `path`: `path_len` bytes or MTS_Z. `options`: NULL for the defaults. `*out`: the session; free
 * it with mts_session_free.
 *
 * MTS_E_OWNED: another client has it open (see MTS_OPEN_SHARED). MTS_E_FORMAT: the file is
 * something else; the message says what. MTS_E_CORRUPT, MTS_E_VERSION, MTS_E_IO,
 * MTS_E_READ_ONLY, MTS_E_BUSY. Whatever fails, the file stays as it was.
 *
 * Telethon: `SQLiteSession(path)`. Never calls back.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_open(const char *path,
                            size_t path_len,
                            const struct mts_options *options,
                            struct mts_session **out,
                            struct mts_error **err);

/**
 * Makes a session that lives in memory only and is gone when it is freed. Of the flags of
 * `options`, those that mean a file are refused.
 *
 * Telethon: `MemorySession()`. Never calls back.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_memory(const struct mts_options *options,
                              struct mts_session **out,
                              struct mts_error **err);

/**
 * Makes a memory session from Telethon's string session (`1…`), which holds the home data center
 * and its auth key. An empty text makes an empty session, as in Telethon.
 *
 * MTS_E_FORMAT: it is no such string; the message says why, and names the library that it looks
 * like. The text itself never appears in an error.
 *
 * Telethon: `StringSession(text)`. Never calls back.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_from_string(const char *text,
                                   size_t text_len,
                                   const struct mts_options *options,
                                   struct mts_session **out,
                                   struct mts_error **err);

/**
 * Makes a memory session from the bytes behind Telethon's string session: data center (1 byte),
 * IPv4 or IPv6 address (4 or 16), port (2, big-endian), auth key (256). For callers who encode
 * them in their own way.
 *
 * Telethon: a subclass of `StringSession` with its own `decode`. Never calls back.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_from_packed(const uint8_t *packed,
                                   size_t packed_len,
                                   const struct mts_options *options,
                                   struct mts_session **out,
                                   struct mts_error **err);

/**
 * ==== Saving, closing, copying ====
 *
 * Writes everything that waits in memory: entities, update states, files, salts, plain values.
 * One transaction of one instant: all of it, or nothing. (Data center, keys, takeout and identity
 * need no save: they are durable when their setter returns.) When it fails, everything stays in
 * memory and the next save tries again.
 *
 * Telethon: `save()`. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_save(struct mts_session *session,
                            struct mts_error **err);

/**
 * Saves and lets go of the file and its owner lock. Other threads may be inside calls: it waits
 * for them; later calls answer MTS_E_CLOSED, but mts_session_delete and mts_session_next_notice.
 * Closing twice is fine; after a failure it may be tried again. The session must still be freed.
 *
 * Telethon: `close()`. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_close(struct mts_session *session,
                             struct mts_error **err);

/**
 * Frees a session; NULL is fine. It must be the last use: no other thread may be inside a call.
 * A session that was not closed is saved first, without waiting for other programs; to learn
 * whether that worked, close it. Inside a callback of its own storage it does nothing, and neither
 * does it in a child process after fork where the storage is your own.
 *
 * Telethon: what happens when the session object is collected. May call back a custom storage.
 */
MTS_API void mts_session_free(struct mts_session *session);

/**
 * Closes the session and removes what keeps it: the file with its side files, or the entities and
 * the account record of a custom storage. What waits unsaved is dropped. Where it fails, the session
 * goes on. A session that is closed already is removed as well; MTS_E_OWNED: another client has
 * opened it since. It must still be freed.
 *
 * Telethon: `delete()`. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_delete(struct mts_session *session,
                              struct mts_error **err);

/**
 * Copies everything, what waits unsaved included, into a new session: a file at `path`, or memory
 * where `path` is NULL (`path_len` 0). The original stays open and as it was. The file appears when
 * it is complete. A copy is for keeping: the server ends the login of two clients on one auth key.
 *
 * `*out`: the copy, open; free it with mts_session_free. MTS_E_EXISTS: there is something at `path`
 * already.
 *
 * Telethon: `clone()`, which copies nothing but options. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_clone_to(struct mts_session *session,
                                const char *path,
                                size_t path_len,
                                const struct mts_options *options,
                                struct mts_session **out,
                                struct mts_error **err);

/**
 * The next thing you should hear of but did not ask for: what other libraries log. Ask now and
 * then, until MTS_DONE.
 *
 * `*kind`: one of MTS_NOTICE_*. `buf`: gets one line of UTF-8 text and a NUL. `*needed`: length of
 * the text with its NUL. MTS_DONE: there is none. MTS_TOO_SMALL: it stays the next one.
 * What happened in a close can still be asked for after it.
 *
 * Telethon: its `logging`. Never calls back.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_next_notice(struct mts_session *session,
                                   int32_t *kind,
                                   char *buf,
                                   size_t cap,
                                   size_t *needed,
                                   struct mts_error **err);

/**
 * ==== Listing ====
 *
 * The sessions of a directory (its files `*.session`, not of folders in it), by name, with what is
 * in them; they are read, never written. A file that cannot be read is listed with the reason.
 *
 * `after`: NULL (`after_len` 0) to begin, then the name of the last one of the page before.
 * `out`: room for `cap` records of `stride` bytes. `heap`: their texts (see mts_page). MTS_OK:
 * there are more. MTS_DONE: this was the last page. MTS_TOO_SMALL: the heap holds not even one;
 * `page->heap_needed` does.
 *
 * Telethon: `list_sessions()`. Never calls back.
 */
MTS_API
MTS_MUST_USE
mts_status mts_list_sessions(const char *directory,
                             size_t directory_len,
                             const char *after,
                             size_t after_len,
                             struct mts_session_info *out,
                             size_t cap,
                             size_t stride,
                             uint8_t *heap,
                             size_t heap_cap,
                             struct mts_page *page,
                             struct mts_error **err);

/**
 * ==== The login ====
 *
 * The home data center. MTS_NOT_FOUND: none is set yet. `out_size`: sizeof(mts_dc).
 *
 * Telethon: `dc_id`, `server_address`, `port`. Never calls back.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_dc(const struct mts_session *session,
                          struct mts_dc *out,
                          size_t out_size,
                          struct mts_error **err);

/**
 * Sets the home data center, durably. The auth key stays: where the login moved, set both with
 * mts_session_set_home. `host`: `host_len` bytes or MTS_Z; an IPv4 or IPv6 address or a name.
 *
 * Telethon: `set_dc(id, host, port)`. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_set_dc(struct mts_session *session,
                              int32_t id,
                              const char *host,
                              size_t host_len,
                              uint32_t port,
                              struct mts_error **err);

/**
 * Moves the login: data center `dc`, whose address is taken from the options that were put, and
 * its auth key become home in one step, durably. The old home's key is kept (mts_session_key).
 * `key_len` must be 256. MTS_E_ARGUMENT: no address of that data center is known; put its options
 * first.
 *
 * Telethon: `set_dc` and `auth_key = …`, which is two steps. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_set_home(struct mts_session *session,
                                int32_t dc,
                                const uint8_t *key,
                                size_t key_len,
                                struct mts_error **err);

/**
 * ==== Other data centers ====
 *
 * The ways to the data centers, in the order in which they were put, page by page. `first`: 0 to
 * begin, then `page->next`. `out`: room for `cap` records of `stride` bytes. MTS_OK: there are
 * more. MTS_DONE: this was the last page.
 *
 * Telethon: none; it asks the server each time. Never calls back.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_dc_options(const struct mts_session *session,
                                  int64_t first,
                                  struct mts_dc *out,
                                  size_t cap,
                                  size_t stride,
                                  struct mts_page *page,
                                  struct mts_error **err);

/**
 * Replaces the ways to the data centers by these (`count` 0 removes all), durably.
 *
 * Telethon: none. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_put_dc_options(struct mts_session *session,
                                      const struct mts_dc *records,
                                      size_t count,
                                      size_t stride,
                                      struct mts_error **err);

/**
 * The key of data center `dc` in `slot` (MTS_SLOT_*). That of the home data center is the same as
 * mts_session_auth_key answers. MTS_NOT_FOUND: there is none. `out_size`: sizeof(mts_key).
 *
 * Telethon: none; it imports the login anew each time. Never calls back.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_key(const struct mts_session *session,
                           int32_t dc,
                           uint32_t slot,
                           struct mts_key *out,
                           size_t out_size,
                           struct mts_error **err);

/**
 * Sets the key of a data center, durably. `key_size`: sizeof(mts_key).
 *
 * Telethon: none. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_put_key(struct mts_session *session,
                               const struct mts_key *key,
                               size_t key_size,
                               struct mts_error **err);

/**
 * Forgets a key of a data center, durably. MTS_NOT_FOUND: there was none.
 *
 * Telethon: none. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_forget_key(struct mts_session *session,
                                  int32_t dc,
                                  uint32_t slot,
                                  struct mts_error **err);

/**
 * The salts of data center `dc`, page by page; see mts_session_dc_options.
 *
 * Telethon: none; it keeps one salt while it runs. Never calls back.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_salts(const struct mts_session *session,
                             int32_t dc,
                             int64_t first,
                             struct mts_salt *out,
                             size_t cap,
                             size_t stride,
                             struct mts_page *page,
                             struct mts_error **err);

/**
 * Replaces the salts of data center `dc` by these (`count` 0 removes them). They wait for the next
 * save.
 *
 * Telethon: none. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_put_salts(struct mts_session *session,
                                 int32_t dc,
                                 const struct mts_salt *records,
                                 size_t count,
                                 size_t stride,
                                 struct mts_error **err);

/**
 * The auth key of the home data center: 256 bytes written to `key`, which is zeroed on every other
 * path. MTS_NOT_FOUND: not logged in. Wipe your copy when you are done with it.
 *
 * Telethon: `auth_key`. Never calls back.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_auth_key(const struct mts_session *session,
                                uint8_t *key,
                                struct mts_error **err);

/**
 * Sets the auth key of the home data center, durably: it is on the disk when this returns.
 * `key_len` must be 256. Where no home data center is known yet the key is kept all the same, but
 * mts_session_to_string answers MTS_NOT_FOUND until mts_session_set_dc told it.
 *
 * Telethon: `auth_key = …` and `save()`. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_set_auth_key(struct mts_session *session,
                                    const uint8_t *key,
                                    size_t key_len,
                                    struct mts_error **err);

/**
 * Removes the auth key of the home data center, durably: the session is logged out. Entities and
 * update states stay.
 *
 * Telethon: `auth_key = None` and `save()`. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_clear_auth_key(struct mts_session *session,
                                      struct mts_error **err);

/**
 * Id of the auth key of the home data center, bytes 12 to 20 of its SHA-1 as a little-endian
 * number: what goes on the wire before each message. It tells keys apart and reveals none.
 * MTS_NOT_FOUND: not logged in.
 *
 * Telethon: `auth_key.key_id`. Never calls back.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_auth_key_id(const struct mts_session *session,
                                   uint64_t *id,
                                   struct mts_error **err);

/**
 * The temporary auth key of the home data center: 256 bytes written to `key`, which is zeroed on
 * every other path. MTS_NOT_FOUND: there is none.
 *
 * Telethon: `tmp_auth_key`. Never calls back.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_tmp_auth_key(const struct mts_session *session,
                                    uint8_t *key,
                                    struct mts_error **err);

/**
 * Sets the temporary auth key of the home data center. It is stored, durably, only where
 * MTS_OPEN_STORE_TMP_AUTH_KEY asked for it. `key_len` must be 256.
 *
 * Telethon: `tmp_auth_key = …`. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_set_tmp_auth_key(struct mts_session *session,
                                        const uint8_t *key,
                                        size_t key_len,
                                        struct mts_error **err);

/**
 * Removes the temporary auth key of the home data center.
 *
 * Telethon: `tmp_auth_key = None`. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_clear_tmp_auth_key(struct mts_session *session,
                                          struct mts_error **err);

/**
 * Id of the takeout that is not finished yet. MTS_NOT_FOUND: there is none.
 *
 * Telethon: `takeout_id`. Never calls back.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_takeout_id(const struct mts_session *session,
                                  int64_t *id,
                                  struct mts_error **err);

/**
 * Remembers an unfinished takeout, durably.
 *
 * Telethon: `takeout_id = …`. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_set_takeout_id(struct mts_session *session,
                                      int64_t id,
                                      struct mts_error **err);

/**
 * Forgets the takeout, durably: it is finished.
 *
 * Telethon: `takeout_id = None`. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_clear_takeout_id(struct mts_session *session,
                                        struct mts_error **err);

/**
 * Who is logged in. `out_size`: sizeof(mts_identity).
 *
 * Telethon: the row with id 0 in `entities`, for the user id. Never calls back.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_identity(const struct mts_session *session,
                                struct mts_identity *out,
                                size_t out_size,
                                struct mts_error **err);

/**
 * Sets who is logged in, durably. Another user id than the one before means another account: its
 * entities, update states and files are dropped, for their hashes are of no use to this one.
 * `identity_size`: sizeof(mts_identity).
 *
 * Telethon: `process_entities` with the own user. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_set_identity(struct mts_session *session,
                                    const struct mts_identity *identity,
                                    size_t identity_size,
                                    struct mts_error **err);

/**
 * ==== Peers: taking them in ====
 *
 * Takes in the entities that came with an update or an answer: all of them, or none where one is
 * bad (the message says which). They join what is known: a field that a record does not know
 * stays. They wait in memory for the next save; a call may save by itself (see mts_options), and
 * the failure of that is a notice, not an error.
 *
 * `records`: `count` records of `stride` bytes. `heap`: their texts. While entities are switched
 * off (mts_session_set_save_entities) nothing happens.
 *
 * Telethon: `process_entities(tlo)`. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_put_entities(struct mts_session *session,
                                    const struct mts_entity *records,
                                    size_t count,
                                    size_t stride,
                                    const uint8_t *heap,
                                    size_t heap_len,
                                    struct mts_error **err);

/**
 * Takes in one entity, given by plain arguments; as mts_session_put_entities. Each text is as many
 * bytes as its length says, or MTS_Z; NULL with length 0 for none.
 *
 * Telethon: `process_entities(tlo)`. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_put_entity(struct mts_session *session,
                                  int64_t id,
                                  int64_t access_hash,
                                  uint32_t flags,
                                  int64_t seen,
                                  const char *usernames,
                                  size_t usernames_len,
                                  const char *phone,
                                  size_t phone_len,
                                  const char *name,
                                  size_t name_len,
                                  struct mts_error **err);

/**
 * Whether entities are taken in: writes 1 or 0 to `*on`.
 *
 * Telethon: `save_entities`. Never calls back.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_save_entities(const struct mts_session *session,
                                     uint32_t *on,
                                     struct mts_error **err);

/**
 * Switches the taking in of entities on (not 0) or off (0); those that are known stay.
 *
 * Telethon: `save_entities = …`. Never calls back.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_set_save_entities(struct mts_session *session,
                                         uint32_t on,
                                         struct mts_error **err);

/**
 * The entities by ascending marked id, page by page, what waits unsaved included. Nothing stays
 * open between two calls; what changes meanwhile may or may not be seen.
 *
 * `after`: INT64_MIN to begin, then `page->next`. `out`: room for `cap` records of `stride` bytes.
 * `heap`: room for their texts (see mts_page). MTS_OK: there may be more. MTS_DONE: this was the
 * last page. MTS_TOO_SMALL: the heap holds not even one; `page->heap_needed` does.
 *
 * Telethon: `select * from entities`. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_entities(const struct mts_session *session,
                                int64_t after,
                                struct mts_entity *out,
                                size_t cap,
                                size_t stride,
                                uint8_t *heap,
                                size_t heap_cap,
                                struct mts_page *page,
                                struct mts_error **err);

/**
 * How many entities there are, what waits unsaved included. Counting may read all of them.
 *
 * Telethon: `select count(*) from entities`. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_entity_count(const struct mts_session *session,
                                    uint64_t *count,
                                    struct mts_error **err);

/**
 * Forgets one entity, by its marked id. MTS_NOT_FOUND: it was not known.
 *
 * Telethon: none. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_forget_entity(struct mts_session *session,
                                     int64_t id,
                                     struct mts_error **err);

/**
 * ==== Peers: finding them ====
 *
 * The peer that a text names, ready for a request. The text is what a person types or a program
 * stores: "@name", "name", a t.me or tg:// link, a phone number, the marked id of a chat or channel
 * ("-1001300400500"), "me" or "self". Digits alone are a phone number: a user's id is for
 * mts_session_input_peer_by_id, or "tg://user?id=…". With MTS_LOOK_NAMES in `how`, a display name
 * too.
 *
 * `how`: any of MTS_LOOK_*. `out_size`: sizeof(mts_input_peer). MTS_NOT_FOUND: nobody known is
 * named so; ask the server. MTS_AMBIGUOUS: several peers bear that display name; `*out` is the one
 * seen last. A chat needs not to be known: its id says it all.
 *
 * Telethon: `get_input_entity(key)`. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_input_peer(const struct mts_session *session,
                                  const char *key,
                                  size_t key_len,
                                  uint32_t how,
                                  struct mts_input_peer *out,
                                  size_t out_size,
                                  struct mts_error **err);

/**
 * The peer with this marked id, or with MTS_LOOK_BARE_ID this bare id. As mts_session_input_peer.
 *
 * Telethon: `get_input_entity(id)`. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_input_peer_by_id(const struct mts_session *session,
                                        int64_t id,
                                        uint32_t how,
                                        struct mts_input_peer *out,
                                        size_t out_size,
                                        struct mts_error **err);

/**
 * The peer with this username, with or without "@", in any case. As mts_session_input_peer.
 *
 * Telethon: `get_input_entity("@name")`. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_input_peer_by_username(const struct mts_session *session,
                                              const char *username,
                                              size_t username_len,
                                              uint32_t how,
                                              struct mts_input_peer *out,
                                              size_t out_size,
                                              struct mts_error **err);

/**
 * The peer with this phone number; anything but digits is ignored. As mts_session_input_peer.
 *
 * Telethon: `get_input_entity("+…")`. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_input_peer_by_phone(const struct mts_session *session,
                                           const char *phone,
                                           size_t phone_len,
                                           uint32_t how,
                                           struct mts_input_peer *out,
                                           size_t out_size,
                                           struct mts_error **err);

/**
 * The peer with exactly this display name. As mts_session_input_peer; MTS_AMBIGUOUS is common.
 *
 * Telethon: `get_input_entity("First Last")`. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_input_peer_by_name(const struct mts_session *session,
                                          const char *name,
                                          size_t name_len,
                                          uint32_t how,
                                          struct mts_input_peer *out,
                                          size_t out_size,
                                          struct mts_error **err);

/**
 * Everything that is known of the peer that a text names; the text is that of
 * mts_session_input_peer.
 *
 * `how`: any of MTS_LOOK_*. `out_size`: sizeof(mts_entity). `heap`: room for its texts (see
 * mts_page); NULL where they do not matter. MTS_TOO_SMALL: the heap is too small; all numbers of
 * `*out` are valid, the texts are empty, `page->heap_needed` tells the size. MTS_NOT_FOUND,
 * MTS_AMBIGUOUS: as mts_session_input_peer.
 *
 * Telethon: `get_entity_rows_by_…` for any key. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_entity(const struct mts_session *session,
                              const char *key,
                              size_t key_len,
                              uint32_t how,
                              struct mts_entity *out,
                              size_t out_size,
                              uint8_t *heap,
                              size_t heap_cap,
                              struct mts_page *page,
                              struct mts_error **err);

/**
 * Everything that is known of the peer with this marked id, or with MTS_LOOK_BARE_ID this bare id.
 * As mts_session_entity.
 *
 * Telethon: `get_entity_rows_by_id(id, exact)`. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_entity_by_id(const struct mts_session *session,
                                    int64_t id,
                                    uint32_t how,
                                    struct mts_entity *out,
                                    size_t out_size,
                                    uint8_t *heap,
                                    size_t heap_cap,
                                    struct mts_page *page,
                                    struct mts_error **err);

/**
 * Everything that is known of the peer with this username. As mts_session_entity.
 *
 * Telethon: `get_entity_rows_by_username(name)`. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_entity_by_username(const struct mts_session *session,
                                          const char *username,
                                          size_t username_len,
                                          uint32_t how,
                                          struct mts_entity *out,
                                          size_t out_size,
                                          uint8_t *heap,
                                          size_t heap_cap,
                                          struct mts_page *page,
                                          struct mts_error **err);

/**
 * Everything that is known of the peer with this phone number. As mts_session_entity.
 *
 * Telethon: `get_entity_rows_by_phone(phone)`. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_entity_by_phone(const struct mts_session *session,
                                       const char *phone,
                                       size_t phone_len,
                                       uint32_t how,
                                       struct mts_entity *out,
                                       size_t out_size,
                                       uint8_t *heap,
                                       size_t heap_cap,
                                       struct mts_page *page,
                                       struct mts_error **err);

/**
 * Everything that is known of the peer with exactly this display name. As mts_session_entity;
 * MTS_AMBIGUOUS is common.
 *
 * Telethon: `get_entity_rows_by_name(name)`. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_entity_by_name(const struct mts_session *session,
                                      const char *name,
                                      size_t name_len,
                                      uint32_t how,
                                      struct mts_entity *out,
                                      size_t out_size,
                                      uint8_t *heap,
                                      size_t heap_cap,
                                      struct mts_page *page,
                                      struct mts_error **err);

/**
 * ==== Update states ====
 *
 * How far the updates of `id` have been read: 0 for the account, else the bare id of a channel,
 * whose access hash comes along. MTS_NOT_FOUND: no state is kept. `out_size`:
 * sizeof(mts_update_state).
 *
 * Telethon: `get_update_state(id)`. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_update_state(const struct mts_session *session,
                                    int64_t id,
                                    struct mts_update_state *out,
                                    size_t out_size,
                                    struct mts_error **err);

/**
 * All update states by ascending id, the account's (0) first, page by page. `after`: INT64_MIN to
 * begin, then `page->next`. `out`: room for `cap` records of `stride` bytes. MTS_OK: there may be
 * more. MTS_DONE: this was the last page.
 *
 * Telethon: `get_update_states()`. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_update_states(const struct mts_session *session,
                                     int64_t after,
                                     struct mts_update_state *out,
                                     size_t cap,
                                     size_t stride,
                                     struct mts_page *page,
                                     struct mts_error **err);

/**
 * Sets one update state; as mts_session_set_update_states with one record. `state_size`:
 * sizeof(mts_update_state).
 *
 * Telethon: `set_update_state(id, state)`. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_set_update_state(struct mts_session *session,
                                        const struct mts_update_state *state,
                                        size_t state_size,
                                        uint32_t flags,
                                        struct mts_error **err);

/**
 * Sets update states: all of them, or none where one is bad. They wait in memory for the next save,
 * which never saves them ahead of entities that were put before them.
 *
 * `flags`: 0 or MTS_SET_MUST_EXIST, with which MTS_NOT_FOUND says that one of them is not there
 * and nothing was set. A pts of 0 for the account is refused, and so is a negative id.
 *
 * Telethon: `set_update_state(id, state)` for each. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_set_update_states(struct mts_session *session,
                                         const struct mts_update_state *records,
                                         size_t count,
                                         size_t stride,
                                         uint32_t flags,
                                         struct mts_error **err);

/**
 * Removes an update state: the channel was left, say. MTS_NOT_FOUND: there was none.
 *
 * Telethon: none. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_remove_update_state(struct mts_session *session,
                                           int64_t id,
                                           struct mts_error **err);

/**
 * ==== Sent files ====
 *
 * Remembers a file that was sent. It waits in memory for the next save. `file_size`:
 * sizeof(mts_file).
 *
 * Telethon: `cache_file(md5, size, instance)`. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_cache_file(struct mts_session *session,
                                  const struct mts_file *file,
                                  size_t file_size,
                                  struct mts_error **err);

/**
 * A file that was sent before, by its MD5 digest (16 bytes at `md5`), size and kind
 * (MTS_FILE_*). MTS_NOT_FOUND: not sent yet. `out_size`: sizeof(mts_file).
 *
 * Telethon: `get_file(md5, size, cls)`. Never calls back.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_file(const struct mts_session *session,
                            const uint8_t *md5,
                            int64_t size,
                            uint32_t kind,
                            struct mts_file *out,
                            size_t out_size,
                            struct mts_error **err);

/**
 * ==== Opaque values ====
 *
 * Keeps bytes under a key: what a client must remember and this library need not understand
 * (server configuration, contacts hash, its own settings), so that it needs no file of its own.
 *
 * `key`: 1 to 255 bytes; those that begin with "mts:" are the library's own. `value`: at most 8 MiB. `flags`: 0 or
 * MTS_VALUE_DURABLE.
 *
 * Telethon: none. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_put_value(struct mts_session *session,
                                 const char *key,
                                 size_t key_len,
                                 const uint8_t *value,
                                 size_t value_len,
                                 uint32_t flags,
                                 struct mts_error **err);

/**
 * The bytes under a key, copied to `buf`. `*needed`: their length. MTS_TOO_SMALL: `cap` is less
 * than that; nothing was copied. MTS_NOT_FOUND: there is no such value.
 *
 * Telethon: none. Never calls back.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_value(const struct mts_session *session,
                             const char *key,
                             size_t key_len,
                             uint8_t *buf,
                             size_t cap,
                             size_t *needed,
                             struct mts_error **err);

/**
 * Removes the bytes under a key. `flags`: 0 or MTS_VALUE_DURABLE. MTS_NOT_FOUND: there were none.
 *
 * Telethon: none. May call back a custom storage.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_remove_value(struct mts_session *session,
                                    const char *key,
                                    size_t key_len,
                                    uint32_t flags,
                                    struct mts_error **err);

/**
 * ==== String sessions ====
 *
 * The login as Telethon's string session (`1…`), 353 characters for an IPv4 address and 369 for
 * IPv6. It is as secret as the auth key in it. `*out`: free it with mts_buffer_free, which wipes
 * it. MTS_NOT_FOUND: there is no data center or no auth key to write. MTS_E_ARGUMENT: the host is a
 * name, and the format has room for an address only.
 *
 * Telethon: `StringSession.save(session)`. Never calls back.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_to_string(const struct mts_session *session,
                                 struct mts_buffer **out,
                                 struct mts_error **err);

/**
 * The bytes behind mts_session_to_string, for callers who encode them in their own way; see
 * mts_session_from_packed.
 *
 * Telethon: a subclass of `StringSession` with its own `encode`. Never calls back.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_to_packed(const struct mts_session *session,
                                 struct mts_buffer **out,
                                 struct mts_error **err);

/**
 * ==== A storage of your own ====
 *
 * Opens a session that your callbacks keep. The table is copied; `user` is lent to the library
 * until `free` is called. Of the flags of `options`, those that mean a file are refused.
 *
 * When this fails, `free` is not called: `user` is still yours, and so is what `lock` claimed.
 *
 * Telethon: a subclass of `Session`. Calls back `lock` and `load`.
 */
MTS_API
MTS_MUST_USE
mts_status mts_session_custom(const struct mts_storage *storage,
                              const struct mts_options *options,
                              struct mts_session **out,
                              struct mts_error **err);

/**
 * Inside `load`: the account record, as the last commit with one gave it.
 *
 * Telethon: what a subclass's `auth_key`, `dc_id` and their like give. Never calls back.
 */
MTS_API mts_status mts_out_account(struct mts_out *out, const uint8_t *account, size_t account_len);

/**
 * Inside `load`: one update state. `state_size`: sizeof(mts_update_state).
 *
 * Telethon: what a subclass's `get_update_states()` gives. Never calls back.
 */
MTS_API
mts_status mts_out_state(struct mts_out *out,
                         const struct mts_update_state *state,
                         size_t state_size);

/**
 * Inside `load`: one value.
 *
 * Telethon: none. Never calls back.
 */
MTS_API
mts_status mts_out_value(struct mts_out *out,
                         const char *key,
                         size_t key_len,
                         const uint8_t *value,
                         size_t value_len);

/**
 * Inside `find` and `list`: one entity, and the heap its texts are in. `entity_size`:
 * sizeof(mts_entity).
 *
 * Telethon: what a subclass's `get_entity_rows_by_…` give. Never calls back.
 */
MTS_API
mts_status mts_out_entity(struct mts_out *out,
                          const struct mts_entity *entity,
                          size_t entity_size,
                          const uint8_t *heap,
                          size_t heap_len);

/**
 * Inside any callback that will answer an MTS_E_*: one line of text that becomes part of the
 * error's message, with U+FFFD for what is not UTF-8.
 *
 * Telethon: the exception that a subclass raises. Never calls back.
 */
MTS_API mts_status mts_out_error(struct mts_out *out, const char *text, size_t text_len);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* MTSESSION_H */
