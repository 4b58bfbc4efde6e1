/* Telethon's string session, and the bytes behind one. */
#include "fuzz.h"

/* What was taken can be given, and taken again. */
static void give_and_take(mts_session *session)
{
    mts_session *again;
    mts_buffer *text;
    uint64_t before = 0, after = 0;
    mts_status has_key = ANSWER(mts_session_auth_key_id(session, &before, &err));

    MUST(has_key == MTS_OK || has_key == MTS_NOT_FOUND);
    if (ANSWER(mts_session_to_string(session, &text, &err)) == MTS_OK) {
        const char *bytes = (const char *)mts_buffer_data(text);
        MUST(ANSWER(mts_session_from_string(bytes, mts_buffer_len(text), NULL, &again, &err))
             == MTS_OK);
        MUST(ANSWER(mts_session_auth_key_id(again, &after, &err)) == has_key && before == after);
        mts_session_free(again);
        mts_buffer_free(text);
    }
    mts_session_free(session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    mts_session *session;

    if (ANSWER(mts_session_from_string(text, size, NULL, &session, &err)) == MTS_OK)
        give_and_take(session);
    if (ANSWER(mts_session_from_packed(data, size, NULL, &session, &err)) == MTS_OK)
        give_and_take(session);
    return 0;
}
