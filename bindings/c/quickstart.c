/* A client's use of its session, from start to end:  quickstart [FILE]
 *
 * Opens the session or makes it, logs in if nobody did, takes in what an update brought, finds a
 * peer, remembers how far the updates were read, saves. Run it twice: the second time it is logged
 * in already. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mtsession.h"

/* Ends the program with the library's own words if a call failed. A positive status is no failure
 * but an answer, which goes back to the caller. The error is taken by its address: C may read an
 * argument before it makes the call beside it. */
static mts_status must(mts_status status, mts_error **err)
{
    if (status < 0) {
        fprintf(stderr, "%s: %s\n", mts_status_name(status), mts_error_message(*err));
        mts_error_free(*err);
        exit(1);
    }
    return status;
}

/* Not memset, which a compiler leaves out where nobody reads the bytes after it. */
static void wipe(void *secret, size_t len)
{
    volatile unsigned char *byte = secret;

    while (len-- > 0)
        *byte++ = 0;
}

/* What a client does once: agree on a key with a data center. Here the key is made up. */
static void log_in(mts_session *session)
{
    mts_error *err = NULL;
    mts_identity me;
    uint8_t key[MTS_AUTH_KEY_LEN];

    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)(i * 7 + 1);
    memset(&me, 0, sizeof me);
    me.user_id = 777000111;

    /* Each of these is on disk, safe from the loss of power, when it returns. */
    must(mts_session_set_dc(session, 2, "149.154.167.51", MTS_Z, 443, &err), &err);
    must(mts_session_set_auth_key(session, key, sizeof key, &err), &err);
    wipe(key, sizeof key);
    must(mts_session_set_identity(session, &me, sizeof me, &err), &err);
    printf("logged in to data center 2\n");
}

/* All records of a batch share one heap of text, and say where in it their own texts are. */
struct heap {
    uint8_t bytes[512];
    size_t len;
};

static mts_text put_text(struct heap *heap, const char *text)
{
    mts_text place = {(uint32_t)heap->len, (uint32_t)strlen(text)};

    memcpy(heap->bytes + heap->len, text, place.len);
    heap->len += place.len;
    return place;
}

/* What an update brought: its users and its chats. */
static void take_in(mts_session *session)
{
    mts_error *err = NULL;
    mts_entity seen[2];
    struct heap heap;

    memset(seen, 0, sizeof seen);
    heap.len = 0;

    seen[0].id = 700100200; /* a user's marked id is its own */
    seen[0].access_hash = 8123456789012345678;
    seen[0].flags = MTS_ENTITY_WHOLE; /* that is all: a text that is absent is not there */
    seen[0].usernames = put_text(&heap, "grace_hopper amazing_grace");
    seen[0].phone = put_text(&heap, "15550002222");
    seen[0].name = put_text(&heap, "Grace Hopper");

    seen[1].id = -1001300400500; /* a channel's is -(10^12 + id) */
    seen[1].access_hash = -42;
    seen[1].flags = MTS_ENTITY_WHOLE | MTS_ENTITY_BROADCAST;
    seen[1].usernames = put_text(&heap, "mtnews");
    seen[1].name = put_text(&heap, "MTProto News");

    must(mts_session_put_entities(session, seen, 2, sizeof seen[0], heap.bytes, heap.len, &err),
         &err);
    printf("took in 2 entities\n");
}

/* What a request needs to name a peer. */
static void find(mts_session *session, const char *key)
{
    mts_error *err = NULL;
    mts_input_peer peer;

    if (must(mts_session_input_peer(session, key, MTS_Z, 0, &peer, sizeof peer, &err), &err)
        == MTS_NOT_FOUND)
        printf("%s: never met; ask the server\n", key);
    else
        printf("%s is peer %" PRId64 ", access hash %" PRId64 "\n", key, peer.id,
               peer.access_hash);
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "quickstart.session";
    mts_session *session = NULL;
    mts_error *err = NULL;
    mts_update_state state;
    uint8_t key[MTS_AUTH_KEY_LEN];

    /* No options: the file is made if it is missing, and nobody else may use it meanwhile. */
    must(mts_session_open(path, MTS_Z, NULL, &session, &err), &err);

    if (must(mts_session_auth_key(session, key, &err), &err) == MTS_NOT_FOUND)
        log_in(session);
    else
        printf("logged in already\n");
    /* A client connects with it first. */
    wipe(key, sizeof key);

    take_in(session);
    find(session, "@Grace_Hopper");
    find(session, "https://t.me/amazing_grace");
    find(session, "+1 (555) 000-2222");
    find(session, "@nobody_we_know");

    /* Only pts and date are told, so qts and seq stay what they are. */
    memset(&state, 0, sizeof state);
    if (must(mts_session_update_state(session, 0, &state, sizeof state, &err), &err) == MTS_OK)
        printf("updates were read up to pts %" PRId32 "\n", state.pts);
    state.pts += 100;
    state.date += 60;
    state.fields = MTS_STATE_PTS | MTS_STATE_DATE;
    must(mts_session_set_update_state(session, &state, sizeof state, 0, &err), &err);
    printf("updates are read up to pts %" PRId32 "\n", state.pts);

    /* Entities and states wait in memory until here (or until there are many of them, or old
     * ones); all of them go to disk at one moment. */
    must(mts_session_save(session, &err), &err);
    must(mts_session_close(session, &err), &err);
    mts_session_free(session);
    printf("saved %s\n", path);
    return 0;
}
