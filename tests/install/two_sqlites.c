/* A program with a SQLite of its own, of another version than mtsession's. Each must use its own: a
 * file tells by which version it was written last.
 *
 * usage: two_sqlites FILE_OF_MTSESSION FILE_OF_OURS */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <mtsession.h>
#include <sqlite3.h>

/* SQLite's version number in the header of a database file; 0 where there is none. */
static unsigned long written_by(const char *path)
{
    unsigned char header[100];
    FILE *file = fopen(path, "rb");
    size_t got = file == NULL ? 0 : fread(header, 1, sizeof header, file);

    if (file != NULL)
        fclose(file);
    return got < sizeof header ? 0
                               : ((unsigned long)header[96] << 24) + ((unsigned long)header[97] << 16)
            + ((unsigned long)header[98] << 8) + header[99];
}

static int store(const char *path)
{
    sqlite3 *db;
    int bad = sqlite3_open(path, &db) != SQLITE_OK
        || sqlite3_exec(db, "create table t(x)", NULL, NULL, NULL) != SQLITE_OK;

    sqlite3_close(db);
    return bad;
}

int main(int argc, char **argv)
{
    mts_session *session = NULL;
    mts_error *err = NULL;
    unsigned long theirs, ours;

    /* Ours first and last, with theirs open between. */
    if (argc != 3 || store(argv[2]) != 0)
        return 2;
    if (mts_session_open(argv[1], MTS_Z, NULL, &session, &err) != MTS_OK
        || mts_session_set_dc(session, 2, "149.154.167.51", MTS_Z, 443, &err) != MTS_OK) {
        fprintf(stderr, "%s\n", mts_error_message(err));
        return 2;
    }
    if (strcmp(sqlite3_libversion(), SQLITE_VERSION) != 0) {
        printf("the program's SQLite is %s, not %s\n", sqlite3_libversion(), SQLITE_VERSION);
        return 1;
    }
    mts_session_free(session);
    theirs = written_by(argv[1]);
    ours = written_by(argv[2]);
    printf("mtsession's SQLite is %lu, the program's %lu\n", theirs, ours);
    return ours != SQLITE_VERSION_NUMBER || theirs == 0 || theirs == ours;
}
