/* The records as a C compiler lays them out: the numbers that other languages rely on. They may grow
 * at their tail, never change before it. Sizes are asserted in src/ffi too. */
#include <mtsession.h>

/* A name for each, so that the compiler's message says which one is wrong. */
#define IS(name, value, expected) typedef char name##_is_not_##expected[(value) == (expected) ? 1 : -1]
#define SIZE(record, expected) IS(sizeof_##record, sizeof(record), expected)
#define AT(record, field, expected) IS(record##_##field, offsetof(record, field), expected)

SIZE(mts_status, 4);

SIZE(mts_options, 28);
AT(mts_options, size, 0);
AT(mts_options, flags, 4);
AT(mts_options, busy_timeout_ms, 8);
AT(mts_options, max_entities, 12);
AT(mts_options, max_dirty, 16);
AT(mts_options, max_dirty_age_ms, 20);
AT(mts_options, journal, 24);

SIZE(mts_text, 8);
AT(mts_text, off, 0);
AT(mts_text, len, 4);

SIZE(mts_page, 24);
AT(mts_page, next, 0);
AT(mts_page, count, 8);
AT(mts_page, heap_len, 12);
AT(mts_page, heap_needed, 16);
AT(mts_page, reserved, 20);

SIZE(mts_session_info, 88);
AT(mts_session_info, user_id, 0);
AT(mts_session_info, auth_key_id, 8);
AT(mts_session_info, entities, 16);
AT(mts_session_info, update_states, 24);
AT(mts_session_info, dc, 32);
AT(mts_session_info, port, 36);
AT(mts_session_info, status, 40);
AT(mts_session_info, reserved, 44);
AT(mts_session_info, name, 48);
AT(mts_session_info, path, 56);
AT(mts_session_info, format, 64);
AT(mts_session_info, host, 72);
AT(mts_session_info, problem, 80);

SIZE(mts_dc, 312);
AT(mts_dc, id, 0);
AT(mts_dc, port, 4);
AT(mts_dc, flags, 8);
AT(mts_dc, host_len, 12);
AT(mts_dc, host, 16);
AT(mts_dc, secret_len, 272);
AT(mts_dc, secret, 276);
AT(mts_dc, reserved, 308);

SIZE(mts_key, 288);
AT(mts_key, dc, 0);
AT(mts_key, slot, 4);
AT(mts_key, created, 8);
AT(mts_key, expires, 16);
AT(mts_key, user_id, 24);
AT(mts_key, key, 32);

SIZE(mts_salt, 24);
AT(mts_salt, salt, 0);
AT(mts_salt, since, 8);
AT(mts_salt, until, 16);

SIZE(mts_identity, 16);
AT(mts_identity, user_id, 0);
AT(mts_identity, api_id, 8);
AT(mts_identity, flags, 12);

SIZE(mts_entity, 56);
AT(mts_entity, id, 0);
AT(mts_entity, access_hash, 8);
AT(mts_entity, seen, 16);
AT(mts_entity, flags, 24);
AT(mts_entity, reserved, 28);
AT(mts_entity, usernames, 32);
AT(mts_entity, phone, 40);
AT(mts_entity, name, 48);

SIZE(mts_input_peer, 40);
AT(mts_input_peer, id, 0);
AT(mts_input_peer, bare_id, 8);
AT(mts_input_peer, access_hash, 16);
AT(mts_input_peer, seen, 24);
AT(mts_input_peer, kind, 32);
AT(mts_input_peer, reserved, 36);

SIZE(mts_update_state, 40);
AT(mts_update_state, id, 0);
AT(mts_update_state, access_hash, 8);
AT(mts_update_state, date, 16);
AT(mts_update_state, pts, 24);
AT(mts_update_state, qts, 28);
AT(mts_update_state, seq, 32);
AT(mts_update_state, fields, 36);

SIZE(mts_file, 48);
AT(mts_file, md5, 0);
AT(mts_file, size, 16);
AT(mts_file, id, 24);
AT(mts_file, access_hash, 32);
AT(mts_file, kind, 40);
AT(mts_file, reserved, 44);

SIZE(mts_value, 24);
AT(mts_value, key, 0);
AT(mts_value, value, 8);
AT(mts_value, flags, 16);
AT(mts_value, reserved, 20);

#if UINTPTR_MAX == 0xffffffffffffffffu
SIZE(mts_changes, 144);
AT(mts_changes, size, 0);
AT(mts_changes, flags, 4);
AT(mts_changes, account, 8);
AT(mts_changes, entities, 24);
AT(mts_changes, forget, 48);
AT(mts_changes, states, 64);
AT(mts_changes, forget_states, 88);
AT(mts_changes, values, 104);
AT(mts_changes, heap, 128);
AT(mts_changes, heap_len, 136);

SIZE(mts_storage, 64);
AT(mts_storage, size, 0);
AT(mts_storage, user, 8);
AT(mts_storage, load, 16);
AT(mts_storage, commit, 24);
AT(mts_storage, find, 32);
AT(mts_storage, list, 40);
AT(mts_storage, lock, 48);
AT(mts_storage, free, 56);
#endif

/* Statuses are never renumbered. */
IS(ok, MTS_OK, 0);
IS(not_found, MTS_NOT_FOUND, 1);
IS(done, MTS_DONE, 2);
IS(too_small, MTS_TOO_SMALL, 3);
IS(ambiguous, MTS_AMBIGUOUS, 4);
IS(argument, -MTS_E_ARGUMENT, 1);
IS(io, -MTS_E_IO, 2);
IS(storage, -MTS_E_STORAGE, 3);
IS(corrupt, -MTS_E_CORRUPT, 4);
IS(busy, -MTS_E_BUSY, 5);
IS(owned, -MTS_E_OWNED, 6);
IS(format, -MTS_E_FORMAT, 7);
IS(version, -MTS_E_VERSION, 8);
IS(read_only, -MTS_E_READ_ONLY, 9);
IS(exists, -MTS_E_EXISTS, 10);
IS(secret, -MTS_E_SECRET, 11);
IS(callback, -MTS_E_CALLBACK, 12);
IS(unsupported, -MTS_E_UNSUPPORTED, 13);
IS(closed, -MTS_E_CLOSED, 14);
IS(internal, -MTS_E_INTERNAL, 15);

int main(void)
{
    return mts_abi_version() == MTS_ABI_VERSION ? 0 : 1;
}
