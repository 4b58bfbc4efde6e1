/* Arguments and answers of steps. */
#include <stdarg.h>

#include "runner.h"

mts_session *session;
mts_error *error;
const char *folder;
char path[4096];
size_t path_len;
mts_options options = MTS_OPTIONS_INIT;
json_t *step;

void broken(const char *what, const char *detail)
{
    fprintf(stderr, "%s: %s\n", what, detail);
    exit(2);
}

/* ---- Arguments */

static void *kept[MAX * 4];
static size_t kept_count;

void *keep(size_t size)
{
    void *memory = calloc(1, size + 1);

    if (memory == NULL || kept_count == COUNT(kept))
        broken("too many arguments", json_string_value(json_object_get(step, "op")));
    return kept[kept_count++] = memory;
}

void free_kept(void)
{
    while (kept_count > 0)
        free(kept[--kept_count]);
}

const char *text(json_t *of, const char *name, size_t *len)
{
    json_t *value = json_object_get(of, name);

    *len = json_string_length(value);
    return json_string_value(value);
}

int64_t number(json_t *of, const char *name)
{
    json_t *value = json_object_get(of, name);

    if (json_is_string(value))
        return strtoll(json_string_value(value), NULL, 10);
    return json_is_true(value) ? 1 : json_integer_value(value);
}

int64_t arg(const char *name)
{
    return number(step, name);
}

uint8_t *bytes(json_t *of, const char *name, size_t *len)
{
    size_t digits;
    const char *hex = text(of, name, &digits);
    const char *star = hex == NULL ? NULL : strchr(hex, '*');
    size_t once = star == NULL ? digits / 2 : (size_t)(star - hex) / 2;
    size_t count = star == NULL ? 1 : strtoul(star + 1, NULL, 10);
    uint8_t *out;
    unsigned byte;
    size_t i;

    *len = once * count;
    out = keep(*len);
    for (i = 0; i < *len; i++) {
        if (i >= once)
            byte = out[i - once];
        else if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
            broken("no bytes", hex);
        out[i] = (uint8_t)byte;
    }
    return out;
}

json_t *records(const char *name, size_t *count)
{
    json_t *list = json_object_get(step, name);

    *count = json_array_size(list);
    if (*count > MAX)
        broken("too many records", name);
    return list;
}

mts_options opened_with(json_t *of, const char *name)
{
    mts_options with = MTS_OPTIONS_INIT;

    with.flags = (uint32_t)number(of, name);
    return with;
}

/* ---- The answer */

char answer[1 << 20];
static size_t answer_len;

void begin_answer(void)
{
    answer_len = 0;
    answer[0] = '\0';
}

void say(const char *format, ...)
{
    va_list values;
    int len;

    va_start(values, format);
    len = vsnprintf(answer + answer_len, sizeof answer - answer_len, format, values);
    va_end(values);
    if (len < 0 || (size_t)len >= sizeof answer - answer_len)
        broken("the answer is too long", json_string_value(json_object_get(step, "op")));
    answer_len += (size_t)len;
}

void say_text(const void *bytes, size_t len)
{
    const unsigned char *c = bytes;

    say("'");
    for (; len-- > 0; c++)
        say(*c < 0x20 || *c == 0x7f || *c == '\'' || *c == '\\' ? "\\x%02x" : "%c", *c);
    say("'");
}

void say_bytes(const uint8_t *bytes, size_t len)
{
    if (len == 0)
        say("-");
    while (len-- > 0)
        say("%02x", *bytes++);
}
