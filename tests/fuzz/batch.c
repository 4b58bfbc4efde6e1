/* Records whose numbers and offsets are anything, and the heap beside them. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mts_options options = MTS_OPTIONS_INIT;
    mts_entity records[8];
    mts_session *session;
    size_t count = size / sizeof *records;
    int times;

    /* So few that some leave the table when they are saved, and are read again. */
    options.max_entities = 4;
    MUST(ANSWER(mts_session_memory(&options, &session, &err)) == MTS_OK);
    count = count < 8 ? count : 8;
    memcpy(records, data, count * sizeof *records);
    data += count * sizeof *records;
    size -= count * sizeof *records;
    for (times = 0; times < 2; times++) {
        ANSWER(mts_session_put_entities(session, records, count, sizeof *records, data, size,
                                        &err));
        ANSWER(mts_session_save(session, &err));
        read_all(session);
    }
    mts_session_free(session);
    return 0;
}
