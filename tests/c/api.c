/* Every function of mtsession.h where all goes well:  api SCRATCH_FOLDER FIXTURES */
#include "check.h"

static uint8_t key[MTS_AUTH_KEY_LEN], other_key[MTS_AUTH_KEY_LEN];
static const uint8_t md5[16] = {1, 2, 3};

static void versions(void)
{
    CHECK(mts_abi_version() == MTS_ABI_VERSION);
    CHECK(strcmp(mts_version(), "0.1.0") == 0);
    CHECK(strcmp(mts_status_name(MTS_OK), "MTS_OK") == 0);
    CHECK(strcmp(mts_status_name(MTS_E_INTERNAL), "MTS_E_INTERNAL") == 0);
}

static void errors(const char *folder)
{
    mts_session *session = NULL;
    mts_options options = MTS_OPTIONS_INIT;
    const char *missing = in(folder, "missing.session");

    options.flags = MTS_OPEN_EXISTING;
    CHECK(mts_session_open(missing, MTS_Z, &options, &session, &err) == MTS_E_IO);
    CHECK(session == NULL);
    CHECK(mts_error_status(err) == MTS_E_IO);
    CHECK(mts_error_errno(err) == 2); /* ENOENT */
    CHECK(mts_error_sqlite_code(err) == 0);
    CHECK(strstr(mts_error_message(err), missing) != NULL);
    mts_error_free(err);
    err = NULL;

    CHECK(mts_error_status(NULL) == MTS_OK);
    CHECK(mts_error_errno(NULL) == 0 && mts_error_sqlite_code(NULL) == 0);
    CHECK(strcmp(mts_error_message(NULL), "") == 0);
    mts_error_free(NULL);
    mts_session_free(NULL);
    mts_buffer_free(NULL);
    CHECK(mts_buffer_data(NULL) == NULL && mts_buffer_len(NULL) == 0);
}

static void account(mts_session *s)
{
    uint8_t got[MTS_AUTH_KEY_LEN];
    uint64_t key_id = 1;
    int64_t takeout = 1;
    mts_dc dc;
    mts_identity me;

    ANSWERS(MTS_NOT_FOUND, mts_session_dc(s, &dc, sizeof dc, &err));
    ANSWERS(MTS_NOT_FOUND, mts_session_auth_key(s, got, &err));
    ANSWERS(MTS_NOT_FOUND, mts_session_auth_key_id(s, &key_id, &err));
    CHECK(key_id == 0);
    OK(mts_session_set_dc(s, 2, "149.154.167.51", MTS_Z, 443, &err));
    OK(mts_session_dc(s, &dc, sizeof dc, &err));
    CHECK(dc.id == 2 && dc.port == 443 && strcmp(dc.host, "149.154.167.51") == 0);
    CHECK(dc.host_len == 14);

    OK(mts_session_set_auth_key(s, key, sizeof key, &err));
    OK(mts_session_auth_key(s, got, &err));
    CHECK(memcmp(got, key, sizeof key) == 0);
    OK(mts_session_auth_key_id(s, &key_id, &err));
    CHECK(key_id != 0);
    OK(mts_session_clear_auth_key(s, &err));
    ANSWERS(MTS_NOT_FOUND, mts_session_auth_key(s, got, &err));
    OK(mts_session_set_auth_key(s, key, sizeof key, &err));

    ANSWERS(MTS_NOT_FOUND, mts_session_tmp_auth_key(s, got, &err));
    OK(mts_session_set_tmp_auth_key(s, other_key, sizeof other_key, &err));
    OK(mts_session_tmp_auth_key(s, got, &err));
    CHECK(memcmp(got, other_key, sizeof got) == 0);
    OK(mts_session_clear_tmp_auth_key(s, &err));
    ANSWERS(MTS_NOT_FOUND, mts_session_tmp_auth_key(s, got, &err));

    ANSWERS(MTS_NOT_FOUND, mts_session_takeout_id(s, &takeout, &err));
    OK(mts_session_set_takeout_id(s, 77, &err));
    OK(mts_session_takeout_id(s, &takeout, &err));
    CHECK(takeout == 77);
    OK(mts_session_clear_takeout_id(s, &err));
    ANSWERS(MTS_NOT_FOUND, mts_session_takeout_id(s, &takeout, &err));

    memset(&me, 0, sizeof me);
    me.user_id = 123456789;
    me.api_id = 17349;
    me.flags = MTS_IDENTITY_BOT | MTS_IDENTITY_TEST_MODE;
    OK(mts_session_set_identity(s, &me, sizeof me, &err));
    memset(&me, 0, sizeof me);
    OK(mts_session_identity(s, &me, sizeof me, &err));
    CHECK(me.user_id == 123456789 && me.api_id == 17349 && me.flags == 3);
}

static void data_centers(mts_session *s)
{
    mts_dc options[2], got[2];
    mts_key one, read;
    mts_salt salts[2] = {{5, 1, 2}, {6, 2, 3}}, salts_read[2];
    mts_page page;
    mts_dc dc;

    memset(options, 0, sizeof options);
    options[0].id = 1;
    options[0].port = 443;
    options[0].flags = MTS_DC_STATIC;
    strcpy(options[0].host, "149.154.175.53");
    options[0].host_len = 14;
    options[1] = options[0];
    options[1].id = 4;
    options[1].flags = MTS_DC_THIS_PORT_ONLY;
    options[1].secret_len = 16;
    options[1].secret[15] = 9;
    OK(mts_session_put_dc_options(s, options, 2, sizeof options[0], &err));
    OK(mts_session_dc_options(s, 0, got, 1, sizeof got[0], &page, &err));
    CHECK(page.count == 1 && memcmp(&got[0], &options[0], sizeof got[0]) == 0);
    ANSWERS(MTS_DONE, mts_session_dc_options(s, page.next, got, 2, sizeof got[0], &page, &err));
    CHECK(page.count == 1 && memcmp(&got[0], &options[1], sizeof got[0]) == 0);

    memset(&one, 0, sizeof one);
    one.dc = 4;
    one.slot = MTS_SLOT_PERMANENT;
    one.created = 10;
    one.expires = 20;
    one.user_id = 30;
    memcpy(one.key, other_key, sizeof one.key);
    ANSWERS(MTS_NOT_FOUND, mts_session_key(s, 4, MTS_SLOT_PERMANENT, &read, sizeof read, &err));
    OK(mts_session_put_key(s, &one, sizeof one, &err));
    OK(mts_session_key(s, 4, MTS_SLOT_PERMANENT, &read, sizeof read, &err));
    CHECK(memcmp(&read, &one, sizeof one) == 0);
    OK(mts_session_key(s, 2, MTS_SLOT_PERMANENT, &read, sizeof read, &err));
    CHECK(memcmp(read.key, key, sizeof key) == 0);
    one.slot = MTS_SLOT_MEDIA_TEMPORARY;
    OK(mts_session_put_key(s, &one, sizeof one, &err));
    OK(mts_session_forget_key(s, 4, MTS_SLOT_MEDIA_TEMPORARY, &err));
    ANSWERS(MTS_NOT_FOUND, mts_session_forget_key(s, 4, MTS_SLOT_MEDIA_TEMPORARY, &err));

    OK(mts_session_put_salts(s, 2, salts, 2, sizeof salts[0], &err));
    ANSWERS(MTS_DONE, mts_session_salts(s, 2, 0, salts_read, 2, sizeof salts[0], &page, &err));
    CHECK(page.count == 2 && memcmp(salts_read, salts, sizeof salts) == 0);

    OK(mts_session_set_home(s, 4, other_key, sizeof other_key, &err));
    OK(mts_session_dc(s, &dc, sizeof dc, &err));
    CHECK(dc.id == 4 && strcmp(dc.host, "149.154.175.53") == 0);
    OK(mts_session_key(s, 2, MTS_SLOT_PERMANENT, &read, sizeof read, &err));
    CHECK(memcmp(read.key, key, sizeof key) == 0);
}

static void entities(mts_session *s)
{
    static const char heap[] = "one two15550001111Ada";
    mts_entity seen[2], got;
    mts_page page;
    uint8_t texts[256];
    uint64_t count;
    uint32_t on;

    memset(seen, 0, sizeof seen);
    seen[0].id = 1;
    seen[0].access_hash = -1;
    seen[0].seen = 1750000000;
    seen[0].flags = MTS_ENTITY_WHOLE | MTS_ENTITY_BOT;
    seen[0].usernames.len = 7;
    seen[0].phone.off = 7;
    seen[0].phone.len = 11;
    seen[0].name.off = 18;
    seen[0].name.len = 3;
    seen[1].id = -5;
    seen[1].flags = MTS_ENTITY_WHOLE;
    seen[1].name = seen[0].name;
    OK(mts_session_put_entities(s, seen, 2, sizeof seen[0], (const uint8_t *)heap, sizeof heap - 1,
                                &err));
    OK(mts_session_put_entity(s, -1000000000007, 70, 0, 0, "chan", MTS_Z, NULL, 0, "Chan", 2, &err));
    OK(mts_session_entity_count(s, &count, &err));
    CHECK(count == 4); /* the account itself is known too */

    OK(mts_session_save_entities(s, &on, &err));
    CHECK(on == 1);
    OK(mts_session_set_save_entities(s, 0, &err));
    OK(mts_session_save_entities(s, &on, &err));
    CHECK(on == 0);
    OK(mts_session_put_entity(s, 99, 1, 0, 0, NULL, 0, NULL, 0, NULL, 0, &err));
    ANSWERS(MTS_NOT_FOUND, mts_session_entity_by_id(s, 99, 0, &got, sizeof got, NULL, 0, &page,
                                                    &err));
    OK(mts_session_set_save_entities(s, 1, &err));

    OK(mts_session_entity(s, "t.me/two", MTS_Z, 0, &got, sizeof got, texts, sizeof texts, &page,
                          &err));
    CHECK(got.id == 1 && got.access_hash == -1 && got.seen == 1750000000);
    CHECK(got.flags == MTS_ENTITY_BOT);
    CHECK(strcmp((char *)texts + got.usernames.off, "one two") == 0);
    CHECK(strcmp((char *)texts + got.phone.off, "15550001111") == 0);
    CHECK(strcmp((char *)texts + got.name.off, "Ada") == 0);
    ANSWERS(MTS_TOO_SMALL, mts_session_entity_by_id(s, 1, 0, &got, sizeof got, texts, 4, &page,
                                                    &err));
    CHECK(got.id == 1 && got.name.len == 0 && page.heap_needed > 4);
    OK(mts_session_entity_by_id(s, 7, MTS_LOOK_BARE_ID, &got, sizeof got, texts, page.heap_needed,
                                &page, &err));
    CHECK(got.id == -1000000000007 && strcmp((char *)texts + got.name.off, "Ch") == 0);
    OK(mts_session_entity_by_username(s, "ONE", MTS_Z, 0, &got, sizeof got, texts, sizeof texts,
                                      &page, &err));
    OK(mts_session_entity_by_phone(s, "+1 555 000 11 11", MTS_Z, 0, &got, sizeof got, texts,
                                   sizeof texts, &page, &err));
    ANSWERS(MTS_AMBIGUOUS, mts_session_entity_by_name(s, "Ada", MTS_Z, 0, &got, sizeof got, texts,
                                                      sizeof texts, &page, &err));
}

static void look_ups(mts_session *s)
{
    mts_input_peer peer;

    OK(mts_session_input_peer(s, "@chan", MTS_Z, 0, &peer, sizeof peer, &err));
    CHECK(peer.id == -1000000000007 && peer.bare_id == 7 && peer.access_hash == 70);
    CHECK(peer.kind == MTS_PEER_CHANNEL);
    OK(mts_session_input_peer(s, "Ch", MTS_Z, MTS_LOOK_NAMES, &peer, sizeof peer, &err));
    OK(mts_session_input_peer_by_id(s, -5, MTS_LOOK_MEMORY_ONLY, &peer, sizeof peer, &err));
    CHECK(peer.kind == MTS_PEER_CHAT && peer.bare_id == 5 && peer.access_hash == 0);
    OK(mts_session_input_peer_by_username(s, "two", MTS_Z, 0, &peer, sizeof peer, &err));
    CHECK(peer.kind == MTS_PEER_USER && peer.id == 1);
    OK(mts_session_input_peer_by_phone(s, "15550001111", MTS_Z, 0, &peer, sizeof peer, &err));
    OK(mts_session_input_peer_by_name(s, "Ch", MTS_Z, 0, &peer, sizeof peer, &err));
    ANSWERS(MTS_NOT_FOUND, mts_session_input_peer(s, "@nobody", MTS_Z, 0, &peer, sizeof peer, &err));
    CHECK(peer.id == 0 && peer.kind == 0);
}

static void paging(mts_session *s)
{
    static const int64_t wanted[] = {-1000000000007, -5, 1, 123456789};
    mts_entity page_of[2];
    mts_page page;
    uint8_t texts[256];
    size_t found = 0;
    mts_status more = MTS_OK;

    page.next = INT64_MIN;
    while (more == MTS_OK) {
        more = mts_session_entities(s, page.next, page_of, 2, sizeof page_of[0], texts,
                                    sizeof texts, &page, &err);
        for (uint32_t i = 0; i < page.count; i++, found++)
            CHECK(found < 4 && page_of[i].id == wanted[found]);
    }
    CHECK(more == MTS_DONE && found == 4);

    OK(mts_session_forget_entity(s, -5, &err));
    ANSWERS(MTS_NOT_FOUND, mts_session_forget_entity(s, -5, &err));
}

static void states(mts_session *s)
{
    mts_update_state state, batch[2], got[3];
    mts_page page;

    memset(&state, 0, sizeof state);
    ANSWERS(MTS_NOT_FOUND, mts_session_update_state(s, 0, &state, sizeof state, &err));
    state.pts = 100;
    state.qts = 5;
    state.date = 1750000000;
    state.seq = 3;
    state.fields = MTS_STATE_PTS | MTS_STATE_QTS | MTS_STATE_DATE | MTS_STATE_SEQ;
    ANSWERS(MTS_NOT_FOUND,
            mts_session_set_update_state(s, &state, sizeof state, MTS_SET_MUST_EXIST, &err));
    OK(mts_session_set_update_state(s, &state, sizeof state, 0, &err));
    state.pts = 101;
    state.qts = 0;
    state.fields = MTS_STATE_PTS;
    OK(mts_session_set_update_state(s, &state, sizeof state, MTS_SET_MUST_EXIST, &err));
    OK(mts_session_update_state(s, 0, &state, sizeof state, &err));
    CHECK(state.pts == 101 && state.qts == 5 && state.date == 1750000000 && state.seq == 3);
    CHECK(state.fields == 15);

    memset(batch, 0, sizeof batch);
    batch[0].id = 7;
    batch[0].pts = 8;
    batch[0].fields = MTS_STATE_PTS;
    batch[1] = batch[0];
    batch[1].id = 9;
    OK(mts_session_set_update_states(s, batch, 2, sizeof batch[0], 0, &err));
    OK(mts_session_update_states(s, INT64_MIN, got, 2, sizeof got[0], &page, &err));
    CHECK(page.count == 2 && got[0].id == 0 && got[1].id == 7 && got[1].pts == 8);
    CHECK(got[1].access_hash == 70 && got[1].fields == (15 | MTS_STATE_ACCESS_HASH));
    ANSWERS(MTS_DONE, mts_session_update_states(s, page.next, got, 3, sizeof got[0], &page, &err));
    CHECK(page.count == 1 && got[0].id == 9 && got[0].fields == 15);
    OK(mts_session_remove_update_state(s, 9, &err));
    ANSWERS(MTS_NOT_FOUND, mts_session_remove_update_state(s, 9, &err));
}

static void files_and_values(mts_session *s)
{
    mts_file file, got;
    uint8_t value[4];
    size_t needed;

    memset(&file, 0, sizeof file);
    memcpy(file.md5, md5, sizeof md5);
    file.size = 12345;
    file.kind = MTS_FILE_PHOTO;
    file.id = 1;
    file.access_hash = -2;
    OK(mts_session_cache_file(s, &file, sizeof file, &err));
    OK(mts_session_file(s, md5, 12345, MTS_FILE_PHOTO, &got, sizeof got, &err));
    CHECK(memcmp(&got, &file, sizeof got) == 0);
    ANSWERS(MTS_NOT_FOUND,
            mts_session_file(s, md5, 12345, MTS_FILE_DOCUMENT, &got, sizeof got, &err));

    OK(mts_session_put_value(s, "theme", MTS_Z, (const uint8_t *)"dark", 4, MTS_VALUE_DURABLE, &err));
    OK(mts_session_value(s, "theme", MTS_Z, value, sizeof value, &needed, &err));
    CHECK(needed == 4 && memcmp(value, "dark", 4) == 0);
    ANSWERS(MTS_TOO_SMALL, mts_session_value(s, "theme", MTS_Z, value, 3, &needed, &err));
    CHECK(needed == 4);
    OK(mts_session_remove_value(s, "theme", MTS_Z, 0, &err));
    ANSWERS(MTS_NOT_FOUND, mts_session_remove_value(s, "theme", MTS_Z, 0, &err));
    ANSWERS(MTS_NOT_FOUND, mts_session_value(s, "theme", MTS_Z, value, 4, &needed, &err));
}

static void strings(mts_session *s)
{
    mts_session *copy = NULL;
    mts_buffer *text = NULL, *packed = NULL;
    uint8_t got[MTS_AUTH_KEY_LEN];

    OK(mts_session_to_string(s, &text, &err));
    CHECK(mts_buffer_len(text) == 353);
    OK(mts_session_from_string((const char *)mts_buffer_data(text), mts_buffer_len(text), NULL, &copy,
                               &err));
    OK(mts_session_auth_key(copy, got, &err));
    CHECK(memcmp(got, other_key, sizeof got) == 0);
    mts_session_free(copy);
    mts_buffer_free(text);

    OK(mts_session_to_packed(s, &packed, &err));
    CHECK(mts_buffer_len(packed) == 263);
    OK(mts_session_from_packed(mts_buffer_data(packed), mts_buffer_len(packed), NULL, &copy, &err));
    OK(mts_session_auth_key(copy, got, &err));
    CHECK(memcmp(got, other_key, sizeof got) == 0);
    mts_session_free(copy);
    mts_buffer_free(packed);
}

/* Everything the functions above left in a session. */
static void all_is_there(mts_session *s)
{
    uint8_t got[MTS_AUTH_KEY_LEN];
    uint64_t count;
    mts_update_state state;
    mts_input_peer peer;
    mts_file file;

    OK(mts_session_auth_key(s, got, &err));
    CHECK(memcmp(got, other_key, sizeof got) == 0);
    OK(mts_session_entity_count(s, &count, &err));
    CHECK(count == 3);
    OK(mts_session_input_peer(s, "me", MTS_Z, 0, &peer, sizeof peer, &err));
    CHECK(peer.id == 123456789);
    OK(mts_session_update_state(s, 7, &state, sizeof state, &err));
    CHECK(state.pts == 8);
    OK(mts_session_file(s, md5, 12345, MTS_FILE_PHOTO, &file, sizeof file, &err));
}

static void everything(mts_session *s)
{
    account(s);
    data_centers(s);
    entities(s);
    look_ups(s);
    paging(s);
    states(s);
    files_and_values(s);
    strings(s);
    OK(mts_session_save(s, &err));
    all_is_there(s);
}

static void copies(mts_session *s, const char *folder)
{
    mts_session *copy = NULL;

    OK(mts_session_clone_to(s, NULL, 0, NULL, &copy, &err));
    all_is_there(copy);
    mts_session_free(copy);
    OK(mts_session_clone_to(s, in(folder, "copy.session"), MTS_Z, NULL, &copy, &err));
    all_is_there(copy);
    OK(mts_session_delete(copy, &err));
    mts_session_free(copy);
    CHECK(fopen(in(folder, "copy.session"), "rb") == NULL);
}

static void listing(const char *folder)
{
    mts_session_info info;
    uint8_t texts[8192];
    mts_page page;

    ANSWERS(MTS_DONE, mts_list_sessions(folder, MTS_Z, NULL, 0, &info, 1, sizeof info, texts,
                                        sizeof texts, &page, &err));
    CHECK(page.count == 1 && info.status == MTS_OK && info.dc == 4 && info.user_id == 123456789);
    CHECK(info.entities == 3 && info.update_states == 2 && info.auth_key_id != 0);
    CHECK(strcmp((char *)texts + info.name.off, "api") == 0);
    CHECK(strcmp((char *)texts + info.host.off, "149.154.175.53") == 0);
    CHECK(strcmp((char *)texts + info.path.off, in(folder, "api.session")) == 0);
}

static void notices(const char *folder)
{
    mts_session *s = NULL;
    char text[512];
    int32_t kind;
    size_t needed;

    /* Opening an empty file makes a session of it, and says so. */
    spill(in(folder, "empty.session"), "", 0);
    OK(mts_session_open(in(folder, "empty.session"), MTS_Z, NULL, &s, &err));
    ANSWERS(MTS_TOO_SMALL, mts_session_next_notice(s, &kind, text, 1, &needed, &err));
    OK(mts_session_next_notice(s, &kind, text, sizeof text, &needed, &err));
    CHECK(kind == MTS_NOTICE_STORAGE && strlen(text) + 1 == needed);
    ANSWERS(MTS_DONE, mts_session_next_notice(s, &kind, text, sizeof text, &needed, &err));
    mts_session_free(s);
    remove(in(folder, "empty.session"));
}

/* Typed digits are a phone number, whoever has them as his id. */
static void ids_as_text(mts_session *s)
{
    mts_input_peer peer;

    OK(mts_session_put_entity(s, 700100200, 1, 0, 0, NULL, 0, NULL, 0, "User", MTS_Z, &err));
    OK(mts_session_put_entity(s, -1001300400500, 1, 0, 0, NULL, 0, NULL, 0, "Chan", MTS_Z, &err));
    ANSWERS(MTS_NOT_FOUND,
            mts_session_input_peer(s, "700100200", MTS_Z, 0, &peer, sizeof peer, &err));
    OK(mts_session_input_peer(s, "tg://user?id=700100200", MTS_Z, 0, &peer, sizeof peer, &err));
    OK(mts_session_input_peer(s, "-1001300400500", MTS_Z, 0, &peer, sizeof peer, &err));
}

/* A chat needs no access hash; one that is put is kept. */
static void hash_of_a_chat(mts_session *s)
{
    mts_input_peer peer;

    OK(mts_session_input_peer_by_id(s, -4, 0, &peer, sizeof peer, &err));
    CHECK(peer.access_hash == 0);
    OK(mts_session_put_entity(s, -4, 44, 0, 0, NULL, 0, NULL, 0, "Chat", MTS_Z, &err));
    OK(mts_session_input_peer_by_id(s, -4, 0, &peer, sizeof peer, &err));
    CHECK(peer.access_hash == 44);
}

/* The key is kept without a data center, but makes no string. */
static void key_before_data_center(const char *path)
{
    mts_session *s = NULL;
    mts_buffer *text = NULL;

    OK(mts_session_open(path, MTS_Z, NULL, &s, &err));
    OK(mts_session_set_auth_key(s, other_key, sizeof other_key, &err));
    OK(mts_session_close(s, &err));
    mts_session_free(s);
    OK(mts_session_open(path, MTS_Z, NULL, &s, &err));
    ANSWERS(MTS_NOT_FOUND, mts_session_to_string(s, &text, &err));
    OK(mts_session_set_dc(s, 2, "149.154.167.51", MTS_Z, 443, &err));
    OK(mts_session_to_string(s, &text, &err));
    CHECK(mts_buffer_len(text) == 353);
    mts_buffer_free(text);
    mts_session_free(s);
}

static void owners(const char *path)
{
    mts_session *s = NULL, *other = NULL;
    mts_options options = MTS_OPTIONS_INIT;

    /* Who only reads asks no owner, and is none. */
    options.flags = MTS_OPEN_READ_ONLY;
    OK(mts_session_open(path, MTS_Z, NULL, &s, &err));
    OK(mts_session_open(path, MTS_Z, &options, &other, &err));
    mts_session_free(s);
    OK(mts_session_open(path, MTS_Z, NULL, &s, &err));
    mts_session_free(other);

    /* A closed session can be removed, unless somebody else has opened it since. */
    OK(mts_session_close(s, &err));
    OK(mts_session_open(path, MTS_Z, NULL, &other, &err));
    REFUSED(MTS_E_OWNED, "in use by", mts_session_delete(s, &err));
    mts_session_free(other);
    OK(mts_session_delete(s, &err));
    mts_session_free(s);
    CHECK(fopen(path, "rb") == NULL);
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : ".";
    mts_session *s = NULL;

    for (int i = 0; i < MTS_AUTH_KEY_LEN; i++) {
        key[i] = (uint8_t)i;
        other_key[i] = (uint8_t)(255 - i);
    }
    versions();
    errors(folder);

    OK(mts_session_memory(NULL, &s, &err));
    everything(s);
    mts_session_free(s);

    OK(mts_session_open(in(folder, "api.session"), MTS_Z, NULL, &s, &err));
    everything(s);
    copies(s, folder);
    OK(mts_session_close(s, &err));
    OK(mts_session_close(s, &err));
    mts_session_free(s);
    OK(mts_session_open(in(folder, "api.session"), MTS_Z, NULL, &s, &err));
    all_is_there(s);
    mts_session_free(s);
    listing(folder);
    notices(folder);
    OK(mts_session_memory(NULL, &s, &err));
    ids_as_text(s);
    hash_of_a_chat(s);
    mts_session_free(s);
    key_before_data_center(in(folder, "early.session"));
    owners(in(folder, "early.session"));

    printf("%d failures\n", failures);
    return failures != 0;
}
