/* What Go calls besides mtsession.h. */
#ifndef MTSGO_BRIDGE_H
#define MTSGO_BRIDGE_H

#include "mtsession.h"

/* What a look-up goes by. */
enum { MTSGO_TEXT, MTSGO_ID, MTSGO_USERNAME, MTSGO_PHONE, MTSGO_NAME };

/* The look-ups, each for all kinds of keys, and each twice: see cgo.go. */
#define MTSGO_LOOKUPS(suffix)                                                                      \
    mts_status mtsgo_input_peer##suffix(const mts_session *session, int32_t by, int64_t id,        \
                                        const char *text, size_t len, uint32_t how,                \
                                        mts_input_peer *out, mts_error **err);                     \
    mts_status mtsgo_entity##suffix(const mts_session *session, int32_t by, int64_t id,            \
                                    const char *text, size_t len, uint32_t how, mts_entity *out,   \
                                    uint8_t *heap, size_t heap_cap, mts_page *page,                \
                                    mts_error **err);                                              \
    mts_status mtsgo_update_state##suffix(const mts_session *session, int64_t id,                  \
                                          mts_update_state *out, mts_error **err);
MTSGO_LOOKUPS()
MTSGO_LOOKUPS(_calling_back)

/* mts_session_custom, with a cgo.Handle for the storage. */
mts_status mtsgo_custom(uintptr_t storage, const mts_options *options, mts_session **out,
                        mts_error **err);

/* A number of the thread that calls, as long as it lives. */
uintptr_t mtsgo_thread(void);

#endif
