using System.Runtime.InteropServices;

namespace MtSession.Native;

/// <summary>
/// The functions of mtsession.h, under their own names and in its order. Its opaque handles are
/// <c>nint</c>; everything is blittable, so no call is marshalled. (Only 64-bit systems are served,
/// which have one calling convention.)
/// </summary>
internal static unsafe class Functions
{
    /// <summary>The library's name: libmtsession.so, libmtsession.dylib, mtsession.dll.</summary>
    public const string Library = "mtsession";

    /// <summary>The number of the ABI that this binding speaks.</summary>
    public const uint AbiVersion = 0;

    // Versions and statuses

    [DllImport(Library)]
    public static extern uint mts_abi_version();

    [DllImport(Library)]
    public static extern byte* mts_version();

    [DllImport(Library)]
    public static extern byte* mts_status_name(int status);

    // Errors

    [DllImport(Library)]
    public static extern Status mts_error_status(nint error);

    [DllImport(Library)]
    public static extern int mts_error_sqlite_code(nint error);

    [DllImport(Library)]
    public static extern int mts_error_errno(nint error);

    [DllImport(Library)]
    public static extern byte* mts_error_message(nint error);

    [DllImport(Library)]
    public static extern void mts_error_free(nint error);

    // Buffers

    [DllImport(Library)]
    public static extern byte* mts_buffer_data(nint buffer);

    [DllImport(Library)]
    public static extern nuint mts_buffer_len(nint buffer);

    [DllImport(Library)]
    public static extern void mts_buffer_free(nint buffer);

    // Opening

    [DllImport(Library)]
    public static extern Status mts_session_open(
        byte* path, nuint pathLen, NativeOptions* options, nint* @out, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_memory(NativeOptions* options, nint* @out, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_from_string(
        byte* text, nuint textLen, NativeOptions* options, nint* @out, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_from_packed(
        byte* packed, nuint packedLen, NativeOptions* options, nint* @out, nint* err);

    // Saving, closing, copying

    [DllImport(Library)]
    public static extern Status mts_session_save(nint session, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_close(nint session, nint* err);

    [DllImport(Library)]
    public static extern void mts_session_free(nint session);

    [DllImport(Library)]
    public static extern Status mts_session_delete(nint session, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_clone_to(
        nint session, byte* path, nuint pathLen, NativeOptions* options, nint* @out, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_next_notice(
        nint session, int* kind, byte* buf, nuint cap, nuint* needed, nint* err);

    // Listing

    [DllImport(Library)]
    public static extern Status mts_list_sessions(
        byte* directory, nuint directoryLen, byte* after, nuint afterLen, NativeSessionInfo* @out, nuint cap,
        nuint stride, byte* heap, nuint heapCap, NativePage* page, nint* err);

    // The login

    [DllImport(Library)]
    public static extern Status mts_session_dc(nint session, NativeDc* @out, nuint outSize, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_set_dc(
        nint session, int id, byte* host, nuint hostLen, uint port, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_set_home(nint session, int dc, byte* key, nuint keyLen, nint* err);

    // Other data centers

    [DllImport(Library)]
    public static extern Status mts_session_dc_options(
        nint session, long first, NativeDc* @out, nuint cap, nuint stride, NativePage* page, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_put_dc_options(
        nint session, NativeDc* records, nuint count, nuint stride, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_key(
        nint session, int dc, uint slot, NativeKey* @out, nuint outSize, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_put_key(nint session, NativeKey* key, nuint keySize, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_forget_key(nint session, int dc, uint slot, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_salts(
        nint session, int dc, long first, NativeSalt* @out, nuint cap, nuint stride, NativePage* page, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_put_salts(
        nint session, int dc, NativeSalt* records, nuint count, nuint stride, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_auth_key(nint session, byte* key, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_set_auth_key(nint session, byte* key, nuint keyLen, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_clear_auth_key(nint session, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_auth_key_id(nint session, ulong* id, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_tmp_auth_key(nint session, byte* key, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_set_tmp_auth_key(nint session, byte* key, nuint keyLen, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_clear_tmp_auth_key(nint session, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_takeout_id(nint session, long* id, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_set_takeout_id(nint session, long id, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_clear_takeout_id(nint session, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_identity(nint session, NativeIdentity* @out, nuint outSize, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_set_identity(
        nint session, NativeIdentity* identity, nuint identitySize, nint* err);

    // Peers: taking them in

    [DllImport(Library)]
    public static extern Status mts_session_put_entities(
        nint session, NativeEntity* records, nuint count, nuint stride, byte* heap, nuint heapLen, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_put_entity(
        nint session, long id, long accessHash, uint flags, long seen, byte* usernames, nuint usernamesLen,
        byte* phone, nuint phoneLen, byte* name, nuint nameLen, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_save_entities(nint session, uint* on, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_set_save_entities(nint session, uint on, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_entities(
        nint session, long after, NativeEntity* @out, nuint cap, nuint stride, byte* heap, nuint heapCap,
        NativePage* page, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_entity_count(nint session, ulong* count, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_forget_entity(nint session, long id, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_input_peer(
        nint session, byte* key, nuint keyLen, uint how, NativeInputPeer* @out, nuint outSize, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_input_peer_by_id(
        nint session, long id, uint how, NativeInputPeer* @out, nuint outSize, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_input_peer_by_username(
        nint session, byte* username, nuint usernameLen, uint how, NativeInputPeer* @out, nuint outSize, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_input_peer_by_phone(
        nint session, byte* phone, nuint phoneLen, uint how, NativeInputPeer* @out, nuint outSize, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_input_peer_by_name(
        nint session, byte* name, nuint nameLen, uint how, NativeInputPeer* @out, nuint outSize, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_entity(
        nint session, byte* key, nuint keyLen, uint how, NativeEntity* @out, nuint outSize, byte* heap,
        nuint heapCap, NativePage* page, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_entity_by_id(
        nint session, long id, uint how, NativeEntity* @out, nuint outSize, byte* heap, nuint heapCap,
        NativePage* page, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_entity_by_username(
        nint session, byte* username, nuint usernameLen, uint how, NativeEntity* @out, nuint outSize, byte* heap,
        nuint heapCap, NativePage* page, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_entity_by_phone(
        nint session, byte* phone, nuint phoneLen, uint how, NativeEntity* @out, nuint outSize, byte* heap,
        nuint heapCap, NativePage* page, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_entity_by_name(
        nint session, byte* name, nuint nameLen, uint how, NativeEntity* @out, nuint outSize, byte* heap,
        nuint heapCap, NativePage* page, nint* err);

    // Update states

    [DllImport(Library)]
    public static extern Status mts_session_update_state(
        nint session, long id, NativeUpdateState* @out, nuint outSize, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_update_states(
        nint session, long after, NativeUpdateState* @out, nuint cap, nuint stride, NativePage* page, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_set_update_state(
        nint session, NativeUpdateState* state, nuint stateSize, uint flags, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_set_update_states(
        nint session, NativeUpdateState* records, nuint count, nuint stride, uint flags, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_remove_update_state(nint session, long id, nint* err);

    // Sent files

    [DllImport(Library)]
    public static extern Status mts_session_cache_file(nint session, NativeFile* file, nuint fileSize, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_file(
        nint session, byte* md5, long size, uint kind, NativeFile* @out, nuint outSize, nint* err);

    // Opaque values

    [DllImport(Library)]
    public static extern Status mts_session_put_value(
        nint session, byte* key, nuint keyLen, byte* value, nuint valueLen, uint flags, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_value(
        nint session, byte* key, nuint keyLen, byte* buf, nuint cap, nuint* needed, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_remove_value(
        nint session, byte* key, nuint keyLen, uint flags, nint* err);

    // String sessions

    [DllImport(Library)]
    public static extern Status mts_session_to_string(nint session, nint* @out, nint* err);

    [DllImport(Library)]
    public static extern Status mts_session_to_packed(nint session, nint* @out, nint* err);

    // A storage of your own

    [DllImport(Library)]
    public static extern Status mts_session_custom(
        NativeStorage* storage, NativeOptions* options, nint* @out, nint* err);

    [DllImport(Library)]
    public static extern Status mts_out_account(nint @out, byte* account, nuint accountLen);

    [DllImport(Library)]
    public static extern Status mts_out_state(nint @out, NativeUpdateState* state, nuint stateSize);

    [DllImport(Library)]
    public static extern Status mts_out_value(nint @out, byte* key, nuint keyLen, byte* value, nuint valueLen);

    [DllImport(Library)]
    public static extern Status mts_out_entity(
        nint @out, NativeEntity* entity, nuint entitySize, byte* heap, nuint heapLen);

    [DllImport(Library)]
    public static extern Status mts_out_error(nint @out, byte* text, nuint textLen);
}
