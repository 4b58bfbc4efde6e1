/* What nobody should pass, and the library must bear:  bad_input SCRATCH_FOLDER FIXTURES
 *
 * Each gets its own status and a message that says what and where, and leaves the caller's files and
 * memory as they were. */
#define _XOPEN_SOURCE 700
#include <dirent.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "every_call.h"
#include "null_pointers.h"

static uint8_t key[MTS_AUTH_KEY_LEN];

static mts_session *memory(void)
{
    mts_session *s = NULL;

    OK(mts_session_memory(NULL, &s, &err));
    return s;
}

/* ---- Files ---- */

static int count_files(const char *folder)
{
    DIR *dir = opendir(folder);
    int count = 0;

    while (dir != NULL && readdir(dir) != NULL)
        count++;
    if (dir != NULL)
        closedir(dir);
    return count;
}

/* A file that is no session: opening it, also read-only, fails and changes nothing. */
static void no_session(const char *path, mts_status wanted, const char *says)
{
    mts_options read_only = MTS_OPTIONS_INIT;
    mts_session *s = (mts_session *)key; /* cleared on failure too */
    size_t len, len_after;
    char *content = slurp(path, &len), *after;

    read_only.flags = MTS_OPEN_READ_ONLY;
    REFUSED(wanted, says, mts_session_open(path, MTS_Z, &read_only, &s, &err));
    CHECK(s == NULL);
    REFUSED(wanted, says, mts_session_open(path, MTS_Z, NULL, &s, &err));
    REFUSED(wanted, path, mts_session_open(path, MTS_Z, NULL, &s, &err));
    after = slurp(path, &len_after);
    CHECK(len == len_after && memcmp(content, after, len) == 0);
    free(content);
    free(after);
}

static void copy_file(const char *from, const char *to, size_t at_most)
{
    size_t len;
    char *content = slurp(from, &len);

    CHECK(len > 0);
    spill(to, content, len < at_most ? len : at_most);
    free(content);
}

static void files(const char *folder, const char *fixtures)
{
    mts_options options = MTS_OPTIONS_INIT;
    mts_session *s = NULL;
    const char *path;

    path = in(folder, "garbage.session");
    spill(path, "This is not a session but a shopping list: bread, butter.\n", 58);
    no_session(path, MTS_E_FORMAT, "not");

    /* An empty file is what a client leaves that was killed while it made one: it becomes a session,
     * but only where it may be written. */
    path = in(folder, "empty.session");
    spill(path, "", 0);
    options.flags = MTS_OPEN_READ_ONLY;
    REFUSED(MTS_E_FORMAT, "empty", mts_session_open(path, MTS_Z, &options, &s, &err));
    OK(mts_session_open(path, MTS_Z, NULL, &s, &err));
    mts_session_free(s);

    path = in(folder, "folder.session");
    CHECK(mkdir(path, 0700) == 0);
    REFUSED(MTS_E_IO, "directory (os error 21); name a file in it",
            mts_session_open(path, MTS_Z, NULL, &s, &err));
    CHECK(count_files(path) == 2);

    path = in(folder, "truncated.session");
    copy_file(in(fixtures, "telethon-1.45.0.session"), path, 5000);
    no_session(path, MTS_E_CORRUPT, "");
    path = in(folder, "header-only.session");
    copy_file(in(fixtures, "telethon-1.45.0.session"), path, 60);
    no_session(path, MTS_E_CORRUPT, "");

    path = in(folder, "pyrogram.session");
    copy_file(in(fixtures, "../foreign/pyrogram-2.0.106.session"), path, 1 << 20);
    no_session(path, MTS_E_FORMAT, "Pyrogram");
    path = in(folder, "pickle.session");
    copy_file(in(fixtures, "telethon-0.11.session"), path, 1 << 20);
    no_session(path, MTS_E_FORMAT, "pickle");

    path = in(folder, "no/such/folder/x.session");
    REFUSED(MTS_E_IO, "no/such/folder", mts_session_open(path, MTS_Z, NULL, &s, &err));
    path = in(folder, "missing.session");
    options.flags = MTS_OPEN_EXISTING;
    REFUSED(MTS_E_IO, path, mts_session_open(path, MTS_Z, &options, &s, &err));
    options.flags = MTS_OPEN_READ_ONLY;
    REFUSED(MTS_E_IO, path, mts_session_open(path, MTS_Z, &options, &s, &err));
    CHECK(access(path, F_OK) != 0);

    /* Two owners at once. */
    path = in(folder, "owned.session");
    mts_session *second = NULL;
    OK(mts_session_open(path, MTS_Z, NULL, &s, &err));
    REFUSED(MTS_E_OWNED, path, mts_session_open(path, MTS_Z, NULL, &second, &err));
    CHECK(second == NULL);
    /* A copy onto what is there. */
    REFUSED(MTS_E_EXISTS, "garbage.session",
            mts_session_clone_to(s, in(folder, "garbage.session"), MTS_Z, NULL, &second, &err));
    mts_session_free(s);
    options.flags = MTS_OPEN_READ_ONLY;
    OK(mts_session_open(path, MTS_Z, &options, &s, &err));
    REFUSED(MTS_E_READ_ONLY, path, mts_session_set_auth_key(s, key, sizeof key, &err));
    REFUSED(MTS_E_READ_ONLY, "read-only; to change it, open it without that",
            mts_session_set_auth_key(s, key, sizeof key, &err));
    mts_session_free(s);
}

/* What root may do, nobody else may: this part runs as nobody. */
static void permissions(void)
{
    char folder[] = "/tmp/mtsession-test-XXXXXX";
    mts_session *s = NULL, *copy = NULL;
    const char *secret, *closed, *made;
    mts_options read_only = MTS_OPTIONS_INIT, shared = MTS_OPTIONS_INIT;
    int64_t takeout;
    uint64_t count;
    uid_t user = geteuid();

    CHECK(mkdtemp(folder) != NULL);
    CHECK(chmod(folder, 0755) == 0);
    secret = in(folder, "secret.session");
    closed = in(folder, "closed.session");
    made = in(folder, "new.session");
    OK(mts_session_open(secret, MTS_Z, NULL, &s, &err));
    mts_session_free(s);
    OK(mts_session_open(closed, MTS_Z, NULL, &s, &err));
    mts_session_free(s);
    CHECK(remove(in(folder, "closed.session-lock")) == 0);
    CHECK(chmod(secret, 0) == 0 && chmod(closed, 0644) == 0);
    CHECK(chmod(folder, 0555) == 0);
    CHECK(user != 0 || seteuid(65534) == 0);

    /* What may not be read is MTS_E_IO, what may not be written MTS_E_READ_ONLY. */
    read_only.flags = MTS_OPEN_READ_ONLY;
    shared.flags = MTS_OPEN_SHARED;
    REFUSED(MTS_E_IO, secret, mts_session_open(secret, MTS_Z, NULL, &s, &err));
    REFUSED(MTS_E_IO, secret, mts_session_open(secret, MTS_Z, &read_only, &s, &err));
    REFUSED(MTS_E_READ_ONLY, made, mts_session_open(made, MTS_Z, NULL, &s, &err));
    REFUSED(MTS_E_READ_ONLY, closed, mts_session_open(closed, MTS_Z, NULL, &s, &err));
    REFUSED(MTS_E_READ_ONLY, closed, mts_session_open(closed, MTS_Z, &shared, &s, &err));
    OK(mts_session_open(closed, MTS_Z, &read_only, &s, &err));
    REFUSED(MTS_E_READ_ONLY, made, mts_session_clone_to(s, made, MTS_Z, NULL, &copy, &err));
    CHECK(copy == NULL);
    mts_session_free(s);

    /* His own files, in a folder that stays closed: the lock can be had, the journal cannot. */
    CHECK(seteuid(user) == 0);
    CHECK(user != 0 || (chown(folder, 65534, 65534) == 0 && chmod(folder, 0755) == 0));
    CHECK(user != 0 || seteuid(65534) == 0);
    CHECK(user == 0 || chmod(folder, 0755) == 0);
    OK(mts_session_open(made, MTS_Z, NULL, &s, &err));
    mts_session_free(s);
    CHECK(chmod(folder, 0555) == 0);
    OK(mts_session_open(made, MTS_Z, NULL, &s, &err));
    REFUSED(MTS_E_READ_ONLY, made, mts_session_set_takeout_id(s, 1, &err));
    ANSWERS(MTS_NOT_FOUND, mts_session_takeout_id(s, &takeout, &err));
    OK(mts_session_put_entity(s, 1, 1, 0, 0, "ada", MTS_Z, NULL, 0, NULL, 0, &err));
    REFUSED(MTS_E_READ_ONLY, made, mts_session_save(s, &err));
    OK(mts_session_entity_count(s, &count, &err));
    CHECK(count == 1);
    mts_session_free(s);
    CHECK(chmod(made, 0444) == 0 && chmod(folder, 0755) == 0);
    REFUSED(MTS_E_READ_ONLY, made, mts_session_open(made, MTS_Z, NULL, &s, &err));

    CHECK(seteuid(user) == 0);
    CHECK(chmod(folder, 0755) == 0);
    const char *left[] = {secret, closed, made, in(folder, "secret.session-lock"),
                          in(folder, "new.session-lock")};
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
        remove(left[i]);
    CHECK(rmdir(folder) == 0); /* so nothing else was left in it */
}

static void paths_and_texts(const char *folder, mts_session *s)
{
    mts_session *made = NULL;
    mts_input_peer peer;
    int before = count_files(folder);

    REFUSED(MTS_E_ARGUMENT, "NUL", mts_session_open("a\0b", 3, NULL, &made, &err));
    REFUSED(MTS_E_ARGUMENT, "empty", mts_session_open("", 0, NULL, &made, &err));
    REFUSED(MTS_E_ARGUMENT, "UTF-8", mts_session_open("a\xff", MTS_Z, NULL, &made, &err));
    CHECK(count_files(folder) == before);
    REFUSED(MTS_E_ARGUMENT, "UTF-8 from byte 1",
            mts_session_input_peer(s, "a\xc3(", MTS_Z, 0, &peer, sizeof peer, &err));
    REFUSED(MTS_E_ARGUMENT, "usernames is not UTF-8",
            mts_session_put_entity(s, 1, 1, 0, 0, "\xed\xa0\x80", 3, NULL, 0, NULL, 0, &err));
    REFUSED(MTS_E_ARGUMENT, "NUL",
            mts_session_put_entity(s, 1, 1, 0, 0, NULL, 0, NULL, 0, "a\0b", 3, &err));
    REFUSED(MTS_E_ARGUMENT, "host", mts_session_set_dc(s, 2, "", 0, 443, &err));
    REFUSED(MTS_E_ARGUMENT, "host", mts_session_set_dc(s, 2, "a b", MTS_Z, 443, &err));
    REFUSED(MTS_E_ARGUMENT, "port", mts_session_set_dc(s, 2, "a", MTS_Z, 0, &err));
    REFUSED(MTS_E_ARGUMENT, "port", mts_session_set_dc(s, 2, "a", MTS_Z, 65536, &err));
    REFUSED(MTS_E_ARGUMENT, "data center 0", mts_session_set_dc(s, 0, "a", MTS_Z, 443, &err));
    REFUSED(MTS_E_FORMAT, "", mts_session_from_string("2abc", MTS_Z, NULL, &made, &err));
    REFUSED(MTS_E_FORMAT, "", mts_session_from_string("1AAAA", MTS_Z, NULL, &made, &err));
    REFUSED(MTS_E_FORMAT, "not ASCII at position 2",
            mts_session_from_string("1\xc3\xa9", MTS_Z, NULL, &made, &err));
    REFUSED(MTS_E_ARGUMENT, "text is not UTF-8 from byte 2",
            mts_session_from_string("1A\xff", MTS_Z, NULL, &made, &err));
    REFUSED(MTS_E_FORMAT, "", mts_session_from_packed(key, 17, NULL, &made, &err));
    CHECK(made == NULL);
}

/* ---- Memory ---- */

static void sizes(mts_session *s)
{
    mts_options options = MTS_OPTIONS_INIT;
    mts_session *made = NULL;
    mts_entity records[3];
    struct {
        mts_entity entity;
        uint64_t tail;
    } grown[2];
    mts_input_peer peer;
    mts_page page;
    uint64_t count;

    options.size = 0;
    REFUSED(MTS_E_ARGUMENT, "size of 0", mts_session_memory(&options, &made, &err));
    options.size = UINT32_MAX;
    REFUSED(MTS_E_ARGUMENT, "4294967295", mts_session_memory(&options, &made, &err));
    options.size = sizeof options;
    options.flags = 1u << 31;
    REFUSED(MTS_E_ARGUMENT, "0x80000000", mts_session_memory(&options, &made, &err));
    options.flags = MTS_OPEN_SHARED;
    REFUSED(MTS_E_ARGUMENT, "memory", mts_session_memory(&options, &made, &err));
    CHECK(made == NULL);

    memset(records, 0, sizeof records);
    for (int i = 0; i < 3; i++)
        records[i].id = i + 1;
    OK(mts_session_put_entities(s, NULL, 0, 0, NULL, 0, &err));
    REFUSED(MTS_E_ARGUMENT, "0 bytes", mts_session_put_entities(s, records, 1, 0, NULL, 0, &err));
    REFUSED(MTS_E_ARGUMENT, "55 bytes", mts_session_put_entities(s, records, 1, 55, NULL, 0, &err));
    REFUSED(MTS_E_ARGUMENT, "",
            mts_session_put_entities(s, records, SIZE_MAX / 2, sizeof records[0], NULL, 0, &err));
    memset(grown, 0, sizeof grown);
    grown[0].entity.id = 1;
    grown[1].entity.id = 2;
    grown[1].tail = 1;
    REFUSED(MTS_E_ARGUMENT, "newer",
            mts_session_put_entities(s, &grown[0].entity, 2, sizeof grown[0], NULL, 0, &err));

    /* One bad record, and none is taken. */
    records[2].name.off = 4;
    records[2].name.len = 1;
    REFUSED(MTS_E_ARGUMENT, "record 2: name lies outside the heap",
            mts_session_put_entities(s, records, 3, sizeof records[0], (const uint8_t *)"abcd", 4,
                                     &err));
    records[2].name.off = UINT32_MAX;
    records[2].name.len = UINT32_MAX;
    REFUSED(MTS_E_ARGUMENT, "record 2",
            mts_session_put_entities(s, records, 3, sizeof records[0], (const uint8_t *)"abcd", 4,
                                     &err));
    records[2].name.len = 0;
    records[2].flags = 1u << 30;
    REFUSED(MTS_E_ARGUMENT, "record 2",
            mts_session_put_entities(s, records, 3, sizeof records[0], NULL, 0, &err));
    records[2].flags = MTS_ENTITY_WHOLE | MTS_ENTITY_MIN;
    REFUSED(MTS_E_ARGUMENT, "record 2",
            mts_session_put_entities(s, records, 3, sizeof records[0], NULL, 0, &err));
    records[2].flags = 0;
    records[2].id = 0;
    REFUSED(MTS_E_ARGUMENT, "id 0",
            mts_session_put_entities(s, records, 3, sizeof records[0], NULL, 0, &err));
    OK(mts_session_entity_count(s, &count, &err));
    CHECK(count == 0);

    REFUSED(MTS_E_ARGUMENT, "0x100",
            mts_session_input_peer(s, "a", 1, 256, &peer, sizeof peer, &err));
    REFUSED(MTS_E_ARGUMENT, "no room",
            mts_session_entities(s, INT64_MIN, records, 0, sizeof records[0], NULL, 0, &page, &err));
    CHECK(page.count == 0 && page.next == 0);
}

/* Records of a size that no header ever gave them: too short, and longer with a tail that says
 * something. An output may be longer; its tail is zeroed. */
#define SIZED(call) \
    do { \
        for (size_t size = 0; size < 8; size += 7) \
            REFUSED(MTS_E_ARGUMENT, "bytes", call); \
    } while (0)
#define GIVEN(call) \
    do { \
        SIZED(call); \
        size_t size = sizeof bytes; \
        REFUSED(MTS_E_ARGUMENT, "newer", call); \
    } while (0)

static void record_sizes(const char *folder, mts_session *s)
{
    /* As large as two of the largest record, and not zero anywhere. */
    static union {
        uint8_t raw[1024];
        mts_dc dc;
        mts_key key;
        mts_salt salt;
        mts_identity identity;
        mts_entity entity;
        mts_update_state state;
        mts_file file;
        mts_input_peer peer;
        mts_session_info info;
    } bytes;
    mts_page page;

    memset(&bytes, 1, sizeof bytes);
    SIZED(mts_list_sessions(folder, MTS_Z, NULL, 0, &bytes.info, 1, size, NULL, 0, &page, &err));
    SIZED(mts_session_dc(s, &bytes.dc, size, &err));
    SIZED(mts_session_dc_options(s, 0, &bytes.dc, 1, size, &page, &err));
    SIZED(mts_session_key(s, 2, 0, &bytes.key, size, &err));
    SIZED(mts_session_salts(s, 2, 0, &bytes.salt, 1, size, &page, &err));
    SIZED(mts_session_identity(s, &bytes.identity, size, &err));
    SIZED(mts_session_entities(s, INT64_MIN, &bytes.entity, 1, size, NULL, 0, &page, &err));
    SIZED(mts_session_input_peer(s, "a", 1, 0, &bytes.peer, size, &err));
    SIZED(mts_session_input_peer_by_id(s, 1, 0, &bytes.peer, size, &err));
    SIZED(mts_session_input_peer_by_username(s, "a", 1, 0, &bytes.peer, size, &err));
    SIZED(mts_session_input_peer_by_phone(s, "1", 1, 0, &bytes.peer, size, &err));
    SIZED(mts_session_input_peer_by_name(s, "a", 1, 0, &bytes.peer, size, &err));
    SIZED(mts_session_entity(s, "a", 1, 0, &bytes.entity, size, NULL, 0, &page, &err));
    SIZED(mts_session_entity_by_id(s, 1, 0, &bytes.entity, size, NULL, 0, &page, &err));
    SIZED(mts_session_entity_by_username(s, "a", 1, 0, &bytes.entity, size, NULL, 0, &page, &err));
    SIZED(mts_session_entity_by_phone(s, "1", 1, 0, &bytes.entity, size, NULL, 0, &page, &err));
    SIZED(mts_session_entity_by_name(s, "a", 1, 0, &bytes.entity, size, NULL, 0, &page, &err));
    SIZED(mts_session_update_state(s, 0, &bytes.state, size, &err));
    SIZED(mts_session_update_states(s, 0, &bytes.state, 1, size, &page, &err));
    SIZED(mts_session_file(s, key, 1, 0, &bytes.file, size, &err));
    memset(&bytes, 1, sizeof bytes);
    GIVEN(mts_session_put_dc_options(s, &bytes.dc, 1, size, &err));
    GIVEN(mts_session_put_key(s, &bytes.key, size, &err));
    GIVEN(mts_session_put_salts(s, 2, &bytes.salt, 1, size, &err));
    GIVEN(mts_session_set_identity(s, &bytes.identity, size, &err));
    GIVEN(mts_session_put_entities(s, &bytes.entity, 1, size, NULL, 0, &err));
    GIVEN(mts_session_set_update_state(s, &bytes.state, size, 0, &err));
    GIVEN(mts_session_set_update_states(s, &bytes.state, 1, size, 0, &err));
    GIVEN(mts_session_cache_file(s, &bytes.file, size, &err));

    /* No room for a single record would never come to an end; none to take in is fine. */
    REFUSED(MTS_E_ARGUMENT, "no room",
            mts_list_sessions(folder, MTS_Z, NULL, 0, NULL, 0, sizeof bytes.info, NULL, 0, &page,
                              &err));
    REFUSED(MTS_E_ARGUMENT, "no room",
            mts_session_dc_options(s, 0, NULL, 0, sizeof bytes.dc, &page, &err));
    REFUSED(MTS_E_ARGUMENT, "no room",
            mts_session_salts(s, 2, 0, NULL, 0, sizeof bytes.salt, &page, &err));
    REFUSED(MTS_E_ARGUMENT, "no room",
            mts_session_update_states(s, INT64_MIN, NULL, 0, sizeof bytes.state, &page, &err));
    OK(mts_session_put_dc_options(s, NULL, 0, sizeof bytes.dc, &err));
    OK(mts_session_put_salts(s, 2, NULL, 0, sizeof bytes.salt, &err));
    OK(mts_session_set_update_states(s, NULL, 0, sizeof bytes.state, 0, &err));
}

static void values_that_cannot_be(mts_session *s)
{
    mts_input_peer peer;
    mts_update_state state;
    mts_identity me;
    mts_file file;
    mts_key one;
    mts_dc option;
    uint8_t value[4];
    size_t needed;
    uint64_t key_id;
    mts_entity entity;
    mts_page page;
    char says[80];
    static const int64_t nobody[] = {0, -1000000000000, INT64_MIN};

    REFUSED(MTS_E_ARGUMENT, "id 0",
            mts_session_input_peer_by_id(s, 0, 0, &peer, sizeof peer, &err));
    REFUSED(MTS_E_ARGUMENT, "-1000000000000",
            mts_session_put_entity(s, -1000000000000, 1, 0, 0, NULL, 0, NULL, 0, NULL, 0, &err));
    REFUSED(MTS_E_ARGUMENT, "id 0", mts_session_forget_entity(s, 0, &err));
    for (size_t i = 0; i < sizeof nobody / sizeof nobody[0]; i++) {
        snprintf(says, sizeof says, "id %" PRId64 " marks no peer", nobody[i]);
        REFUSED(MTS_E_ARGUMENT, says,
                mts_session_put_entity(s, nobody[i], 1, 0, 0, NULL, 0, NULL, 0, NULL, 0, &err));
        REFUSED(MTS_E_ARGUMENT, says, mts_session_forget_entity(s, nobody[i], &err));
        REFUSED(MTS_E_ARGUMENT, says,
                mts_session_input_peer_by_id(s, nobody[i], 0, &peer, sizeof peer, &err));
        REFUSED(MTS_E_ARGUMENT, says,
                mts_session_entity_by_id(s, nobody[i], 0, &entity, sizeof entity, NULL, 0, &page,
                                         &err));
    }
    REFUSED(MTS_E_ARGUMENT, "-5 cannot be a bare id",
            mts_session_input_peer_by_id(s, -5, MTS_LOOK_BARE_ID, &peer, sizeof peer, &err));

    memset(&state, 0, sizeof state);
    state.id = -1001234567890;
    state.pts = 1;
    state.fields = MTS_STATE_PTS;
    REFUSED(MTS_E_ARGUMENT, "1234567890 for this channel",
            mts_session_set_update_state(s, &state, sizeof state, 0, &err));
    REFUSED(MTS_E_ARGUMENT, "bare id",
            mts_session_update_state(s, -5, &state, sizeof state, &err));
    REFUSED(MTS_E_ARGUMENT, "bare id", mts_session_remove_update_state(s, -5, &err));
    memset(&state, 0, sizeof state);
    state.fields = MTS_STATE_PTS;
    REFUSED(MTS_E_ARGUMENT, "pts 0", mts_session_set_update_state(s, &state, sizeof state, 0, &err));
    state.pts = 1;
    state.fields = 1u << 9;
    REFUSED(MTS_E_ARGUMENT, "0x200",
            mts_session_set_update_state(s, &state, sizeof state, 0, &err));
    state.fields = MTS_STATE_PTS;
    REFUSED(MTS_E_ARGUMENT, "flags",
            mts_session_set_update_state(s, &state, sizeof state, 2, &err));

    REFUSED(MTS_E_ARGUMENT, "255", mts_session_set_auth_key(s, key, 255, &err));
    REFUSED(MTS_E_ARGUMENT, "257", mts_session_set_tmp_auth_key(s, key, 257, &err));
    REFUSED(MTS_E_ARGUMENT, "", mts_session_set_home(s, 2, key, 0, &err));
    ANSWERS(MTS_NOT_FOUND, mts_session_auth_key_id(s, &key_id, &err));
    memset(&me, 0, sizeof me);
    me.user_id = -1;
    REFUSED(MTS_E_ARGUMENT, "-1", mts_session_set_identity(s, &me, sizeof me, &err));
    me.user_id = 0;
    me.flags = 4;
    REFUSED(MTS_E_ARGUMENT, "0x4", mts_session_set_identity(s, &me, sizeof me, &err));
    memset(&file, 0, sizeof file);
    file.kind = 2;
    REFUSED(MTS_E_ARGUMENT, "kind", mts_session_cache_file(s, &file, sizeof file, &err));
    REFUSED(MTS_E_ARGUMENT, "slot 3", mts_session_key(s, 2, 3, &one, sizeof one, &err));
    REFUSED(MTS_E_ARGUMENT, "slot 3", mts_session_forget_key(s, 2, 3, &err));
    REFUSED(MTS_E_ARGUMENT, "data center 0", mts_session_set_home(s, 0, key, sizeof key, &err));
    memset(&one, 0, sizeof one);
    one.key[0] = 1;
    REFUSED(MTS_E_ARGUMENT, "data center 0", mts_session_put_key(s, &one, sizeof one, &err));
    one.dc = 2;
    one.user_id = -1;
    REFUSED(MTS_E_ARGUMENT, "-1", mts_session_put_key(s, &one, sizeof one, &err));
    memset(&option, 0, sizeof option);
    option.id = 2;
    option.port = 443;
    option.host_len = 300;
    REFUSED(MTS_E_ARGUMENT, "host",
            mts_session_put_dc_options(s, &option, 1, sizeof option, &err));
    option.host[0] = 'a';
    option.host_len = 1;
    option.secret_len = 33;
    REFUSED(MTS_E_ARGUMENT, "secret",
            mts_session_put_dc_options(s, &option, 1, sizeof option, &err));
    REFUSED(MTS_E_ARGUMENT, "1 to 255", mts_session_put_value(s, "", 0, key, 1, 0, &err));
    REFUSED(MTS_E_ARGUMENT, "mts:", mts_session_put_value(s, "mts:x", MTS_Z, key, 1, 0, &err));
    REFUSED(MTS_E_ARGUMENT, "flags", mts_session_put_value(s, "x", MTS_Z, key, 1, 2, &err));
    ANSWERS(MTS_NOT_FOUND, mts_session_value(s, "x", MTS_Z, value, 4, &needed, &err));
}

/* After all that was refused, the session holds what it held before: nothing. */
static void untouched(mts_session *s)
{
    mts_buffer *packed;
    mts_dc dc;
    mts_key one;
    mts_identity me;
    mts_update_state state;
    mts_salt salt;
    mts_page page;
    uint8_t bytes[MTS_AUTH_KEY_LEN];
    uint64_t count;
    uint32_t on;
    int64_t takeout;
    size_t needed;

    ANSWERS(MTS_NOT_FOUND, mts_session_dc(s, &dc, sizeof dc, &err));
    ANSWERS(MTS_NOT_FOUND, mts_session_auth_key(s, bytes, &err));
    ANSWERS(MTS_NOT_FOUND, mts_session_tmp_auth_key(s, bytes, &err));
    ANSWERS(MTS_NOT_FOUND, mts_session_takeout_id(s, &takeout, &err));
    ANSWERS(MTS_NOT_FOUND, mts_session_key(s, 2, 0, &one, sizeof one, &err));
    ANSWERS(MTS_NOT_FOUND, mts_session_value(s, "x", 1, bytes, 1, &needed, &err));
    ANSWERS(MTS_NOT_FOUND, mts_session_to_packed(s, &packed, &err));
    ANSWERS(MTS_DONE, mts_session_dc_options(s, 0, &dc, 1, sizeof dc, &page, &err));
    CHECK(page.count == 0);
    ANSWERS(MTS_DONE, mts_session_salts(s, 2, 0, &salt, 1, sizeof salt, &page, &err));
    CHECK(page.count == 0);
    ANSWERS(MTS_DONE, mts_session_update_states(s, INT64_MIN, &state, 1, sizeof state, &page, &err));
    CHECK(page.count == 0);
    OK(mts_session_identity(s, &me, sizeof me, &err));
    CHECK(me.user_id == 0 && me.api_id == 0 && me.flags == 0);
    OK(mts_session_entity_count(s, &count, &err));
    CHECK(count == 0);
    OK(mts_session_save_entities(s, &on, &err));
    CHECK(on == 1);
}

static void after_close(const char *folder)
{
    const char *path = in(folder, "closed.session");
    mts_session *s;
    char *before, *after, text[8];
    size_t len, len_after;
    int32_t kind;

    OK(mts_session_open(path, MTS_Z, NULL, &s, &err));
    OK(mts_session_set_auth_key(s, key, sizeof key, &err));
    OK(mts_session_close(s, &err));
    before = slurp(path, &len);
    OK(mts_session_close(s, &err));
    every_call(s, MTS_E_CLOSED, "closed; open it again");
    ANSWERS(MTS_DONE, mts_session_next_notice(s, &kind, text, sizeof text, &len_after, &err));
    OK(mts_session_close(s, &err));
    mts_session_free(s);
    after = slurp(path, &len_after);
    CHECK(len == len_after && memcmp(before, after, len) == 0);
    free(before);
    free(after);
}

static void refusals(const char *folder, mts_session *s)
{
    paths_and_texts(folder, s);
    sizes(s);
    record_sizes(folder, s);
    values_that_cannot_be(s);
    null_pointers(s);
    untouched(s);
}

int main(int argc, char **argv)
{
    mts_session *s;
    char *before, *after;
    size_t len, len_after;
    const char *path;

    if (argc < 3) {
        fprintf(stderr, "usage: bad_input SCRATCH_FOLDER FIXTURES\n");
        return 2;
    }
    for (int i = 0; i < MTS_AUTH_KEY_LEN; i++)
        key[i] = (uint8_t)(i + 1);
    files(argv[1], argv[2]);
    permissions();
    path = in(argv[1], "refused.session");
    OK(mts_session_open(path, MTS_Z, NULL, &s, &err));
    before = slurp(path, &len);
    refusals(argv[1], s);
    OK(mts_session_close(s, &err));
    mts_session_free(s);
    after = slurp(path, &len_after);
    CHECK(len == len_after && memcmp(before, after, len) == 0);
    free(before);
    free(after);
    s = memory();
    refusals(argv[1], s);
    mts_session_free(s);
    every_call(NULL, MTS_E_ARGUMENT, "session is NULL");
    null_sinks();
    after_close(argv[1]);
    printf("%d failures\n", failures);
    return failures != 0;
}
