// What a call costs in C++, beside the same call in C and the bare cost of crossing into the library:
//
//     cmake -S bindings/cpp -B build -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH=… &&
//     cmake --build build --target bench && build/bench
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include <mtsession.hpp>

namespace {

std::size_t allocations = 0;
constexpr std::size_t users = 100000, batch_size = 200;

/// Keeps what is measured from being left out.
template <class T>
void use(const T &value)
{
    asm volatile("" : : "r"(&value) : "memory");
}

/// The best of some rounds: what the rest took longer for was somebody else's.
template <class Work>
void measure(const char *name, std::size_t times, std::size_t per_call, Work work)
{
    using clock = std::chrono::steady_clock;
    double best = 1e18;
    std::size_t allocated = 0;
    for (int round = 0; round < 7; ++round) {
        const std::size_t before = allocations;
        const auto began = clock::now();
        for (std::size_t at = 0; at < times; ++at)
            work(at);
        const std::chrono::duration<double, std::nano> took = clock::now() - began;
        best = std::min(best, took.count() / double(times * per_call));
        allocated = allocations - before;
    }
    std::printf("%-44s %9.1f ns %9.2f allocations\n", name, best,
                double(allocated) / double(times * per_call));
}

struct user {
    std::int64_t id, hash;
    std::string username, first, last;
};

} // namespace

// Counts what C++ allocates; the library has an allocator of its own.
void *operator new(std::size_t size)
{
    ++allocations;
    if (void *memory = std::malloc(size))
        return memory;
    throw std::bad_alloc();
}
void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, std::size_t) noexcept { std::free(memory); }

int main()
{
    std::vector<user> all;
    for (std::size_t at = 1; at <= users; ++at)
        all.push_back({std::int64_t(at), std::int64_t(at * 7919), "user_" + std::to_string(at),
                       "First" + std::to_string(at), "Last"});
    const auto add = [](mts::entity_batch &batch, const user &one) {
        batch.user(one.id, one.hash)
            .whole()
            .seen(1750000000)
            .username(one.username)
            .name(one.first, one.last);
    };
    mts::options how;
    how.max_dirty = 10 * users;
    how.max_dirty_age = mts::options::never;
    auto session = mts::session::memory(how);
    session.put_entities(all, add);
    mts_session *const c = session.handle();
    const auto id = [](std::size_t at) { return std::int64_t(at * 7919 % users + 1); };

    std::printf("%zu users in memory; per call, or per row of a put of %zu\n", users, batch_size);
    measure("a bare call (mts_abi_version)", 10000000, 1, [](std::size_t) { use(mts_abi_version()); });

    measure("look-up by id, C", 1000000, 1, [&](std::size_t at) {
        mts_input_peer peer;
        use(mts_session_input_peer_by_id(c, id(at), 0, &peer, sizeof peer, nullptr));
        use(peer);
    });
    measure("look-up by id, C++", 1000000, 1,
            [&](std::size_t at) { use(session.input_peer_by_id(id(at))); });
    measure("look-up by username, C", 1000000, 1, [&](std::size_t at) {
        const std::string &name = all[at * 7919 % users].username;
        mts_input_peer peer;
        use(mts_session_input_peer_by_username(c, name.data(), name.size(), 0, &peer, sizeof peer,
                                               nullptr));
        use(peer);
    });
    measure("look-up by username, C++", 1000000, 1, [&](std::size_t at) {
        use(session.input_peer_by_username(all[at * 7919 % users].username));
    });
    auto nothrow = mts::nothrow_session::memory(how);
    if (!nothrow->put_entities(all, add))
        return 1;
    measure("look-up by id, C++ without exceptions", 1000000, 1,
            [&](std::size_t at) { use(nothrow->input_peer_by_id(id(at))); });

    std::vector<mts::entity_batch> batches(users / batch_size);
    for (std::size_t at = 0; at < users; ++at)
        add(batches[at / batch_size], all[at]);
    measure("put of known entities, a row, C", batches.size(), batch_size, [&](std::size_t at) {
        const mts::entity_batch &batch = batches[at];
        use(mts_session_put_entities(c, batch.records().data(), batch.size(), sizeof(mts_entity),
                                     reinterpret_cast<const std::uint8_t *>(batch.heap().data()),
                                     batch.heap().size(), nullptr));
    });
    measure("put of known entities, a row, C++", batches.size(), batch_size,
            [&](std::size_t at) { session.put_entities(batches[at]); });
    mts::entity_batch kept;
    measure("the same with making the batch, C++", batches.size(), batch_size, [&](std::size_t at) {
        kept.clear();
        for (std::size_t row = at * batch_size; row < (at + 1) * batch_size; ++row)
            add(kept, all[row]);
        session.put_entities(kept);
    });
    session.save();
    measure("reading all, a row, C++", 1, users, [&](std::size_t) {
        for (const mts::entity_view &entity : session.entities())
            use(entity.name);
    });
}
