// Where a session is. Included by mtsession.hpp.
#ifndef MTSESSION_PATH_HPP
#define MTSESSION_PATH_HPP

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace mts {

/// A path as you have it: UTF-8 text (taken as it is), or a `std::filesystem::path`.
class any_path {
public:
    template <class Text,
              std::enable_if_t<std::is_convertible_v<const Text &, std::string_view>, int> = 0>
    any_path(const Text &text) : utf8_(std::string_view(text))
    {
    }
    // Known by what it has: <filesystem> is slow to compile, for all who have no such path.
    template <class Path, class = decltype(std::declval<const Path &>().u8string())>
    any_path(const Path &path)
    {
        const auto text = path.u8string(); // of char8_t since C++20
        utf8_.assign(reinterpret_cast<const char *>(text.data()), text.size());
    }

    [[nodiscard]] const std::string &utf8() const noexcept { return utf8_; }

private:
    std::string utf8_;
};

} // namespace mts

#endif
