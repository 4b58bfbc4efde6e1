// A storage of your own: what Telethon calls subclassing `Session`. Included by mtsession.hpp.
#ifndef MTSESSION_STORAGE_HPP
#define MTSESSION_STORAGE_HPP

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include <mtsession.h>

#include "bytes.hpp"
#include "convert.hpp"
#include "pages.hpp"

namespace mts {

/// Where a callback answers. It copies at once, and is good until the callback returns.
class answer {
public:
    /// Makes the call fail that needed the callback, with one line of text for its error. In a
    /// build with exceptions, throwing does the same: `mts::error` with its status, anything else
    /// with `status::callback`.
    void fail(mts::status why, std::string_view text = {}) noexcept
    {
        // A callback that fails with success is wrong, and must not pass for a good one.
        status_ = static_cast<std::int32_t>(why < status::ok ? why : status::callback);
        if (!text.empty())
            static_cast<void>(mts_out_error(out_, text.data(), text.size()));
    }

protected:
    explicit answer(mts_out *out) noexcept : out_(out) {}
    answer(const answer &) = delete;
    answer &operator=(const answer &) = delete;
    ~answer() = default;

    /// What a mts_out_* answered: the library makes a failure of it by itself.
    void put(mts_status) noexcept {}

    mts_out *out_;

private:
    friend struct storage_calls;
    std::int32_t status_ = MTS_OK;
};

/// Where `storage::load` answers what is stored.
class loaded : public answer {
public:
    /// The account record, as the last commit with one gave it.
    void account(bytes record) noexcept
    {
        put(mts_out_account(out_, detail::raw(record), record.size()));
    }
    /// One update state.
    void state(const update_state &state) noexcept
    {
        const mts_update_state record = detail::to_c(state);
        put(mts_out_state(out_, &record, sizeof record));
    }
    /// One value.
    void value(std::string_view key, bytes value) noexcept
    {
        put(mts_out_value(out_, key.data(), key.size(), detail::raw(value), value.size()));
    }

private:
    friend struct storage_calls;
    using answer::answer;
};

/// Where `storage::find` and `storage::list` answer entities.
class found : public answer {
public:
    /// One entity.
    void entity(const entity_view &entity)
    {
        heap_.clear();
        mts_entity record{};
        record.id = entity.id;
        record.access_hash = entity.access_hash;
        record.seen = entity.seen;
        record.flags = static_cast<std::uint32_t>(entity.flags);
        record.usernames = text(entity.usernames);
        record.phone = text(entity.phone);
        record.name = text(entity.name);
        put(mts_out_entity(out_, &record, sizeof record,
                           reinterpret_cast<const std::uint8_t *>(heap_.data()), heap_.size()));
    }

private:
    friend struct storage_calls;
    using answer::answer;

    mts_text text(std::string_view of)
    {
        const auto off = static_cast<std::uint32_t>(heap_.size());
        heap_.append(of.data(), of.size());
        return {off, static_cast<std::uint32_t>(of.size())};
    }

    std::string heap_;
};

/// What a commit is to store: all of it, or nothing. Good until the callback returns.
class changes {
public:
    explicit changes(const mts_changes &of) noexcept : of_(of) {}

    /// What kind of commit it is.
    [[nodiscard]] commit_flags flags() const noexcept { return static_cast<commit_flags>(of_.flags); }
    /// The account record: opaque bytes that replace the stored ones, secret keys among them. Empty:
    /// it did not change.
    [[nodiscard]] std::optional<bytes> account() const noexcept
    {
        if (of_.account == nullptr)
            return std::nullopt;
        return bytes(reinterpret_cast<const std::byte *>(of_.account), of_.account_len);
    }
    /// Whole entities (`entity_view`), each replacing the stored one of that id.
    [[nodiscard]] detail::records<mts_entity, entity_view> entities() const noexcept
    {
        return {of_.entities, of_.entity_count, of_.entity_stride, of_.heap};
    }
    /// Marked ids of entities to remove.
    [[nodiscard]] view<std::int64_t> forget() const noexcept
    {
        return {of_.forget, of_.forget_count};
    }
    /// Update states (`update_state`), each replacing the stored one of that id.
    [[nodiscard]] detail::records<mts_update_state, update_state> states() const noexcept
    {
        return {of_.states, of_.state_count, of_.state_stride, of_.heap};
    }
    /// Ids of update states to remove.
    [[nodiscard]] view<std::int64_t> forget_states() const noexcept
    {
        return {of_.forget_states, of_.forget_state_count};
    }
    /// Values (`value_change`) to store or to remove. Sent files are among them.
    [[nodiscard]] detail::records<mts_value, value_change> values() const noexcept
    {
        return {of_.values, of_.value_count, of_.value_stride, of_.heap};
    }

private:
    const mts_changes &of_;
};

/// What an entity is looked up by.
struct query {
    find_by by;
    std::int64_t id;       ///< With `find_by::id`: the marked id.
    std::string_view text; ///< Else: a username in lower case without "@", digits, or a name.
};

/// Derive from it, and give it to `session::custom`. The library decides what is stored, and merges;
/// a storage keeps whole records and finds them again.
///
/// The calls come on any thread that uses the session: commits one at a time, `find` and `list`
/// perhaps beside a commit and beside each other. None may call its own session, which would answer
/// `status::callback`.
class storage {
public:
    /// The session is gone and nothing is called any more. (In a child process after fork the storage
    /// stays.)
    virtual ~storage() = default;

    /// Claims the storage for this session, or fails with `status::owned`; the destructor is where
    /// to let go. Called once, before `load`.
    virtual void lock(answer &) {}
    /// Answers the account record, every update state and every value; nothing for a new session.
    /// Called once, at the opening.
    virtual void load(loaded &out) = 0;
    /// Stores all of `what`, or nothing and fails. The same may come again after a failure.
    virtual void commit(const changes &what, answer &out) = 0;
    /// Answers the entities that are asked for.
    virtual void find(const query &what, found &out) = 0;
    /// Answers at most `max` entities with a marked id above `after`, the lowest ones.
    virtual void list(std::int64_t after, std::uint32_t max, found &out) = 0;

protected:
    storage() = default;
    storage(const storage &) = default;
    storage &operator=(const storage &) = default;
};

/// The callbacks of C that call a `storage`: nothing that is thrown leaves them.
struct storage_calls {
    static mts_storage table(storage *user) noexcept
    {
        mts_storage table{};
        table.size = sizeof table;
        table.user = user;
        table.load = [](void *self, mts_out *out) noexcept {
            return run<loaded>(out, [&](loaded &into) { of(self).load(into); });
        };
        table.commit = [](void *self, const mts_changes *what, mts_out *out) noexcept {
            return run<answer>(out, [&](answer &into) { of(self).commit(changes(*what), into); });
        };
        table.find = [](void *self, std::uint32_t by, std::int64_t id, const char *text,
                        std::size_t text_len, mts_out *out) noexcept {
            const query what{static_cast<find_by>(by), id, std::string_view(text, text_len)};
            return run<found>(out, [&](found &into) { of(self).find(what, into); });
        };
        table.list = [](void *self, std::int64_t after, std::uint32_t max, mts_out *out) noexcept {
            return run<found>(out, [&](found &into) { of(self).list(after, max, into); });
        };
        table.lock = [](void *self, mts_out *out) noexcept {
            return run<answer>(out, [&](answer &into) { of(self).lock(into); });
        };
        table.free = [](void *self) noexcept { delete &of(self); };
        return table;
    }

private:
    static storage &of(void *user) noexcept { return *static_cast<storage *>(user); }

    template <class Answer, class Call>
    static std::int32_t run(mts_out *out, Call call) noexcept
    {
        Answer into(out);
#if MTS_HAS_EXCEPTIONS
        try {
            call(into);
        } catch (const mts::error &failure) {
            into.fail(failure.status(), failure.what());
        } catch (const std::exception &failure) {
            into.fail(status::callback, failure.what());
        } catch (...) {
            into.fail(status::callback, "it threw something that is no std::exception");
        }
#else
        call(into);
#endif
        return static_cast<answer &>(into).status_;
    }
};

} // namespace mts

#endif
