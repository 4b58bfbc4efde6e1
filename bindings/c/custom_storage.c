/* A session that the caller keeps, in arrays here, in a database or on a server elsewhere:
 *
 *   custom_storage [NAME]    puts a peer of that name into it
 *
 * The library decides what is stored, and merges; callbacks store whole records and find them again.
 * They may come on several threads, so a client that has some needs a lock. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mtsession.h"

enum { MAX_ROWS = 64, MAX_STATES = 16, MAX_HEAP = 512 };

struct row {
    mts_entity entity;
    uint8_t heap[MAX_HEAP]; /* where its texts are */
};

struct store {
    uint8_t account[4096]; /* opaque, and secret: the auth key is in it */
    size_t account_len;
    struct row rows[MAX_ROWS];
    size_t row_count;
    mts_update_state states[MAX_STATES];
    size_t state_count;
};

/* Once, at the opening: the login and all update states. Entities are asked for one by one. */
static int32_t load(void *user, mts_out *out)
{
    struct store *store = user;

    if (store->account_len > 0)
        mts_out_account(out, store->account, store->account_len);
    for (size_t i = 0; i < store->state_count; i++)
        mts_out_state(out, &store->states[i], sizeof store->states[i]);
    return MTS_OK;
}

static int has(const struct row *row, mts_text field, const char *text, int whole)
{
    char padded[MAX_HEAP + 3], wanted[MAX_HEAP + 3];

    /* Usernames are a list of words; between spaces each can be found whole. */
    snprintf(padded, sizeof padded, " %.*s ", (int)field.len, (const char *)row->heap + field.off);
    snprintf(wanted, sizeof wanted, " %s ", text);
    return whole ? strcmp(padded, wanted) == 0 : strstr(padded, wanted) != NULL;
}

static int32_t find(void *user, uint32_t by, int64_t id, const char *text, size_t text_len,
                    mts_out *out)
{
    struct store *store = user;

    for (size_t i = 0; i < store->row_count && text_len < MAX_HEAP; i++) {
        const struct row *row = &store->rows[i];
        if ((by == MTS_FIND_ID && row->entity.id == id)
            || (by == MTS_FIND_USERNAME && has(row, row->entity.usernames, text, 0))
            || (by == MTS_FIND_PHONE && has(row, row->entity.phone, text, 1))
            || (by == MTS_FIND_NAME && has(row, row->entity.name, text, 1)))
            mts_out_entity(out, &row->entity, sizeof row->entity, row->heap, sizeof row->heap);
    }
    return MTS_OK;
}

/* All of it or nothing: so first see whether there is room, then store. */
static int32_t commit(void *user, const mts_changes *changes, mts_out *out)
{
    struct store *store = user;
    size_t at;

    if (changes->value_count + changes->forget_count + changes->forget_state_count > 0) {
        mts_out_error(out, "it keeps no values and forgets nothing", MTS_Z);
        return MTS_E_UNSUPPORTED;
    }
    if (changes->account_len > sizeof store->account || changes->heap_len > MAX_HEAP
        || changes->entity_count > MAX_ROWS - store->row_count
        || changes->state_count > MAX_STATES - store->state_count) {
        mts_out_error(out, "it is full", MTS_Z);
        return MTS_E_STORAGE;
    }
    if (changes->flags & MTS_COMMIT_OTHER_ACCOUNT)
        store->row_count = 0; /* its access hashes are of no use to this one */
    if (changes->account != NULL) {
        memcpy(store->account, changes->account, changes->account_len);
        store->account_len = changes->account_len;
    }
    for (size_t i = 0; i < changes->entity_count; i++) {
        const mts_entity *entity =
            (const void *)((const char *)changes->entities + i * changes->entity_stride);
        for (at = 0; at < store->row_count && store->rows[at].entity.id != entity->id;)
            at++;
        store->row_count += at == store->row_count;
        store->rows[at].entity = *entity;
        /* The simplest way to keep its texts: the whole heap of the commit. */
        memcpy(store->rows[at].heap, changes->heap, changes->heap_len);
    }
    for (size_t i = 0; i < changes->state_count; i++) {
        const mts_update_state *state =
            (const void *)((const char *)changes->states + i * changes->state_stride);
        for (at = 0; at < store->state_count && store->states[at].id != state->id;)
            at++;
        store->state_count += at == store->state_count;
        store->states[at] = *state;
    }
    return MTS_OK;
}

/* Takes the error by its address: C may read an argument before it makes the call beside it. */
static void must(mts_status status, mts_error **err)
{
    if (status != MTS_OK) {
        fprintf(stderr, "%s: %s\n", mts_status_name(status), mts_error_message(*err));
        mts_error_free(*err);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "Grace";
    struct store *store = calloc(1, sizeof *store);
    mts_session *session = NULL;
    mts_error *err = NULL;
    mts_input_peer peer;
    mts_storage table = {0};

    /* What is missing here answers MTS_E_UNSUPPORTED when it is needed: this one cannot `list`. */
    table.size = sizeof table;
    table.user = store;
    table.load = load;
    table.commit = commit;
    table.find = find;

    must(mts_session_custom(&table, NULL, &session, &err), &err);
    must(mts_session_set_dc(session, 2, "149.154.167.51", MTS_Z, 443, &err), &err);
    must(mts_session_put_entity(session, 42, 4242, 0, 0, "grace amazing_grace", MTS_Z, NULL, 0,
                                name, MTS_Z, &err), &err);
    must(mts_session_close(session, &err), &err);
    mts_session_free(session);
    printf("closed; the caller keeps %zu entity and %zu bytes of login\n", store->row_count,
           store->account_len);

    must(mts_session_custom(&table, NULL, &session, &err), &err);
    must(mts_session_input_peer(session, "t.me/amazing_grace", MTS_Z, 0, &peer, sizeof peer, &err),
         &err);
    printf("opened again: t.me/amazing_grace is peer %" PRId64 "\n", peer.id);
    mts_session_free(session);
    free(store);
    return 0;
}
