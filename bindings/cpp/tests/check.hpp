// What the tests share: checks that count, scratch files, and a key.
#ifndef CHECK_HPP
#define CHECK_HPP

#include <cstddef>
#include <cstdio>
#include <string>

#include <mtsession.hpp>

inline int failures = 0;

#define CHECK(...) \
    ((__VA_ARGS__) ? void() \
                   : void((failures++, std::printf("%s:%d: %s\n", __FILE__, __LINE__, #__VA_ARGS__))))

#if MTS_HAS_EXCEPTIONS
/// Whether `call` throws a mts::error with that status, whose text has `says` in it.
template <class Call>
bool throws(mts::status wanted, const std::string &says, Call call)
{
    try {
        call();
        std::printf("  nothing was thrown\n");
    } catch (const mts::error &failure) {
        if (failure.status() == wanted &&
            std::string(failure.what()).find(says) != std::string::npos)
            return true;
        std::printf("  threw %s: %s\n", mts_status_name(mts_status(failure.status())),
                    failure.what());
    }
    return false;
}
#endif

/// An empty place for a file in the folder that the test runs in.
inline std::string fresh(const std::string &name)
{
    std::remove(name.c_str());
    return name;
}

inline mts::auth_key test_key(unsigned seed)
{
    mts::auth_key key;
    for (std::size_t at = 0; at < key.size(); ++at)
        key[at] = std::byte(at * 7 + seed);
    return key;
}

inline int report()
{
    std::printf("%d failures\n", failures);
    return failures != 0;
}

#endif
