// Pages as ranges: the loops of C++17, and the pipelines and spans of C++20.
#include <algorithm>
#include <numeric>
#include <utility>
#if __cplusplus >= 202002L
#include <span>
#endif

#include "check.hpp"

namespace {

template <class Session, class = void>
inline constexpr bool can_be_paged = false;
template <class Session>
inline constexpr bool
    can_be_paged<Session, std::void_t<decltype(std::declval<Session>().entities())>> = true;
// The session must outlive the loop.
static_assert(can_be_paged<const mts::session &> && !can_be_paged<mts::session>);

mts::session filled(std::int64_t users)
{
    auto s = mts::session::memory();
    mts::entity_batch batch;
    for (std::int64_t id = 1; id <= users; ++id) {
        batch.user(id, -id).name("user " + std::to_string(id)).flag(mts::entity_flags::bot, id % 2 == 0);
        if (id % 100 == 0) {
            mts::update_state state;
            state.id = id;
            state.pts = 1;
            s.set_update_state(state);
        }
    }
    s.put_entities(batch);
    return s;
}

void every_page_size_gives_all(const mts::session &s)
{
    for (std::size_t page : {0U, 1U, 7U, 1000U, 5000U}) {
        std::int64_t expected = 0;
        for (const mts::entity_view &one : s.entities(page)) {
            expected++;
            CHECK(one.id == expected && one.access_hash == -expected);
            CHECK(one.name == "user " + std::to_string(expected));
        }
        CHECK(expected == 1000);
        std::int64_t states = 0;
        for (const mts::update_state &one : s.update_states(page))
            CHECK(one.id == ++states * 100);
        CHECK(states == 10);
    }
    const auto empty = mts::session::memory();
    for (const auto &one : empty.entities())
        CHECK(one.id == 0 && false);
}

void a_loop_may_end_early(mts::session &s)
{
    std::vector<mts::entity> kept;
    for (const auto &one : s.entities(3)) {
        if (one.id > 5)
            break;
        kept.push_back(one.copy()); // a view is gone when the page is
        s.put_entity(one);          // the session may be used inside
    }
    CHECK(kept.size() == 5 && kept[0].name == "user 1" && kept[4].name == "user 5");
}

void pages_may_begin_after_an_id(const mts::session &s)
{
    std::int64_t expected = 990;
    for (const mts::entity_view &one : s.entities(3, 990))
        CHECK(one.id == ++expected);
    CHECK(expected == 1000);
    expected = 9;
    for (const mts::update_state &one : s.update_states(3, 901))
        CHECK(one.id == ++expected * 100);
    CHECK(expected == 10);
    auto none = s.entities(3, 1000);
    CHECK(none.begin() == none.end() && !none.failure());
}

void batches()
{
    auto s = mts::session::memory();
    mts::entity_batch batch;
    // Texts that come in any order, and twice.
    auto row = batch.add(1, 2);
    row.username("a").name("First").username("b").phone("1").username("c");
    row.name("Second").phone("22");
    batch.add(3, 4).username("").name("", "Last");
    s.put_entities(batch);
    CHECK(s.entity_by_id(1)->usernames == "a b c" && s.entity_by_id(1)->name == "Second");
    CHECK(s.entity_by_id(1)->phone == "22");
    CHECK(s.entity_by_id(3)->usernames.empty() && s.entity_by_id(3)->name == "Last");
    s.put_entities(mts::entity_batch());
    s.put_entities(std::vector<int>{4, 5}, [](mts::entity_batch &into, int id) { into.user(id, 0); });
    CHECK(s.entity_count() == 4);
}

void a_row_that_is_kept_stays_its_own()
{
    auto s = mts::session::memory();
    mts::entity_batch batch;
    auto ada = batch.user(1, 11);
    auto bob = batch.user(2, 22);
    ada.username("ada_lovelace").name("Ada").seen(1750000000);
    bob.username("bob_smith").phone("2");
    for (std::int64_t id = 3; id < 100; ++id) // so many that the records move
        batch.user(id, id).username("user_" + std::to_string(id));
    ada.username("countess").phone("1").flags(mts::entity_flags::bot);
    bob.name("Bob").username("bobby");
    s.put_entities(batch);
    const auto first = s.entity_by_id(1), second = s.entity_by_id(2);
    CHECK(first->usernames == "ada_lovelace countess" && first->name == "Ada");
    CHECK(first->phone == "1" && first->seen == 1750000000 && first->is(mts::entity_flags::bot));
    CHECK(second->usernames == "bob_smith bobby" && second->name == "Bob");
    CHECK(second->phone == "2" && !second->is(mts::entity_flags::bot));
    CHECK(s.entity_by_id(99)->usernames == "user_99");
}

void bytes()
{
    auto s = mts::session::memory();
    const unsigned char array[] = {1, 2, 3};
    s.put_value("array", array);
    CHECK(s.value("array")->size() == 3);
    s.put_value("string", std::string("ab"));
    CHECK(s.value("string")->size() == 2);
    s.put_value("vector", std::vector<std::uint8_t>{1, 2, 3, 4});
    CHECK(s.value("vector")->size() == 4);
    s.put_value("bytes", *s.value("vector"));
    CHECK(s.value("bytes") == s.value("vector"));
    const mts::bytes view = *s.value("array"), none;
    CHECK(view.size() == 3 && none.empty() && none.begin() == none.end());
}

#if defined(__cpp_lib_ranges) && defined(__cpp_lib_span)
using entities = decltype(std::declval<mts::session &>().entities());
static_assert(std::ranges::input_range<entities>);
static_assert(!std::ranges::forward_range<entities>);
static_assert(std::same_as<std::ranges::range_value_t<entities>, mts::entity_view>);
static_assert(std::ranges::contiguous_range<mts::bytes> && std::ranges::view<mts::bytes>);
static_assert(std::ranges::borrowed_range<mts::bytes>);
static_assert(std::convertible_to<std::span<const std::byte>, mts::bytes>);
static_assert(std::convertible_to<mts::bytes, std::span<const std::byte>>);

void with_20(const mts::session &s)
{
    const auto is_bot = [](const auto &one) { return one.is(mts::entity_flags::bot); };
    // clang before 16 cannot compile the views of libstdc++.
#if !defined(__clang__) || __clang_major__ >= 16
    std::int64_t sum = 0;
    auto all = s.entities();
    for (std::int64_t id : std::ranges::ref_view(all) | std::views::filter(is_bot) |
                               std::views::transform(&mts::entity_view::id) | std::views::take(3))
        sum += id;
    CHECK(sum == 2 + 4 + 6);
    auto numbered = mts::session::memory();
    numbered.put_entities(std::views::iota(10, 20),
                          [](mts::entity_batch &into, int id) { into.user(id, 0); });
    CHECK(numbered.entity_count() == 10);
#endif
    auto again = s.entities(9);
    CHECK(std::ranges::count_if(again, is_bot) == 500);

    auto other = mts::session::memory();
    other.put_entity({.id = 1, .access_hash = 2, .usernames = "ada", .name = "Ada"});
    CHECK(other.entity("@ada")->name == "Ada");
    other.set_update_state({.id = 7, .pts = 5});
    const mts::auth_key key = test_key(1);
    other.set_dc(1, "::1", 443);
    other.set_auth_key(std::span(key));
    const auto kept = other.to_packed();
    const std::span<const std::byte> packed = kept->data();
    CHECK(packed.size() == 275);
}
#else
void with_20(const mts::session &) {}
#endif

} // namespace

int main()
{
    auto s = filled(1000);
    every_page_size_gives_all(s);
    a_loop_may_end_early(s);
    pages_may_begin_after_an_id(s);
    batches();
    a_row_that_is_kept_stays_its_own();
    bytes();
    with_20(s);
    return report();
}
