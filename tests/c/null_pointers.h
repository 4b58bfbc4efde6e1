/* Every pointer of every function NULL, one at a time; but the session, which every_call.h does.
 * tests/header.rs looks that none is missing here. */
#ifndef NULL_POINTERS_H
#define NULL_POINTERS_H

#include <unistd.h>

#include "check.h"

static const uint8_t some_key[MTS_AUTH_KEY_LEN] = {1};

/* `says` is the pointer's name in the header. */
#define N(says, call) REFUSED(MTS_E_ARGUMENT, says " is NULL", call)

/* A pointer given to a sink: those answer a status, and the error object is the call's. */
#define SINK(says, call) CHECK((call) == MTS_E_ARGUMENT)

/* The callback of a custom storage that calls its sinks with NULL. What a sink refuses fails the
 * opening, so each time it is another one. */
static int sink_to_call;

static int32_t null_to_a_sink(void *user, mts_out *out)
{
    (void)user;
    switch (sink_to_call) {
    case 0: SINK("account", mts_out_account(out, NULL, 1)); break;
    case 1: SINK("state", mts_out_state(out, NULL, sizeof(mts_update_state))); break;
    case 2: SINK("key", mts_out_value(out, NULL, 1, some_key, 1)); break;
    case 3: SINK("value", mts_out_value(out, "x", 1, NULL, 1)); break;
    case 4: SINK("text", mts_out_error(out, NULL, 1)); break;
    }
    return MTS_OK;
}

static int32_t null_entities(void *user, int64_t after, uint32_t max, mts_out *out)
{
    static const mts_entity entity = {1, 1, 0, 0, 0, {0, 0}, {0, 0}, {0, 0}};

    (void)user, (void)after, (void)max;
    if (sink_to_call == 0)
        SINK("entity", mts_out_entity(out, NULL, sizeof entity, NULL, 0));
    else
        SINK("heap", mts_out_entity(out, &entity, sizeof entity, NULL, 1));
    return MTS_OK;
}

static inline void null_sinks(void)
{
    static const char *const says[] = {"account is NULL", "state is NULL", "key is NULL",
                                       "value is NULL", "text is NULL"};
    mts_storage storage;
    mts_update_state state;
    mts_entity entity;
    mts_session *s;
    mts_page page;

    memset(&storage, 0, sizeof storage);
    storage.size = sizeof storage;
    storage.load = null_to_a_sink;
    for (sink_to_call = 0; sink_to_call < 5; sink_to_call++)
        REFUSED(MTS_E_CALLBACK, says[sink_to_call], mts_session_custom(&storage, NULL, &s, &err));
    storage.load = NULL;
    storage.list = null_entities;
    OK(mts_session_custom(&storage, NULL, &s, &err));
    for (sink_to_call = 0; sink_to_call < 2; sink_to_call++)
        REFUSED(MTS_E_CALLBACK, sink_to_call == 0 ? "entity is NULL" : "heap is NULL",
                mts_session_entities(s, INT64_MIN, &entity, 1, sizeof entity, NULL, 0, &page, &err));
    mts_session_free(s);
    memset(&state, 0, sizeof state);
    memset(&entity, 0, sizeof entity);
    SINK("out", mts_out_account(NULL, some_key, 1));
    SINK("out", mts_out_state(NULL, &state, sizeof state));
    SINK("out", mts_out_value(NULL, "x", 1, some_key, 1));
    SINK("out", mts_out_entity(NULL, &entity, sizeof entity, NULL, 0));
    SINK("out", mts_out_error(NULL, "x", 1));
}

static inline void null_pointers(mts_session *s)
{
    mts_storage storage;
    mts_update_state state;
    mts_salt salt;
    mts_dc dc;
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

    memset(&storage, 0, sizeof storage);
    storage.size = sizeof storage;
    N("session", mts_session_close(NULL, &err));
    N("session", mts_session_delete(NULL, &err));
    N("session", mts_session_next_notice(NULL, &i32, buf, sizeof buf, &size, &err));
    N("path", mts_session_open(NULL, MTS_Z, NULL, &made, &err));
    REFUSED(MTS_E_ARGUMENT, "path is NULL", mts_session_open(NULL, 3, NULL, &made, &err));
    N("out", mts_session_open("x.session", MTS_Z, NULL, NULL, &err));
    CHECK(access("x.session", F_OK) != 0);
    N("out", mts_session_memory(NULL, NULL, &err));
    N("text", mts_session_from_string(NULL, MTS_Z, NULL, &made, &err));
    N("out", mts_session_from_string("", 0, NULL, NULL, &err));
    N("packed", mts_session_from_packed(NULL, 263, NULL, &made, &err));
    N("out", mts_session_from_packed(some_key, 1, NULL, NULL, &err));
    N("storage", mts_session_custom(NULL, NULL, &made, &err));
    N("out", mts_session_custom(&storage, NULL, NULL, &err));
    N("out", mts_session_clone_to(s, NULL, 0, NULL, NULL, &err));
    N("path", mts_session_clone_to(s, NULL, MTS_Z, NULL, &made, &err));
    N("kind", mts_session_next_notice(s, NULL, buf, 8, &size, &err));
    N("buf", mts_session_next_notice(s, &i32, NULL, 8, &size, &err));
    N("needed", mts_session_next_notice(s, &i32, buf, 8, NULL, &err));
    N("directory", mts_list_sessions(NULL, MTS_Z, NULL, 0, &info, 1, sizeof info, bytes, 8, &page,
                                     &err));
    N("after", mts_list_sessions(".", 1, NULL, 3, &info, 1, sizeof info, bytes, 8, &page, &err));
    N("heap", mts_list_sessions(".", 1, NULL, 0, &info, 1, sizeof info, NULL, 8, &page, &err));
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
    N("page", mts_session_dc_options(s, 0, &dc, 1, sizeof dc, NULL, &err));
    N("records", mts_session_put_dc_options(s, NULL, 1, sizeof(mts_dc), &err));
    N("out", mts_session_key(s, 2, 0, NULL, sizeof(mts_key), &err));
    N("key", mts_session_put_key(s, NULL, sizeof(mts_key), &err));
    N("out", mts_session_salts(s, 2, 0, NULL, 1, sizeof(mts_salt), &page, &err));
    N("page", mts_session_salts(s, 2, 0, &salt, 1, sizeof salt, NULL, &err));
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
    N("heap", mts_session_entity(s, "a", 1, 0, &entity, sizeof entity, NULL, 8, &page, &err));
    N("page", mts_session_entity(s, "a", 1, 0, &entity, sizeof entity, bytes, 8, NULL, &err));
    N("out", mts_session_entity_by_id(s, 1, 0, NULL, sizeof entity, bytes, 8, &page, &err));
    N("heap", mts_session_entity_by_id(s, 1, 0, &entity, sizeof entity, NULL, 8, &page, &err));
    N("page", mts_session_entity_by_id(s, 1, 0, &entity, sizeof entity, bytes, 8, NULL, &err));
    N("username", mts_session_input_peer_by_username(s, NULL, 1, 0, &peer, sizeof peer, &err));
    N("out", mts_session_input_peer_by_username(s, "1", 1, 0, NULL, sizeof peer, &err));
    N("username", mts_session_entity_by_username(s, NULL, 1, 0, &entity, sizeof entity, bytes, 8, &page,
                                      &err));
    N("out", mts_session_entity_by_username(s, "1", 1, 0, NULL, sizeof entity, bytes, 8, &page, &err));
    N("heap", mts_session_entity_by_username(s, "1", 1, 0, &entity, sizeof entity, NULL, 8, &page,
                                       &err));
    N("page", mts_session_entity_by_username(s, "1", 1, 0, &entity, sizeof entity, bytes, 8, NULL,
                                       &err));
    N("phone", mts_session_input_peer_by_phone(s, NULL, 1, 0, &peer, sizeof peer, &err));
    N("out", mts_session_input_peer_by_phone(s, "1", 1, 0, NULL, sizeof peer, &err));
    N("phone", mts_session_entity_by_phone(s, NULL, 1, 0, &entity, sizeof entity, bytes, 8, &page,
                                      &err));
    N("out", mts_session_entity_by_phone(s, "1", 1, 0, NULL, sizeof entity, bytes, 8, &page, &err));
    N("heap", mts_session_entity_by_phone(s, "1", 1, 0, &entity, sizeof entity, NULL, 8, &page,
                                       &err));
    N("page", mts_session_entity_by_phone(s, "1", 1, 0, &entity, sizeof entity, bytes, 8, NULL,
                                       &err));
    N("name", mts_session_input_peer_by_name(s, NULL, 1, 0, &peer, sizeof peer, &err));
    N("out", mts_session_input_peer_by_name(s, "1", 1, 0, NULL, sizeof peer, &err));
    N("name", mts_session_entity_by_name(s, NULL, 1, 0, &entity, sizeof entity, bytes, 8, &page,
                                      &err));
    N("out", mts_session_entity_by_name(s, "1", 1, 0, NULL, sizeof entity, bytes, 8, &page, &err));
    N("heap", mts_session_entity_by_name(s, "1", 1, 0, &entity, sizeof entity, NULL, 8, &page,
                                       &err));
    N("page", mts_session_entity_by_name(s, "1", 1, 0, &entity, sizeof entity, bytes, 8, NULL,
                                       &err));
    N("out", mts_session_update_state(s, 0, NULL, sizeof(mts_update_state), &err));
    N("out", mts_session_update_states(s, 0, NULL, 1, sizeof(mts_update_state), &page, &err));
    N("page", mts_session_update_states(s, 0, &state, 1, sizeof state, NULL, &err));
    N("state", mts_session_set_update_state(s, NULL, sizeof(mts_update_state), 0, &err));
    N("records", mts_session_set_update_states(s, NULL, 1, sizeof(mts_update_state), 0, &err));
    N("file", mts_session_cache_file(s, NULL, sizeof(mts_file), &err));
    N("md5", mts_session_file(s, NULL, 1, 0, &file, sizeof file, &err));
    N("out", mts_session_file(s, some_key, 1, 0, NULL, sizeof(mts_file), &err));
    N("key", mts_session_put_value(s, NULL, 1, some_key, 1, 0, &err));
    N("value", mts_session_put_value(s, "x", 1, NULL, 1, 0, &err));
    N("key", mts_session_value(s, NULL, 1, bytes, 8, &size, &err));
    N("buf", mts_session_value(s, "x", 1, NULL, 8, &size, &err));
    N("needed", mts_session_value(s, "x", 1, bytes, 8, NULL, &err));
    N("key", mts_session_remove_value(s, NULL, 1, 0, &err));
    N("out", mts_session_to_string(s, NULL, &err));
    N("out", mts_session_to_packed(s, NULL, &err));
    CHECK(made == NULL);
    /* Nothing to read or free is nothing wrong. */
    CHECK(mts_error_status(NULL) == MTS_OK && mts_error_message(NULL)[0] == 0);
    CHECK(mts_error_sqlite_code(NULL) == 0 && mts_error_errno(NULL) == 0);
    CHECK(mts_buffer_data(NULL) == NULL && mts_buffer_len(NULL) == 0);
    mts_error_free(NULL);
    mts_buffer_free(NULL);
    mts_session_free(NULL);
    /* Nor is it to want no error object. */
    CHECK(mts_session_open(NULL, MTS_Z, NULL, &made, NULL) == MTS_E_ARGUMENT);
}

#endif
