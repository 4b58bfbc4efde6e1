/* What nobody should pass, and the library must bear:  bad_input SCRATCH_FOLDER FIXTURES
 *
 * Each gets its own status and a message that says what and where, and leaves the caller's files and
 * memory as they were. */
#define _XOPEN_SOURCE 700
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

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
    REFUSED(MTS_E_IO, "directory", mts_session_open(path, MTS_Z, NULL, &s, &err));
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
    mts_session_free(s);
}

/* What root may do, nobody else may: this part runs as nobody. */
static void permissions(void)
{
    char folder[] = "/tmp/mtsession-test-XXXXXX";
    mts_session *s = NULL;
    const char *secret, *closed, *made;
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
    CHECK(chmod(secret, 0) == 0 && chmod(closed, 0644) == 0);
    CHECK(chmod(folder, 0555) == 0);
    CHECK(user != 0 || seteuid(65534) == 0);

    REFUSED(MTS_E_IO, secret, mts_session_open(secret, MTS_Z, NULL, &s, &err));
    REFUSED(MTS_E_IO, folder, mts_session_open(made, MTS_Z, NULL, &s, &err));
    /* Readable, but its folder takes no journal and no lock file. */
    CHECK(mts_session_open(closed, MTS_Z, NULL, &s, &err) < 0);
    CHECK(strstr(mts_error_message(err), closed) != NULL);
    mts_error_free(err);
    err = NULL;
    mts_options read_only = MTS_OPTIONS_INIT;
    read_only.flags = MTS_OPEN_READ_ONLY;
    OK(mts_session_open(closed, MTS_Z, &read_only, &s, &err));
    mts_session_free(s);

    CHECK(seteuid(user) == 0);
    CHECK(chmod(folder, 0755) == 0);
    const char *left[] = {secret, closed, in(folder, "secret.session-lock"),
                          in(folder, "closed.session-lock")};
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
    mts_update_state state;
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

    REFUSED(MTS_E_ARGUMENT, "out", mts_session_input_peer(s, "a", 1, 0, &peer, 3, &err));
    REFUSED(MTS_E_ARGUMENT, "out", mts_session_update_state(s, 0, &state, 0, &err));
    REFUSED(MTS_E_ARGUMENT, "0x100",
            mts_session_input_peer(s, "a", 1, 256, &peer, sizeof peer, &err));
    REFUSED(MTS_E_ARGUMENT, "no room",
            mts_session_entities(s, INT64_MIN, records, 0, sizeof records[0], NULL, 0, &page, &err));
    CHECK(page.count == 0 && page.next == 0);
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

    REFUSED(MTS_E_ARGUMENT, "id 0",
            mts_session_input_peer_by_id(s, 0, 0, &peer, sizeof peer, &err));
    REFUSED(MTS_E_ARGUMENT, "-1000000000000",
            mts_session_put_entity(s, -1000000000000, 1, 0, 0, NULL, 0, NULL, 0, NULL, 0, &err));
    REFUSED(MTS_E_ARGUMENT, "id 0", mts_session_forget_entity(s, 0, &err));

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
    me.flags = 4;
    REFUSED(MTS_E_ARGUMENT, "0x4", mts_session_set_identity(s, &me, sizeof me, &err));
    memset(&file, 0, sizeof file);
    file.kind = 2;
    REFUSED(MTS_E_ARGUMENT, "kind", mts_session_cache_file(s, &file, sizeof file, &err));
    REFUSED(MTS_E_ARGUMENT, "slot 3", mts_session_key(s, 2, 3, &one, sizeof one, &err));
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

/* Every pointer NULL in turn. `N` where NULL alone is wrong, an error without any object too. */
#define N(says, call) REFUSED(MTS_E_ARGUMENT, says " is NULL", call)

static void null_session(void)
{
    static mts_session *const s = NULL;
    uint8_t bytes[MTS_AUTH_KEY_LEN], texts[8];
    uint64_t u64;
    int64_t i64;
    uint32_t u32;
    int32_t i32;
    size_t size;
    char buf[8];
    mts_buffer *buffer = NULL;
    mts_session *made = NULL;
    mts_page page;
    mts_dc dc;
    mts_key one;
    mts_salt salt;
    mts_identity me;
    mts_entity entity;
    mts_input_peer peer;
    mts_update_state state;
    mts_file file;

    memset(&dc, 0, sizeof dc);
    memset(&one, 0, sizeof one);
    memset(&salt, 0, sizeof salt);
    memset(&me, 0, sizeof me);
    memset(&entity, 0, sizeof entity);
    memset(&state, 0, sizeof state);
    memset(&file, 0, sizeof file);
    N("session", mts_session_save(s, &err));
    N("session", mts_session_close(s, &err));
    N("session", mts_session_delete(s, &err));
    N("session", mts_session_clone_to(s, NULL, 0, NULL, &made, &err));
    N("session", mts_session_next_notice(s, &i32, buf, sizeof buf, &size, &err));
    N("session", mts_session_dc(s, &dc, sizeof dc, &err));
    N("session", mts_session_set_dc(s, 2, "a", 1, 443, &err));
    N("session", mts_session_auth_key(s, bytes, &err));
    N("session", mts_session_set_auth_key(s, key, sizeof key, &err));
    N("session", mts_session_clear_auth_key(s, &err));
    N("session", mts_session_auth_key_id(s, &u64, &err));
    N("session", mts_session_tmp_auth_key(s, bytes, &err));
    N("session", mts_session_set_tmp_auth_key(s, key, sizeof key, &err));
    N("session", mts_session_clear_tmp_auth_key(s, &err));
    N("session", mts_session_takeout_id(s, &i64, &err));
    N("session", mts_session_set_takeout_id(s, 1, &err));
    N("session", mts_session_clear_takeout_id(s, &err));
    N("session", mts_session_identity(s, &me, sizeof me, &err));
    N("session", mts_session_set_identity(s, &me, sizeof me, &err));
    N("session", mts_session_set_home(s, 2, key, sizeof key, &err));
    N("session", mts_session_dc_options(s, 0, &dc, 1, sizeof dc, &page, &err));
    N("session", mts_session_put_dc_options(s, NULL, 0, sizeof dc, &err));
    N("session", mts_session_key(s, 2, 0, &one, sizeof one, &err));
    N("session", mts_session_put_key(s, &one, sizeof one, &err));
    N("session", mts_session_forget_key(s, 2, 0, &err));
    N("session", mts_session_salts(s, 2, 0, &salt, 1, sizeof salt, &page, &err));
    N("session", mts_session_put_salts(s, 2, &salt, 1, sizeof salt, &err));
    N("session", mts_session_put_entities(s, &entity, 1, sizeof entity, NULL, 0, &err));
    N("session", mts_session_put_entity(s, 1, 1, 0, 0, NULL, 0, NULL, 0, NULL, 0, &err));
    N("session", mts_session_save_entities(s, &u32, &err));
    N("session", mts_session_set_save_entities(s, 1, &err));
    N("session", mts_session_entities(s, 0, &entity, 1, sizeof entity, texts, 8, &page, &err));
    N("session", mts_session_entity_count(s, &u64, &err));
    N("session", mts_session_forget_entity(s, 1, &err));
    N("session", mts_session_input_peer(s, "a", 1, 0, &peer, sizeof peer, &err));
    N("session", mts_session_input_peer_by_id(s, 1, 0, &peer, sizeof peer, &err));
    N("session", mts_session_input_peer_by_username(s, "a", 1, 0, &peer, sizeof peer, &err));
    N("session", mts_session_input_peer_by_phone(s, "1", 1, 0, &peer, sizeof peer, &err));
    N("session", mts_session_input_peer_by_name(s, "a", 1, 0, &peer, sizeof peer, &err));
    N("session", mts_session_entity(s, "a", 1, 0, &entity, sizeof entity, texts, 8, &page, &err));
    N("session", mts_session_entity_by_id(s, 1, 0, &entity, sizeof entity, texts, 8, &page, &err));
    N("session", mts_session_entity_by_username(s, "a", 1, 0, &entity, sizeof entity, texts, 8,
                                                &page, &err));
    N("session", mts_session_entity_by_phone(s, "1", 1, 0, &entity, sizeof entity, texts, 8, &page,
                                             &err));
    N("session", mts_session_entity_by_name(s, "a", 1, 0, &entity, sizeof entity, texts, 8, &page,
                                            &err));
    N("session", mts_session_update_state(s, 0, &state, sizeof state, &err));
    N("session", mts_session_update_states(s, 0, &state, 1, sizeof state, &page, &err));
    N("session", mts_session_set_update_state(s, &state, sizeof state, 0, &err));
    N("session", mts_session_set_update_states(s, &state, 1, sizeof state, 0, &err));
    N("session", mts_session_remove_update_state(s, 0, &err));
    N("session", mts_session_cache_file(s, &file, sizeof file, &err));
    N("session", mts_session_file(s, key, 1, 0, &file, sizeof file, &err));
    N("session", mts_session_put_value(s, "x", 1, key, 1, 0, &err));
    N("session", mts_session_value(s, "x", 1, bytes, 1, &size, &err));
    N("session", mts_session_remove_value(s, "x", 1, 0, &err));
    N("session", mts_session_to_string(s, &buffer, &err));
    N("session", mts_session_to_packed(s, &buffer, &err));
    CHECK(mts_session_save(NULL, NULL) == MTS_E_ARGUMENT);
}

static void null_pointers(mts_session *s)
{
    mts_session *made = NULL;
    mts_page page;
    mts_entity entity;
    mts_session_info info;
    mts_input_peer peer;
    uint8_t bytes[8];
    mts_file file;
    size_t size;
    int32_t i32;
    char buf[8];

    N("path", mts_session_open(NULL, MTS_Z, NULL, &made, &err));
    REFUSED(MTS_E_ARGUMENT, "path is NULL", mts_session_open(NULL, 3, NULL, &made, &err));
    N("out", mts_session_open("x.session", MTS_Z, NULL, NULL, &err));
    CHECK(access("x.session", F_OK) != 0);
    N("out", mts_session_memory(NULL, NULL, &err));
    N("text", mts_session_from_string(NULL, MTS_Z, NULL, &made, &err));
    N("out", mts_session_from_string("", 0, NULL, NULL, &err));
    REFUSED(MTS_E_ARGUMENT, "packed is NULL", mts_session_from_packed(NULL, 263, NULL, &made, &err));
    N("out", mts_session_from_packed(key, 1, NULL, NULL, &err));
    N("storage", mts_session_custom(NULL, NULL, &made, &err));
    N("out", mts_session_clone_to(s, NULL, 0, NULL, NULL, &err));
    N("path", mts_session_clone_to(s, NULL, MTS_Z, NULL, &made, &err));
    N("kind", mts_session_next_notice(s, NULL, buf, 8, &size, &err));
    N("buf", mts_session_next_notice(s, &i32, NULL, 8, &size, &err));
    N("needed", mts_session_next_notice(s, &i32, buf, 8, NULL, &err));
    N("directory", mts_list_sessions(NULL, MTS_Z, NULL, 0, &info, 1, sizeof info, bytes, 8, &page,
                                     &err));
    N("out", mts_list_sessions(".", 1, NULL, 0, NULL, 1, sizeof info, bytes, 8, &page, &err));
    N("page", mts_list_sessions(".", 1, NULL, 0, &info, 1, sizeof info, bytes, 8, NULL, &err));
    N("out", mts_session_dc(s, NULL, sizeof(mts_dc), &err));
    N("host", mts_session_set_dc(s, 2, NULL, MTS_Z, 443, &err));
    N("key", mts_session_auth_key(s, NULL, &err));
    N("key", mts_session_set_auth_key(s, NULL, 256, &err));
    N("id", mts_session_auth_key_id(s, NULL, &err));
    N("key", mts_session_tmp_auth_key(s, NULL, &err));
    N("key", mts_session_set_tmp_auth_key(s, NULL, 256, &err));
    N("id", mts_session_takeout_id(s, NULL, &err));
    N("out", mts_session_identity(s, NULL, sizeof(mts_identity), &err));
    N("identity", mts_session_set_identity(s, NULL, sizeof(mts_identity), &err));
    N("key", mts_session_set_home(s, 2, NULL, 256, &err));
    N("out", mts_session_dc_options(s, 0, NULL, 1, sizeof(mts_dc), &page, &err));
    N("records", mts_session_put_dc_options(s, NULL, 1, sizeof(mts_dc), &err));
    N("out", mts_session_key(s, 2, 0, NULL, sizeof(mts_key), &err));
    N("key", mts_session_put_key(s, NULL, sizeof(mts_key), &err));
    N("out", mts_session_salts(s, 2, 0, NULL, 1, sizeof(mts_salt), &page, &err));
    N("records", mts_session_put_salts(s, 2, NULL, 1, sizeof(mts_salt), &err));
    N("records", mts_session_put_entities(s, NULL, 1, sizeof entity, NULL, 0, &err));
    memset(&entity, 0, sizeof entity);
    entity.id = 1;
    N("heap", mts_session_put_entities(s, &entity, 1, sizeof entity, NULL, 5, &err));
    N("usernames", mts_session_put_entity(s, 1, 1, 0, 0, NULL, 1, NULL, 0, NULL, 0, &err));
    N("phone", mts_session_put_entity(s, 1, 1, 0, 0, NULL, 0, NULL, MTS_Z, NULL, 0, &err));
    N("name", mts_session_put_entity(s, 1, 1, 0, 0, NULL, 0, NULL, 0, NULL, 1, &err));
    N("on", mts_session_save_entities(s, NULL, &err));
    N("out", mts_session_entities(s, 0, NULL, 1, sizeof entity, bytes, 8, &page, &err));
    N("heap", mts_session_entities(s, 0, &entity, 1, sizeof entity, NULL, 8, &page, &err));
    N("page", mts_session_entities(s, 0, &entity, 1, sizeof entity, bytes, 8, NULL, &err));
    N("count", mts_session_entity_count(s, NULL, &err));
    N("key", mts_session_input_peer(s, NULL, 1, 0, &peer, sizeof peer, &err));
    N("out", mts_session_input_peer(s, "a", 1, 0, NULL, sizeof(mts_input_peer), &err));
    N("out", mts_session_input_peer_by_id(s, 1, 0, NULL, sizeof(mts_input_peer), &err));
    N("key", mts_session_entity(s, NULL, MTS_Z, 0, &entity, sizeof entity, bytes, 8, &page, &err));
    N("out", mts_session_entity(s, "a", 1, 0, NULL, sizeof entity, bytes, 8, &page, &err));
    N("page", mts_session_entity(s, "a", 1, 0, &entity, sizeof entity, bytes, 8, NULL, &err));
    N("out", mts_session_update_state(s, 0, NULL, sizeof(mts_update_state), &err));
    N("out", mts_session_update_states(s, 0, NULL, 1, sizeof(mts_update_state), &page, &err));
    N("state", mts_session_set_update_state(s, NULL, sizeof(mts_update_state), 0, &err));
    N("records", mts_session_set_update_states(s, NULL, 1, sizeof(mts_update_state), 0, &err));
    N("file", mts_session_cache_file(s, NULL, sizeof(mts_file), &err));
    N("md5", mts_session_file(s, NULL, 1, 0, &file, sizeof file, &err));
    N("out", mts_session_file(s, key, 1, 0, NULL, sizeof(mts_file), &err));
    N("key", mts_session_put_value(s, NULL, 1, key, 1, 0, &err));
    N("value", mts_session_put_value(s, "x", 1, NULL, 1, 0, &err));
    N("buf", mts_session_value(s, "x", 1, NULL, 8, &size, &err));
    N("needed", mts_session_value(s, "x", 1, bytes, 8, NULL, &err));
    N("key", mts_session_remove_value(s, NULL, 1, 0, &err));
    N("out", mts_session_to_string(s, NULL, &err));
    N("out", mts_session_to_packed(s, NULL, &err));
    CHECK(made == NULL);
}

static void after_close(void)
{
    mts_session *s = memory(), *made = NULL;
    mts_buffer *text = (mts_buffer *)key;
    mts_input_peer peer;
    mts_entity entity;
    mts_page page;
    uint8_t bytes[MTS_AUTH_KEY_LEN];

    OK(mts_session_set_auth_key(s, key, sizeof key, &err));
    OK(mts_session_close(s, &err));
    OK(mts_session_close(s, &err));
    memset(bytes, 0xaa, sizeof bytes);
    REFUSED(MTS_E_CLOSED, "closed", mts_session_auth_key(s, bytes, &err));
    CHECK(bytes[0] == 0 && bytes[255] == 0);
    REFUSED(MTS_E_CLOSED, "closed", mts_session_save(s, &err));
    REFUSED(MTS_E_CLOSED, "closed", mts_session_set_dc(s, 2, "a", 1, 443, &err));
    REFUSED(MTS_E_CLOSED, "closed",
            mts_session_put_entity(s, 1, 1, 0, 0, NULL, 0, NULL, 0, NULL, 0, &err));
    REFUSED(MTS_E_CLOSED, "closed",
            mts_session_input_peer(s, "a", 1, 0, &peer, sizeof peer, &err));
    REFUSED(MTS_E_CLOSED, "closed",
            mts_session_entities(s, INT64_MIN, &entity, 1, sizeof entity, bytes, 8, &page, &err));
    REFUSED(MTS_E_CLOSED, "closed", mts_session_to_string(s, &text, &err));
    CHECK(text == NULL);
    REFUSED(MTS_E_CLOSED, "closed", mts_session_clone_to(s, NULL, 0, NULL, &made, &err));
    mts_session_free(s);
}

int main(int argc, char **argv)
{
    mts_session *s;

    if (argc < 3) {
        fprintf(stderr, "usage: bad_input SCRATCH_FOLDER FIXTURES\n");
        return 2;
    }
    for (int i = 0; i < MTS_AUTH_KEY_LEN; i++)
        key[i] = (uint8_t)(i + 1);
    s = memory();
    files(argv[1], argv[2]);
    permissions();
    paths_and_texts(argv[1], s);
    sizes(s);
    values_that_cannot_be(s);
    null_session();
    null_pointers(s);
    after_close();
    mts_session_free(s);
    printf("%d failures\n", failures);
    return failures != 0;
}
