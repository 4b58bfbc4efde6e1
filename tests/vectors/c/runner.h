/* What the parts of the runner share: the case that is running, the arguments of its step, and the
 * answer that the step gives. */
#ifndef RUNNER_H
#define RUNNER_H

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mtsession.h"

#define MAX 128 /* records of one step, and of one page */
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Stops: the vectors themselves are wrong, or the machine. */
void broken(const char *what, const char *detail);

/* ---- The case */

extern mts_session *session;
extern mts_error *error;     /* of the step that is running */
extern const char *folder;   /* of the case */
extern char path[4096];      /* of the session; empty in memory */
extern size_t path_len;
extern mts_options options;  /* that the session was opened with */

/* ---- Arguments. What they point to is freed behind the step. */

extern json_t *step;

void *keep(size_t size);
void free_kept(void);
const char *text(json_t *of, const char *name, size_t *len);
/* Smaller numbers are numbers, those of 64 bits decimal texts. */
int64_t number(json_t *of, const char *name);
/* A number of the step itself. */
int64_t arg(const char *name);
uint8_t *bytes(json_t *of, const char *name, size_t *len);
json_t *records(const char *name, size_t *count);
mts_options opened_with(json_t *of, const char *name);

/* ---- The answer: lines, each ending in a newline */

extern char answer[1 << 20];

void begin_answer(void);
void say(const char *format, ...);
void say_text(const void *bytes, size_t len);
void say_bytes(const uint8_t *bytes, size_t len);

/* ---- Ops. Their lists end in one without a name. */

struct op {
    const char *name;
    mts_status (*run)(void);
};

extern const struct op login_ops[], row_ops[];

#define OP(name) { #name, op_##name },

#endif
