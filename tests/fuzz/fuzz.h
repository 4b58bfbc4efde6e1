/* What the fuzzers share: each gives bytes of any kind to the library, which must answer them. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mtsession.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static mts_error *err; /* of the call that is made */

/* What a call answers: no bug in the library, and a text where it failed. */
#define ANSWER(call) answer(#call, call)

static inline mts_status answer(const char *call, mts_status status)
{
    if (status == MTS_E_INTERNAL || (status < 0) != (err != NULL)
        || (err != NULL && mts_error_message(err)[0] == '\0')) {
        fprintf(stderr, "%s\n  answered %s: %s\n", call, mts_status_name(status),
                mts_error_message(err));
        abort();
    }
    mts_error_free(err);
    err = NULL;
    return status;
}

#define MUST(condition) ((condition) ? (void)0 : must(__FILE__, __LINE__, #condition))

static inline void must(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, condition);
    abort();
}

/* Reads all that a session holds. */
static inline void read_all(mts_session *session)
{
    static mts_entity entities[64];
    static mts_update_state states[64];
    static uint8_t heap[1 << 16];
    mts_page page = {0};
    uint64_t count, seen = 0;
    uint8_t key[MTS_AUTH_KEY_LEN];
    int64_t number;
    int tries;

    page.next = INT64_MIN;
    for (tries = 0; tries < 100; tries++) {
        mts_status status = ANSWER(mts_session_entities(
            session, page.next, entities, 64, sizeof *entities, heap, sizeof heap, &page, &err));
        if (status != MTS_OK && status != MTS_DONE)
            break;
        seen += page.count;
        if (status == MTS_DONE) {
            if (ANSWER(mts_session_entity_count(session, &count, &err)) == MTS_OK)
                MUST(count >= seen);
            break;
        }
    }
    ANSWER(mts_session_update_states(session, INT64_MIN, states, 64, sizeof *states, &page, &err));
    ANSWER(mts_session_auth_key(session, key, &err));
    ANSWER(mts_session_takeout_id(session, &number, &err));
}

#endif
