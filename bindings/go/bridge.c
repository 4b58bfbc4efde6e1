#include "_cgo_export.h"
#include "bridge.h"

#define LOOK_UP(function, ...)                                                                     \
    switch (by) {                                                                                  \
    case MTSGO_ID:                                                                                 \
        return mts_session_##function##_by_id(session, id, how, __VA_ARGS__);                      \
    case MTSGO_USERNAME:                                                                           \
        return mts_session_##function##_by_username(session, text, len, how, __VA_ARGS__);         \
    case MTSGO_PHONE:                                                                              \
        return mts_session_##function##_by_phone(session, text, len, how, __VA_ARGS__);            \
    case MTSGO_NAME:                                                                               \
        return mts_session_##function##_by_name(session, text, len, how, __VA_ARGS__);             \
    default:                                                                                       \
        return mts_session_##function(session, text, len, how, __VA_ARGS__);                       \
    }

#define LOOKUPS(suffix)                                                                            \
    mts_status mtsgo_input_peer##suffix(const mts_session *session, int32_t by, int64_t id,        \
                                        const char *text, size_t len, uint32_t how,                \
                                        mts_input_peer *out, mts_error **err)                      \
    {                                                                                              \
        LOOK_UP(input_peer, out, sizeof *out, err)                                                 \
    }                                                                                              \
    mts_status mtsgo_entity##suffix(const mts_session *session, int32_t by, int64_t id,            \
                                    const char *text, size_t len, uint32_t how, mts_entity *out,   \
                                    uint8_t *heap, size_t heap_cap, mts_page *page,                \
                                    mts_error **err)                                               \
    {                                                                                              \
        LOOK_UP(entity, out, sizeof *out, heap, heap_cap, page, err)                               \
    }                                                                                              \
    mts_status mtsgo_update_state##suffix(const mts_session *session, int64_t id,                  \
                                          mts_update_state *out, mts_error **err)                  \
    {                                                                                              \
        return mts_session_update_state(session, id, out, sizeof *out, err);                       \
    }
LOOKUPS()
LOOKUPS(_calling_back)

/* The callbacks of every storage in Go; `user` is its cgo.Handle. */

static int32_t load(void *user, mts_out *out)
{
    return mtsgoLoad((uintptr_t)user, out);
}

static int32_t commit(void *user, const mts_changes *changes, mts_out *out)
{
    return mtsgoCommit((uintptr_t)user, (mts_changes *)changes, out);
}

static int32_t find(void *user, uint32_t by, int64_t id, const char *text, size_t len, mts_out *out)
{
    return mtsgoFind((uintptr_t)user, by, id, (char *)text, len, out);
}

static int32_t list(void *user, int64_t after, uint32_t max, mts_out *out)
{
    return mtsgoList((uintptr_t)user, after, max, out);
}

static int32_t lock(void *user, mts_out *out)
{
    return mtsgoLock((uintptr_t)user, out);
}

static void release(void *user)
{
    mtsgoFree((uintptr_t)user);
}

mts_status mtsgo_custom(uintptr_t storage, const mts_options *options, mts_session **out,
                        mts_error **err)
{
    mts_storage table = {
        .size = sizeof table,
        .user = (void *)storage,
        .load = load,
        .commit = commit,
        .find = find,
        .list = list,
        .lock = lock,
        .free = release,
    };

    return mts_session_custom(&table, options, out, err);
}

uintptr_t mtsgo_thread(void)
{
    static _Thread_local char mine;

    return (uintptr_t)&mine;
}
