/* What the C tests share: checks that count, calls that must succeed, calls that must be refused. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mtsession.h"

static int failures;
static mts_error *err; /* of the call being checked */

#define CHECK(condition) \
    ((condition) ? (void)0 : (void)(failures++, printf("%s:%d: %s\n", __FILE__, __LINE__, #condition)))

/* A call that must answer `wanted`, which is no failure. */
#define ANSWERS(wanted, call) answers(__LINE__, #call, wanted, call)
#define OK(call) ANSWERS(MTS_OK, call)

static inline void answers(int line, const char *call, mts_status wanted, mts_status got)
{
    if (got != wanted) {
        failures++;
        printf("line %d: %s\n  answered %s (%s), not %s\n", line, call, mts_status_name(got),
               mts_error_message(err), mts_status_name(wanted));
    }
    mts_error_free(err);
    err = NULL;
}

/* A call that must fail with `wanted` and a message in which `says` occurs. */
#define REFUSED(wanted, says, call) refused(__LINE__, #call, wanted, says, call)

static inline void refused(int line, const char *call, mts_status wanted, const char *says,
                           mts_status got)
{
    if (got != wanted || err == NULL || mts_error_status(err) != wanted
        || strstr(mts_error_message(err), says) == NULL) {
        failures++;
        printf("line %d: %s\n  answered %s: %s\n  not %s: ...%s...\n", line, call,
               mts_status_name(got), mts_error_message(err), mts_status_name(wanted), says);
    }
    mts_error_free(err);
    err = NULL;
}

/* `folder`/`name`, in one of a few buffers that take turns. */
static inline const char *in(const char *folder, const char *name)
{
    static char paths[8][4096];
    static int next;
    char *path = paths[next++ % 8];

    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

/* A file's content; free it. */
static inline char *slurp(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    char *content = malloc(1 << 20);

    *len = 0;
    if (file != NULL) {
        *len = fread(content, 1, 1 << 20, file);
        fclose(file);
    }
    return content;
}

static inline void spill(const char *path, const char *content, size_t len)
{
    FILE *file = fopen(path, "wb");

    if (file == NULL || fwrite(content, 1, len, file) != len || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

#endif
