/* Ops of sessions, of the login and of data centers. */
#include "runner.h"

/* ---- Sessions */

static mts_status become(mts_status status, mts_session *made, const char *at, size_t at_len)
{
    if (status != MTS_OK)
        return status;
    mts_session_free(session);
    session = made;
    path_len = at_len;
    memcpy(path, at, at_len);
    options = opened_with(step, "options");
    return status;
}

/* `folder`/`file`, or nothing where there is no file. */
static const char *file_path(size_t *len)
{
    size_t name_len, folder_len = strlen(folder);
    const char *name = text(step, "file", &name_len);
    char *at = keep(folder_len + 1 + name_len);

    *len = 0;
    if (name == NULL)
        return "";
    *len = folder_len + 1 + name_len;
    memcpy(at, folder, folder_len);
    at[folder_len] = '/';
    memcpy(at + folder_len + 1, name, name_len);
    return at;
}

static mts_status op_open(void)
{
    size_t len;
    const char *at = file_path(&len);
    mts_options with = opened_with(step, "options");
    mts_session *made;
    mts_status status = mts_session_open(at, len, &with, &made, &error);

    return become(status, made, at, len);
}

static mts_status op_make_file(void)
{
    size_t len, content_len;
    const char *at = file_path(&len);
    const uint8_t *content = bytes(step, "bytes", &content_len);
    FILE *file = fopen(at, "wb");

    if (file == NULL || fwrite(content, 1, content_len, file) != content_len || fclose(file) != 0)
        broken("cannot write", at);
    return MTS_OK;
}

static mts_status op_from_string(void)
{
    size_t len;
    const char *string = text(step, "text", &len);
    mts_options with = opened_with(step, "options");
    mts_session *made;
    mts_status status = mts_session_from_string(string, len, &with, &made, &error);

    return become(status, made, "", 0);
}

static mts_status op_from_packed(void)
{
    size_t len;
    const uint8_t *packed = bytes(step, "bytes", &len);
    mts_options with = opened_with(step, "options");
    mts_session *made;
    mts_status status = mts_session_from_packed(packed, len, &with, &made, &error);

    return become(status, made, "", 0);
}

static mts_status op_to_string(void)
{
    mts_buffer *buffer;
    mts_status status = mts_session_to_string(session, &buffer, &error);

    if (status == MTS_OK)
        say("%s\n", (const char *)mts_buffer_data(buffer));
    mts_buffer_free(buffer);
    return status;
}

static mts_status op_to_packed(void)
{
    mts_buffer *buffer;
    mts_status status = mts_session_to_packed(session, &buffer, &error);

    if (status == MTS_OK) {
        say_bytes(mts_buffer_data(buffer), mts_buffer_len(buffer));
        say("\n");
    }
    mts_buffer_free(buffer);
    return status;
}

static mts_status op_save(void)
{
    return mts_session_save(session, &error);
}

static mts_status op_close(void)
{
    return mts_session_close(session, &error);
}

static mts_status op_delete(void)
{
    return mts_session_delete(session, &error);
}

static mts_status op_clone(void)
{
    size_t len;
    const char *at = file_path(&len);
    mts_options with = opened_with(step, "options");
    mts_session *made;
    mts_status status =
        mts_session_clone_to(session, len == 0 ? NULL : at, len, &with, &made, &error);

    return become(status, made, at, len);
}

static mts_status op_reopen(void)
{
    mts_session *made;
    mts_status status;

    if (path_len == 0) {
        status = mts_session_save(session, &error);
        if (status == MTS_OK)
            status = mts_session_clone_to(session, NULL, 0, &options, &made, &error);
    } else {
        status = mts_session_close(session, &error);
        if (status == MTS_OK)
            status = mts_session_open(path, path_len, &options, &made, &error);
    }
    if (status == MTS_OK) {
        mts_session_free(session);
        session = made;
    }
    return status;
}

/* ---- The login */

static mts_status op_dc(void)
{
    mts_dc dc;
    mts_status status = mts_session_dc(session, &dc, sizeof dc, &error);

    if (status == MTS_OK) {
        say("%" PRId32 " ", dc.id);
        say_text(dc.host, dc.host_len);
        say(" %" PRIu32 "\n", dc.port);
    }
    return status;
}

static mts_status op_set_dc(void)
{
    size_t len;
    const char *host = text(step, "host", &len);

    return mts_session_set_dc(session, (int32_t)arg("id"), host, len, (uint32_t)arg("port"), &error);
}

static mts_status say_key(mts_status status, const uint8_t *key)
{
    if (status == MTS_OK) {
        say_bytes(key, MTS_AUTH_KEY_LEN);
        say("\n");
    }
    return status;
}

static mts_status op_auth_key(void)
{
    uint8_t key[MTS_AUTH_KEY_LEN];
    mts_status status = mts_session_auth_key(session, key, &error);

    return say_key(status, key);
}

static mts_status op_tmp_auth_key(void)
{
    uint8_t key[MTS_AUTH_KEY_LEN];
    mts_status status = mts_session_tmp_auth_key(session, key, &error);

    return say_key(status, key);
}

static mts_status op_auth_key_id(void)
{
    uint64_t id;
    mts_status status = mts_session_auth_key_id(session, &id, &error);

    if (status == MTS_OK)
        say("%016" PRIx64 "\n", id);
    return status;
}

static mts_status op_set_auth_key(void)
{
    size_t len;
    const uint8_t *key = bytes(step, "key", &len);

    return mts_session_set_auth_key(session, key, len, &error);
}

static mts_status op_set_tmp_auth_key(void)
{
    size_t len;
    const uint8_t *key = bytes(step, "key", &len);

    return mts_session_set_tmp_auth_key(session, key, len, &error);
}

static mts_status op_clear_auth_key(void)
{
    return mts_session_clear_auth_key(session, &error);
}

static mts_status op_clear_tmp_auth_key(void)
{
    return mts_session_clear_tmp_auth_key(session, &error);
}

static mts_status op_takeout_id(void)
{
    int64_t id;
    mts_status status = mts_session_takeout_id(session, &id, &error);

    if (status == MTS_OK)
        say("%" PRId64 "\n", id);
    return status;
}

static mts_status op_set_takeout_id(void)
{
    return mts_session_set_takeout_id(session, arg("id"), &error);
}

static mts_status op_clear_takeout_id(void)
{
    return mts_session_clear_takeout_id(session, &error);
}

static mts_status op_identity(void)
{
    mts_identity who;
    mts_status status = mts_session_identity(session, &who, sizeof who, &error);

    if (status == MTS_OK)
        say("user %" PRId64 " api %" PRId32 " flags %" PRIu32 "\n", who.user_id, who.api_id,
            who.flags);
    return status;
}

static mts_status op_set_identity(void)
{
    mts_identity who;

    memset(&who, 0, sizeof who);
    who.user_id = arg("user");
    who.api_id = (int32_t)arg("api");
    who.flags = (uint32_t)arg("flags");
    return mts_session_set_identity(session, &who, sizeof who, &error);
}

/* ---- Data centers */

static mts_status op_put_dc_options(void)
{
    static mts_dc rows[MAX];
    size_t count, i;
    json_t *list = records("options", &count);

    memset(rows, 0, sizeof rows);
    for (i = 0; i < count; i++) {
        json_t *of = json_array_get(list, i);
        size_t len;
        const char *host = text(of, "host", &len);
        const uint8_t *secret;

        rows[i].id = (int32_t)number(of, "id");
        rows[i].port = (uint32_t)number(of, "port");
        rows[i].flags = (uint32_t)number(of, "flags");
        rows[i].host_len = (uint32_t)len;
        memcpy(rows[i].host, host, len);
        secret = bytes(of, "secret", &len);
        rows[i].secret_len = (uint32_t)len;
        memcpy(rows[i].secret, secret, len);
    }
    return mts_session_put_dc_options(session, rows, count, sizeof rows[0], &error);
}

static mts_status op_dc_options(void)
{
    mts_dc rows[2];
    mts_page page;
    mts_status status;
    int64_t first = 0;
    uint32_t i;

    do {
        status = mts_session_dc_options(session, first, rows, 2, sizeof rows[0], &page, &error);
        for (i = 0; i < page.count; i++) {
            say("%" PRId32 " ", rows[i].id);
            say_text(rows[i].host, rows[i].host_len);
            say(" %" PRIu32 " flags %" PRIu32 " secret ", rows[i].port, rows[i].flags);
            say_bytes(rows[i].secret, rows[i].secret_len);
            say("\n");
        }
        first = page.next;
    } while (status == MTS_OK);
    return status == MTS_DONE ? MTS_OK : status;
}

static mts_status op_set_home(void)
{
    size_t len;
    const uint8_t *key = bytes(step, "key", &len);

    return mts_session_set_home(session, (int32_t)arg("dc"), key, len, &error);
}

static mts_status op_put_key(void)
{
    mts_key key;
    size_t len;
    const uint8_t *secret = bytes(step, "key", &len);

    memset(&key, 0, sizeof key);
    key.dc = (int32_t)arg("dc");
    key.slot = (uint32_t)arg("slot");
    key.created = arg("created");
    key.expires = arg("expires");
    key.user_id = arg("user");
    if (len != sizeof key.key)
        broken("no key", "in put_key");
    memcpy(key.key, secret, sizeof key.key);
    return mts_session_put_key(session, &key, sizeof key, &error);
}

static mts_status op_key(void)
{
    mts_key key;
    mts_session *other;
    uint64_t id;
    mts_status status = mts_session_key(session, (int32_t)arg("dc"), (uint32_t)arg("slot"), &key,
                                        sizeof key, &error);

    if (status != MTS_OK)
        return status;
    if (mts_session_memory(NULL, &other, NULL) != MTS_OK
        || mts_session_set_auth_key(other, key.key, sizeof key.key, NULL) != MTS_OK
        || mts_session_auth_key_id(other, &id, NULL) != MTS_OK)
        broken("no id", "of a key");
    mts_session_free(other);
    say("dc %" PRId32 " slot %" PRIu32 " id %016" PRIx64 " created %" PRId64 " expires %" PRId64
        " user %" PRId64 "\n", key.dc, key.slot, id, key.created, key.expires, key.user_id);
    return status;
}

static mts_status op_forget_key(void)
{
    return mts_session_forget_key(session, (int32_t)arg("dc"), (uint32_t)arg("slot"), &error);
}

static mts_status op_put_salts(void)
{
    mts_salt rows[MAX];
    size_t count, i;
    json_t *list = records("salts", &count);

    for (i = 0; i < count; i++) {
        rows[i].salt = number(json_array_get(list, i), "salt");
        rows[i].since = number(json_array_get(list, i), "since");
        rows[i].until = number(json_array_get(list, i), "until");
    }
    return mts_session_put_salts(session, (int32_t)arg("dc"), rows, count, sizeof rows[0], &error);
}

static mts_status op_salts(void)
{
    mts_salt rows[2];
    mts_page page;
    mts_status status;
    int64_t first = 0;
    int32_t dc = (int32_t)arg("dc");
    uint32_t i;

    do {
        status = mts_session_salts(session, dc, first, rows, 2, sizeof rows[0], &page, &error);
        for (i = 0; i < page.count; i++)
            say("dc %" PRId32 " salt %" PRId64 " since %" PRId64 " until %" PRId64 "\n", dc,
                rows[i].salt, rows[i].since, rows[i].until);
        first = page.next;
    } while (status == MTS_OK);
    return status == MTS_DONE ? MTS_OK : status;
}

const struct op login_ops[] = {
    OP(open) OP(make_file) OP(from_string) OP(from_packed) OP(to_string) OP(to_packed) OP(save)
    OP(close) OP(delete) OP(clone) OP(reopen) OP(dc) OP(set_dc) OP(auth_key) OP(auth_key_id)
    OP(set_auth_key) OP(clear_auth_key) OP(tmp_auth_key) OP(set_tmp_auth_key)
    OP(clear_tmp_auth_key) OP(takeout_id) OP(set_takeout_id) OP(clear_takeout_id) OP(identity)
    OP(set_identity) OP(put_dc_options) OP(dc_options) OP(set_home) OP(put_key) OP(key)
    OP(forget_key) OP(put_salts) OP(salts)
    { NULL, NULL }
};
