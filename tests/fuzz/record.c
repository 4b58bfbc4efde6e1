/* The account record that a custom storage keeps for the library. */
#include "fuzz.h"

struct record {
    const uint8_t *bytes;
    size_t len;
    uint8_t kept[1 << 16]; /* as the last commit gave it */
    size_t kept_len;
};

static int32_t load(void *user, mts_out *out)
{
    struct record *record = user;

    return mts_out_account(out, record->bytes, record->len);
}

static int32_t commit(void *user, const mts_changes *changes, mts_out *out)
{
    struct record *record = user;

    (void)out;
    if (changes->account != NULL) {
        MUST(changes->account_len <= sizeof record->kept);
        memcpy(record->kept, changes->account, changes->account_len);
        record->kept_len = changes->account_len;
    }
    return MTS_OK;
}

static int32_t find(void *user, uint32_t by, int64_t id, const char *text, size_t len, mts_out *out)
{
    (void)user, (void)by, (void)id, (void)text, (void)len, (void)out;
    return MTS_OK;
}

static int32_t list(void *user, int64_t after, uint32_t max, mts_out *out)
{
    (void)user, (void)after, (void)max, (void)out;
    return MTS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct record record;
    mts_storage storage = {sizeof storage, 0, &record, load, commit, find, list, NULL, NULL};
    mts_session *session;
    int64_t takeout = 0;

    record.bytes = data;
    record.len = size;
    record.kept_len = 0;
    if (ANSWER(mts_session_custom(&storage, NULL, &session, &err)) != MTS_OK)
        return 0;
    read_all(session);
    MUST(ANSWER(mts_session_set_takeout_id(session, 77, &err)) == MTS_OK && record.kept_len > 0);
    mts_session_free(session);
    record.bytes = record.kept;
    record.len = record.kept_len;
    MUST(ANSWER(mts_session_custom(&storage, NULL, &session, &err)) == MTS_OK);
    MUST(ANSWER(mts_session_takeout_id(session, &takeout, &err)) == MTS_OK && takeout == 77);
    mts_session_free(session);
    return 0;
}
