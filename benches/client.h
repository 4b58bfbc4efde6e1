/* What the programs that measure mtsession share: calling it, and making its records. */
#ifndef CLIENT_H
#define CLIENT_H

#include "bench.h"
#include "mtsession.h"

/* The operation and the file that were asked for. */
static const char *op, *path;

/* Takes the error by its address: C may read an argument before it makes the call beside it. */
static inline void must(mts_status status, mts_error **error)
{
    if (status != MTS_OK) {
        fprintf(stderr, "mtsession %s: %s: %s\n", op, mts_status_name(status),
                mts_error_message(*error));
        exit(1);
    }
}
#define MUST(call) do { mts_error *err = NULL; must(call, &err); } while (0)

static inline mts_session *open_session(const char *at, const mts_options *options)
{
    mts_session *session;
    MUST(mts_session_open(at, MTS_Z, options, &session, &err));
    return session;
}

static inline void close_session(mts_session *session)
{
    MUST(mts_session_close(session, &err));
    mts_session_free(session);
}

static inline void log_in(mts_session *session)
{
    uint8_t key[MTS_AUTH_KEY_LEN];
    memset(key, 7, sizeof key);
    MUST(mts_session_set_dc(session, 2, "149.154.167.51", MTS_Z, 443, &err));
    MUST(mts_session_set_auth_key(session, key, sizeof key, &err));
}

/* Records and the heap of their texts, as a client makes them of what it has received. Made ahead,
 * for that is not what is measured. */
typedef struct {
    mts_entity *records;
    uint8_t *heap;
    uint32_t len, count;
} batch;

static inline void *must_have(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

static inline batch make_batch(uint32_t most)
{
    batch b;
    b.records = must_have(calloc(most, sizeof *b.records));
    b.heap = must_have(malloc(most * 64));
    b.len = b.count = 0;
    return b;
}

static inline void free_batch(batch *b)
{
    free(b->records);
    free(b->heap);
}

static inline mts_text add_text(batch *b, const char *text)
{
    mts_text t;
    t.off = b->len;
    t.len = (uint32_t)strlen(text);
    memcpy(b->heap + b->len, text, t.len);
    b->len += t.len;
    return t;
}

static inline void add(batch *b, row r)
{
    mts_entity *e = &b->records[b->count++];
    memset(e, 0, sizeof *e);
    e->id = r.id;
    e->access_hash = r.hash;
    e->flags = MTS_ENTITY_WHOLE;
    e->usernames = add_text(b, r.username);
    e->phone = add_text(b, r.phone);
    e->name = add_text(b, r.name);
}

static inline void put(mts_session *session, const batch *b)
{
    MUST(mts_session_put_entities(session, b->records, b->count, sizeof b->records[0], b->heap,
                                  b->len, &err));
}

static inline void look(const mts_session *session, int64_t id)
{
    mts_input_peer peer;
    MUST(mts_session_input_peer_by_id(session, id, 0, &peer, sizeof peer, &err));
    if (peer.id != id)
        abort();
}

#endif
