// A session that the caller keeps: in maps here, in a database or on a server elsewhere.
//
// The library decides what is stored, and merges; a storage keeps whole records and finds them again.
#include <algorithm>
#include <iostream>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include <mtsession.hpp>

namespace {

// What is kept, for longer than any session.
struct shelf {
    std::shared_mutex mutex;
    std::vector<std::byte> account; // opaque, and secret: the auth key is in it
    std::map<std::int64_t, mts::entity> entities;
    std::map<std::int64_t, mts::update_state> states;
    std::map<std::string, std::vector<std::byte>, std::less<>> values;
};

class shelf_storage : public mts::storage {
public:
    explicit shelf_storage(shelf &where) : shelf_(where) {}

    // Once, at the opening: the login, all update states and values. Entities are asked for one by one.
    void load(mts::loaded &out) override
    {
        const std::shared_lock lock(shelf_.mutex);
        if (!shelf_.account.empty())
            out.account(shelf_.account);
        for (const auto &[id, state] : shelf_.states)
            out.state(state);
        for (const auto &[key, value] : shelf_.values)
            out.value(key, value);
    }

    // All of it or nothing. What it throws, or `out.fail`, becomes the error of the call behind it.
    void commit(const mts::changes &changes, mts::answer &) override
    {
        const std::unique_lock lock(shelf_.mutex);
        if (any(changes.flags() & mts::commit_flags::other_account))
            shelf_.entities.clear(); // their access hashes are of no use to this one
        if (const auto account = changes.account())
            shelf_.account.assign(account->begin(), account->end());
        for (const mts::entity_view &entity : changes.entities())
            shelf_.entities[entity.id] = entity.copy();
        for (const std::int64_t id : changes.forget())
            shelf_.entities.erase(id);
        for (const mts::update_state &state : changes.states())
            shelf_.states[state.id] = state;
        for (const std::int64_t id : changes.forget_states())
            shelf_.states.erase(id);
        for (const mts::value_change &change : changes.values()) {
            std::string key(change.key);
            if (change.removed)
                shelf_.values.erase(key);
            else
                shelf_.values[key].assign(change.value.begin(), change.value.end());
        }
    }

    // It may run beside another one, on another thread.
    void find(const mts::query &query, mts::found &out) override
    {
        const std::shared_lock lock(shelf_.mutex);
        for (const auto &[id, entity] : shelf_.entities)
            if (fits(entity, query))
                out.entity(entity);
    }

    void list(std::int64_t after, std::uint32_t max, mts::found &out) override
    {
        const std::shared_lock lock(shelf_.mutex);
        auto at = shelf_.entities.upper_bound(after);
        for (; at != shelf_.entities.end() && max > 0; ++at, --max)
            out.entity(at->second);
    }

private:
    static bool fits(const mts::entity &entity, const mts::query &query)
    {
        const auto names = entity.each_username();
        switch (query.by) {
        case mts::find_by::id:
            return entity.id == query.id;
        case mts::find_by::username:
            return std::find(names.begin(), names.end(), query.text) != names.end();
        case mts::find_by::phone:
            return entity.phone == query.text;
        case mts::find_by::name:
            return entity.name == query.text;
        }
        return false;
    }

    shelf &shelf_;
};

void run()
{
    shelf where;
    {
        auto session = mts::session::custom(std::make_unique<shelf_storage>(where));
        session.set_dc(2, "149.154.167.51", 443);
        mts::entity_view grace;
        grace.id = 42;
        grace.access_hash = 4242;
        grace.usernames = "grace amazing_grace";
        grace.name = "Grace";
        session.put_entity(grace);
        session.close();
    }
    std::cout << "closed; the caller keeps " << where.entities.size() << " entity and "
              << where.account.size() << " bytes of login\n";

    const auto session = mts::session::custom(std::make_unique<shelf_storage>(where));
    std::cout << "opened again: t.me/amazing_grace is peer "
              << session.input_peer("t.me/amazing_grace").value().id << '\n';
}

} // namespace

int main()
{
    try {
        run();
        return 0;
    } catch (const std::exception &failure) {
        std::cerr << failure.what() << '\n';
        return 1;
    }
}
