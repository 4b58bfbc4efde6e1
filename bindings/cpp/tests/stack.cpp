// What the calls that give a key leave of it on the stack: nothing, once the caller has wiped his own.
// (Not run under valgrind, which forbids to look where a stack was.)
#include <algorithm>
#include <optional>
#include <utility>

#include <pthread.h>

#include "check.hpp"

// Else the address sanitizer puts variables elsewhere.
extern "C" const char *__asan_default_options() { return "detect_stack_use_after_return=0"; }

namespace {

alignas(4096) std::byte stack[1 << 20];

/// Runs `body` on the stack above; how often a part of the key is in it afterwards.
template <class Body>
std::size_t copies_left(const mts::auth_key &key, Body body)
{
    std::fill(std::begin(stack), std::end(stack), std::byte{});
    pthread_attr_t how;
    pthread_t thread;
    pthread_attr_init(&how);
    CHECK(pthread_attr_setstack(&how, stack, sizeof stack) == 0);
    // Deep down, where the end of the thread writes over nothing.
    const auto run = [](void *of) -> void * {
        void (*volatile call)(void *) = [](void *what) { (*static_cast<Body *>(what))(); };
        volatile std::byte above[1 << 16];
        above[0] = std::byte{};
        call(of);
        static_cast<void>(above[0]);
        return nullptr;
    };
    CHECK(pthread_create(&thread, &how, run, &body) == 0);
    CHECK(pthread_join(thread, nullptr) == 0);
    pthread_attr_destroy(&how);
    std::size_t copies = 0;
    const auto part = key.begin() + 100;
    for (auto at = std::begin(stack);; ++at, ++copies) {
        at = std::search(at, std::end(stack), part, part + 32);
        if (at == std::end(stack))
            return copies;
    }
}

mts::auth_key &of(mts::auth_key &key) { return key; }
mts::auth_key &of(mts::dc_key &key) { return key.key; }

template <class T>
auto &given(std::optional<T> &got)
{
    return of(*got);
}
template <class T>
auto &given(mts::result<std::optional<T>> &got)
{
    return of(**got);
}

template <class Session>
void leaves_nothing(Session s)
{
    const mts::auth_key key = test_key(3);
    mts::dc_key other;
    other.dc = 4;
    other.key = key;
    static_cast<void>(s.set_auth_key(key));
    static_cast<void>(s.set_tmp_auth_key(key));
    static_cast<void>(s.put_key(other));

    // A key that was not wiped is found, or else nothing was looked at.
    CHECK(copies_left(key, [&] {
        auto got = s.auth_key();
        CHECK(given(got) == key);
    }) > 0);

    CHECK(copies_left(key, [&] {
        auto got = s.auth_key();
        CHECK(given(got) == key);
        mts::wipe(given(got));
    }) == 0);
    CHECK(copies_left(key, [&] {
        auto got = s.tmp_auth_key();
        CHECK(given(got) == key);
        mts::wipe(given(got));
    }) == 0);
    CHECK(copies_left(key, [&] {
        auto got = s.key(4, mts::key_slot::permanent);
        CHECK(given(got) == key);
        mts::wipe(given(got));
    }) == 0);
    CHECK(copies_left(key, [&] { static_cast<void>(s.put_key(other)); }) == 0);
}

} // namespace

int main()
{
    leaves_nothing(mts::session::memory());
    leaves_nothing(std::move(mts::nothrow_session::memory().value()));
    return report();
}
