/* What a person types to name a peer, and texts that a server sends. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    mts_session *session;
    mts_input_peer peer;
    size_t third = size / 3;

    MUST(ANSWER(mts_session_memory(NULL, &session, &err)) == MTS_OK);
    ANSWER(mts_session_put_entity(session, 1, 10, 0, 0, "durov", MTS_Z, "42777", MTS_Z,
                                  "Pavel", MTS_Z, &err));
    ANSWER(mts_session_put_entity(session, 2, 20, 0, 0, text, third, text + third, third,
                                  text + 2 * third, size - 2 * third, &err));
    ANSWER(mts_session_input_peer(session, text, size, 0, &peer, sizeof peer, &err));
    ANSWER(mts_session_input_peer(session, text, size, MTS_LOOK_NAMES, &peer, sizeof peer, &err));
    ANSWER(mts_session_input_peer_by_username(session, text, size, 0, &peer, sizeof peer, &err));
    ANSWER(mts_session_input_peer_by_phone(session, text, size, 0, &peer, sizeof peer, &err));
    ANSWER(mts_session_input_peer_by_name(session, text, size, 0, &peer, sizeof peer, &err));
    read_all(session);
    mts_session_free(session);
    return 0;
}
