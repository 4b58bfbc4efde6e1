// Lists that come page by page, for range-for. Included by mtsession.hpp.
#ifndef MTSESSION_PAGES_HPP
#define MTSESSION_PAGES_HPP

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <mtsession.h>

#include "convert.hpp"

namespace mts {

/// All of a kind, page by page: an input range (of C++20 too), to be gone through once.
///
///     for (const mts::entity_view &entity : session.entities())
///         use(entity.name);
///
/// Nothing stays open in the session between two pages; what changes meanwhile may or may not be
/// seen. The session must live as long. What an iterator gave is good until it moves on. A
/// `session` throws when a page fails; of a `nothrow_session` the loop ends, and `failure` tells.
template <class Errors, class Source>
class pages {
public:
    using value_type = decltype(std::declval<const Source &>()[std::size_t()]);

    struct sentinel {};

    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = pages::value_type;
        using difference_type = std::ptrdiff_t;
        using pointer = const value_type *;
        using reference = const value_type &;

        iterator() = default;

        const value_type &operator*() const { return *of_->current_; }
        const value_type *operator->() const { return &*of_->current_; }
        iterator &operator++()
        {
            of_->advance();
            return *this;
        }
        void operator++(int) { ++*this; }

        friend bool operator==(const iterator &at, sentinel) { return at.done(); }
        friend bool operator!=(const iterator &at, sentinel) { return !at.done(); }
        friend bool operator==(sentinel, const iterator &at) { return at.done(); }
        friend bool operator!=(sentinel, const iterator &at) { return !at.done(); }

    private:
        friend class pages;
        explicit iterator(pages *of) noexcept : of_(of) {}
        [[nodiscard]] bool done() const noexcept { return !of_->current_; }
        pages *of_ = nullptr;
    };

    explicit pages(Source source) : source_(std::move(source)) {}

    /// Fetches the first page.
    [[nodiscard]] iterator begin()
    {
        advance();
        return iterator(this);
    }
    [[nodiscard]] sentinel end() const noexcept { return {}; }

    /// The error that ended the loop, if one did.
    [[nodiscard]] const std::optional<mts::error> &failure() const noexcept { return failure_; }

private:
    void advance()
    {
        // A page may be empty and yet not the last.
        while (at_ == source_.size()) {
            current_.reset();
            if (last_)
                return;
            detail::outcome err;
            at_ = 0;
            const mts_status answered = source_.fetch(err.slot());
            last_ = answered != MTS_OK;
            if (answered < 0) {
                failure_ = err.take();
                raise(*failure_);
                return;
            }
        }
        current_ = source_[at_++];
    }

    static void raise(const mts::error &failure)
    {
#if MTS_HAS_EXCEPTIONS
        if constexpr (std::is_same_v<Errors, throwing>)
            throw failure;
#endif
        static_cast<void>(failure);
    }

    Source source_;
    std::size_t at_ = 0;
    bool last_ = false;
    std::optional<value_type> current_;
    std::optional<mts::error> failure_;
};

namespace detail {

/// Calls `call` with a heap as large as it asks for.
template <class Call>
mts_status with_heap(std::vector<std::uint8_t> &heap, mts_page &page, mts_error **err, Call call)
{
    for (;;) {
        const mts_status answered = call(heap.data(), heap.size(), &page, err);
        if (answered != MTS_TOO_SMALL)
            return answered;
        heap.resize(page.heap_needed);
    }
}

/// The pages of mts_session_entities.
class entity_source {
public:
    entity_source(const mts_session *session, std::size_t page_size, std::int64_t after)
        : session_(session), records_(page_size ? page_size : 1), heap_(64 * records_.size())
    {
        page_.next = after;
    }

    mts_status fetch(mts_error **err)
    {
        const std::int64_t after = page_.next;
        return with_heap(heap_, page_, err,
                         [&](std::uint8_t *heap, std::size_t cap, mts_page *page, mts_error **slot) {
                             return mts_session_entities(session_, after, records_.data(),
                                                         records_.size(), sizeof(mts_entity), heap,
                                                         cap, page, slot);
                         });
    }
    [[nodiscard]] std::size_t size() const noexcept { return page_.count; }
    entity_view operator[](std::size_t at) const { return from_c(records_[at], heap_.data()); }

private:
    const mts_session *session_;
    std::vector<mts_entity> records_;
    std::vector<std::uint8_t> heap_;
    mts_page page_{};
};

/// The pages of mts_session_update_states.
class state_source {
public:
    state_source(const mts_session *session, std::size_t page_size, std::int64_t after)
        : session_(session), records_(page_size ? page_size : 1)
    {
        page_.next = after;
    }

    mts_status fetch(mts_error **err)
    {
        return mts_session_update_states(session_, page_.next, records_.data(), records_.size(),
                                         sizeof(mts_update_state), &page_, err);
    }
    [[nodiscard]] std::size_t size() const noexcept { return page_.count; }
    update_state operator[](std::size_t at) const { return from_c(records_[at]); }

private:
    const mts_session *session_;
    std::vector<mts_update_state> records_;
    mts_page page_{};
};

/// Records of the library behind each other, each made into a `View`, for range-for.
template <class Record, class View>
class records {
public:
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = View;
        using difference_type = std::ptrdiff_t;
        using pointer = const View *;
        using reference = View;

        iterator() = default;
        iterator(const records &of, std::size_t at) noexcept : of_(of), at_(at) {}

        View operator*() const { return of_[at_]; }
        iterator &operator++() noexcept
        {
            ++at_;
            return *this;
        }
        iterator operator++(int) noexcept { return {of_, at_++}; }
        friend bool operator==(iterator one, iterator other) noexcept { return one.at_ == other.at_; }
        friend bool operator!=(iterator one, iterator other) noexcept { return one.at_ != other.at_; }

    private:
        records of_;
        std::size_t at_ = 0;
    };

    records() = default;
    records(const Record *first, std::size_t count, std::size_t stride,
            const std::uint8_t *heap) noexcept
        : first_(reinterpret_cast<const char *>(first)), count_(count), stride_(stride), heap_(heap)
    {
    }

    [[nodiscard]] std::size_t size() const noexcept { return count_; }
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    [[nodiscard]] iterator begin() const noexcept { return {*this, 0}; }
    [[nodiscard]] iterator end() const noexcept { return {*this, count_}; }
    View operator[](std::size_t at) const
    {
        // By the library's stride: a newer one may have longer records.
        const void *const place = first_ + at * stride_;
        const Record &record = *static_cast<const Record *>(place);
        if constexpr (std::is_same_v<Record, mts_update_state>)
            return from_c(record);
        else
            return from_c(record, heap_);
    }

private:
    const char *first_ = nullptr;
    std::size_t count_ = 0;
    std::size_t stride_ = 0;
    const std::uint8_t *heap_ = nullptr;
};

} // namespace detail
} // namespace mts

#endif
