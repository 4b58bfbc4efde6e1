/* Ops of peers, update states, files and values. */
#include "runner.h"

/* ---- Peers */

static mts_text add_text(json_t *of, const char *name, uint8_t *heap, size_t cap, size_t *used)
{
    mts_text where;
    size_t len;
    const char *from = text(of, name, &len);

    if (len > cap - *used)
        broken("too much text", name);
    where.off = (uint32_t)*used;
    where.len = (uint32_t)len;
    if (len > 0)
        memcpy(heap + *used, from, len);
    *used += len;
    return where;
}

static mts_status op_put(void)
{
    static uint8_t heap[1 << 17];
    static mts_entity rows[MAX];
    size_t count, i, used = 0;
    json_t *list = records("entities", &count);

    memset(rows, 0, sizeof rows);
    for (i = 0; i < count; i++) {
        json_t *of = json_array_get(list, i);

        rows[i].id = number(of, "id");
        rows[i].access_hash = number(of, "hash");
        rows[i].seen = number(of, "seen");
        rows[i].flags = (uint32_t)number(of, "flags");
        rows[i].usernames = add_text(of, "usernames", heap, sizeof heap, &used);
        rows[i].phone = add_text(of, "phone", heap, sizeof heap, &used);
        rows[i].name = add_text(of, "name", heap, sizeof heap, &used);
    }
    return mts_session_put_entities(session, rows, count, sizeof rows[0], heap, used, &error);
}

static mts_status op_put_one(void)
{
    size_t usernames_len, phone_len, name_len;
    const char *usernames = text(step, "usernames", &usernames_len);
    const char *phone = text(step, "phone", &phone_len);
    const char *name = text(step, "name", &name_len);

    return mts_session_put_entity(session, arg("id"), arg("hash"), (uint32_t)arg("flags"),
                                  arg("seen"), usernames, usernames_len, phone, phone_len, name,
                                  name_len, &error);
}

/* What the key of a look-up is: 't'ext, 'i'd, 'u'sername, 'p'hone or 'n'ame. */
static char looked_up_by(const char **key, size_t *len, uint32_t *how)
{
    const char *by = json_string_value(json_object_get(step, "by"));

    *key = text(step, "key", len);
    *how = (uint32_t)arg("how");
    return by == NULL ? 't' : by[0];
}

static mts_status op_input_peer(void)
{
    static const char *const kinds[] = { "?", "user", "chat", "channel" };
    const char *key;
    size_t len;
    uint32_t how;
    mts_input_peer peer;
    mts_status status;

    switch (looked_up_by(&key, &len, &how)) {
    case 'i':
        status = mts_session_input_peer_by_id(session, arg("key"), how, &peer, sizeof peer, &error);
        break;
    case 'u':
        status = mts_session_input_peer_by_username(session, key, len, how, &peer, sizeof peer,
                                                    &error);
        break;
    case 'p':
        status = mts_session_input_peer_by_phone(session, key, len, how, &peer, sizeof peer,
                                                 &error);
        break;
    case 'n':
        status = mts_session_input_peer_by_name(session, key, len, how, &peer, sizeof peer, &error);
        break;
    default:
        status = mts_session_input_peer(session, key, len, how, &peer, sizeof peer, &error);
    }
    if (status == MTS_OK || status == MTS_AMBIGUOUS)
        say("%s %" PRId64 " id %" PRId64 " hash %" PRId64 " seen %" PRId64 "\n",
            kinds[peer.kind < COUNT(kinds) ? peer.kind : 0], peer.bare_id, peer.id,
            peer.access_hash, peer.seen);
    return status;
}

static void say_entity(const mts_entity *entity, const uint8_t *heap)
{
    say("id %" PRId64 " hash %" PRId64 " seen %" PRId64 " flags %" PRIu32 " usernames ", entity->id,
        entity->access_hash, entity->seen, entity->flags);
    say_text(heap + entity->usernames.off, entity->usernames.len);
    say(" phone ");
    say_text(heap + entity->phone.off, entity->phone.len);
    say(" name ");
    say_text(heap + entity->name.off, entity->name.len);
    say("\n");
}

static mts_status op_entity(void)
{
    const char *key;
    size_t len;
    uint32_t how;
    mts_entity entity;
    uint8_t heap[1 << 14];
    mts_page page;
    mts_status status;

    switch (looked_up_by(&key, &len, &how)) {
    case 'i':
        status = mts_session_entity_by_id(session, arg("key"), how, &entity, sizeof entity, heap,
                                          sizeof heap, &page, &error);
        break;
    case 'u':
        status = mts_session_entity_by_username(session, key, len, how, &entity, sizeof entity,
                                                heap, sizeof heap, &page, &error);
        break;
    case 'p':
        status = mts_session_entity_by_phone(session, key, len, how, &entity, sizeof entity, heap,
                                             sizeof heap, &page, &error);
        break;
    case 'n':
        status = mts_session_entity_by_name(session, key, len, how, &entity, sizeof entity, heap,
                                            sizeof heap, &page, &error);
        break;
    default:
        status = mts_session_entity(session, key, len, how, &entity, sizeof entity, heap,
                                    sizeof heap, &page, &error);
    }
    if (status == MTS_OK || status == MTS_AMBIGUOUS)
        say_entity(&entity, heap);
    return status;
}

static size_t page_size(void)
{
    return arg("page") == 0 ? 100 : (size_t)arg("page");
}

static mts_status op_entities(void)
{
    static mts_entity rows[MAX];
    static uint8_t heap[1 << 17];
    mts_page page;
    mts_status status;
    int64_t after = INT64_MIN;
    uint32_t i;

    do {
        status = mts_session_entities(session, after, rows, page_size(), sizeof rows[0], heap,
                                      sizeof heap, &page, &error);
        for (i = 0; i < page.count; i++)
            say_entity(&rows[i], heap);
        after = page.next;
    } while (status == MTS_OK);
    return status == MTS_DONE ? MTS_OK : status;
}

static mts_status op_entity_count(void)
{
    uint64_t count;
    mts_status status = mts_session_entity_count(session, &count, &error);

    if (status == MTS_OK)
        say("%" PRIu64 "\n", count);
    return status;
}

static mts_status op_forget(void)
{
    return mts_session_forget_entity(session, arg("id"), &error);
}

static mts_status op_save_entities(void)
{
    uint32_t on;
    mts_status status = mts_session_save_entities(session, &on, &error);

    if (status == MTS_OK)
        say("%" PRIu32 "\n", on);
    return status;
}

static mts_status op_set_save_entities(void)
{
    return mts_session_set_save_entities(session, (uint32_t)arg("on"), &error);
}

/* ---- Update states */

static mts_status op_set_states(void)
{
    mts_update_state rows[MAX];
    size_t count, i;
    json_t *list = records("states", &count);

    memset(rows, 0, sizeof rows);
    for (i = 0; i < count; i++) {
        json_t *of = json_array_get(list, i);

        rows[i].id = number(of, "id");
        rows[i].pts = (int32_t)number(of, "pts");
        rows[i].qts = (int32_t)number(of, "qts");
        rows[i].date = number(of, "date");
        rows[i].seq = (int32_t)number(of, "seq");
        rows[i].fields = (json_object_get(of, "pts") != NULL ? MTS_STATE_PTS : 0)
            | (json_object_get(of, "qts") != NULL ? MTS_STATE_QTS : 0)
            | (json_object_get(of, "date") != NULL ? MTS_STATE_DATE : 0)
            | (json_object_get(of, "seq") != NULL ? MTS_STATE_SEQ : 0);
    }
    return mts_session_set_update_states(session, rows, count, sizeof rows[0],
                                         arg("must_exist") != 0 ? MTS_SET_MUST_EXIST : 0, &error);
}

static void say_state(const mts_update_state *state)
{
    say("id %" PRId64 " pts %" PRId32 " qts %" PRId32 " date %" PRId64 " seq %" PRId32, state->id,
        state->pts, state->qts, state->date, state->seq);
    if (state->fields & MTS_STATE_ACCESS_HASH)
        say(" hash %" PRId64, state->access_hash);
    say("\n");
}

static mts_status op_state(void)
{
    mts_update_state state;
    mts_status status =
        mts_session_update_state(session, arg("id"), &state, sizeof state, &error);

    if (status == MTS_OK)
        say_state(&state);
    return status;
}

static mts_status op_states(void)
{
    mts_update_state rows[MAX];
    mts_page page;
    mts_status status;
    int64_t after = INT64_MIN;
    uint32_t i;

    do {
        status = mts_session_update_states(session, after, rows, page_size(), sizeof rows[0],
                                           &page, &error);
        for (i = 0; i < page.count; i++)
            say_state(&rows[i]);
        after = page.next;
    } while (status == MTS_OK);
    return status == MTS_DONE ? MTS_OK : status;
}

static mts_status op_remove_state(void)
{
    return mts_session_remove_update_state(session, arg("id"), &error);
}

/* ---- Files and values */

static mts_status op_cache_file(void)
{
    mts_file file;
    size_t len;
    const uint8_t *md5 = bytes(step, "md5", &len);

    memset(&file, 0, sizeof file);
    memcpy(file.md5, md5, sizeof file.md5);
    file.size = arg("size");
    file.kind = (uint32_t)arg("kind");
    file.id = arg("id");
    file.access_hash = arg("hash");
    return mts_session_cache_file(session, &file, sizeof file, &error);
}

static mts_status op_file(void)
{
    mts_file file;
    size_t len;
    const uint8_t *md5 = bytes(step, "md5", &len);
    mts_status status = mts_session_file(session, md5, arg("size"), (uint32_t)arg("kind"), &file,
                                         sizeof file, &error);

    if (status == MTS_OK) {
        say("md5 ");
        say_bytes(file.md5, sizeof file.md5);
        say(" size %" PRId64 " kind %" PRIu32 " id %" PRId64 " hash %" PRId64 "\n", file.size,
            file.kind, file.id, file.access_hash);
    }
    return status;
}

static mts_status op_put_value(void)
{
    size_t key_len, len;
    const char *key = text(step, "key", &key_len);
    const uint8_t *value = bytes(step, "value", &len);

    return mts_session_put_value(session, key, key_len, value, len,
                                 arg("durable") != 0 ? MTS_VALUE_DURABLE : 0, &error);
}

static mts_status op_value(void)
{
    size_t key_len, needed;
    const char *key = text(step, "key", &key_len);
    mts_status status = mts_session_value(session, key, key_len, NULL, 0, &needed, &error);
    uint8_t *value;

    /* An empty value fits no buffer too. */
    if (status != MTS_OK && status != MTS_TOO_SMALL)
        return status;
    value = keep(needed);
    status = mts_session_value(session, key, key_len, value, needed, &needed, &error);
    if (status == MTS_OK) {
        say_text(key, key_len);
        say(" ");
        say_bytes(value, needed);
        say("\n");
    }
    return status;
}

static mts_status op_remove_value(void)
{
    size_t key_len;
    const char *key = text(step, "key", &key_len);

    return mts_session_remove_value(session, key, key_len,
                                    arg("durable") != 0 ? MTS_VALUE_DURABLE : 0, &error);
}

const struct op row_ops[] = {
    OP(put) OP(put_one) OP(input_peer) OP(entity) OP(entities) OP(entity_count) OP(forget)
    OP(save_entities) OP(set_save_entities) OP(set_states) OP(state) OP(states) OP(remove_state)
    OP(cache_file) OP(file) OP(put_value) OP(value) OP(remove_value)
    { NULL, NULL }
};
