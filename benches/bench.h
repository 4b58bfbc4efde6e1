/* What the C peers of the benchmark share: the data (benches/README.md), the clock, the answer. */
#ifndef BENCH_H
#define BENCH_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum {
    BATCH = 200,       /* rows a put */
    FLUSH = 10000,     /* rows a save, where a fill is saved now and then */
    WORKING = 50000,   /* entities in memory, at most; well under mtsession's default bound */
    CHANNELS = 100,    /* channels whose updates are read */
    BUNDLE = 300,      /* updates that are made ahead */
    SYNCED_LOG = 3,    /* bundles that go to a write-ahead log, each update synced */
    UNSYNCED_LOG = 60  /* the same, none synced: the log is full and copied into the file many times */
};

#define BITS39 ((UINT64_C(1) << 39) - 1)

typedef struct {
    int64_t id, hash;
    char username[16], phone[24], name[32]; /* empty: none */
} row;

/* One of 2^39 numbers for each of 2^39 numbers. */
static inline uint64_t scatter(uint64_t i)
{
    i = (i * UINT64_C(0x9e3779b97f4a7c15)) & BITS39;
    i ^= i >> 20;
    i = (i * UINT64_C(0xbf58476d1ce4e5b9)) & BITS39;
    return i ^ i >> 20;
}

static inline int64_t row_id(uint64_t i, uint64_t seed)
{
    return 1 + (int64_t)(seed == 0 ? i : scatter(i + (seed << 32)));
}

static inline row make_row(uint64_t i, uint64_t seed)
{
    row r;
    memset(&r, 0, sizeof r);
    r.id = row_id(i, seed);
    r.hash = (int64_t)((uint64_t)r.id * UINT64_C(0x94d049bb133111eb) >> 1);
    if (i % 2 == 0)
        snprintf(r.username, sizeof r.username, "n%010" PRIx64, scatter(i + (UINT64_C(1) << 38)));
    if (i % 20 == 4 || i % 20 == 15)
        snprintf(r.phone, sizeof r.phone, "%" PRIu64,
                 UINT64_C(1000000000000) + scatter(i + (UINT64_C(1) << 37)));
    snprintf(r.name, sizeof r.name, "Person %" PRIu64, i);
    return r;
}

/* The k-th of `count` things in an order that jumps about: each once, as no count here has a
 * factor but 2 and 5. */
static inline uint64_t nth(uint64_t k, uint64_t count)
{
    return k * 7368787 % count;
}

/* The k-th entity with a username, and with a phone. */
static inline uint64_t with_username(uint64_t k) { return 2 * k; }
static inline uint64_t with_phone(uint64_t k) { return k / 2 * 20 + (k % 2 ? 15 : 4); }

static inline uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

static inline double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* A line of /proc/self/status in kB: VmRSS, or VmHWM, its peak. */
static inline long status_kb(const char *what)
{
    char line[256];
    long kb = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, what, strlen(what)) == 0)
            kb = atol(line + strlen(what) + 1);
    if (f)
        fclose(f);
    return kb;
}

static inline long long file_size(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 ? (long long)s.st_size : 0;
}

static inline void answer(const char *op, double ns, uint64_t units, const char *path)
{
    printf("{\"op\": \"%s\", \"ns_per_unit\": %.2f, \"units\": %" PRIu64
           ", \"rss_kb\": %ld, \"bytes\": %lld}\n",
           op, ns / (double)units, units, status_kb("VmHWM"), file_size(path));
}

static inline void answer_memory(const char *op, double bytes, uint64_t units, long descriptors)
{
    printf("{\"op\": \"%s\", \"bytes_per_unit\": %.1f, \"units\": %" PRIu64
           ", \"rss_kb\": %ld, \"descriptors\": %ld}\n",
           op, bytes, units, status_kb("VmHWM"), descriptors);
}

static inline void answer_version(const char *name, const char *version)
{
    printf("{\"op\": \"version\", \"version\": \"%s %s\"}\n", name, version);
}

static inline void answer_unsupported(const char *op)
{
    printf("{\"op\": \"%s\", \"unsupported\": true}\n", op);
}

static inline uint64_t fnv(uint64_t sum, const char *text)
{
    for (; *text; text++)
        sum = (sum ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return sum;
}

/* FNV-1a over the ids and hashes of the rows, and over all of them, by which the runner sees that
 * all peers make the same data. */
static inline void answer_data(uint64_t entities, uint64_t seed)
{
    uint64_t i, ids = UINT64_C(0xcbf29ce484222325), rows = ids;
    for (i = 0; i < entities; i++) {
        char line[160];
        row r = make_row(i, seed);
        snprintf(line, sizeof line, "%" PRId64 "|%" PRId64 "\n", r.id, r.hash);
        ids = fnv(ids, line);
        snprintf(line, sizeof line, "%" PRId64 "|%" PRId64 "|%s|%s|%s\n", r.id, r.hash,
                 r.username, r.phone, r.name);
        rows = fnv(rows, line);
    }
    printf("{\"op\": \"data\", \"ids\": \"%016" PRIx64 "\", \"rows\": \"%016" PRIx64 "\"}\n", ids,
           rows);
}

#endif
