// Between the structs of records.hpp and those of mtsession.h. Included by mtsession.hpp.
#ifndef MTSESSION_CONVERT_HPP
#define MTSESSION_CONVERT_HPP

#include <algorithm>
#include <cstring>

#include "records.hpp"

namespace mts {
namespace detail {

/// A text of a record, from the heap beside it. Both are the library's, so it is in there.
inline std::string_view text(const std::uint8_t *heap, mts_text of) noexcept
{
    return of.len == 0 ? std::string_view()
                       : std::string_view(reinterpret_cast<const char *>(heap) + of.off, of.len);
}

inline entity_view from_c(const mts_entity &record, const std::uint8_t *heap) noexcept
{
    return {record.id,
            record.access_hash,
            record.seen,
            static_cast<entity_flags>(record.flags),
            text(heap, record.usernames),
            text(heap, record.phone),
            text(heap, record.name),
            false};
}

inline input_peer from_c(const mts_input_peer &record, mts_status answered) noexcept
{
    return {record.id,
            record.bare_id,
            record.access_hash,
            record.seen,
            static_cast<peer_kind>(record.kind),
            answered == MTS_AMBIGUOUS};
}

inline update_state from_c(const mts_update_state &record) noexcept
{
    update_state state{record.id, record.pts, record.qts, record.date, record.seq, {}};
    if (record.fields & MTS_STATE_ACCESS_HASH)
        state.access_hash = record.access_hash;
    return state;
}

inline mts_update_state to_c(const state_change &change) noexcept
{
    mts_update_state record{};
    const auto set = [&record](auto &field, const auto &value, std::uint32_t flag) {
        if (value) {
            field = *value;
            record.fields |= flag;
        }
    };
    record.id = change.id;
    set(record.pts, change.pts, MTS_STATE_PTS);
    set(record.qts, change.qts, MTS_STATE_QTS);
    set(record.date, change.date, MTS_STATE_DATE);
    set(record.seq, change.seq, MTS_STATE_SEQ);
    return record;
}

inline mts_update_state to_c(const update_state &state) noexcept
{
    return to_c(state_change{state.id, state.pts, state.qts, state.date, state.seq});
}

inline dc from_c(const mts_dc &record)
{
    const auto *secret = reinterpret_cast<const std::byte *>(record.secret);
    return {record.id,
            std::string(record.host, record.host_len),
            record.port,
            static_cast<dc_flags>(record.flags),
            std::vector<std::byte>(secret, secret + record.secret_len)};
}

/// A text too long for its place keeps its length, which the library refuses.
inline std::uint32_t fill(void *place, std::size_t room, const void *from, std::size_t size) noexcept
{
    if (size > 0)
        std::memcpy(place, from, (std::min)(room, size));
    return static_cast<std::uint32_t>((std::min)(size, std::size_t(UINT32_MAX)));
}

inline mts_dc to_c(const dc &way) noexcept
{
    mts_dc record{};
    record.id = way.id;
    record.port = way.port;
    record.flags = static_cast<std::uint32_t>(way.flags);
    record.host_len = fill(record.host, sizeof record.host - 1, way.host.data(), way.host.size());
    record.secret_len =
        fill(record.secret, sizeof record.secret, way.secret.data(), way.secret.size());
    return record;
}

inline dc_key from_c(const mts_key &record) noexcept
{
    dc_key key{record.dc,
               static_cast<key_slot>(record.slot),
               record.created,
               record.expires,
               record.user_id,
               {}};
    std::memcpy(key.key.data(), record.key, sizeof record.key);
    return key;
}

inline mts_key to_c(const dc_key &key) noexcept
{
    mts_key record{};
    record.dc = key.dc;
    record.slot = static_cast<std::uint32_t>(key.slot);
    record.created = key.created;
    record.expires = key.expires;
    record.user_id = key.user_id;
    std::memcpy(record.key, key.key.data(), sizeof record.key);
    return record;
}

inline salt from_c(const mts_salt &record) noexcept
{
    return {record.salt, record.since, record.until};
}

inline mts_salt to_c(const salt &one) noexcept
{
    mts_salt record{};
    record.salt = one.value;
    record.since = one.since;
    record.until = one.until;
    return record;
}

inline identity from_c(const mts_identity &record) noexcept
{
    return {record.user_id, record.api_id, (record.flags & MTS_IDENTITY_BOT) != 0,
            (record.flags & MTS_IDENTITY_TEST_MODE) != 0};
}

inline mts_identity to_c(const identity &who) noexcept
{
    mts_identity record{};
    record.user_id = who.user_id;
    record.api_id = who.api_id;
    record.flags = (who.bot ? std::uint32_t(MTS_IDENTITY_BOT) : 0) |
                   (who.test_mode ? std::uint32_t(MTS_IDENTITY_TEST_MODE) : 0);
    return record;
}

inline sent_file from_c(const mts_file &record) noexcept
{
    sent_file file{
        {}, record.size, record.id, record.access_hash, static_cast<file_kind>(record.kind)};
    std::memcpy(file.md5.data(), record.md5, sizeof record.md5);
    return file;
}

inline mts_file to_c(const sent_file &file) noexcept
{
    mts_file record{};
    std::memcpy(record.md5, file.md5.data(), sizeof record.md5);
    record.size = file.size;
    record.id = file.id;
    record.access_hash = file.access_hash;
    record.kind = static_cast<std::uint32_t>(file.kind);
    return record;
}

inline session_info from_c(const mts_session_info &record, const std::uint8_t *heap)
{
    return {std::string(text(heap, record.name)),
            std::string(text(heap, record.path)),
            std::string(text(heap, record.format)),
            static_cast<mts::status>(record.status),
            std::string(text(heap, record.problem)),
            record.user_id,
            record.auth_key_id,
            record.entities,
            record.update_states,
            record.dc,
            std::string(text(heap, record.host)),
            record.port};
}

inline value_change from_c(const mts_value &record, const std::uint8_t *heap) noexcept
{
    return {text(heap, record.key), bytes(text(heap, record.value)),
            (record.flags & MTS_VALUE_REMOVED) != 0};
}

/// Milliseconds of an option: what is longer than the library counts is forever, and what is
/// negative is over at once (0 would be the default).
inline std::uint32_t to_c(std::chrono::milliseconds time) noexcept
{
    constexpr std::chrono::milliseconds forever{UINT32_MAX};
    return time.count() < 0 ? 1 : static_cast<std::uint32_t>((std::min)(time, forever).count());
}

inline mts_options to_c(const options &how) noexcept
{
    mts_options record{}; // MTS_OPTIONS_INIT would cast as C does
    record.size = sizeof record;
    record.flags = (how.read_only ? std::uint32_t(MTS_OPEN_READ_ONLY) : 0) |
                   (how.shared ? std::uint32_t(MTS_OPEN_SHARED) : 0) |
                   (how.existing ? std::uint32_t(MTS_OPEN_EXISTING) : 0) |
                   (how.schema_8 ? std::uint32_t(MTS_OPEN_SCHEMA_8) : 0) |
                   (how.store_tmp_auth_key ? std::uint32_t(MTS_OPEN_STORE_TMP_AUTH_KEY) : 0) |
                   (how.no_entities ? std::uint32_t(MTS_OPEN_NO_ENTITIES) : 0);
    record.busy_timeout_ms = to_c(how.busy_timeout);
    record.max_entities = how.max_entities;
    record.max_dirty = how.max_dirty;
    record.max_dirty_age_ms = to_c(how.max_dirty_age);
    record.journal = static_cast<std::uint32_t>(how.journal);
    return record;
}

} // namespace detail
} // namespace mts

#endif
