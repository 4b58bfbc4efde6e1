// What goes in and out of a session, as plain structs. Included by mtsession.hpp.
//
// All are aggregates: fill the fields, or with C++20 `{.id = 1, .access_hash = 2}`. Times are unix
// seconds, ids of peers marked ids where nothing else is said; 0 and empty mean "none".
#ifndef MTSESSION_RECORDS_HPP
#define MTSESSION_RECORDS_HPP

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <mtsession.h>

#include "bytes.hpp"
#include "error.hpp"

namespace mts {

/// What an entity record tells, and what the peer is.
enum class entity_flags : std::uint32_t {
    none = 0,
    whole = MTS_ENTITY_WHOLE,     ///< In: that is all there is; an absent text means there is none.
    bare = MTS_ENTITY_BARE,       ///< In: only id and access hash are told.
    min = MTS_ENTITY_MIN,         ///< In: marked `min` by the server; only fills gaps.
    no_hash = MTS_ENTITY_NO_HASH, ///< In: the access hash is not known.
    self = MTS_ENTITY_SELF,       ///< Out: the account itself.
    bot = MTS_ENTITY_BOT,
    broadcast = MTS_ENTITY_BROADCAST,
    megagroup = MTS_ENTITY_MEGAGROUP,
    forum = MTS_ENTITY_FORUM,
    gigagroup = MTS_ENTITY_GIGAGROUP,
    community = MTS_ENTITY_COMMUNITY,
    premium = MTS_ENTITY_PREMIUM,
    deleted = MTS_ENTITY_DELETED,
    verified = MTS_ENTITY_VERIFIED,
};

/// How to look a peer up.
enum class look : std::uint32_t {
    none = 0,
    memory_only = MTS_LOOK_MEMORY_ONLY, ///< Never ask the storage.
    names = MTS_LOOK_NAMES,             ///< A text may be a display name, which is not unique.
    bare_id = MTS_LOOK_BARE_ID,         ///< An id is as on the wire, and of unknown kind.
};

/// What a way to a data center is good for.
enum class dc_flags : std::uint32_t {
    none = 0,
    ipv6 = MTS_DC_IPV6,
    media_only = MTS_DC_MEDIA_ONLY,
    tcpo_only = MTS_DC_TCPO_ONLY, ///< Obfuscated TCP only.
    cdn = MTS_DC_CDN,
    static_address = MTS_DC_STATIC,
    this_port_only = MTS_DC_THIS_PORT_ONLY,
};

/// How an opaque value is kept.
enum class value_flags : std::uint32_t {
    none = 0,                    ///< It waits for the next save.
    durable = MTS_VALUE_DURABLE, ///< It is on the disk when the call returns.
};

/// What a commit to a storage of your own is.
enum class commit_flags : std::uint32_t {
    none = 0,
    durable = MTS_COMMIT_DURABLE,             ///< It must survive the loss of power.
    other_account = MTS_COMMIT_OTHER_ACCOUNT, ///< Remove every entity before applying the rest.
};

template <class T>
inline constexpr bool is_flags = false;
template <>
inline constexpr bool is_flags<entity_flags> = true;
template <>
inline constexpr bool is_flags<look> = true;
template <>
inline constexpr bool is_flags<dc_flags> = true;
template <>
inline constexpr bool is_flags<value_flags> = true;
template <>
inline constexpr bool is_flags<commit_flags> = true;

template <class T, class = std::enable_if_t<is_flags<T>>>
[[nodiscard]] constexpr T operator|(T one, T other) noexcept
{
    return static_cast<T>(static_cast<std::uint32_t>(one) | static_cast<std::uint32_t>(other));
}

template <class T, class = std::enable_if_t<is_flags<T>>>
[[nodiscard]] constexpr T operator&(T one, T other) noexcept
{
    return static_cast<T>(static_cast<std::uint32_t>(one) & static_cast<std::uint32_t>(other));
}

/// All flags but these, to clear them with: `flags &= ~mts::entity_flags::bot`.
template <class T, class = std::enable_if_t<is_flags<T>>>
[[nodiscard]] constexpr T operator~(T flags) noexcept
{
    return static_cast<T>(~static_cast<std::uint32_t>(flags));
}

template <class T, class = std::enable_if_t<is_flags<T>>>
constexpr T &operator|=(T &one, T other) noexcept
{
    return one = one | other;
}

template <class T, class = std::enable_if_t<is_flags<T>>>
constexpr T &operator&=(T &one, T other) noexcept
{
    return one = one & other;
}

/// Whether there is any flag: `any(entity.flags & mts::entity_flags::bot)`.
template <class T, class = std::enable_if_t<is_flags<T>>>
[[nodiscard]] constexpr bool any(T flags) noexcept
{
    return flags != T::none;
}

/// What a peer is.
enum class peer_kind : std::uint32_t {
    user = MTS_PEER_USER,       ///< A user or a bot.
    chat = MTS_PEER_CHAT,       ///< A basic group.
    channel = MTS_PEER_CHANNEL, ///< A channel or supergroup.
};

/// A key of a data center is kept in one of these.
enum class key_slot : std::uint32_t {
    permanent = MTS_SLOT_PERMANENT,
    temporary = MTS_SLOT_TEMPORARY,
    media_temporary = MTS_SLOT_MEDIA_TEMPORARY,
};

/// What a file was sent as.
enum class file_kind : std::uint32_t { document = MTS_FILE_DOCUMENT, photo = MTS_FILE_PHOTO };

/// What a storage of your own is asked for.
enum class find_by : std::uint32_t {
    id = MTS_FIND_ID,
    username = MTS_FIND_USERNAME,
    phone = MTS_FIND_PHONE,
    name = MTS_FIND_NAME,
};

/// How a session file is written.
enum class journal_kind : std::uint32_t {
    rollback = MTS_JOURNAL_ROLLBACK, ///< The file alone is the session, safe from the loss of power.
    wal = MTS_JOURNAL_WAL,           ///< For those who save at every update; as safe.
    wal_process_safe = MTS_JOURNAL_WAL_PROCESS_SAFE, ///< Safe from the death of the process only.
};

/// What happened by itself.
enum class notice_kind : std::int32_t {
    save_failed = MTS_NOTICE_SAVE_FAILED, ///< Everything is still in memory.
    storage = MTS_NOTICE_STORAGE,         ///< A damaged cell was skipped, something was imported.
    changed_elsewhere = MTS_NOTICE_CHANGED_ELSEWHERE, ///< It is read again.
    dropped = MTS_NOTICE_DROPPED, ///< Older notices, because nobody fetched them.
};

/// The marked id of a peer: a user's id, minus a chat's, -(10^12 + a channel's). 0, which every call
/// refuses, where there can be no such peer.
[[nodiscard]] constexpr std::int64_t marked_id(peer_kind kind, std::int64_t bare_id) noexcept
{
    constexpr std::int64_t channels = 1'000'000'000'000;
    if (bare_id <= 0)
        return 0;
    switch (kind) {
    case peer_kind::user:
        return bare_id;
    case peer_kind::chat:
        return bare_id < channels ? -bare_id : 0;
    case peer_kind::channel:
        return bare_id <= (std::numeric_limits<std::int64_t>::max)() - channels
                   ? -(channels + bare_id)
                   : 0;
    }
    return 0;
}

/// What kind of peer a marked id means.
[[nodiscard]] constexpr peer_kind kind_of(std::int64_t marked_id) noexcept
{
    return marked_id > 0                    ? peer_kind::user
           : marked_id > -1'000'000'000'000 ? peer_kind::chat
                                            : peer_kind::channel;
}

/// The id of a peer as it is on the wire.
[[nodiscard]] constexpr std::int64_t bare_id(std::int64_t marked_id) noexcept
{
    switch (kind_of(marked_id)) {
    case peer_kind::user:
        return marked_id;
    case peer_kind::chat:
        return -marked_id;
    case peer_kind::channel:
        break;
    }
    // Added first: the lowest id has no positive twin.
    return -(marked_id + 1'000'000'000'000);
}

/// The words of a text that single spaces separate, for range-for: an entity's usernames.
class words {
public:
    class iterator {
    public:
        using iterator_category = std::forward_iterator_tag;
        using value_type = std::string_view;
        using difference_type = std::ptrdiff_t;
        using pointer = const std::string_view *;
        using reference = std::string_view;

        iterator() = default;
        explicit iterator(std::string_view rest) noexcept : rest_(rest) {}

        std::string_view operator*() const noexcept { return rest_.substr(0, rest_.find(' ')); }
        iterator &operator++() noexcept
        {
            const auto space = rest_.find(' ');
            rest_ = space == rest_.npos ? rest_.substr(rest_.size()) : rest_.substr(space + 1);
            return *this;
        }
        iterator operator++(int) noexcept
        {
            iterator before = *this;
            ++*this;
            return before;
        }
        // The rests of one text that are as long are the same.
        friend bool operator==(iterator one, iterator other) noexcept
        {
            return one.rest_.size() == other.rest_.size();
        }
        friend bool operator!=(iterator one, iterator other) noexcept { return !(one == other); }

    private:
        std::string_view rest_;
    };

    explicit words(std::string_view text) noexcept : text_(text) {}
    [[nodiscard]] iterator begin() const noexcept { return iterator(text_); }
    [[nodiscard]] iterator end() const noexcept { return iterator(text_.substr(text_.size())); }

private:
    std::string_view text_;
};

/// What is known of a peer. `entity` owns its texts; those of an `entity_view` are somebody else's.
/// In, without `whole`, `bare` and `min`, it adds what it has to what is known.
template <class Text>
struct basic_entity {
    std::int64_t id = 0; ///< Marked id.
    /// For this account. A chat needs none: 0 if none was put. In: of a user or channel, 0 does not
    /// replace one that is known, unless the entity is whole or bare.
    std::int64_t access_hash = 0;
    std::int64_t seen = 0; ///< When the peer was seen. In: 0 for now. Out: 0: not known.
    entity_flags flags = entity_flags::none;
    Text usernames = {}; ///< Separated by single spaces, the main one first, without "@".
    Text phone = {};     ///< Digits.
    Text name = {};      ///< "first last" of a user, else the title.
    bool ambiguous = false; ///< Out of a look-up: others fit too, this one was seen last.

    [[nodiscard]] peer_kind kind() const noexcept { return kind_of(id); }
    [[nodiscard]] std::int64_t bare_id() const noexcept { return mts::bare_id(id); }
    [[nodiscard]] bool is(entity_flags flag) const noexcept { return any(flags & flag); }
    /// The main username; empty without one.
    [[nodiscard]] std::string_view username() const noexcept
    {
        return std::string_view(usernames).substr(0, usernames.find(' '));
    }
    /// Each of the usernames, for range-for.
    [[nodiscard]] words each_username() const noexcept { return words(usernames); }

    /// One with texts of its own.
    [[nodiscard]] basic_entity<std::string> copy() const
    {
        return {id,
                access_hash,
                seen,
                flags,
                std::string(usernames),
                std::string(phone),
                std::string(name),
                ambiguous};
    }

    template <class Other, class = std::enable_if_t<std::is_same_v<Other, std::string_view> &&
                                                    !std::is_same_v<Other, Text>>>
    operator basic_entity<Other>() const noexcept
    {
        return {id, access_hash, seen, flags, usernames, phone, name, ambiguous};
    }
};

using entity = basic_entity<std::string>;
using entity_view = basic_entity<std::string_view>;

/// What a request needs to name a peer: inputPeerUser, inputPeerChat, inputPeerChannel.
struct input_peer {
    std::int64_t id = 0;          ///< Marked id.
    std::int64_t bare_id = 0;     ///< As on the wire.
    std::int64_t access_hash = 0; ///< A chat needs none: 0 if none was put.
    std::int64_t seen = 0;        ///< When the peer was last seen; 0 when not known.
    peer_kind kind = peer_kind::user;
    bool ambiguous = false; ///< Others bear that display name too; this one was seen last.
};

/// How far the updates of the account, or of one channel, have been read.
struct update_state {
    std::int64_t id = 0; ///< 0 for the account, else the bare id of a channel.
    std::int32_t pts = 0;
    std::int32_t qts = 0;
    std::int64_t date = 0;
    std::int32_t seq = 0;
    std::optional<std::int64_t> access_hash = {}; ///< Out: the channel's, where it is known.
};

/// What changes of an update state: what is absent stays as it is.
struct state_change {
    std::int64_t id = 0; ///< 0 for the account, else the bare id of a channel.
    std::optional<std::int32_t> pts = {};
    std::optional<std::int32_t> qts = {};
    std::optional<std::int64_t> date = {};
    std::optional<std::int32_t> seq = {};
};

/// A way to reach a data center.
struct dc {
    std::int32_t id = 0;   ///< 1 and up; 0 (out) in a file that tells the address only.
    std::string host = {}; ///< IPv4 address, IPv6 address without brackets, or host name.
    std::uint32_t port = 0;
    dc_flags flags = dc_flags::none;
    std::vector<std::byte> secret = {}; ///< Of an obfuscated endpoint, at most 32 bytes.
};

/// A key of one data center. It is secret: `wipe(it.key)` when you are done with it.
struct dc_key {
    std::int32_t dc = 0;
    key_slot slot = key_slot::permanent;
    std::int64_t created = 0; ///< 0 when not known.
    std::int64_t expires = 0; ///< 0 for never.
    std::int64_t user_id = 0; ///< The user it is authorised for; 0 when none or not known.
    auth_key key = {};
};

/// A server salt, valid from `since` up to `until`.
struct salt {
    std::int64_t value = 0;
    std::int64_t since = 0;
    std::int64_t until = 0;
};

/// Who is logged in.
struct identity {
    std::int64_t user_id = 0; ///< 0 when not known.
    std::int32_t api_id = 0;  ///< The api id the key was made with; 0 when not known.
    bool bot = false;
    bool test_mode = false; ///< The account lives on the test servers.
};

/// A file that was sent before and need not be uploaded again.
struct sent_file {
    std::array<std::byte, 16> md5 = {};
    std::int64_t size = 0; ///< In bytes.
    std::int64_t id = 0;
    std::int64_t access_hash = 0;
    file_kind kind = file_kind::document;
};

/// What is in one session file.
struct session_info {
    std::string name;   ///< Of the file, without ".session".
    std::string path;
    std::string format; ///< Who wrote it, like "Telethon 7".
    mts::status status = mts::status::ok; ///< Or why it could not be read,
    std::string problem;                  ///< and in words.
    std::int64_t user_id = 0;
    std::uint64_t auth_key_id = 0; ///< 0 without a key.
    std::uint64_t entities = 0;
    std::uint64_t update_states = 0;
    std::int32_t dc = 0; ///< Home data center; 0 when not known.
    std::string host;
    std::uint32_t port = 0;
};

/// What you should hear of but did not ask for.
struct notice {
    notice_kind kind = notice_kind::storage;
    std::string text; ///< One line.
};

/// What a commit to a storage of your own does to a value: to store it, or to remove it.
struct value_change {
    std::string_view key;
    bytes value;
    bool removed;
};

/// How a session is opened. Everything zero is the default.
struct options {
    /// Never write. A file of an older schema is shown in the new shape and stays as it is. The session
    /// is not claimed, and may have an owner: do not connect with its auth key beside him.
    bool read_only = false;
    /// Do not claim the session for this process: several such clients may share the file.
    bool shared = false;
    /// Fail with `status::io` where there is no file, instead of creating one.
    bool existing = false;
    /// Create a new file with schema 8 (Telethon 1.43 and later) instead of 7.
    bool schema_8 = false;
    /// Store the temporary auth key too, not only in memory.
    bool store_tmp_auth_key = false;
    /// Take no entities in until `set_save_entities(true)`.
    bool no_entities = false;
    /// How long to wait for another program that is writing; 5 s if 0.
    std::chrono::milliseconds busy_timeout{0};
    /// Entities held in memory; 100000 if 0.
    std::uint32_t max_entities = 0;
    /// Unsaved rows at which a put saves by itself; 10000 if 0.
    std::uint32_t max_dirty = 0;
    /// Age of the oldest unsaved row at which a put saves by itself; 60 s if 0, see `never`.
    std::chrono::milliseconds max_dirty_age{0};
    journal_kind journal = journal_kind::rollback;

    static constexpr std::chrono::milliseconds never = (std::chrono::milliseconds::max)();
};

} // namespace mts

#endif
