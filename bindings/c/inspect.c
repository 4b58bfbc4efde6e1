/* What is in a session file, and whom a key names there:  inspect FILE [KEY...]
 *
 * A KEY is what a person types: @name, a t.me link, a phone number, the marked id of a chat or
 * channel, tg://user?id=... for a user's. The file is opened read-only: nothing in it changes, and
 * another client may have it open. Secrets are never shown. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "mtsession.h"

/* Takes the error by its address: C may read an argument before it makes the call beside it. */
static mts_status must(mts_status status, mts_error **err)
{
    if (status < 0) {
        fprintf(stderr, "%s: %s\n", mts_status_name(status), mts_error_message(*err));
        mts_error_free(*err);
        exit(1);
    }
    return status;
}

static void show_account(mts_session *session)
{
    mts_error *err = NULL;
    mts_dc dc;
    mts_identity me;
    uint64_t key_id;
    int64_t takeout_id;

    if (must(mts_session_dc(session, &dc, sizeof dc, &err), &err) == MTS_OK)
        printf("data center   %" PRId32 " at %s port %" PRIu32 "\n", dc.id, dc.host,
               dc.port);
    else
        printf("data center   none yet\n");
    if (must(mts_session_auth_key_id(session, &key_id, &err), &err) == MTS_OK)
        printf("auth key      id %016" PRIx64 "\n", key_id);
    else
        printf("auth key      none: not logged in\n");
    must(mts_session_identity(session, &me, sizeof me, &err), &err);
    if (me.user_id != 0)
        printf("account       %" PRId64 "%s\n", me.user_id,
               me.flags & MTS_IDENTITY_BOT ? ", a bot" : "");
    else
        printf("account       not known\n");
    if (must(mts_session_takeout_id(session, &takeout_id, &err), &err) == MTS_OK)
        printf("takeout       %" PRId64 " is not finished\n", takeout_id);
}

static void show_text(const char *before, const uint8_t *heap, mts_text text)
{
    /* What the library wrote into a heap ends in NUL. */
    if (text.len > 0)
        printf("%s%s", before, (const char *)heap + text.off);
}

static void show_entity(const mts_entity *entity, const uint8_t *heap)
{
    printf("  %-15" PRId64, entity->id);
    show_text(" ", heap, entity->name);
    show_text("  @", heap, entity->usernames);
    show_text("  +", heap, entity->phone);
    printf("\n");
}

/* Room for texts, made as large as the library says that it must be. */
static uint8_t *grown(uint8_t *heap, size_t size)
{
    heap = realloc(heap, size);
    if (heap == NULL) {
        perror("inspect");
        exit(1);
    }
    return heap;
}

/* A page at a time; nothing stays open between the calls. */
static void show_entities(mts_session *session)
{
    mts_error *err = NULL;
    mts_entity entities[64];
    mts_page page;
    size_t room = 4096;
    uint8_t *heap = grown(NULL, room);
    int64_t after = INT64_MIN;
    uint64_t count;
    mts_status more;

    must(mts_session_entity_count(session, &count, &err), &err);
    printf("entities      %" PRIu64 "\n", count);
    do {
        more = must(mts_session_entities(session, after, entities, 64, sizeof entities[0], heap,
                                         room, &page, &err), &err);
        if (more == MTS_TOO_SMALL) { /* for the very next one: the list is not at its end */
            heap = grown(heap, room = page.heap_needed);
            continue;
        }
        for (uint32_t i = 0; i < page.count; i++)
            show_entity(&entities[i], heap);
        after = page.next;
    } while (more != MTS_DONE);
    free(heap);
}

static void show_states(mts_session *session)
{
    mts_error *err = NULL;
    mts_update_state states[16];
    mts_page page;
    mts_status more;

    page.next = INT64_MIN;
    do {
        more = must(mts_session_update_states(session, page.next, states, 16, sizeof states[0],
                                              &page, &err), &err);
        for (uint32_t i = 0; i < page.count; i++) {
            if (states[i].id == 0)
                printf("updates       of the account: pts %" PRId32 ", qts %" PRId32
                       ", date %" PRId64 ", seq %" PRId32 "\n",
                       states[i].pts, states[i].qts, states[i].date, states[i].seq);
            else
                printf("updates       of channel %" PRId64 ": pts %" PRId32 "\n", states[i].id,
                       states[i].pts);
        }
    } while (more == MTS_OK);
}

static void find(mts_session *session, const char *key)
{
    mts_error *err = NULL;
    mts_entity entity;
    mts_page page;
    size_t room = 256;
    uint8_t *heap = grown(NULL, room);
    mts_status found;

    printf("%s\n", key);
    while ((found = must(mts_session_entity(session, key, MTS_Z, 0, &entity, sizeof entity, heap,
                                            room, &page, &err), &err)) == MTS_TOO_SMALL)
        heap = grown(heap, room = page.heap_needed);
    if (found == MTS_NOT_FOUND)
        printf("  nobody this session has met\n");
    else
        show_entity(&entity, heap);
    free(heap);
}

int main(int argc, char **argv)
{
    mts_session *session = NULL;
    mts_error *err = NULL;
    mts_options options = MTS_OPTIONS_INIT;

    if (argc < 2) {
        fprintf(stderr, "usage: inspect FILE [KEY...]\n");
        return 2;
    }
    options.flags = MTS_OPEN_READ_ONLY;
    must(mts_session_open(argv[1], MTS_Z, &options, &session, &err), &err);
    if (argc == 2) {
        show_account(session);
        show_entities(session);
        show_states(session);
    }
    for (int i = 2; i < argc; i++)
        find(session, argv[i]);
    mts_session_free(session);
    return 0;
}
