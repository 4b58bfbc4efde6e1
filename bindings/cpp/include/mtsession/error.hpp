// Statuses, errors, and the two ways in which a session tells of them. Included by mtsession.hpp.
#ifndef MTSESSION_ERROR_HPP
#define MTSESSION_ERROR_HPP

#include <cstdint>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include <mtsession.h>

static_assert(MTS_ABI_VERSION == 0, "this mtsession.hpp belongs to another mtsession.h");

#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
#define MTS_HAS_EXCEPTIONS 1
#else
#define MTS_HAS_EXCEPTIONS 0
#endif

namespace mts {

/// What a call of the C library answered. Zero and above is no failure; those are told by return
/// values here (an empty `std::optional`, `false`), so what meets you is the rest, in errors.
enum class status : std::int32_t {
    ok = MTS_OK,
    not_found = MTS_NOT_FOUND,
    done = MTS_DONE,
    too_small = MTS_TOO_SMALL,
    ambiguous = MTS_AMBIGUOUS,
    argument = MTS_E_ARGUMENT,       ///< You passed something that cannot be meant.
    io = MTS_E_IO,                   ///< The operating system refused.
    storage = MTS_E_STORAGE,         ///< The storage failed in a way that has no code of its own.
    corrupt = MTS_E_CORRUPT,         ///< It is a session, but damaged.
    busy = MTS_E_BUSY,               ///< Somebody else is writing: try again.
    owned = MTS_E_OWNED,             ///< Another client has this session open.
    format = MTS_E_FORMAT,           ///< No session that can be read here.
    version = MTS_E_VERSION,         ///< Written by a newer version.
    read_only = MTS_E_READ_ONLY,     ///< Opened read-only, or not to be written.
    exists = MTS_E_EXISTS,           ///< Something stands where the result should go.
    secret = MTS_E_SECRET,           ///< A wrong passphrase; reserved for formats that have one.
    callback = MTS_E_CALLBACK,       ///< A storage of yours failed, or called its own session.
    unsupported = MTS_E_UNSUPPORTED, ///< This session or storage cannot do that.
    closed = MTS_E_CLOSED,           ///< The session was closed, or belongs to the parent process.
    internal = MTS_E_INTERNAL,       ///< A bug in mtsession. Please report it.
};

/// The status as its name in C, like "MTS_E_BUSY"; "unknown status" for a number that is none.
[[nodiscard]] inline std::string_view status_name(status of) noexcept
{
    return mts_status_name(static_cast<std::int32_t>(of));
}

/// What failed: a status to decide by, and one line for a person. Copies share one text.
class error : public std::exception {
public:
    /// Takes over what a C function put into its `mts_error **`.
    explicit error(mts_error *owned) : error_(owned, &mts_error_free) {}
    /// A failure that the C library did not see: for a storage of yours to throw.
    error(mts::status why, std::string text)
        : status_(why), text_(std::make_shared<const std::string>(std::move(text)))
    {
    }

    /// Why the call failed; never `status::ok`.
    [[nodiscard]] mts::status status() const noexcept
    {
        return error_ ? static_cast<mts::status>(mts_error_status(error_.get())) : status_;
    }

    /// One line: what failed, on which path or value, and what to do. Never a secret. UTF-8, valid
    /// as long as a copy of this error.
    [[nodiscard]] const char *what() const noexcept override
    {
        return text_ ? text_->c_str() : mts_error_message(error_.get());
    }

    /// SQLite's extended result code behind the failure; 0 where SQLite had no part in it.
    [[nodiscard]] int sqlite_code() const noexcept { return mts_error_sqlite_code(error_.get()); }

    /// The `errno` behind the failure; 0 where the operating system had no part in it. (It cannot
    /// have that name, as in C, which is a macro.)
    [[nodiscard]] int system_code() const noexcept { return mts_error_errno(error_.get()); }

private:
    std::shared_ptr<mts_error> error_;
    mts::status status_ = mts::status::internal; // of one without a C error
    std::shared_ptr<const std::string> text_;
};

/// A value, or the error for which there is none: what the calls of a `nothrow_session` return.
/// Asking for what is not there ends the program, as there is nothing to throw.
template <class T>
class [[nodiscard]] result {
public:
    result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
    result(mts::error failure) : held_(std::in_place_index<1>, std::move(failure)) {}
    /// A value made in its place.
    template <class... Arguments>
    explicit result(std::in_place_t, Arguments &&...arguments)
        : held_(std::in_place_index<0>, std::forward<Arguments>(arguments)...)
    {
    }

    [[nodiscard]] bool has_value() const noexcept { return held_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    [[nodiscard]] T &value() & { return *held<0>(&held_); }
    [[nodiscard]] const T &value() const & { return *held<0>(&held_); }
    [[nodiscard]] T &&value() && { return std::move(*held<0>(&held_)); }
    [[nodiscard]] T &operator*() & { return value(); }
    [[nodiscard]] const T &operator*() const & { return value(); }
    [[nodiscard]] T &&operator*() && { return std::move(*this).value(); }
    [[nodiscard]] T *operator->() { return &value(); }
    [[nodiscard]] const T *operator->() const { return &value(); }

    [[nodiscard]] const mts::error &error() const { return *held<1>(&held_); }

private:
    template <std::size_t Index, class Variant>
    static auto held(Variant *variant) -> decltype(std::get_if<Index>(variant))
    {
        auto found = std::get_if<Index>(variant);
        if (found == nullptr)
            std::abort();
        return found;
    }

    std::variant<T, mts::error> held_;
};

/// Success, or the error.
template <>
class [[nodiscard]] result<void> {
public:
    result() = default;
    result(mts::error failure) : failure_(std::move(failure)) {}

    [[nodiscard]] bool has_value() const noexcept { return !failure_; }
    explicit operator bool() const noexcept { return has_value(); }
    void value() const
    {
        if (failure_)
            std::abort();
    }

    [[nodiscard]] const mts::error &error() const
    {
        if (!failure_)
            std::abort();
        return *failure_;
    }

private:
    std::optional<mts::error> failure_;
};

#if MTS_HAS_EXCEPTIONS
/// The way of `session`: calls return their value, and throw `mts::error`.
struct throwing {
    template <class T>
    using result = T;

    template <class T>
    [[noreturn]] static T fail(mts::error failure)
    {
        throw failure;
    }
};
#endif

/// The way of `nothrow_session`: calls return `mts::result`, which has the value or the error.
struct returning {
    template <class T>
    using result = mts::result<T>;

    template <class T>
    static mts::result<T> fail(mts::error failure)
    {
        return mts::result<T>(std::move(failure));
    }
};

namespace detail {

/// Where one call puts its error, and what becomes of it.
class outcome {
public:
    outcome() = default;
    outcome(const outcome &) = delete;
    outcome &operator=(const outcome &) = delete;
    ~outcome() { mts_error_free(error_); }

    mts_error **slot() noexcept { return &error_; }
    mts::error take() { return mts::error(std::exchange(error_, nullptr)); }

    /// The value that `make` makes of a call's answer, unless it was a failure.
    template <class T, class Errors, class Make>
    typename Errors::template result<T> then(mts_status answered, Make make)
    {
        if (answered < 0)
            return Errors::template fail<T>(take());
        return make(answered);
    }

    /// Nothing, unless the call failed.
    template <class Errors>
    typename Errors::template result<void> nothing(mts_status answered)
    {
        if (answered < 0)
            return Errors::template fail<void>(take());
        return typename Errors::template result<void>();
    }

    /// Whether there was such a thing.
    template <class Errors>
    typename Errors::template result<bool> found(mts_status answered)
    {
        return then<bool, Errors>(answered, [](mts_status got) { return got != MTS_NOT_FOUND; });
    }

private:
    mts_error *error_ = nullptr;
};

} // namespace detail
} // namespace mts

#endif
