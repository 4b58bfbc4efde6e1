// A storage derived from mts::storage: what it is given, what it answers, and how it may fail.
#include <algorithm>
#include <atomic>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>

#include "check.hpp"

namespace {

/// What outlives the storage: so that a session can be opened again, and deaths are counted.
struct kept {
    std::vector<std::byte> account;
    std::map<std::int64_t, mts::entity> entities;
    std::map<std::int64_t, mts::update_state> states;
    std::map<std::string, std::vector<std::byte>> values;
    int alive = 0, durable = 0, commits = 0;
    std::string fails; ///< Which callback fails next, and how.
    mts::session *own = nullptr;
};

class in_maps : public mts::storage {
public:
    explicit in_maps(kept &where) : kept_(where) { kept_.alive++; }
    ~in_maps() override { kept_.alive--; }
    in_maps(const in_maps &) = delete;
    in_maps &operator=(const in_maps &) = delete;

    void lock(mts::answer &out) override
    {
        if (kept_.alive > 1)
            out.fail(mts::status::owned, "somebody else has it");
    }
    void load(mts::loaded &out) override
    {
        if (!kept_.account.empty())
            out.account(kept_.account);
        for (const auto &[id, state] : kept_.states)
            out.state(state);
        for (const auto &[key, value] : kept_.values)
            out.value(key, value);
    }
    void commit(const mts::changes &what, mts::answer &out) override
    {
        if (kept_.fails == "throw")
            throw std::runtime_error("the server is away");
        if (kept_.fails == "throw error")
            throw mts::error(mts::status::busy, "the server has much to do");
        if (kept_.fails == "throw Latin-1")
            throw mts::error(mts::status::busy, "the caf\xe9 is full");
        if (kept_.fails == "throw int")
            throw 5;
        if (kept_.fails == "fail")
            return out.fail(mts::status::busy, "the server is busy");
        if (kept_.fails == "fail with success")
            return out.fail(mts::status::ok);
        if (kept_.fails == "call itself")
            kept_.own->save(); // throws mts::error, which goes through with its status
        kept_.commits++;
        kept_.durable += any(what.flags() & mts::commit_flags::durable);
        if (any(what.flags() & mts::commit_flags::other_account))
            kept_.entities.clear();
        if (what.account())
            kept_.account.assign(what.account()->begin(), what.account()->end());
        for (const mts::entity_view &one : what.entities())
            kept_.entities[one.id] = one.copy();
        for (std::int64_t id : what.forget())
            kept_.entities.erase(id);
        for (const mts::update_state &one : what.states())
            kept_.states[one.id] = one;
        for (std::int64_t id : what.forget_states())
            kept_.states.erase(id);
        for (const mts::value_change &one : what.values()) {
            if (one.removed)
                kept_.values.erase(std::string(one.key));
            else
                kept_.values[std::string(one.key)].assign(one.value.begin(), one.value.end());
        }
    }
    void find(const mts::query &what, mts::found &out) override
    {
        if (kept_.fails == "find")
            throw std::out_of_range("no such shelf");
        for (const auto &[id, one] : kept_.entities) {
            const auto names = one.each_username();
            if ((what.by == mts::find_by::id && id == what.id) ||
                (what.by == mts::find_by::username &&
                 std::find(names.begin(), names.end(), what.text) != names.end()) ||
                (what.by == mts::find_by::phone && one.phone == what.text) ||
                (what.by == mts::find_by::name && one.name == what.text))
                out.entity(one);
        }
    }
    void list(std::int64_t after, std::uint32_t max, mts::found &out) override
    {
        for (auto at = kept_.entities.upper_bound(after); at != kept_.entities.end() && max > 0;
             ++at, --max)
            out.entity(at->second);
    }

private:
    kept &kept_;
};

mts::session open(kept &where)
{
    return mts::session::custom(std::make_unique<in_maps>(where));
}

void a_life()
{
    kept where;
    const std::array<std::byte, 16> md5{};
    {
        mts::session s = open(where);
        s.set_dc(2, "149.154.167.51", 443);
        s.set_auth_key(test_key(3));
        CHECK(where.durable >= 2);
        mts::entity_batch batch;
        batch.user(1, 10).whole().username("ada").username("countess").phone("1555")
            .name("Ada", "Lovelace");
        batch.channel(7, 70).username("news").name("News");
        batch.chat(5).name("Chat");
        s.put_entities(batch);
        mts::update_state account;
        account.pts = 5;
        mts::update_state channel;
        channel.id = 7;
        channel.pts = 6;
        s.set_update_states(std::vector<mts::update_state>{account, channel});
        s.put_value("theme", std::string("dark"));
        s.put_value("gone", std::string("soon"));
        mts::sent_file file;
        file.md5 = md5;
        file.size = 9;
        file.id = 8;
        s.cache_file(file);
        s.save();
        CHECK(where.entities.size() == 3 && where.states.size() == 2 && where.values.size() == 3);
        CHECK(where.entities[1].usernames == "ada countess");
        CHECK(s.forget_entity(-5) && s.remove_update_state(7) && s.remove_value("gone"));
        s.close();
        CHECK(where.alive == 1);
    }
    CHECK(where.alive == 0);
    CHECK(where.entities.size() == 2 && where.states.size() == 1 && where.values.size() == 2);
    CHECK(!where.account.empty());

    mts::session s = open(where);
    CHECK(s.auth_key() == test_key(3) && s.dc()->host == "149.154.167.51");
    CHECK(s.update_state()->pts == 5 && s.value("theme")->size() == 4 && !s.value("gone"));
    CHECK(s.file(md5, 9, mts::file_kind::document)->id == 8);
    CHECK(s.entity("t.me/countess")->name == "Ada Lovelace");
    CHECK(s.input_peer_by_phone("+1555")->id == 1 && s.input_peer_by_name("News"));
    CHECK(s.input_peer_by_id(1) && !s.input_peer_by_id(404) && !s.input_peer("@nobody"));
    std::vector<std::int64_t> ids;
    for (const auto &one : s.entities(1))
        ids.push_back(one.id);
    CHECK(ids == std::vector<std::int64_t>{-1000000000007, 1});
    CHECK(s.entity_count() == 2);

    CHECK(throws(mts::status::owned, "somebody else has it", [&] { (void)open(where); }));
    CHECK(where.alive == 1); // the one that was refused is gone

    mts::identity other;
    other.user_id = 99;
    s.set_identity(other);
    other.user_id = 100;
    s.set_identity(other);
    CHECK(where.entities.count(1) == 0);
    s.remove();
    CHECK(where.values.empty() && where.states.empty());
}

void failures_go_through()
{
    kept where;
    mts::session s = open(where);
    where.own = &s;
    mts::entity_view ada;
    ada.id = 1;
    ada.usernames = "ada";
    s.put_entity(ada);
    const auto saving = [&] { s.save(); };
    where.fails = "throw";
    CHECK(throws(mts::status::callback, "the server is away", saving));
    where.fails = "throw error";
    CHECK(throws(mts::status::busy, "the server has much to do", saving));
    where.fails = "throw Latin-1";
    CHECK(throws(mts::status::busy, "the caf\xef\xbf\xbd is full", saving));
    where.fails = "throw int";
    CHECK(throws(mts::status::callback, "std::exception", saving));
    where.fails = "fail";
    CHECK(throws(mts::status::busy, "the server is busy", saving));
    where.fails = "fail with success";
    CHECK(throws(mts::status::callback, "", saving));
    where.fails = "call itself";
    CHECK(throws(mts::status::callback, "", saving));
    CHECK(where.entities.empty() && where.commits == 0);
    where.fails = "find";
    CHECK(throws(mts::status::callback, "no such shelf", [&] { (void)s.input_peer("@nobody"); }));
    CHECK(s.input_peer("@ada")); // it waits in memory, and nothing was lost
    where.fails = "";
    s.save();
    CHECK(where.entities.count(1) == 1);
}

void none_is_refused()
{
    CHECK(throws(mts::status::argument, "storage is NULL", [] { (void)mts::session::custom(nullptr); }));
    CHECK(throws(mts::status::argument, "storage is NULL",
                 [] { (void)mts::session::custom(std::unique_ptr<in_maps>()); }));
}

/// What is handed over in the middle of other calls, on several threads.
void threads()
{
    kept where;
    std::atomic<int> found{0};
    {
        mts::session s = open(where);
        std::vector<std::thread> all;
        for (int each = 0; each < 4; ++each)
            all.emplace_back([&, each] {
                for (std::int64_t at = 1; at <= 200; ++at) {
                    mts::entity_view one;
                    one.id = each * 1000 + at;
                    one.access_hash = at;
                    s.put_entity(one);
                    found += s.input_peer_by_id(one.id, mts::look::memory_only).has_value();
                }
            });
        for (std::thread &one : all)
            one.join();
        s.close();
    }
    CHECK(found == 800 && where.entities.size() == 800);
}

} // namespace

int main()
{
    a_life();
    failures_go_through();
    none_is_refused();
    threads();
    return report();
}
