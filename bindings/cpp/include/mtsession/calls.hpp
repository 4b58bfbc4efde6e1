// The calls of a session, by what they answer. Included by mtsession.hpp.
#ifndef MTSESSION_CALLS_HPP
#define MTSESSION_CALLS_HPP

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <mtsession.h>

#include "bytes.hpp"
#include "convert.hpp"
#include "error.hpp"
#include "pages.hpp"

namespace mts {
namespace detail {

/// What `basic_session` makes its calls with.
template <class Errors>
class calls {
protected:
    template <class T>
    using result = typename Errors::template result<T>;
    template <class T>
    using perhaps = result<std::optional<T>>;

    explicit calls(mts_session *owned) noexcept : handle_(owned) {}

    [[nodiscard]] mts_session *raw_handle() const noexcept { return handle_.get(); }

    /// A call that answers nothing.
    template <class Function, class... Arguments>
    result<void> call(Function function, Arguments... arguments)
    {
        outcome err;
        return err.template nothing<Errors>(function(raw_handle(), arguments..., err.slot()));
    }
    /// A call that answers whether there was such a thing.
    template <class Function, class... Arguments>
    result<bool> ask(Function function, Arguments... arguments)
    {
        outcome err;
        return err.template found<Errors>(function(raw_handle(), arguments..., err.slot()));
    }
    /// A call that fills one record.
    template <class Record, class T, class Function>
    perhaps<T> read(Function function) const
    {
        outcome err;
        Record record{};
        const mts_status answered = function(raw_handle(), &record, sizeof record, err.slot());
        return err.template then<std::optional<T>, Errors>(
            answered, [&](mts_status got) -> std::optional<T> {
                if (got == MTS_NOT_FOUND)
                    return std::nullopt;
                return from_c(record);
            });
    }
    template <class Function>
    perhaps<mts::auth_key> read_key(Function function) const
    {
        outcome err;
        wiped<mts::auth_key> key;
        const mts_status answered = function(raw_handle(), raw(key.secret.data()), err.slot());
        return given(err, answered, key.secret);
    }
    /// A secret that a call has written, copied to where the caller gets it and nowhere else.
    template <class T>
    static perhaps<T> given(outcome &err, mts_status answered, const T &secret)
    {
        if (answered < 0)
            return Errors::template fail<std::optional<T>>(err.take());
        if (answered == MTS_NOT_FOUND)
            return std::optional<T>();
        return perhaps<T>(std::in_place, secret);
    }
    template <class Number, class Function>
    perhaps<Number> number(Function function) const
    {
        outcome err;
        Number value = 0;
        const mts_status answered = function(raw_handle(), &value, err.slot());
        return err.template then<std::optional<Number>, Errors>(
            answered, [&](mts_status got) -> std::optional<Number> {
                if (got == MTS_NOT_FOUND)
                    return std::nullopt;
                return value;
            });
    }
    /// All pages of a short list.
    template <class Record, class T, class Function>
    result<std::vector<T>> all(Function function) const
    {
        std::vector<T> found;
        std::vector<Record> records(16);
        mts_page page{};
        for (;;) {
            outcome err;
            const mts_status answered = function(raw_handle(), page.next, records.data(), records.size(),
                                                 sizeof(Record), &page, err.slot());
            if (answered < 0)
                return Errors::template fail<std::vector<T>>(err.take());
            for (std::size_t at = 0; at < page.count; ++at)
                found.push_back(from_c(records[at]));
            if (answered == MTS_DONE)
                return found;
        }
    }
    template <class Function, class... Key>
    perhaps<mts::input_peer> peer_by(Function function, look how, Key... key) const
    {
        outcome err;
        mts_input_peer record{};
        const mts_status answered = function(raw_handle(), key..., static_cast<std::uint32_t>(how),
                                             &record, sizeof record, err.slot());
        return err.template then<std::optional<mts::input_peer>, Errors>(
            answered, [&](mts_status got) -> std::optional<mts::input_peer> {
                if (got == MTS_NOT_FOUND)
                    return std::nullopt;
                return from_c(record, got);
            });
    }
    template <class Function, class... Key>
    perhaps<mts::entity> entity_by(Function function, look how, Key... key) const
    {
        outcome err;
        mts_entity record{};
        mts_page page{};
        std::vector<std::uint8_t> heap(256);
        const mts_status answered = with_heap(
            heap, page, err.slot(),
            [&](std::uint8_t *room, std::size_t cap, mts_page *into, mts_error **slot) {
                return function(raw_handle(), key..., static_cast<std::uint32_t>(how), &record,
                                sizeof record, room, cap, into, slot);
            });
        return err.template then<std::optional<mts::entity>, Errors>(
            answered, [&](mts_status got) -> std::optional<mts::entity> {
                if (got == MTS_NOT_FOUND)
                    return std::nullopt;
                mts::entity found = from_c(record, heap.data()).copy();
                found.ambiguous = got == MTS_AMBIGUOUS;
                return found;
            });
    }
    template <class Function>
    perhaps<secret> export_by(Function function) const
    {
        outcome err;
        mts_buffer *buffer = nullptr;
        const mts_status answered = function(raw_handle(), &buffer, err.slot());
        return err.template then<std::optional<secret>, Errors>(
            answered, [&](mts_status got) -> std::optional<secret> {
                if (got == MTS_NOT_FOUND)
                    return std::nullopt;
                return secret(buffer);
            });
    }

private:
    struct free {
        void operator()(mts_session *session) const noexcept { mts_session_free(session); }
    };
    std::unique_ptr<mts_session, free> handle_;
};

/// The records of a range of update states or of changes.
template <class Range>
std::vector<mts_update_state> state_records(const Range &range)
{
    std::vector<mts_update_state> records;
    for (const auto &one : range)
        records.push_back(to_c(one));
    return records;
}

} // namespace detail
} // namespace mts

#endif
