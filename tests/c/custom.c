/* A storage of the caller's: what reaches the callbacks, and what comes of what they answer. */
#include "check.h"

enum { ROWS = 8 };

/* Keeps whole rows with the heap of their commit, the account, states and values. */
struct store {
    uint8_t account[4096];
    size_t account_len;
    mts_entity rows[ROWS];
    uint8_t heaps[ROWS][512];
    size_t row_count;
    mts_update_state states[ROWS];
    size_t state_count;
    struct {
        char key[128];
        uint8_t bytes[64];
        size_t len;
    } values[ROWS];
    size_t value_count;
    int locks, loads, commits, durable_commits, frees;
    int32_t answer;       /* what the next callbacks answer; MTS_OK as a rule */
    mts_session *session; /* to be called from inside, if set */
    int put_wrong;        /* what find puts into its sink: 1 a state, 2 a row nobody asked for */
    mts_out *kept;        /* a sink that is used too late */
};

static int32_t lock(void *user, mts_out *out)
{
    struct store *store = user;

    store->locks++;
    if (store->answer != MTS_OK)
        mts_out_error(out, "host 7 has it", MTS_Z);
    return store->answer;
}

static int32_t load(void *user, mts_out *out)
{
    struct store *store = user;

    store->loads++;
    store->kept = out;
    if (store->account_len > 0)
        CHECK(mts_out_account(out, store->account, store->account_len) == MTS_OK);
    for (size_t i = 0; i < store->state_count; i++)
        CHECK(mts_out_state(out, &store->states[i], sizeof store->states[i]) == MTS_OK);
    for (size_t i = 0; i < store->value_count; i++)
        CHECK(mts_out_value(out, store->values[i].key, MTS_Z, store->values[i].bytes,
                            store->values[i].len) == MTS_OK);
    return store->answer;
}

static void forget_row(struct store *store, int64_t id)
{
    for (size_t i = 0; i < store->row_count; i++)
        if (store->rows[i].id == id) {
            store->row_count--;
            store->rows[i] = store->rows[store->row_count];
            memcpy(store->heaps[i], store->heaps[store->row_count], sizeof store->heaps[i]);
        }
}

static void forget_state(struct store *store, int64_t id)
{
    for (size_t i = 0; i < store->state_count; i++)
        if (store->states[i].id == id)
            store->states[i] = store->states[--store->state_count];
}

static void forget_value(struct store *store, const char *key)
{
    for (size_t i = 0; i < store->value_count; i++)
        if (strcmp(store->values[i].key, key) == 0)
            store->values[i] = store->values[--store->value_count];
}

static int32_t commit(void *user, const mts_changes *changes, mts_out *out)
{
    struct store *store = user;

    CHECK(changes->size >= sizeof *changes && changes->entity_stride >= sizeof(mts_entity));
    store->commits++;
    store->durable_commits += (changes->flags & MTS_COMMIT_DURABLE) != 0;
    if (store->answer != MTS_OK) {
        mts_out_error(out, "the database is down", MTS_Z);
        return store->answer;
    }
    if (changes->flags & MTS_COMMIT_OTHER_ACCOUNT)
        store->row_count = 0;
    if (changes->account != NULL) {
        memcpy(store->account, changes->account, changes->account_len);
        store->account_len = changes->account_len;
    }
    for (size_t i = 0; i < changes->forget_count; i++)
        forget_row(store, changes->forget[i]);
    for (size_t i = 0; i < changes->forget_state_count; i++)
        forget_state(store, changes->forget_states[i]);
    for (size_t i = 0; i < changes->entity_count; i++) {
        forget_row(store, changes->entities[i].id);
        memcpy(store->heaps[store->row_count], changes->heap, changes->heap_len);
        store->rows[store->row_count++] = changes->entities[i];
    }
    for (size_t i = 0; i < changes->state_count; i++) {
        forget_state(store, changes->states[i].id);
        store->states[store->state_count++] = changes->states[i];
    }
    for (size_t i = 0; i < changes->value_count; i++) {
        const mts_value *value = &changes->values[i];
        const char *key = (const char *)changes->heap + value->key.off;

        forget_value(store, key);
        if (value->flags & MTS_VALUE_REMOVED)
            continue;
        strcpy(store->values[store->value_count].key, key);
        memcpy(store->values[store->value_count].bytes, changes->heap + value->value.off,
               value->value.len);
        store->values[store->value_count++].len = value->value.len;
    }
    return MTS_OK;
}

static void give(struct store *store, size_t at, mts_out *out)
{
    CHECK(mts_out_entity(out, &store->rows[at], sizeof store->rows[at], store->heaps[at],
                         sizeof store->heaps[at]) == MTS_OK);
}

static int is(const struct store *store, size_t at, mts_text field, const char *text)
{
    return strcmp((const char *)store->heaps[at] + field.off, text) == 0;
}

static int32_t find(void *user, uint32_t by, int64_t id, const char *text, size_t text_len,
                    mts_out *out)
{
    struct store *store = user;
    mts_update_state state;

    CHECK(strlen(text) == text_len);
    memset(&state, 0, sizeof state);
    if (store->put_wrong == 1)
        CHECK(mts_out_state(out, &state, sizeof state) == MTS_E_ARGUMENT);
    if (store->put_wrong == 2)
        give(store, 0, out);
    if (store->session != NULL) {
        uint64_t count;
        REFUSED(MTS_E_CALLBACK, "callback",
                mts_session_entity_count(store->session, &count, &err));
        REFUSED(MTS_E_CALLBACK, "callback", mts_session_save(store->session, &err));
    }
    for (size_t i = 0; i < store->row_count; i++)
        if ((by == MTS_FIND_ID && store->rows[i].id == id)
            || (by == MTS_FIND_USERNAME && is(store, i, store->rows[i].usernames, text))
            || (by == MTS_FIND_PHONE && is(store, i, store->rows[i].phone, text))
            || (by == MTS_FIND_NAME && is(store, i, store->rows[i].name, text)))
            give(store, i, out);
    return store->answer;
}

static int32_t list(void *user, int64_t after, uint32_t max, mts_out *out)
{
    struct store *store = user;
    int64_t last = after;

    for (; max > 0; max--) {
        size_t next = ROWS;
        for (size_t i = 0; i < store->row_count; i++)
            if (store->rows[i].id > last && (next == ROWS || store->rows[i].id < store->rows[next].id))
                next = i;
        if (next == ROWS)
            break;
        give(store, next, out);
        last = store->rows[next].id;
    }
    return store->answer;
}

static void free_user(void *user)
{
    ((struct store *)user)->frees++;
}

static mts_storage table_of(struct store *store)
{
    mts_storage table;

    memset(&table, 0, sizeof table);
    memset(store, 0, sizeof *store);
    table.size = sizeof table;
    table.user = store;
    table.lock = lock;
    table.load = load;
    table.commit = commit;
    table.find = find;
    table.list = list;
    table.free = free_user;
    return table;
}

static void put(mts_session *s, int64_t id, int64_t seen, const char *username)
{
    OK(mts_session_put_entity(s, id, id * 10, MTS_ENTITY_WHOLE, seen, username, MTS_Z, "1555", 4,
                              "Ada", MTS_Z, &err));
}

static void a_whole_life(void)
{
    static struct store store;
    mts_storage table = table_of(&store);
    static const uint8_t md5[16] = {7};
    uint8_t key[MTS_AUTH_KEY_LEN] = {1}, got[MTS_AUTH_KEY_LEN];
    mts_session *s = NULL;
    mts_input_peer peer;
    mts_update_state state;
    mts_entity entities[2];
    mts_file file;
    mts_page page;
    uint8_t texts[256];
    size_t needed;

    OK(mts_session_custom(&table, NULL, &s, &err));
    CHECK(store.locks == 1 && store.loads == 1 && store.commits == 0);
    OK(mts_session_set_auth_key(s, key, sizeof key, &err));
    CHECK(store.durable_commits == 1 && store.account_len > 0);
    put(s, 1, 100, "ada");
    put(s, 2, 200, "bob");
    memset(&state, 0, sizeof state);
    state.pts = 5;
    state.fields = MTS_STATE_PTS;
    OK(mts_session_set_update_state(s, &state, sizeof state, 0, &err));
    memset(&file, 0, sizeof file);
    memcpy(file.md5, md5, sizeof md5);
    file.id = 9;
    OK(mts_session_cache_file(s, &file, sizeof file, &err));
    OK(mts_session_put_value(s, "x", 1, key, 3, 0, &err));
    CHECK(store.commits == 1); /* all of that waits */
    OK(mts_session_close(s, &err));
    CHECK(store.commits == 2 && store.frees == 0);
    mts_session_free(s);
    CHECK(store.frees == 1);

    OK(mts_session_custom(&table, NULL, &s, &err));
    CHECK(mts_out_account(store.kept, key, 1) == MTS_E_CALLBACK); /* too late */
    OK(mts_session_auth_key(s, got, &err));
    CHECK(memcmp(got, key, sizeof key) == 0);
    OK(mts_session_input_peer(s, "@Ada", MTS_Z, 0, &peer, sizeof peer, &err));
    CHECK(peer.id == 1 && peer.access_hash == 10);
    /* Both have the phone: the newer keeps it, also in the storage. */
    OK(mts_session_input_peer(s, "+1555", MTS_Z, 0, &peer, sizeof peer, &err));
    CHECK(peer.id == 2);
    OK(mts_session_update_state(s, 0, &state, sizeof state, &err));
    CHECK(state.pts == 5);
    OK(mts_session_file(s, md5, 0, MTS_FILE_DOCUMENT, &file, sizeof file, &err));
    CHECK(file.id == 9);
    OK(mts_session_value(s, "x", 1, got, sizeof got, &needed, &err));
    CHECK(needed == 3);
    OK(mts_session_entities(s, INT64_MIN, entities, 1, sizeof entities[0], texts, sizeof texts, &page,
                            &err));
    CHECK(page.count == 1 && entities[0].id == 1);
    ANSWERS(MTS_DONE, mts_session_entities(s, page.next, entities, 2, sizeof entities[0], texts,
                                           sizeof texts, &page, &err));
    CHECK(page.count == 1 && entities[0].id == 2);

    /* A bare sighting is merged before it reaches the callback. */
    OK(mts_session_put_entity(s, 1, 77, MTS_ENTITY_BARE, 300, NULL, 0, NULL, 0, NULL, 0, &err));
    OK(mts_session_forget_entity(s, 2, &err));
    OK(mts_session_remove_update_state(s, 0, &err));
    OK(mts_session_save(s, &err));
    CHECK(store.row_count == 1 && store.state_count == 0 && store.rows[0].access_hash == 77);
    CHECK(is(&store, 0, store.rows[0].usernames, "ada"));

    OK(mts_session_delete(s, &err));
    CHECK(store.row_count == 0 && store.value_count == 0);
    mts_session_free(s);
}

static void failures_of_callbacks(void)
{
    static struct store store;
    mts_storage table = table_of(&store);
    mts_session *s = NULL;
    mts_input_peer peer;
    uint64_t count;

    store.answer = MTS_E_OWNED;
    REFUSED(MTS_E_OWNED, "host 7 has it", mts_session_custom(&table, NULL, &s, &err));
    CHECK(s == NULL && store.frees == 0);
    store.answer = MTS_OK;
    OK(mts_session_custom(&table, NULL, &s, &err));

    /* What could not be saved waits, and goes with the next save. */
    put(s, 1, 100, "ada");
    store.answer = MTS_E_IO;
    REFUSED(MTS_E_IO, "", mts_session_save(s, &err));
    store.answer = 12345;
    REFUSED(MTS_E_CALLBACK, "12345", mts_session_save(s, &err));
    store.answer = MTS_OK;
    CHECK(store.row_count == 0);
    OK(mts_session_save(s, &err));
    CHECK(store.row_count == 1);

    store.put_wrong = 1;
    REFUSED(MTS_E_CALLBACK, "mts_out_state",
            mts_session_input_peer(s, "@nobody", MTS_Z, 0, &peer, sizeof peer, &err));
    store.put_wrong = 2;
    REFUSED(MTS_E_CALLBACK, "entity 1",
            mts_session_input_peer(s, "@nobody_else", MTS_Z, 0, &peer, sizeof peer, &err));
    store.put_wrong = 0;

    /* Calling back into the session answers, and never waits for itself. */
    store.session = s;
    ANSWERS(MTS_NOT_FOUND,
            mts_session_input_peer(s, "@stranger", MTS_Z, 0, &peer, sizeof peer, &err));
    store.session = NULL;
    mts_session_free(s);

    /* A missing callback is missed when it is needed. */
    memset(&table, 0, sizeof table);
    table.size = sizeof table;
    OK(mts_session_custom(&table, NULL, &s, &err));
    REFUSED(MTS_E_UNSUPPORTED, "find",
            mts_session_input_peer(s, "@ada", MTS_Z, 0, &peer, sizeof peer, &err));
    REFUSED(MTS_E_UNSUPPORTED, "list", mts_session_entity_count(s, &count, &err));
    put(s, 1, 100, "ada");
    REFUSED(MTS_E_UNSUPPORTED, "", mts_session_save(s, &err));
    mts_session_free(s);
}

int main(void)
{
    a_whole_life();
    failures_of_callbacks();
    printf("%d failures\n", failures);
    return failures != 0;
}
