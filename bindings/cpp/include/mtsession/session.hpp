// The session. Included by mtsession.hpp.
#ifndef MTSESSION_SESSION_HPP
#define MTSESSION_SESSION_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <mtsession.h>

#include "batch.hpp"
#include "bytes.hpp"
#include "calls.hpp"
#include "convert.hpp"
#include "error.hpp"
#include "pages.hpp"
#include "path.hpp"
#include "records.hpp"
#include "storage.hpp"

namespace mts {

/// All that a client must remember of one account: `session` throws, `nothrow_session` returns
/// `result`s. `result<T>` below is `T` for the one and `mts::result<T>` for the other.
///
/// Each call is that of its name in mtsession.h (`mts_session_…`), whose comment says more: which
/// failures mean what, and what it is called in Telethon. "There is none" is never a failure but an
/// empty `optional`, or `false`.
///
/// It may be moved and not copied (see `clone_to`). Any number of threads may call it at once, but
/// moving, assigning and destroying need it to themselves. The destructor saves without waiting for
/// other programs; to learn whether that worked, `close` before.
template <class Errors>
class basic_session : detail::calls<Errors> {
    using base = detail::calls<Errors>;
    template <class T>
    using result = typename Errors::template result<T>;
    template <class T>
    using perhaps = result<std::optional<T>>;

public:
    // ==== Opening ====

    /// Opens the session file at `path`, or creates it.
    [[nodiscard]] static result<basic_session> open(const any_path &path,
                                                    const mts::options &how = {})
    {
        return made(how, [&](const mts_options *options, mts_session **out, mts_error **err) {
            return mts_session_open(path.utf8().data(), path.utf8().size(), options, out, err);
        });
    }
    /// Makes a session that lives in memory only.
    [[nodiscard]] static result<basic_session> memory(const mts::options &how = {})
    {
        return made(how, mts_session_memory);
    }
    /// Makes a memory session from Telethon's string session (`1…`).
    [[nodiscard]] static result<basic_session> from_string(std::string_view text,
                                                           const mts::options &how = {})
    {
        return made(how, [&](const mts_options *options, mts_session **out, mts_error **err) {
            return mts_session_from_string(text.data(), text.size(), options, out, err);
        });
    }
    /// Makes a memory session from the bytes behind a string session.
    [[nodiscard]] static result<basic_session> from_packed(bytes packed,
                                                           const mts::options &how = {})
    {
        return made(how, [&](const mts_options *options, mts_session **out, mts_error **err) {
            return mts_session_from_packed(detail::raw(packed), packed.size(), options, out, err);
        });
    }
    /// Opens a session that a storage of yours keeps. The storage lives as long as the session.
    [[nodiscard]] static result<basic_session> custom(std::unique_ptr<storage> keeper,
                                                      const mts::options &how = {})
    {
        return made(how, [&](const mts_options *options, mts_session **out, mts_error **err) {
            const mts_storage table = storage_calls::table(keeper.get());
            const mts_status answered =
                mts_session_custom(keeper ? &table : nullptr, options, out, err);
            // From now on the library frees it; where it failed, it did not take it.
            if (answered == MTS_OK)
                static_cast<void>(keeper.release());
            return answered;
        });
    }
    /// The session files (`*.session`) of a directory by name, with what is in them.
    [[nodiscard]] static result<std::vector<session_info>> list(const any_path &directory)
    {
        const std::string &path = directory.utf8();
        std::vector<session_info> all;
        std::vector<mts_session_info> records(16);
        std::vector<std::uint8_t> heap(8192);
        for (;;) {
            detail::outcome err;
            mts_page page{};
            const std::string_view after = all.empty() ? std::string_view() : all.back().name;
            const mts_status answered = detail::with_heap(
                heap, page, err.slot(),
                [&](std::uint8_t *room, std::size_t cap, mts_page *into, mts_error **slot) {
                    return mts_list_sessions(path.data(), path.size(), after.data(), after.size(),
                                             records.data(), records.size(),
                                             sizeof(mts_session_info), room, cap, into, slot);
                });
            if (answered < 0)
                return Errors::template fail<std::vector<session_info>>(err.take());
            for (std::size_t at = 0; at < page.count; ++at)
                all.push_back(detail::from_c(records[at], heap.data()));
            if (answered == MTS_DONE)
                return all;
        }
    }

    // ==== Saving, closing, copying ====

    /// Writes everything that waits in memory, in one transaction. When it fails, all stays there.
    result<void> save() { return call(mts_session_save); }
    /// Saves and lets go of the file. Later calls fail with `status::closed`, but `remove` and
    /// `next_notice`; twice is fine.
    result<void> close() { return call(mts_session_close); }
    /// Closes the session, if it is not closed yet, and removes what keeps it; where that fails, it goes
    /// on. `status::owned`: somebody else has opened it since. Telethon calls it `delete`.
    result<void> remove() { return call(mts_session_delete); }
    /// Copies everything, what waits unsaved included, into a new file, which must not exist. The
    /// original stays as it was.
    [[nodiscard]] result<basic_session> clone_to(const any_path &path,
                                                 const mts::options &how = {}) const
    {
        return made(how, [&](const mts_options *options, mts_session **out, mts_error **err) {
            return mts_session_clone_to(handle(), path.utf8().data(), path.utf8().size(), options,
                                        out, err);
        });
    }
    /// Copies everything into a memory session.
    [[nodiscard]] result<basic_session> clone_to_memory(const mts::options &how = {}) const
    {
        return made(how, [&](const mts_options *options, mts_session **out, mts_error **err) {
            return mts_session_clone_to(handle(), nullptr, 0, options, out, err);
        });
    }
    /// The next thing that you should hear of but did not ask for: what other libraries log.
    [[nodiscard]] perhaps<notice> next_notice()
    {
        std::string text(256, '\0');
        for (;;) {
            detail::outcome err;
            std::int32_t kind = 0;
            std::size_t needed = 0;
            const mts_status answered = mts_session_next_notice(handle(), &kind, text.data(),
                                                                text.size(), &needed, err.slot());
            if (answered == MTS_TOO_SMALL) {
                text.resize(needed);
                continue;
            }
            return err.template then<std::optional<notice>, Errors>(
                answered, [&](mts_status got) -> std::optional<notice> {
                    if (got == MTS_DONE)
                        return std::nullopt;
                    text.resize(needed - 1); // without its NUL
                    return notice{static_cast<notice_kind>(kind), std::move(text)};
                });
        }
    }

    // ==== The login. All of it is on the disk when a setter returns. ====

    /// The home data center.
    [[nodiscard]] perhaps<mts::dc> dc() const { return this->template read<mts_dc, mts::dc>(mts_session_dc); }
    /// Sets the home data center; the auth key stays (see `set_home`).
    result<void> set_dc(std::int32_t id, std::string_view host, std::uint32_t port)
    {
        return call(mts_session_set_dc, id, host.data(), host.size(), port);
    }
    /// Moves the login: a data center whose options were put, and its key, become home in one step.
    result<void> set_home(std::int32_t dc, bytes key)
    {
        return call(mts_session_set_home, dc, detail::raw(key), key.size());
    }
    /// The auth key of the home data center; empty: not logged in. Secret: `wipe` it.
    [[nodiscard]] perhaps<mts::auth_key> auth_key() const
    {
        return read_key(mts_session_auth_key);
    }
    /// Sets the auth key, 256 bytes. Without a home data center (`set_dc`) it is kept all the same, but
    /// there is no string session.
    result<void> set_auth_key(bytes key)
    {
        return call(mts_session_set_auth_key, detail::raw(key), key.size());
    }
    /// Logs out; entities and update states stay.
    result<void> clear_auth_key() { return call(mts_session_clear_auth_key); }
    /// Id of the auth key, as it goes on the wire. It reveals nothing of the key.
    [[nodiscard]] perhaps<std::uint64_t> auth_key_id() const
    {
        return this->template number<std::uint64_t>(mts_session_auth_key_id);
    }
    /// The temporary auth key of the home data center. Secret: `wipe` it.
    [[nodiscard]] perhaps<mts::auth_key> tmp_auth_key() const
    {
        return read_key(mts_session_tmp_auth_key);
    }
    /// Sets the temporary auth key; it is stored only with `options::store_tmp_auth_key`.
    result<void> set_tmp_auth_key(bytes key)
    {
        return call(mts_session_set_tmp_auth_key, detail::raw(key), key.size());
    }
    result<void> clear_tmp_auth_key() { return call(mts_session_clear_tmp_auth_key); }
    /// Id of the takeout that is not finished yet.
    [[nodiscard]] perhaps<std::int64_t> takeout_id() const
    {
        return this->template number<std::int64_t>(mts_session_takeout_id);
    }
    result<void> set_takeout_id(std::int64_t id) { return call(mts_session_set_takeout_id, id); }
    result<void> clear_takeout_id() { return call(mts_session_clear_takeout_id); }
    /// Who is logged in.
    [[nodiscard]] result<mts::identity> identity() const
    {
        detail::outcome err;
        mts_identity record{};
        const mts_status answered =
            mts_session_identity(handle(), &record, sizeof record, err.slot());
        return err.template then<mts::identity, Errors>(
            answered, [&](mts_status) { return detail::from_c(record); });
    }
    /// Sets who is logged in. Another user id drops the entities, states and files of the one before.
    result<void> set_identity(const mts::identity &who)
    {
        const mts_identity record = detail::to_c(who);
        return call(mts_session_set_identity, &record, sizeof record);
    }

    // ==== Other data centers ====

    /// The ways to the data centers, in the order in which they were put.
    [[nodiscard]] result<std::vector<mts::dc>> dc_options() const
    {
        return this->template all<mts_dc, mts::dc>(mts_session_dc_options);
    }
    /// Replaces the ways to the data centers, durably, by a range of `dc`.
    template <class Range = std::initializer_list<mts::dc>>
    result<void> put_dc_options(const Range &ways)
    {
        std::vector<mts_dc> records;
        for (const mts::dc &way : ways)
            records.push_back(detail::to_c(way));
        return call(mts_session_put_dc_options, records.data(), records.size(), sizeof(mts_dc));
    }
    /// The key of a data center in a slot. Secret: `wipe` its `key`.
    [[nodiscard]] perhaps<dc_key> key(std::int32_t dc, key_slot slot) const
    {
        detail::outcome err;
        detail::wiped<mts_key> record;
        const mts_status answered =
            mts_session_key(handle(), dc, static_cast<std::uint32_t>(slot), &record.secret,
                            sizeof record.secret, err.slot());
        const detail::wiped<dc_key> key{detail::from_c(record.secret)};
        return given(err, answered, key.secret);
    }
    /// Sets the key of a data center, durably.
    result<void> put_key(const dc_key &key)
    {
        detail::outcome err;
        const detail::wiped<mts_key> record{detail::to_c(key)};
        return err.template nothing<Errors>(
            mts_session_put_key(handle(), &record.secret, sizeof record.secret, err.slot()));
    }
    /// Forgets a key of a data center, durably. False: there was none.
    [[nodiscard]] result<bool> forget_key(std::int32_t dc, key_slot slot)
    {
        return ask(mts_session_forget_key, dc, static_cast<std::uint32_t>(slot));
    }
    /// The salts of a data center.
    [[nodiscard]] result<std::vector<salt>> salts(std::int32_t dc) const
    {
        return this->template all<mts_salt, salt>([dc](const mts_session *session, auto... rest) {
            return mts_session_salts(session, dc, rest...);
        });
    }
    /// Replaces the salts of a data center by a range of `salt`, at the next save.
    template <class Range = std::initializer_list<salt>>
    result<void> put_salts(std::int32_t dc, const Range &salts)
    {
        std::vector<mts_salt> records;
        for (const salt &one : salts)
            records.push_back(detail::to_c(one));
        return call(mts_session_put_salts, dc, records.data(), records.size(), sizeof(mts_salt));
    }

    // ==== Peers: taking them in ====

    /// Takes in one entity: an `entity_view`, an `entity`, or with C++20
    /// `put_entity({.id = 1, .access_hash = 2, .name = "Ada"})`.
    result<void> put_entity(const entity_view &one)
    {
        return call(mts_session_put_entity, one.id, one.access_hash,
                    static_cast<std::uint32_t>(one.flags), one.seen, one.usernames.data(),
                    one.usernames.size(), one.phone.data(), one.phone.size(), one.name.data(),
                    one.name.size());
    }
    /// Takes in the entities that came with an update: all of them, or none where one is bad.
    result<void> put_entities(const entity_batch &batch)
    {
        if (!batch.wrong().empty())
            return Errors::template fail<void>(mts::error(status::argument, batch.wrong()));
        return call(mts_session_put_entities, batch.records().data(), batch.size(),
                    sizeof(mts_entity), reinterpret_cast<const std::uint8_t *>(batch.heap().data()),
                    batch.heap().size());
    }
    /// The same for a range of `entity` or `entity_view`.
    template <class Range = std::initializer_list<entity_view>,
              class = std::enable_if_t<std::is_convertible_v<
                  decltype(*std::begin(std::declval<const Range &>())), const entity_view &>>>
    result<void> put_entities(const Range &range)
    {
        entity_batch batch;
        for (const auto &one : range)
            batch.add(one);
        return put_entities(batch);
    }
    /// The same for a range of anything: `add` puts each into the batch.
    ///
    ///     session.put_entities(update.users, [](mts::entity_batch &batch, const User &user) {
    ///         batch.user(user.id, user.access_hash).name(user.first_name, user.last_name);
    ///     });
    template <class Range, class Add>
    result<void> put_entities(Range &&range, Add &&add)
    {
        entity_batch batch;
        for (auto &&one : range)
            add(batch, one);
        return put_entities(batch);
    }
    /// Whether entities are taken in.
    [[nodiscard]] result<bool> save_entities() const
    {
        detail::outcome err;
        std::uint32_t on = 0;
        const mts_status answered = mts_session_save_entities(handle(), &on, err.slot());
        return err.template then<bool, Errors>(answered, [&](mts_status) { return on != 0; });
    }
    /// Switches the taking in of entities; those that are known stay.
    result<void> set_save_entities(bool on)
    {
        return call(mts_session_set_save_entities, std::uint32_t(on));
    }
    /// All entities by ascending marked id, or those above `after`, as `entity_view`s: see `pages`.
    [[nodiscard]] auto entities(std::size_t page_size = 128, std::int64_t after = INT64_MIN) const &
    {
        return pages<Errors, detail::entity_source>({handle(), page_size, after});
    }
    /// Not of a session that ends before the loop begins.
    void entities(std::size_t page_size = 128, std::int64_t after = INT64_MIN) const && = delete;
    /// How many entities there are. Counting may read all of them.
    [[nodiscard]] result<std::uint64_t> entity_count() const
    {
        detail::outcome err;
        std::uint64_t count = 0;
        const mts_status answered = mts_session_entity_count(handle(), &count, err.slot());
        return err.template then<std::uint64_t, Errors>(answered,
                                                        [&](mts_status) { return count; });
    }
    /// Forgets the entity with this marked id. False: it was not known.
    [[nodiscard]] result<bool> forget_entity(std::int64_t id)
    {
        return ask(mts_session_forget_entity, id);
    }

    // ==== Peers: finding them. Empty: nobody known; ask the server. ====

    /// The peer that a text names: "@name", a t.me or tg:// link, a phone number, the marked id of a
    /// chat or channel, "me". Digits alone are a phone number: a user's id is for `input_peer_by_id`.
    [[nodiscard]] perhaps<mts::input_peer> input_peer(std::string_view key,
                                                      look how = look::none) const
    {
        return peer_by(mts_session_input_peer, how, key.data(), key.size());
    }
    /// The peer with this marked id, or with `look::bare_id` this bare id.
    [[nodiscard]] perhaps<mts::input_peer> input_peer_by_id(std::int64_t id,
                                                            look how = look::none) const
    {
        return peer_by(mts_session_input_peer_by_id, how, id);
    }
    /// The peer with this username, with or without "@", in any case.
    [[nodiscard]] perhaps<mts::input_peer> input_peer_by_username(std::string_view username,
                                                                  look how = look::none) const
    {
        return peer_by(mts_session_input_peer_by_username, how, username.data(), username.size());
    }
    /// The peer with this phone number.
    [[nodiscard]] perhaps<mts::input_peer> input_peer_by_phone(std::string_view phone,
                                                               look how = look::none) const
    {
        return peer_by(mts_session_input_peer_by_phone, how, phone.data(), phone.size());
    }
    /// The peer with exactly this display name; often `ambiguous`.
    [[nodiscard]] perhaps<mts::input_peer> input_peer_by_name(std::string_view name,
                                                              look how = look::none) const
    {
        return peer_by(mts_session_input_peer_by_name, how, name.data(), name.size());
    }
    /// Everything that is known of the peer that a text names.
    [[nodiscard]] perhaps<mts::entity> entity(std::string_view key, look how = look::none) const
    {
        return entity_by(mts_session_entity, how, key.data(), key.size());
    }
    /// Everything that is known of the peer with this marked id (`look::bare_id`: bare id).
    [[nodiscard]] perhaps<mts::entity> entity_by_id(std::int64_t id, look how = look::none) const
    {
        return entity_by(mts_session_entity_by_id, how, id);
    }
    [[nodiscard]] perhaps<mts::entity> entity_by_username(std::string_view username,
                                                          look how = look::none) const
    {
        return entity_by(mts_session_entity_by_username, how, username.data(), username.size());
    }
    [[nodiscard]] perhaps<mts::entity> entity_by_phone(std::string_view phone,
                                                       look how = look::none) const
    {
        return entity_by(mts_session_entity_by_phone, how, phone.data(), phone.size());
    }
    [[nodiscard]] perhaps<mts::entity> entity_by_name(std::string_view name,
                                                      look how = look::none) const
    {
        return entity_by(mts_session_entity_by_name, how, name.data(), name.size());
    }

    // ==== Update states ====

    /// How far the updates of the account (0) or of a channel (its bare id) have been read.
    [[nodiscard]] perhaps<mts::update_state> update_state(std::int64_t id = 0) const
    {
        return this->template read<mts_update_state, mts::update_state>(
            [id](const mts_session *session, auto... rest) {
                return mts_session_update_state(session, id, rest...);
            });
    }
    /// All update states by ascending id, the account's first, or those above `after`: see `pages`.
    [[nodiscard]] auto update_states(std::size_t page_size = 128,
                                     std::int64_t after = INT64_MIN) const &
    {
        return pages<Errors, detail::state_source>({handle(), page_size, after});
    }
    /// Not of a session that ends before the loop begins.
    void update_states(std::size_t page_size = 128, std::int64_t after = INT64_MIN) const && = delete;
    /// Sets what `change` has, and makes the state if there is none. It waits for the next save, as
    /// those below.
    result<void> set_update_state(const state_change &change)
    {
        const mts_update_state record = detail::to_c(change);
        return call(mts_session_set_update_state, &record, sizeof record, 0U);
    }
    /// Sets all of one update state. (A template, so that braces mean the one above.)
    template <class State, class = std::enable_if_t<std::is_same_v<State, mts::update_state>>>
    result<void> set_update_state(const State &state)
    {
        const mts_update_state record = detail::to_c(state);
        return call(mts_session_set_update_state, &record, sizeof record, 0U);
    }
    /// Sets what `change` has. False: there is no such state, and nothing was set.
    [[nodiscard]] result<bool> set_existing_update_state(const state_change &change)
    {
        const mts_update_state record = detail::to_c(change);
        return ask(mts_session_set_update_state, &record, sizeof record,
                   std::uint32_t(MTS_SET_MUST_EXIST));
    }
    /// Sets a range of `update_state` or `state_change`: all of them, or none where one is bad.
    template <class Range = std::initializer_list<state_change>>
    result<void> set_update_states(const Range &range)
    {
        const auto records = detail::state_records(range);
        return call(mts_session_set_update_states, records.data(), records.size(),
                    sizeof(mts_update_state), 0U);
    }
    /// The same. False: one of them does not exist yet, and nothing was set.
    template <class Range = std::initializer_list<state_change>>
    [[nodiscard]] result<bool> set_existing_update_states(const Range &range)
    {
        const auto records = detail::state_records(range);
        return ask(mts_session_set_update_states, records.data(), records.size(),
                   sizeof(mts_update_state), std::uint32_t(MTS_SET_MUST_EXIST));
    }
    /// Removes an update state. False: there was none.
    [[nodiscard]] result<bool> remove_update_state(std::int64_t id)
    {
        return ask(mts_session_remove_update_state, id);
    }

    // ==== Sent files ====

    /// Remembers a file that was sent, at the next save.
    result<void> cache_file(const sent_file &file)
    {
        const mts_file record = detail::to_c(file);
        return call(mts_session_cache_file, &record, sizeof record);
    }
    /// A file that was sent before, by its MD5 digest, size and kind.
    [[nodiscard]] perhaps<sent_file> file(const std::array<std::byte, 16> &md5, std::int64_t size,
                                          file_kind kind) const
    {
        return this->template read<mts_file, sent_file>([&](const mts_session *session, auto... rest) {
            return mts_session_file(session, detail::raw(bytes(md5)), size,
                                    static_cast<std::uint32_t>(kind), rest...);
        });
    }

    // ==== Opaque values ====

    /// Keeps bytes under a key: what a client must remember and this library need not understand.
    result<void> put_value(std::string_view key, bytes value, value_flags how = value_flags::none)
    {
        return call(mts_session_put_value, key.data(), key.size(), detail::raw(value), value.size(),
                    static_cast<std::uint32_t>(how));
    }
    /// The bytes under a key.
    [[nodiscard]] perhaps<std::vector<std::byte>> value(std::string_view key) const
    {
        std::vector<std::byte> value(256);
        for (;;) {
            detail::outcome err;
            std::size_t needed = 0;
            const mts_status answered =
                mts_session_value(handle(), key.data(), key.size(), detail::raw(value.data()),
                                  value.size(), &needed, err.slot());
            value.resize(needed);
            if (answered == MTS_TOO_SMALL)
                continue;
            return err.template then<std::optional<std::vector<std::byte>>, Errors>(
                answered, [&](mts_status got) -> std::optional<std::vector<std::byte>> {
                    if (got == MTS_NOT_FOUND)
                        return std::nullopt;
                    return std::move(value);
                });
        }
    }
    /// Removes the bytes under a key. False: there were none.
    [[nodiscard]] result<bool> remove_value(std::string_view key,
                                            value_flags how = value_flags::none)
    {
        return ask(mts_session_remove_value, key.data(), key.size(),
                   static_cast<std::uint32_t>(how));
    }

    // ==== String sessions ====

    /// The login as Telethon's string session; empty: there is no data center or no key to write.
    [[nodiscard]] perhaps<secret> to_string() const { return export_by(mts_session_to_string); }
    /// The bytes behind it, for those who encode them in their own way.
    [[nodiscard]] perhaps<secret> to_packed() const { return export_by(mts_session_to_packed); }

    /// The session of the C library, as long as this lives; NULL after it was moved from, which each
    /// call refuses with `status::argument`.
    [[nodiscard]] mts_session *handle() const noexcept { return this->raw_handle(); }

private:
    using base::ask;
    using base::call;
    using base::entity_by;
    using base::export_by;
    using base::given;
    using base::peer_by;
    using base::read_key;

    explicit basic_session(mts_session *owned) noexcept : base(owned) {}

    /// A call that makes a session.
    template <class Make>
    [[nodiscard]] static result<basic_session> made(const mts::options &how, Make make)
    {
        detail::outcome err;
        const mts_options options = detail::to_c(how);
        mts_session *session = nullptr;
        const mts_status answered = make(&options, &session, err.slot());
        return err.template then<basic_session, Errors>(
            answered, [&](mts_status) { return basic_session(session); });
    }
};

#if MTS_HAS_EXCEPTIONS
/// A session whose calls throw `mts::error`.
using session = basic_session<throwing>;
#endif

/// A session whose calls return `mts::result`: for those who build with -fno-exceptions, or do not
/// like to throw. (Where memory runs out, the standard library's containers still do what they do.)
using nothrow_session = basic_session<returning>;

} // namespace mts

#endif
