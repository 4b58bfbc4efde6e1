// Arguments and answers of the vectors' steps.
#ifndef VALUES_HPP
#define VALUES_HPP

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <jansson.h>

#include <mtsession.hpp>

/// A value of a vector file. It belongs to the document, which outlives it.
class value {
public:
    explicit value(json_t *of = nullptr) : of_(of) {}

    value operator[](const char *name) const { return value(json_object_get(of_, name)); }
    explicit operator bool() const { return of_ != nullptr; }

    std::string_view text() const
    {
        return of_ == nullptr ? std::string_view()
                              : std::string_view(json_string_value(of_), json_string_length(of_));
    }

    /// Wide ones are decimal text.
    template <class Number>
    Number number() const
    {
        if (json_is_true(of_))
            return Number(1);
        if (json_is_string(of_))
            return static_cast<Number>(std::strtoll(json_string_value(of_), nullptr, 10));
        return static_cast<Number>(json_integer_value(of_));
    }

    /// Hexadecimal digits, or digits * count.
    std::vector<std::byte> bytes() const
    {
        const std::string digits(text());
        const auto star = digits.find('*');
        std::vector<std::byte> once, all;
        for (std::size_t at = 0; at + 1 < std::min(star, digits.size()); at += 2)
            once.push_back(std::byte(std::stoi(digits.substr(at, 2), nullptr, 16)));
        for (int count = star == digits.npos ? 1 : std::stoi(digits.substr(star + 1)); count > 0; --count)
            all.insert(all.end(), once.begin(), once.end());
        return all;
    }

    std::vector<value> list() const
    {
        std::vector<value> all;
        for (std::size_t at = 0; at < json_array_size(of_); ++at)
            all.emplace_back(json_array_get(of_, at));
        return all;
    }

    std::string shown() const
    {
        const std::unique_ptr<char, void (*)(void *)> text(json_dumps(of_, JSON_COMPACT), std::free);
        return text.get();
    }

private:
    friend class document;
    json_t *of_;
};

/// A vector file.
class document : public value {
public:
    explicit document(const std::string &path)
    {
        json_error_t why;
        of_ = json_load_file(path.c_str(), JSON_ALLOW_NUL, &why);
        if (of_ == nullptr)
            throw std::runtime_error(path + ": " + why.text);
    }
    document(const document &) = delete;
    document &operator=(const document &) = delete;
    ~document() { json_decref(of_); }

    template <class Each>
    void each(Each call) const
    {
        const char *name;
        json_t *one;
        json_object_foreach(of_, name, one)
            call(std::string(name), json_integer_value(one));
    }
};

inline std::string hex(std::uint64_t number, int digits)
{
    char text[17];
    std::snprintf(text, sizeof text, "%0*llx", digits, static_cast<unsigned long long>(number));
    return text;
}

inline std::string shown(mts::bytes bytes)
{
    std::string text;
    for (std::byte byte : bytes)
        text += hex(std::to_integer<unsigned>(byte), 2);
    return text.empty() ? "-" : text;
}

inline std::string quoted(std::string_view of)
{
    std::string text = "'";
    for (char c : of) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\'' || c == '\\')
            text += "\\x" + hex(static_cast<unsigned char>(c), 2);
        else
            text += c;
    }
    return text + "'";
}

template <class T>
std::string word(const T &of)
{
    if constexpr (std::is_enum_v<T>)
        return std::to_string(static_cast<std::underlying_type_t<T>>(of));
    else if constexpr (std::is_integral_v<T>)
        return std::to_string(of);
    else
        return std::string(of);
}

/// The words of one line.
template <class... Words>
std::string line(const Words &...words)
{
    std::string text;
    ((text += word(words) + " "), ...);
    text.pop_back();
    return text;
}

#endif
