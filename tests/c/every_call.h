/* Every function that takes a session, called on one that must refuse it. tests/header.rs looks that
 * none is missing here. */
#ifndef EVERY_CALL_H
#define EVERY_CALL_H

#include "check.h"

/* A call that gives nothing. */
#define TELLS(call) REFUSED(wanted, says, call)
/* A call with an output, which must be cleared. */
#define GIVES(out, call) \
    (memset(&(out), 0xaa, sizeof(out)), TELLS(call), cleared(__LINE__, #call, &(out), sizeof(out)))
/* A call that fills records and a page. */
#define PAGES(call) GIVES(page, call)

static inline void cleared(int line, const char *call, const void *out, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (((const uint8_t *)out)[i] != 0) {
            failures++;
            printf("line %d: %s\n  left byte %zu of its output as it was\n", line, call, i);
            return;
        }
}

/* All of them answer `wanted` with a message in which `says` occurs. Not here: mts_session_close and
 * mts_session_delete, which may be repeated, mts_session_next_notice, which tells after a close what
 * happened in it, and mts_session_free, which cannot fail. */
static inline void every_call(mts_session *s, mts_status wanted, const char *says)
{
    static const uint8_t key[MTS_AUTH_KEY_LEN] = {1};
    static const mts_dc a_dc = {2, 443, 0, 1, "a", 0, {0}, 0};
    static const mts_key a_key = {2, MTS_SLOT_PERMANENT, 0, 0, 0, {1}};
    static const mts_salt a_salt = {1, 1, 2};
    static const mts_identity an_identity = {1, 1, 0};
    static const mts_entity an_entity = {1, 1, 0, 0, 0, {0, 0}, {0, 0}, {0, 0}};
    static const mts_update_state a_state = {0, 0, 0, 1, 0, 0, MTS_STATE_PTS};
    static const mts_file a_file = {{1}, 1, 1, 1, MTS_FILE_PHOTO, 0};
    uint8_t bytes[MTS_AUTH_KEY_LEN], heap[8];
    uint64_t u64;
    int64_t i64;
    uint32_t u32;
    size_t size;
    mts_buffer *buffer;
    mts_session *made;
    mts_page page;
    mts_dc dc;
    mts_key one;
    mts_salt salt;
    mts_identity me;
    mts_entity entity;
    mts_input_peer peer;
    mts_update_state state;
    mts_file file;

    TELLS(mts_session_save(s, &err));
    GIVES(made, mts_session_clone_to(s, NULL, 0, NULL, &made, &err));
    GIVES(dc, mts_session_dc(s, &dc, sizeof dc, &err));
    TELLS(mts_session_set_dc(s, 2, "a", 1, 443, &err));
    TELLS(mts_session_set_home(s, 2, key, sizeof key, &err));
    PAGES(mts_session_dc_options(s, 0, &dc, 1, sizeof dc, &page, &err));
    TELLS(mts_session_put_dc_options(s, &a_dc, 1, sizeof a_dc, &err));
    GIVES(one, mts_session_key(s, 2, 0, &one, sizeof one, &err));
    TELLS(mts_session_put_key(s, &a_key, sizeof a_key, &err));
    TELLS(mts_session_forget_key(s, 2, 0, &err));
    PAGES(mts_session_salts(s, 2, 0, &salt, 1, sizeof salt, &page, &err));
    TELLS(mts_session_put_salts(s, 2, &a_salt, 1, sizeof a_salt, &err));
    GIVES(bytes, mts_session_auth_key(s, bytes, &err));
    TELLS(mts_session_set_auth_key(s, key, sizeof key, &err));
    TELLS(mts_session_clear_auth_key(s, &err));
    GIVES(u64, mts_session_auth_key_id(s, &u64, &err));
    GIVES(bytes, mts_session_tmp_auth_key(s, bytes, &err));
    TELLS(mts_session_set_tmp_auth_key(s, key, sizeof key, &err));
    TELLS(mts_session_clear_tmp_auth_key(s, &err));
    GIVES(i64, mts_session_takeout_id(s, &i64, &err));
    TELLS(mts_session_set_takeout_id(s, 1, &err));
    TELLS(mts_session_clear_takeout_id(s, &err));
    GIVES(me, mts_session_identity(s, &me, sizeof me, &err));
    TELLS(mts_session_set_identity(s, &an_identity, sizeof an_identity, &err));
    TELLS(mts_session_put_entities(s, &an_entity, 1, sizeof an_entity, NULL, 0, &err));
    TELLS(mts_session_put_entity(s, 1, 1, 0, 0, NULL, 0, NULL, 0, NULL, 0, &err));
    GIVES(u32, mts_session_save_entities(s, &u32, &err));
    TELLS(mts_session_set_save_entities(s, 1, &err));
    PAGES(mts_session_entities(s, 0, &entity, 1, sizeof entity, heap, 8, &page, &err));
    GIVES(u64, mts_session_entity_count(s, &u64, &err));
    TELLS(mts_session_forget_entity(s, 1, &err));
    GIVES(peer, mts_session_input_peer(s, "a", 1, 0, &peer, sizeof peer, &err));
    GIVES(peer, mts_session_input_peer_by_id(s, 1, 0, &peer, sizeof peer, &err));
    GIVES(peer, mts_session_input_peer_by_username(s, "a", 1, 0, &peer, sizeof peer, &err));
    GIVES(peer, mts_session_input_peer_by_phone(s, "1", 1, 0, &peer, sizeof peer, &err));
    GIVES(peer, mts_session_input_peer_by_name(s, "a", 1, 0, &peer, sizeof peer, &err));
    GIVES(entity,
          mts_session_entity(s, "a", 1, 0, &entity, sizeof entity, heap, 8, &page, &err));
    PAGES(mts_session_entity(s, "a", 1, 0, &entity, sizeof entity, heap, 8, &page, &err));
    GIVES(entity,
          mts_session_entity_by_id(s, 1, 0, &entity, sizeof entity, heap, 8, &page, &err));
    GIVES(entity, mts_session_entity_by_username(s, "a", 1, 0, &entity, sizeof entity, heap, 8,
                                                 &page, &err));
    GIVES(entity, mts_session_entity_by_phone(s, "1", 1, 0, &entity, sizeof entity, heap, 8, &page,
                                              &err));
    GIVES(entity, mts_session_entity_by_name(s, "a", 1, 0, &entity, sizeof entity, heap, 8, &page,
                                             &err));
    GIVES(state, mts_session_update_state(s, 0, &state, sizeof state, &err));
    PAGES(mts_session_update_states(s, 0, &state, 1, sizeof state, &page, &err));
    TELLS(mts_session_set_update_state(s, &a_state, sizeof a_state, 0, &err));
    TELLS(mts_session_set_update_states(s, &a_state, 1, sizeof a_state, 0, &err));
    TELLS(mts_session_remove_update_state(s, 0, &err));
    TELLS(mts_session_cache_file(s, &a_file, sizeof a_file, &err));
    GIVES(file, mts_session_file(s, key, 1, 0, &file, sizeof file, &err));
    TELLS(mts_session_put_value(s, "x", 1, key, 1, 0, &err));
    GIVES(size, mts_session_value(s, "x", 1, bytes, 1, &size, &err));
    TELLS(mts_session_remove_value(s, "x", 1, 0, &err));
    GIVES(buffer, mts_session_to_string(s, &buffer, &err));
    GIVES(buffer, mts_session_to_packed(s, &buffer, &err));
}

#endif
