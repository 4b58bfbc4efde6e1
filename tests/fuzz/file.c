/* A file of any content where a session should be, in the folder in which this runs. */
#include "fuzz.h"

static void put_file(const uint8_t *data, size_t size)
{
    static const char *const beside[] = {"a.session", "a.session-journal", "a.session-wal",
                                         "a.session-shm", "a.session-lock", "a.session.json"};
    FILE *file;
    size_t i;

    for (i = 0; i < sizeof beside / sizeof *beside; i++)
        remove(beside[i]);
    file = fopen("a.session", "wb");
    MUST(file != NULL && fwrite(data, 1, size, file) == size && fclose(file) == 0);
}

/* But for zeros that SQLite adds, when it undoes what it began, where the end of a page is missing:
 * it reads such a page as if they were there. */
static void must_be_unchanged(const uint8_t *data, size_t size)
{
    static uint8_t content[1 << 20];
    FILE *file = fopen("a.session", "rb");
    size_t len;

    MUST(file != NULL);
    len = fread(content, 1, sizeof content, file);
    fclose(file);
    MUST(len >= size && memcmp(content, data, size) == 0);
    while (len > size)
        MUST(content[--len] == 0);
}

static void look_up(mts_session *session)
{
    mts_input_peer peer;

    ANSWER(mts_session_input_peer_by_username(session, "durov", MTS_Z, 0, &peer, sizeof peer,
                                              &err));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mts_options options = MTS_OPTIONS_INIT;
    mts_session *session;

    put_file(data, size);
    options.flags = MTS_OPEN_READ_ONLY;
    if (ANSWER(mts_session_open("a.session", MTS_Z, &options, &session, &err)) == MTS_OK) {
        read_all(session);
        look_up(session);
        mts_session_free(session);
    }
    must_be_unchanged(data, size);
    if (ANSWER(mts_session_open("a.session", MTS_Z, NULL, &session, &err)) != MTS_OK) {
        must_be_unchanged(data, size);
        return 0;
    }
    read_all(session);
    look_up(session);
    ANSWER(mts_session_put_entity(session, 1, 10, 0, 0, "durov", MTS_Z, NULL, 0, NULL, 0, &err));
    ANSWER(mts_session_save(session, &err));
    ANSWER(mts_session_set_takeout_id(session, 5, &err));
    ANSWER(mts_session_close(session, &err));
    mts_session_free(session);
    return 0;
}
