/* A session as one line of text, which Telethon's StringSession reads and writes:
 *
 *   string_session export FILE      writes the string of a session file
 *   string_session show < STRING    tells what is in one
 *
 * The string is as secret as the key in it, so it comes by stdin and not as an argument, which other
 * users of the machine can see. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Not memset, which a compiler leaves out where nobody reads the bytes after it. */
static void wipe(void *secret, size_t len)
{
    volatile unsigned char *byte = secret;

    while (len-- > 0)
        *byte++ = 0;
}

static int export_file(const char *path)
{
    mts_session *session = NULL;
    mts_buffer *text = NULL;
    mts_error *err = NULL;
    mts_options options = MTS_OPTIONS_INIT;

    options.flags = MTS_OPEN_READ_ONLY;
    must(mts_session_open(path, MTS_Z, &options, &session, &err), &err);
    mts_status found = must(mts_session_to_string(session, &text, &err), &err);
    if (found == MTS_NOT_FOUND)
        fprintf(stderr, "%s is not logged in, so there is no string of it\n", path);
    else
        printf("%s\n", (const char *)mts_buffer_data(text));

    /* Secrets come in buffers of the library's own, which are wiped when they are freed. */
    mts_buffer_free(text);
    mts_session_free(session);
    return found == MTS_OK ? 0 : 1;
}

static void show(const char *text)
{
    mts_session *session = NULL;
    mts_buffer *packed = NULL;
    mts_error *err = NULL;
    mts_dc dc;
    uint64_t key_id;

    /* It lives in memory: what is put into it is gone when it is freed, unless mts_session_clone_to
     * makes a file of it. */
    must(mts_session_from_string(text, MTS_Z, NULL, &session, &err), &err);
    if (must(mts_session_dc(session, &dc, sizeof dc, &err), &err) == MTS_NOT_FOUND) {
        printf("an empty session\n");
    } else {
        printf("data center   %" PRId32 " at %s port %" PRIu32 "\n", dc.id, dc.host, dc.port);
        if (must(mts_session_auth_key_id(session, &key_id, &err), &err) == MTS_OK)
            printf("auth key      id %016" PRIx64 "\n", key_id);

        /* The bytes behind the text, for those who write them in another way. */
        must(mts_session_to_packed(session, &packed, &err), &err);
        printf("packed        %zu bytes\n", mts_buffer_len(packed));
        mts_buffer_free(packed);
    }
    mts_session_free(session);
}

int main(int argc, char **argv)
{
    char text[1024];

    if (argc == 3 && strcmp(argv[1], "export") == 0) {
        return export_file(argv[2]);
    } else if (argc == 2 && strcmp(argv[1], "show") == 0) {
        size_t len = fread(text, 1, sizeof text - 1, stdin);
        text[len] = '\0';
        show(text);
        wipe(text, sizeof text);
    } else {
        fprintf(stderr, "usage: string_session export FILE | string_session show < STRING\n");
        return 2;
    }
    return 0;
}
