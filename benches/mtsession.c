/* The benchmark's peer that is mtsession, through its C ABI:
 * <operation> <entities> <seed> <file>. */
#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <unistd.h>

#include "client.h"

static uint64_t entities, seed;

/* Asks for a username and a phone that nobody has, for which the file's indexes are made. */
static void want_indexes(mts_session *session)
{
    mts_input_peer peer;
    size_t size = sizeof peer;
    if (mts_session_input_peer_by_username(session, "nobody", MTS_Z, 0, &peer, size, NULL)
            != MTS_NOT_FOUND
        || mts_session_input_peer_by_phone(session, "99", MTS_Z, 0, &peer, size, NULL)
            != MTS_NOT_FOUND)
        abort();
}

static void look_username(mts_session *session, const row *r)
{
    mts_input_peer peer;
    MUST(mts_session_input_peer_by_username(session, r->username, MTS_Z, 0, &peer, sizeof peer, &err));
}

static void look_phone(mts_session *session, const row *r)
{
    mts_input_peer peer;
    MUST(mts_session_input_peer_by_phone(session, r->phone, MTS_Z, 0, &peer, sizeof peer, &err));
}

/* Puts `count` new rows, from the given one on, saved every `flush` rows. */
static double fill(mts_session *session, uint64_t from, uint64_t count, uint64_t flush)
{
    uint64_t i, k;
    double spent = 0;
    batch b = make_batch(BATCH);
    for (i = 0; i < count; i += BATCH) {
        double began;
        b.len = b.count = 0;
        for (k = 0; k < BATCH; k++)
            add(&b, make_row(from + i + k, seed));
        began = now_ns();
        put(session, &b);
        if ((i + BATCH) % flush == 0 || i + BATCH >= count)
            MUST(mts_session_save(session, &err));
        spent += now_ns() - began;
    }
    free_batch(&b);
    return spent;
}

static void put_new(void)
{
    mts_session *session = open_session(path, NULL);
    double spent;
    log_in(session);
    want_indexes(session);
    spent = fill(session, 0, entities, FLUSH);
    close_session(session);
    answer(op, spent, entities, path);
}

static void put_new_saved(void)
{
    mts_session *session = open_session(path, NULL);
    uint64_t count = 100 * BATCH;
    double spent;
    want_indexes(session);
    spent = fill(session, entities, count, BATCH);
    close_session(session);
    answer(op, spent, count, path);
}

/* A session with the working set in memory. */
static mts_session *warm(const mts_options *options, uint64_t *working)
{
    mts_session *session = open_session(path, options);
    batch b = make_batch(BATCH);
    uint64_t k;
    *working = least(entities, WORKING);
    for (k = 0; k < *working; k++)
        look(session, row_id(k, seed));
    /* Of a peer that was read by its id the file is asked once more when it is first met, for somebody
     * else may have its name by now. After that it is known. */
    for (k = 0; k < *working; k++) {
        add(&b, make_row(k, seed));
        if (b.count == BATCH || k + 1 == *working) {
            put(session, &b);
            b.len = b.count = 0;
        }
    }
    MUST(mts_session_save(session, &err));
    /* A credential empties a write-ahead log: what has just been put shall not weigh on what is
     * measured. */
    MUST(mts_session_set_takeout_id(session, 1, &err));
    free_batch(&b);
    return session;
}

/* The ids of the working set, in an order that jumps about. */
static int64_t *working_ids(uint64_t working)
{
    int64_t *ids = must_have(malloc(working * sizeof *ids));
    uint64_t k;
    for (k = 0; k < working; k++)
        ids[k] = row_id(nth(k, working), seed);
    return ids;
}

static void memory_id(void)
{
    uint64_t working, k, round, rounds;
    mts_session *session = warm(NULL, &working);
    int64_t *ids = working_ids(working);
    double began = now_ns();
    rounds = 2000000 / working;
    for (round = 0; round < rounds; round++)
        for (k = 0; k < working; k++)
            look(session, ids[k]);
    began = now_ns() - began;
    answer(op, began, rounds * working, path);
    close_session(session);
    free(ids);
}

static void disk(void)
{
    mts_session *session = open_session(path, NULL);
    uint64_t k, units = least(entities / 10, 20000);
    double spent = 0;
    want_indexes(session);
    for (k = 0; k < units; k++) {
        row r;
        double began;
        if (strcmp(op, "disk_id") == 0) {
            r = make_row(nth(k, entities), seed);
            began = now_ns();
            look(session, r.id);
        } else if (strcmp(op, "disk_username") == 0) {
            r = make_row(with_username(nth(k, entities / 2)), seed);
            began = now_ns();
            look_username(session, &r);
        } else {
            r = make_row(with_phone(nth(k, entities / 10)), seed);
            began = now_ns();
            look_phone(session, &r);
        }
        spent += now_ns() - began;
        if (spent > 2e9) { /* A scan. */
            units = k + 1;
            break;
        }
    }
    answer(op, spent, units, path);
    close_session(session);
}

/* The next batch of the working set, in an order that jumps about. Made shortly before it is put, as
 * by a client that has just received it. */
static void next_batch(batch *b, uint32_t size, uint64_t number, uint64_t working)
{
    uint64_t k;
    b->len = b->count = 0;
    for (k = number * size; k < (number + 1) * size; k++)
        add(b, make_row(nth(k % working, working), seed));
}

static void put_known(void)
{
    uint64_t working, k, rounds = 2500;
    mts_session *session = warm(NULL, &working);
    batch b = make_batch(BATCH);
    double spent = 0;
    for (k = 0; k < rounds; k++) {
        double began;
        next_batch(&b, BATCH, k, working);
        began = now_ns();
        put(session, &b);
        spent += now_ns() - began;
    }
    answer(op, spent, rounds * BATCH, path);
    close_session(session);
    free_batch(&b);
}

static void updates(uint64_t bundles, int save, const mts_options *options)
{
    uint64_t working, k, n, units = bundles * BUNDLE;
    mts_session *session = warm(options, &working);
    static batch bundle[BUNDLE];
    mts_update_state state;
    double spent = 0;
    memset(&state, 0, sizeof state);
    state.fields = MTS_STATE_PTS;
    for (n = 0; n < BUNDLE; n++)
        bundle[n] = make_batch(2);
    for (k = 0; k < units; k += BUNDLE) {
        double began;
        for (n = 0; n < BUNDLE; n++)
            next_batch(&bundle[n], 2, k + n, working);
        began = now_ns();
        for (n = 0; n < BUNDLE; n++) {
            state.id = 1 + (int64_t)((k + n) % CHANNELS);
            state.pts = 1 + (int32_t)(k + n);
            put(session, &bundle[n]);
            MUST(mts_session_set_update_state(session, &state, sizeof state, 0, &err));
            if (save)
                MUST(mts_session_save(session, &err));
        }
        spent += now_ns() - began;
    }
    answer(op, spent, units, path);
    close_session(session);
    for (n = 0; n < BUNDLE; n++)
        free_batch(&bundle[n]);
}

static void open_close(void)
{
    uint64_t k, units = 200;
    double began = now_ns();
    for (k = 0; k < units; k++) {
        uint8_t key[MTS_AUTH_KEY_LEN];
        mts_session *session = open_session(path, NULL);
        MUST(mts_session_auth_key(session, key, &err));
        close_session(session);
    }
    answer(op, now_ns() - began, units, path);
}

static void string_encode(void)
{
    uint64_t k, units = 200000;
    mts_session *session;
    mts_buffer *text;
    double began;
    MUST(mts_session_memory(NULL, &session, &err));
    log_in(session);
    began = now_ns();
    for (k = 0; k < units; k++) {
        MUST(mts_session_to_string(session, &text, &err));
        mts_buffer_free(text);
    }
    answer(op, now_ns() - began, units, path);
    mts_session_free(session);
}

static void string_decode(void)
{
    uint64_t k, units = 200000;
    mts_session *session, *other;
    mts_buffer *text;
    double began;
    MUST(mts_session_memory(NULL, &session, &err));
    log_in(session);
    MUST(mts_session_to_string(session, &text, &err));
    began = now_ns();
    for (k = 0; k < units; k++) {
        MUST(mts_session_from_string((const char *)mts_buffer_data(text), mts_buffer_len(text),
                                     NULL, &other, &err));
        mts_session_free(other);
    }
    answer(op, now_ns() - began, units, path);
    mts_buffer_free(text);
    mts_session_free(session);
}

/* Growth by the entities, without that by code and by SQLite's caches: three sessions read the same
 * rows, the first to warm up, the others with one and with all of them in memory. All stay open, so
 * that nothing is used again. */
static void cached_memory(void)
{
    mts_options options = MTS_OPTIONS_INIT;
    mts_session *sessions[3];
    long grown[3];
    int n;
    for (n = 0; n < 3; n++) {
        long before = status_kb("VmRSS");
        uint64_t k;
        options.flags = MTS_OPEN_SHARED;
        options.max_entities = n < 2 ? 1 : (uint32_t)entities;
        sessions[n] = open_session(path, &options);
        for (k = 0; k < entities; k++) {
            row r = make_row(k, seed);
            look(sessions[n], r.id);
            /* With its names in their index. */
            if (r.username[0])
                look_username(sessions[n], &r);
            if (r.phone[0])
                look_phone(sessions[n], &r);
        }
        grown[n] = status_kb("VmRSS") - before;
    }
    answer_memory(op, (double)(grown[2] - grown[1]) * 1024 / (double)entities, entities, 0);
    for (n = 0; n < 3; n++)
        close_session(sessions[n]);
}

static long open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    long count = 0;
    while (folder && readdir(folder))
        count++;
    if (folder)
        closedir(folder);
    return count;
}

/* Sessions that were used a little and wait, in files beside the given one. */
static void idle(void)
{
    enum { SESSIONS = 200 };
    static mts_session *sessions[SESSIONS];
    char file[4096];
    long before = 0, descriptors = 0;
    int k;
    batch b = make_batch(BATCH);
    for (k = 0; k < BATCH; k++)
        add(&b, make_row((uint64_t)k, seed));
    for (k = -1; k < SESSIONS; k++) {
        mts_session *session;
        snprintf(file, sizeof file, "%s.%d.session", path, k);
        session = open_session(file, NULL);
        log_in(session);
        put(session, &b);
        close_session(session);
        session = open_session(file, NULL);
        want_indexes(session);
        look(session, row_id(0, seed));
        if (k >= 0) {
            sessions[k] = session;
            continue;
        }
        /* What only the first one costs. */
        close_session(session);
        before = status_kb("VmRSS");
        descriptors = open_descriptors();
    }
    answer_memory(op, (double)(status_kb("VmRSS") - before) * 1024 / SESSIONS, SESSIONS,
                  (open_descriptors() - descriptors) / SESSIONS);
    for (k = 0; k < SESSIONS; k++)
        close_session(sessions[k]);
    free_batch(&b);
}

typedef struct {
    mts_session *session;
    const int64_t *ids;
    uint64_t working, from, units;
} share;

static void *look_share(void *argument)
{
    share *s = argument;
    uint64_t k, at = s->from;
    for (k = 0; k < s->units; k++) {
        look(s->session, s->ids[at]);
        at = at + 1 < s->working ? at + 1 : 0;
    }
    return NULL;
}

/* Time per look-up of all threads together. */
static void threads(unsigned count)
{
    uint64_t working, units = 1000000;
    mts_session *session = warm(NULL, &working);
    int64_t *ids = working_ids(working);
    pthread_t thread[4];
    share shares[4];
    unsigned n;
    double began = now_ns();
    for (n = 0; n < count; n++) {
        shares[n].session = session;
        shares[n].ids = ids;
        shares[n].working = working;
        shares[n].from = n * (working / 4);
        shares[n].units = units;
        if (pthread_create(&thread[n], NULL, look_share, &shares[n]) != 0)
            abort();
    }
    for (n = 0; n < count; n++)
        pthread_join(thread[n], NULL);
    answer(op, now_ns() - began, count * units, path);
    close_session(session);
    free(ids);
}

static void call(void)
{
    uint64_t k, units = 50000000, sum = 0;
    double began = now_ns();
    for (k = 0; k < units; k++)
        sum += mts_abi_version();
    began = now_ns() - began;
    if (sum != units * MTS_ABI_VERSION)
        abort();
    answer(op, began, units, path);
}

/* With a write-ahead log; not on a file system where mtsession does not dare to have one. */
static void updates_wal(uint32_t journal, uint64_t bundles)
{
    mts_options options = MTS_OPTIONS_INIT;
    mts_session *session;
    char notice[512];
    int32_t kind;
    size_t needed;
    options.journal = journal;
    session = open_session(path, &options);
    log_in(session);
    if (mts_session_next_notice(session, &kind, notice, sizeof notice, &needed, NULL) == MTS_OK) {
        fprintf(stderr, "mtsession %s: %s\n", op, notice);
        answer_unsupported(op);
        close_session(session);
        return;
    }
    close_session(session);
    updates(bundles, 1, &options);
}

int main(int count, char **words)
{
    if (count != 5) {
        fprintf(stderr, "usage: %s <operation> <entities> <seed> <file>\n", words[0]);
        return 2;
    }
    op = words[1];
    entities = strtoull(words[2], NULL, 10);
    seed = strtoull(words[3], NULL, 10);
    path = words[4];
#define IS(name) (strcmp(op, name) == 0)
    if (IS("data")) answer_data(entities, seed);
    else if (IS("version")) answer_version("mtsession", mts_version());
    else if (IS("put_new")) put_new();
    else if (IS("put_new_saved")) put_new_saved();
    else if (IS("memory_id")) memory_id();
    else if (IS("disk_id") || IS("disk_username") || IS("disk_phone")) disk();
    else if (IS("put_known")) put_known();
    else if (IS("update")) updates(1000, 0, NULL);
    else if (IS("update_saved")) updates(1, 1, NULL);
    else if (IS("update_wal_power")) updates_wal(MTS_JOURNAL_WAL, SYNCED_LOG);
    else if (IS("update_wal_process")) updates_wal(MTS_JOURNAL_WAL_PROCESS_SAFE, UNSYNCED_LOG);
    else if (IS("open")) open_close();
    else if (IS("string_encode")) string_encode();
    else if (IS("string_decode")) string_decode();
    else if (IS("cached_memory")) cached_memory();
    else if (IS("idle")) idle();
    else if (IS("threads_1")) threads(1);
    else if (IS("threads_2")) threads(2);
    else if (IS("threads_4")) threads(4);
    else if (IS("call")) call();
    else answer_unsupported(op);
    return 0;
}
