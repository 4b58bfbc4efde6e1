/* After a fork the session is the parent's: the child's calls are refused and undo nothing. */
#define _POSIX_C_SOURCE 200809L
#include "every_call.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the child does; answers how much of it failed. */
static int in_child(mts_session *session, const char *path)
{
    mts_session *own;

    failures = 0;
    every_call(session, MTS_E_CLOSED, "fork");
    REFUSED(MTS_E_CLOSED, "fork", mts_session_close(session, &err));
    REFUSED(MTS_E_CLOSED, "fork", mts_session_delete(session, &err));
    mts_session_free(session);
    /* The parent still owns it. */
    REFUSED(MTS_E_OWNED, "in use by process", mts_session_open(path, MTS_Z, NULL, &own, &err));
    return failures;
}

/* A child that outlives its parent, which dies with the session open, keeps nobody out once it has
 * freed what it was given. */
static void child_outlives_parent(const char *path)
{
    mts_session *session;
    int ends[2];
    char word;
    pid_t parent, child = 0;

    CHECK(pipe(ends) == 0);
    fflush(stdout);
    parent = fork();
    if (parent == 0) {
        if (mts_session_open(path, MTS_Z, NULL, &session, NULL) != MTS_OK)
            raise(SIGKILL);
        child = fork();
        if (child == 0) {
            mts_session_free(session);
            child = getpid();
            if (write(ends[1], &child, sizeof child) == sizeof child)
                pause();
        } else {
            pause();
        }
        raise(SIGKILL);
    }
    close(ends[1]); /* Of a child that is gone nothing more can be read. */
    CHECK(read(ends[0], &child, sizeof child) == sizeof child && child > 0);
    kill(parent, SIGKILL);
    CHECK(waitpid(parent, NULL, 0) == parent);
    OK(mts_session_open(path, MTS_Z, NULL, &session, &err));
    mts_session_free(session);
    /* It was there all the time. */
    CHECK(child > 0 && kill(child, SIGKILL) == 0);
    CHECK(read(ends[0], &word, 1) == 0);
    close(ends[0]);
}

/* What a child can open once its parent has closed it, by the parent's journal. */
static void child_opens_after_parent(const char *path, uint32_t journal, mts_status wanted)
{
    mts_options options = MTS_OPTIONS_INIT;
    mts_session *session, *own = NULL;
    mts_status answer = MTS_E_INTERNAL;
    int to_child[2], to_parent[2];
    char word = 0;
    pid_t child;

    options.journal = journal;
    CHECK(pipe(to_child) == 0 && pipe(to_parent) == 0);
    OK(mts_session_open(path, MTS_Z, &options, &session, &err));
    OK(mts_session_put_entity(session, 2, 22, MTS_ENTITY_WHOLE, 0, "bob", MTS_Z, "", 0, "", 0, &err));
    OK(mts_session_save(session, &err));
    fflush(stdout);
    child = fork();
    if (child == 0) {
        mts_session_free(session);
        if (read(to_child[0], &word, 1) != 1)
            raise(SIGKILL);
        answer = mts_session_open(path, MTS_Z, NULL, &own, NULL);
        if (answer == MTS_OK)
            answer = mts_session_put_entity(own, 3, 33, MTS_ENTITY_WHOLE, 0, "eve", MTS_Z, "", 0, "",
                                            0, NULL);
        if (answer == MTS_OK)
            answer = mts_session_close(own, NULL);
        if (write(to_parent[1], &answer, sizeof answer) != sizeof answer)
            raise(SIGKILL);
        raise(SIGKILL);
    }
    close(to_parent[1]);
    OK(mts_session_close(session, &err));
    mts_session_free(session);
    CHECK(write(to_child[1], &word, 1) == 1);
    CHECK(read(to_parent[0], &answer, sizeof answer) == sizeof answer);
    CHECK(answer == wanted);
    CHECK(waitpid(child, NULL, 0) == child);
    close(to_child[0]);
    close(to_child[1]);
    close(to_parent[0]);
}

static void count_free(void *user)
{
    ++*(int *)user;
}

/* A storage of the caller's own is the parent's alone. */
static void child_calls_nothing_back(void)
{
    mts_storage table;
    mts_session *session;
    int ends[2], freed = 0, in_there = 1;
    pid_t child;

    memset(&table, 0, sizeof table);
    table.size = sizeof table;
    table.user = &freed;
    table.free = count_free;
    CHECK(pipe(ends) == 0);
    OK(mts_session_custom(&table, NULL, &session, &err));
    fflush(stdout);
    child = fork();
    if (child == 0) {
        mts_session_free(session);
        if (write(ends[1], &freed, sizeof freed) != sizeof freed)
            return;
        raise(SIGKILL);
    }
    close(ends[1]);
    CHECK(read(ends[0], &in_there, sizeof in_there) == sizeof in_there);
    CHECK(in_there == 0);
    CHECK(waitpid(child, NULL, 0) == child);
    mts_session_free(session);
    CHECK(freed == 1);
    close(ends[0]);
}

int main(int count, char **words)
{
    mts_session *session, *other;
    mts_input_peer peer;
    int ends[2], in_there = 1;
    pid_t child;

    if (count < 2)
        return 2;
    const char *path = in(words[1], "fork.session");
    OK(mts_session_open(path, MTS_Z, NULL, &session, &err));
    OK(mts_session_put_entity(session, 1, 11, MTS_ENTITY_WHOLE, 0, "ada", MTS_Z, "", 0, "Ada", MTS_Z,
                              &err));
    CHECK(pipe(ends) == 0);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        int failed = in_child(session, path);
        fflush(stdout);
        if (write(ends[1], &failed, sizeof failed) != sizeof failed)
            return 2;
        /* Gone at once, so that nothing of the parent's is looked at as a leak of the child's. */
        raise(SIGKILL);
    }
    close(ends[1]);
    CHECK(read(ends[0], &in_there, sizeof in_there) == sizeof in_there);
    CHECK(in_there == 0);
    CHECK(waitpid(child, NULL, 0) == child);

    OK(mts_session_save(session, &err));
    REFUSED(MTS_E_OWNED, "in use by process", mts_session_open(path, MTS_Z, NULL, &other, &err));
    OK(mts_session_close(session, &err));
    mts_session_free(session);
    OK(mts_session_open(path, MTS_Z, NULL, &session, &err));
    OK(mts_session_input_peer(session, "@ada", MTS_Z, 0, &peer, sizeof peer, &err));
    mts_session_free(session);
    close(ends[0]);
    child_outlives_parent(path);
    child_opens_after_parent(path, MTS_JOURNAL_ROLLBACK, MTS_OK);
    child_opens_after_parent(path, MTS_JOURNAL_WAL, MTS_E_UNSUPPORTED);
    child_calls_nothing_back();
    return failures != 0;
}
