/* The hot calls, for callgrind to count their instructions (tools/instructions.py): the file to
 * work on is the one argument. Each call is warm when it is counted. */
#define _GNU_SOURCE
#include <valgrind/callgrind.h>

#include "client.h"

enum { KNOWN = 10000, DIRTY = 1000 };

static void counted(const char *name)
{
    CALLGRIND_TOGGLE_COLLECT;
    CALLGRIND_DUMP_STATS_AT(name);
}

static void look_up(mts_session *session)
{
    uint64_t k;
    for (k = 0; k < KNOWN; k++)
        look(session, row_id(k, 1));
    CALLGRIND_TOGGLE_COLLECT;
    for (k = 0; k < KNOWN; k++)
        look(session, row_id(nth(k, KNOWN), 1));
    counted("look-up by id/10000");
}

static void put_known(mts_session *session)
{
    batch b = make_batch(BATCH);
    uint64_t k;
    for (k = 0; k < BATCH; k++)
        add(&b, make_row(nth(k, KNOWN), 1));
    put(session, &b);
    CALLGRIND_TOGGLE_COLLECT;
    for (k = 0; k < 10; k++)
        put(session, &b);
    counted("put of 200 known rows/10");
    free_batch(&b);
}

static void save_dirty(mts_session *session)
{
    batch b = make_batch(DIRTY);
    uint64_t round, k;
    /* From the second on the journal is the one of the save before. */
    for (round = 0; round < 3; round++) {
        b.len = b.count = 0;
        for (k = 0; k < DIRTY; k++)
            add(&b, make_row(KNOWN + round * DIRTY + k, 1));
        put(session, &b);
        if (round == 2)
            CALLGRIND_TOGGLE_COLLECT;
        MUST(mts_session_save(session, &err));
    }
    counted("save of 1000 dirty rows/1");
    free_batch(&b);
}

static void decode(mts_session *session)
{
    mts_session *other;
    mts_buffer *text;
    uint64_t k;
    MUST(mts_session_to_string(session, &text, &err));
    for (k = 0; k < 11; k++) {
        if (k == 1)
            CALLGRIND_TOGGLE_COLLECT;
        MUST(mts_session_from_string((const char *)mts_buffer_data(text), mts_buffer_len(text),
                                     NULL, &other, &err));
        mts_session_free(other);
    }
    counted("string decode/10");
    mts_buffer_free(text);
}

int main(int count, char **words)
{
    mts_session *session;
    batch b;
    uint64_t i;
    if (count != 2) {
        fprintf(stderr, "usage: %s <file>\n", words[0]);
        return 2;
    }
    op = "instructions";
    path = words[1];
    session = open_session(path, NULL);
    log_in(session);
    b = make_batch(BATCH);
    for (i = 0; i < KNOWN; i++) {
        add(&b, make_row(i, 1));
        if (b.count == BATCH) {
            put(session, &b);
            b.len = b.count = 0;
        }
    }
    free_batch(&b);
    MUST(mts_session_save(session, &err));
    look_up(session);
    put_known(session);
    save_dirty(session);
    decode(session);
    close_session(session);
    return 0;
}
