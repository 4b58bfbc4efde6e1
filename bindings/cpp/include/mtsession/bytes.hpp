// Bytes in and out, and what must not stay in memory. Included by mtsession.hpp.
#ifndef MTSESSION_BYTES_HPP
#define MTSESSION_BYTES_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>
#if __has_include(<version>)
#include <version>
#endif
#if defined(__cpp_lib_ranges)
#include <ranges>
#endif

#include <mtsession.h>

namespace mts {

namespace detail {

template <class T>
inline constexpr bool is_byte =
    sizeof(T) == 1 && (std::is_same_v<T, std::byte> || std::is_integral_v<T>);

/// Text in a C array would bring its NUL along.
template <class T>
inline constexpr bool is_char = std::is_same_v<std::remove_cv_t<T>, char>;

} // namespace detail

/// A run of `T` that is somebody else's: what `std::span<const T>` is in C++20, and there it converts
/// from one and to one.
///
/// `view<std::byte>` (`bytes`) is made from any array or container of bytes: `std::byte`,
/// `unsigned char`, the `char` of a string.
template <class T>
class view {
public:
    constexpr view() noexcept = default;
    constexpr view(const T *data, std::size_t size) noexcept : data_(data), size_(size) {}

    template <class Container,
              class Element = std::remove_pointer_t<decltype(std::declval<Container &>().data())>,
              class = decltype(std::declval<Container &>().size()),
              class = std::enable_if_t<std::is_same_v<std::remove_cv_t<Element>, T> ||
                                       (std::is_same_v<T, std::byte> &&
                                        detail::is_byte<std::remove_cv_t<Element>>)>>
    view(const Container &container) noexcept
        : data_(reinterpret_cast<const T *>(container.data())), size_(container.size())
    {
    }

    template <class Element, std::size_t Size,
              class = std::enable_if_t<std::is_same_v<Element, T> ||
                                       (std::is_same_v<T, std::byte> && detail::is_byte<Element> &&
                                        !detail::is_char<Element>)>>
    view(const Element (&array)[Size]) noexcept
        : data_(reinterpret_cast<const T *>(array)), size_(Size)
    {
    }

    [[nodiscard]] constexpr const T *data() const noexcept { return data_; }
    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
    [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] constexpr const T *begin() const noexcept { return data_; }
    [[nodiscard]] constexpr const T *end() const noexcept { return data_ + size_; }
    [[nodiscard]] constexpr const T &operator[](std::size_t at) const { return data_[at]; }

private:
    const T *data_ = nullptr;
    std::size_t size_ = 0;
};

/// Bytes that are somebody else's.
using bytes = view<std::byte>;

/// An auth key. It is secret: `wipe` your copy when you are done with it.
using auth_key = std::array<std::byte, MTS_AUTH_KEY_LEN>;

namespace detail {

inline const std::uint8_t *raw(bytes of) noexcept
{
    return reinterpret_cast<const std::uint8_t *>(of.data());
}

inline std::uint8_t *raw(std::byte *of) noexcept
{
    return reinterpret_cast<std::uint8_t *>(of);
}

inline void wipe(void *secret, std::size_t size) noexcept
{
    // volatile: so that it is not left out where nobody reads it any more.
    volatile unsigned char *each = static_cast<unsigned char *>(secret);
    while (size-- > 0)
        *each++ = 0;
}

/// A secret that a function has to itself, wiped when the function is left.
template <class T>
struct wiped {
    static_assert(std::is_trivially_copyable_v<T>);

    T secret{};

    ~wiped() { wipe(&secret, sizeof secret); }
};

} // namespace detail

/// Overwrites a container of secret bytes (an `auth_key`, a string) with zeros.
template <class Container>
void wipe(Container &secret) noexcept
{
    using element = std::remove_reference_t<decltype(*secret.data())>;
    static_assert(std::is_trivially_copyable_v<element>);
    detail::wipe(secret.data(), secret.size() * sizeof(element));
}

/// Secret bytes or text that the library made for you. Wiped when it goes.
class secret {
public:
    /// Takes over a buffer of the C library.
    explicit secret(mts_buffer *owned) noexcept : buffer_(owned) {}

    /// The bytes, as long as this lives.
    [[nodiscard]] bytes data() const noexcept
    {
        return {reinterpret_cast<const std::byte *>(mts_buffer_data(buffer_.get())), size()};
    }

    /// The same as text, as long as this lives; a NUL follows it.
    [[nodiscard]] std::string_view text() const noexcept
    {
        const std::uint8_t *data = mts_buffer_data(buffer_.get());
        return data ? std::string_view(reinterpret_cast<const char *>(data), size())
                    : std::string_view();
    }

    /// How many bytes there are.
    [[nodiscard]] std::size_t size() const noexcept { return mts_buffer_len(buffer_.get()); }

private:
    struct free {
        void operator()(mts_buffer *buffer) const noexcept { mts_buffer_free(buffer); }
    };
    std::unique_ptr<mts_buffer, free> buffer_;
};

} // namespace mts

#if defined(__cpp_lib_ranges)
template <class T>
inline constexpr bool std::ranges::enable_view<mts::view<T>> = true;
template <class T>
inline constexpr bool std::ranges::enable_borrowed_range<mts::view<T>> = true;
#endif

#endif
