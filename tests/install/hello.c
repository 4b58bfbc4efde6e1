/* A program against an installed mtsession: makes a session at the path it gets. */
#include <stdio.h>

#include <mtsession.h>

int main(int argc, char **argv)
{
    mts_session *session = NULL;
    mts_error *err = NULL;
    mts_status status = mts_session_open(argc > 1 ? argv[1] : "", MTS_Z, NULL, &session, &err);

    if (status == MTS_OK)
        status = mts_session_set_dc(session, 2, "149.154.167.51", MTS_Z, 443, &err);
    if (status == MTS_OK)
        status = mts_session_close(session, &err);
    if (status == MTS_OK)
        printf("hello from mtsession %s\n", mts_version());
    else
        fprintf(stderr, "%s\n", mts_error_message(err));
    mts_error_free(err);
    mts_session_free(session);
    return status != MTS_OK;
}
