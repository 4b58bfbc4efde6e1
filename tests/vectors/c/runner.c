/* The runner of the test vectors for C. ../README.md says what a runner does. */
#include <dirent.h>
#include <sys/stat.h>

#include "runner.h"

/* What the header defines, to be compared with statuses.json and constants.json. */
#define NUMBER(name) { #name, name },
static const struct number {
    const char *name;
    int32_t number;
} statuses[] = {
    NUMBER(MTS_OK) NUMBER(MTS_NOT_FOUND) NUMBER(MTS_DONE) NUMBER(MTS_TOO_SMALL)
    NUMBER(MTS_AMBIGUOUS) NUMBER(MTS_E_ARGUMENT) NUMBER(MTS_E_IO) NUMBER(MTS_E_STORAGE)
    NUMBER(MTS_E_CORRUPT) NUMBER(MTS_E_BUSY) NUMBER(MTS_E_OWNED) NUMBER(MTS_E_FORMAT)
    NUMBER(MTS_E_VERSION) NUMBER(MTS_E_READ_ONLY) NUMBER(MTS_E_EXISTS) NUMBER(MTS_E_SECRET)
    NUMBER(MTS_E_CALLBACK) NUMBER(MTS_E_UNSUPPORTED) NUMBER(MTS_E_CLOSED) NUMBER(MTS_E_INTERNAL)
}, constants[] = {
    NUMBER(MTS_OPEN_READ_ONLY) NUMBER(MTS_OPEN_SHARED) NUMBER(MTS_OPEN_EXISTING)
    NUMBER(MTS_OPEN_SCHEMA_8) NUMBER(MTS_OPEN_STORE_TMP_AUTH_KEY) NUMBER(MTS_OPEN_NO_ENTITIES)
    NUMBER(MTS_JOURNAL_ROLLBACK) NUMBER(MTS_JOURNAL_WAL) NUMBER(MTS_JOURNAL_WAL_PROCESS_SAFE)
    NUMBER(MTS_NOTICE_SAVE_FAILED) NUMBER(MTS_NOTICE_STORAGE) NUMBER(MTS_NOTICE_CHANGED_ELSEWHERE)
    NUMBER(MTS_NOTICE_DROPPED) NUMBER(MTS_DC_IPV6) NUMBER(MTS_DC_MEDIA_ONLY)
    NUMBER(MTS_DC_TCPO_ONLY) NUMBER(MTS_DC_CDN) NUMBER(MTS_DC_STATIC)
    NUMBER(MTS_DC_THIS_PORT_ONLY) NUMBER(MTS_SLOT_PERMANENT) NUMBER(MTS_SLOT_TEMPORARY)
    NUMBER(MTS_SLOT_MEDIA_TEMPORARY) NUMBER(MTS_AUTH_KEY_LEN) NUMBER(MTS_IDENTITY_BOT)
    NUMBER(MTS_IDENTITY_TEST_MODE) NUMBER(MTS_ENTITY_WHOLE) NUMBER(MTS_ENTITY_BARE)
    NUMBER(MTS_ENTITY_MIN) NUMBER(MTS_ENTITY_NO_HASH) NUMBER(MTS_ENTITY_SELF)
    NUMBER(MTS_ENTITY_BOT) NUMBER(MTS_ENTITY_BROADCAST) NUMBER(MTS_ENTITY_MEGAGROUP)
    NUMBER(MTS_ENTITY_FORUM) NUMBER(MTS_ENTITY_GIGAGROUP) NUMBER(MTS_ENTITY_COMMUNITY)
    NUMBER(MTS_ENTITY_PREMIUM) NUMBER(MTS_ENTITY_DELETED) NUMBER(MTS_ENTITY_VERIFIED)
    NUMBER(MTS_LOOK_MEMORY_ONLY) NUMBER(MTS_LOOK_NAMES) NUMBER(MTS_LOOK_BARE_ID)
    NUMBER(MTS_PEER_USER) NUMBER(MTS_PEER_CHAT) NUMBER(MTS_PEER_CHANNEL) NUMBER(MTS_STATE_PTS)
    NUMBER(MTS_STATE_QTS) NUMBER(MTS_STATE_DATE) NUMBER(MTS_STATE_SEQ)
    NUMBER(MTS_STATE_ACCESS_HASH) NUMBER(MTS_SET_MUST_EXIST) NUMBER(MTS_FILE_DOCUMENT)
    NUMBER(MTS_FILE_PHOTO) NUMBER(MTS_VALUE_DURABLE) NUMBER(MTS_COMMIT_DURABLE)
    NUMBER(MTS_COMMIT_OTHER_ACCOUNT) NUMBER(MTS_VALUE_REMOVED) NUMBER(MTS_FIND_ID)
    NUMBER(MTS_FIND_USERNAME) NUMBER(MTS_FIND_PHONE) NUMBER(MTS_FIND_NAME)
};

static const struct op *find(const struct op *ops, const char *name)
{
    for (; ops->name != NULL; ops++)
        if (strcmp(ops->name, name) == 0)
            return ops;
    return NULL;
}

/* Runs `step`; its lines are then in `answer`, its failure in `error`. */
static mts_status run(void)
{
    const char *name = json_string_value(json_object_get(step, "op"));
    mts_status status;
    const struct op *op = find(login_ops, name);

    if (op == NULL)
        op = find(row_ops, name);
    if (op == NULL)
        broken("no such op", name);
    begin_answer();
    mts_error_free(error);
    error = NULL;
    status = op->run();
    free_kept();
    return status;
}

/* Whether `answer` is these lines. */
static int gives(json_t *lines)
{
    const char *at = answer;
    size_t i, len;

    for (i = 0; i < json_array_size(lines); i++) {
        const char *line = json_string_value(json_array_get(lines, i));

        len = strlen(line);
        if (strncmp(at, line, len) != 0 || at[len] != '\n')
            return 0;
        at += len + 1;
    }
    return *at == '\0';
}

/* Runs the steps up to the first that answers wrongly; says which, behind `what`. */
static int run_steps(json_t *steps, const char *what)
{
    size_t i;

    json_array_foreach(steps, i, step) {
        mts_status status = run();
        const char *wanted = json_string_value(json_object_get(step, "status"));
        const char *says = json_string_value(json_object_get(step, "says"));

        if (strcmp(mts_status_name(status), wanted == NULL ? "MTS_OK" : wanted) != 0
            || !gives(json_object_get(step, "gives"))
            || (says != NULL && strstr(mts_error_message(error), says) == NULL)) {
            char *shown = json_dumps(step, JSON_COMPACT);

            printf("%s, step %zu, %s: %s\n  answered %s \"%s\"\n%s", what, i + 1,
                   json_string_value(json_object_get(step, "op")), shown, mts_status_name(status),
                   mts_error_message(error), answer);
            free(shown);
            return 0;
        }
    }
    return 1;
}

static json_t *load(const char *vectors, const char *name)
{
    char at[4096];
    json_error_t why;
    json_t *content;

    snprintf(at, sizeof at, "%s/%s", vectors, name);
    content = json_load_file(at, JSON_ALLOW_NUL, &why);
    if (content == NULL)
        broken(at, why.text);
    return content;
}

/* Opens `at`, or memory where it is empty, as the session of a case. */
static mts_status begin(const char *at, json_t *of, const char *name)
{
    options = opened_with(of, name);
    path_len = strlen(at);
    memcpy(path, at, path_len);
    return path_len == 0 ? mts_session_memory(&options, &session, &error)
                         : mts_session_open(at, path_len, &options, &session, &error);
}

static mts_status end(void)
{
    mts_status status = mts_session_close(session, NULL);

    mts_session_free(session);
    mts_error_free(error);
    session = NULL;
    error = NULL;
    return status;
}

static int passed, failed;

static void check_numbers(const char *vectors, const char *name, const struct number *ours,
                          size_t count)
{
    json_t *theirs = load(vectors, name);
    int wrong = json_object_size(theirs) != count;
    size_t i;

    for (i = 0; i < count; i++) {
        json_t *number = json_object_get(theirs, ours[i].name);

        if (number == NULL || json_integer_value(number) != ours[i].number
            || (ours == statuses
                && strcmp(mts_status_name(ours[i].number), ours[i].name) != 0)) {
            printf("%s: %s\n", name, ours[i].name);
            wrong = 1;
        }
    }
    if (wrong)
        printf("%s: %zu numbers here, %zu there\n", name, count, json_object_size(theirs));
    *(wrong ? &failed : &passed) += 1;
    json_decref(theirs);
}

static void check_case(json_t *of, const char *what, const char *where)
{
    char at[4096];

    if (mkdir(folder, 0700) != 0)
        broken("cannot make", folder);
    at[0] = '\0';
    if (strcmp(where, "file") == 0)
        snprintf(at, sizeof at, "%s/me.session", folder);
    if (begin(at, of, "options") != MTS_OK)
        broken(what, mts_error_message(error));
    *(run_steps(json_object_get(of, "steps"), what) ? &passed : &failed) += 1;
    /* A case may have closed or deleted its session, so nothing is asked here. */
    (void)end();
}

static void check_file(const char *vectors, const char *name, const char *place)
{
    static const char *const places[] = { "memory", "file" };
    json_t *content = load(vectors, name);
    json_t *of, *on, *one;
    size_t i, j, k;

    json_array_foreach(json_object_get(content, "cases"), i, of) {
        for (j = 0; j < COUNT(places); j++) {
            char what[512], own[4096];
            int here = 1;

            on = json_object_get(of, "on");
            if (on != NULL)
                here = 0;
            json_array_foreach(on, k, one)
                here |= strcmp(json_string_value(one), places[j]) == 0;
            if (!here)
                continue;
            snprintf(what, sizeof what, "%s: %s, %s", name,
                     json_string_value(json_object_get(of, "name")), places[j]);
            snprintf(own, sizeof own, "%s/%s-%zu-%s", place, name, i, places[j]);
            folder = own;
            check_case(of, what, places[j]);
        }
    }
    json_decref(content);
}

static int check(const char *vectors, const char *place)
{
    DIR *directory = opendir(vectors);
    struct dirent *entry;

    if (directory == NULL)
        broken("cannot read", vectors);
    check_numbers(vectors, "statuses.json", statuses, COUNT(statuses));
    check_numbers(vectors, "constants.json", constants, COUNT(constants));
    while ((entry = readdir(directory)) != NULL) {
        const char *dot = strrchr(entry->d_name, '.');

        if (dot != NULL && strcmp(dot, ".json") == 0)
            check_file(vectors, entry->d_name, place);
    }
    closedir(directory);
    printf("%d passed, %d failed\n", passed, failed);
    return failed > 0;
}

static int write_file(json_t *dump, const char *at)
{
    int good;

    if (begin(at, dump, "options") != MTS_OK)
        broken(at, mts_error_message(error));
    good = run_steps(json_object_get(dump, "steps"), "dump.json");
    good &= end() == MTS_OK;
    return !good;
}

static int dump_file(json_t *dump, const char *at)
{
    size_t i;

    if (begin(at, dump, "dump_options") != MTS_OK)
        broken(at, mts_error_message(error));
    json_array_foreach(json_object_get(dump, "dump"), i, step) {
        const char *op = json_string_value(json_object_get(step, "op"));
        mts_status status = run();
        char *line = answer, *next;

        if (status != MTS_OK && status != MTS_NOT_FOUND)
            printf("%s %s\n", op, mts_status_name(status));
        for (; *line != '\0'; line = next + 1) {
            next = strchr(line, '\n');
            printf("%s %.*s\n", op, (int)(next - line), line);
        }
    }
    return end() != MTS_OK;
}

int main(int argc, char **argv)
{
    json_t *dump;
    int bad;

    if (argc != 4)
        broken("usage", "check VECTORS FOLDER, write VECTORS FILE, dump VECTORS FILE");
    folder = ".";
    if (strcmp(argv[1], "check") == 0) {
        bad = check(argv[2], argv[3]);
    } else {
        dump = load(argv[2], "dump.json");
        bad = strcmp(argv[1], "write") == 0 ? write_file(dump, argv[3]) : dump_file(dump, argv[3]);
        json_decref(dump);
    }
    return bad;
}
