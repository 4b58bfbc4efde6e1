/* The benchmark's peer that is the limit: plain SQLite in C, <operation> <entities> <seed> <file>.
 *
 * The same SQLite, schema, indexes, page cache and promises (journal, synchronous, secure_delete) as
 * mtsession, every statement prepared once, rows sorted before they are written, and nothing read or
 * written that the work does not need. It does not merge, check, or remember. */
#define _GNU_SOURCE
#include "bench.h"
#include "sqlite3.h"

static uint64_t entities, seed;
static const char *op, *path;
static sqlite3 *db;

static void must(int code)
{
    if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) {
        fprintf(stderr, "sqlite %s: %s\n", op, db ? sqlite3_errmsg(db) : "no memory");
        exit(1);
    }
}

static void run(const char *sql)
{
    must(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

static sqlite3_stmt *prepare(const char *sql)
{
    sqlite3_stmt *statement;
    must(sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL));
    return statement;
}

static void step(sqlite3_stmt *statement)
{
    must(sqlite3_step(statement));
    must(sqlite3_reset(statement));
}

static void open_file(void)
{
    must(sqlite3_open_v2(path, &db,
                         SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL));
    run("PRAGMA synchronous = EXTRA; PRAGMA secure_delete = ON; PRAGMA cell_size_check = ON");
}

/* For work that saves again and again: as mtsession does then, the journal is emptied, not removed. */
static void reuse_journal(void)
{
    run("PRAGMA journal_mode = TRUNCATE");
}

static void close_file(void)
{
    must(sqlite3_close(db));
}

static void create(void)
{
    open_file();
    run("BEGIN;"
        "CREATE TABLE version (version integer primary key);"
        "CREATE TABLE sessions (dc_id integer primary key, server_address text, port integer,"
        " auth_key blob, takeout_id integer);"
        "CREATE TABLE entities (id integer primary key, hash integer not null, username text,"
        " phone integer, name text, date integer);"
        "CREATE TABLE sent_files (md5_digest blob, file_size integer, type integer, id integer,"
        " hash integer, primary key(md5_digest, file_size, type));"
        "CREATE TABLE update_state (id integer primary key, pts integer, qts integer,"
        " date integer, seq integer);"
        "CREATE INDEX by_username ON entities (username, hash, date) WHERE username IS NOT NULL;"
        "CREATE INDEX by_phone ON entities (phone, hash, date) WHERE phone IS NOT NULL;"
        "INSERT INTO version VALUES (7);"
        "INSERT INTO sessions VALUES (2, '149.154.167.51', 443, zeroblob(256), NULL);"
        "COMMIT");
}

static int by_id(const void *a, const void *b)
{
    int64_t x = ((const row *)a)->id, y = ((const row *)b)->id;
    return (x > y) - (x < y);
}

/* Puts `count` new rows, from the given one on, saved every `flush` rows. */
static double fill(uint64_t from, uint64_t count, uint64_t flush)
{
    sqlite3_stmt *begin = prepare("BEGIN IMMEDIATE"), *commit = prepare("COMMIT");
    sqlite3_stmt *put = prepare(
        "INSERT INTO entities VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO UPDATE SET "
        "hash = ?2, username = ?3, phone = ?4, name = ?5, date = ?6");
    row *rows = malloc(flush * sizeof *rows);
    uint64_t i, k;
    double spent = 0;
    if (!rows)
        abort();
    for (i = 0; i < count; i += flush) {
        uint64_t some = least(flush, count - i);
        double began;
        for (k = 0; k < some; k++)
            rows[k] = make_row(from + i + k, seed);
        began = now_ns();
        qsort(rows, some, sizeof *rows, by_id);
        step(begin);
        for (k = 0; k < some; k++) {
            const row *r = &rows[k];
            sqlite3_bind_int64(put, 1, r->id);
            sqlite3_bind_int64(put, 2, r->hash);
            sqlite3_bind_text(put, 3, r->username[0] ? r->username : NULL, -1, SQLITE_STATIC);
            if (r->phone[0])
                sqlite3_bind_int64(put, 4, strtoll(r->phone, NULL, 10));
            else
                sqlite3_bind_null(put, 4);
            sqlite3_bind_text(put, 5, r->name, -1, SQLITE_STATIC);
            sqlite3_bind_int64(put, 6, 1700000000);
            step(put);
        }
        step(commit);
        spent += now_ns() - began;
    }
    sqlite3_finalize(begin);
    sqlite3_finalize(commit);
    sqlite3_finalize(put);
    free(rows);
    return spent;
}

static void put_new(void)
{
    double spent;
    create();
    reuse_journal();
    spent = fill(0, entities, FLUSH);
    close_file();
    answer(op, spent, entities, path);
}

static void put_new_saved(void)
{
    double spent;
    open_file();
    reuse_journal();
    spent = fill(entities, 100 * BATCH, BATCH);
    close_file();
    answer(op, spent, 100 * BATCH, path);
}

static void disk(void)
{
    uint64_t k, units = least(entities / 10, 20000);
    double spent = 0;
    sqlite3_stmt *find;
    open_file();
    if (strcmp(op, "disk_id") == 0)
        find = prepare("SELECT id, hash, date FROM entities WHERE id = ?1");
    else if (strcmp(op, "disk_username") == 0)
        find = prepare("SELECT id, hash, date FROM entities WHERE username = ?1");
    else
        find = prepare("SELECT id, hash, date FROM entities WHERE phone = ?1");
    for (k = 0; k < units; k++) {
        row r;
        double began;
        if (strcmp(op, "disk_id") == 0)
            r = make_row(nth(k, entities), seed);
        else if (strcmp(op, "disk_username") == 0)
            r = make_row(with_username(nth(k, entities / 2)), seed);
        else
            r = make_row(with_phone(nth(k, entities / 10)), seed);
        began = now_ns();
        if (strcmp(op, "disk_id") == 0)
            sqlite3_bind_int64(find, 1, r.id);
        else if (strcmp(op, "disk_username") == 0)
            sqlite3_bind_text(find, 1, r.username, -1, SQLITE_STATIC);
        else
            sqlite3_bind_int64(find, 1, strtoll(r.phone, NULL, 10));
        if (sqlite3_step(find) != SQLITE_ROW || sqlite3_column_int64(find, 0) != r.id
            || sqlite3_column_int64(find, 1) != r.hash || sqlite3_column_int64(find, 2) == 0)
            abort();
        must(sqlite3_reset(find));
        spent += now_ns() - began;
    }
    sqlite3_finalize(find);
    close_file();
    answer(op, spent, units, path);
}

/* Of an update only the channel's state is new: nothing else has to be written. Before it the working
 * set is put once and the log emptied, as mtsession does, so that the disk is as busy for both. */
static void updates(uint64_t bundles, const char *journal, const char *synchronous)
{
    char sql[100];
    uint64_t k, units = bundles * BUNDLE;
    sqlite3_stmt *begin, *commit, *put;
    double began;
    open_file();
    snprintf(sql, sizeof sql, "PRAGMA journal_mode = %s; PRAGMA synchronous = %s", journal,
             synchronous);
    run(sql);
    fill(0, least(entities, WORKING), FLUSH);
    run("PRAGMA wal_checkpoint(TRUNCATE)");
    begin = prepare("BEGIN IMMEDIATE");
    commit = prepare("COMMIT");
    put = prepare("INSERT OR REPLACE INTO update_state VALUES (?1, ?2, 0, 0, 0)");
    began = now_ns();
    for (k = 0; k < units; k++) {
        step(begin);
        sqlite3_bind_int64(put, 1, 1 + (int64_t)(k % CHANNELS));
        sqlite3_bind_int64(put, 2, 1 + (int64_t)k);
        step(put);
        step(commit);
    }
    answer(op, now_ns() - began, units, path);
    sqlite3_finalize(begin);
    sqlite3_finalize(commit);
    sqlite3_finalize(put);
    close_file();
}

static void open_close(void)
{
    uint64_t k, units = 200;
    double began = now_ns();
    for (k = 0; k < units; k++) {
        sqlite3_stmt *find;
        open_file();
        find = prepare("SELECT auth_key FROM sessions");
        if (sqlite3_step(find) != SQLITE_ROW || sqlite3_column_bytes(find, 0) != 256)
            abort();
        sqlite3_finalize(find);
        close_file();
    }
    answer(op, now_ns() - began, units, path);
}

int main(int count, char **words)
{
    if (count != 5) {
        fprintf(stderr, "usage: %s <operation> <entities> <seed> <file>\n", words[0]);
        return 2;
    }
    op = words[1];
    entities = strtoull(words[2], NULL, 10);
    seed = strtoull(words[3], NULL, 10);
    path = words[4];
#define IS(name) (strcmp(op, name) == 0)
    if (IS("data")) answer_data(entities, seed);
    else if (IS("version")) answer_version("SQLite", sqlite3_libversion());
    else if (IS("put_new")) put_new();
    else if (IS("put_new_saved")) put_new_saved();
    else if (IS("disk_id") || IS("disk_username") || IS("disk_phone")) disk();
    else if (IS("update_saved")) updates(1, "TRUNCATE", "EXTRA");
    else if (IS("update_wal_power")) updates(SYNCED_LOG, "WAL", "FULL");
    else if (IS("update_wal_process")) updates(UNSYNCED_LOG, "WAL", "NORMAL");
    else if (IS("open")) open_close();
    else answer_unsupported(op);
    return 0;
}
