// A client's use of its session, from start to end:  quickstart [FILE]
//
// Opens the session or makes it, logs in if nobody did, takes in what an update brought, finds a peer,
// remembers how far the updates were read, saves. Run it twice: the second time it is logged in.
#include <iostream>
#include <string>
#include <vector>

#include <mtsession.hpp>

namespace {

// What a client has for its own: the library never sees these types.
struct User {
    std::int64_t id, access_hash;
    std::string first_name, last_name, phone;
    std::vector<std::string> usernames;
};

// What a client does once: agree on a key with a data center. Here the key is made up.
void log_in(mts::session &session)
{
    mts::auth_key key;
    for (std::size_t at = 0; at < key.size(); ++at)
        key[at] = std::byte(at * 7 + 1);
    mts::identity me;
    me.user_id = 777000111;

    // Each of these is on disk, safe from the loss of power, when it returns.
    session.set_dc(2, "149.154.167.51", 443);
    session.set_auth_key(key);
    session.set_identity(me);
    mts::wipe(key);
    std::cout << "logged in to data center 2\n";
}

// What an update brought: its users and its chats go in by one call.
void take_in(mts::session &session, const std::vector<User> &users)
{
    mts::entity_batch batch;
    for (const User &user : users)
        batch.user(user.id, user.access_hash)
            .whole() // that is all: a text that is absent is not there
            .usernames(user.usernames)
            .phone(user.phone)
            .name(user.first_name, user.last_name);
    batch.channel(1300400500, -42)
        .whole()
        .flags(mts::entity_flags::broadcast)
        .username("mtnews")
        .name("MTProto News");
    session.put_entities(batch);
    std::cout << "took in " << batch.size() << " entities\n";
}

// What a request needs to name a peer.
void find(const mts::session &session, std::string_view key)
{
    if (const auto peer = session.input_peer(key))
        std::cout << key << " is peer " << peer->id << ", access hash " << peer->access_hash << '\n';
    else
        std::cout << key << ": never met; ask the server\n";
}

void run(std::string_view path)
{
    // No options: the file is made if it is missing, and nobody else may use it meanwhile.
    auto session = mts::session::open(path);

    if (session.auth_key_id())
        std::cout << "logged in already\n";
    else
        log_in(session);

    take_in(session, {{700100200, 8123456789012345678, "Grace", "Hopper", "15550002222",
                       {"grace_hopper", "amazing_grace"}}});
    find(session, "@Grace_Hopper");
    find(session, "https://t.me/amazing_grace");
    find(session, "+1 (555) 000-2222");
    find(session, "@nobody_we_know");

    // Only pts is told, so qts, date and seq stay what they are.
    const auto state = session.update_state();
    mts::state_change read;
    read.pts = (state ? state->pts : 0) + 100;
    session.set_update_state(read);
    std::cout << "updates are read up to pts " << *read.pts << '\n';

    for (const mts::entity_view &entity : session.entities())
        std::cout << entity.id << ' ' << entity.username() << " \"" << entity.name << "\"\n";

    // Entities and states wait in memory until here (or until there are many of them, or old ones);
    // all of them go to disk at one moment.
    session.close();
    std::cout << "saved " << path << '\n';
}

} // namespace

int main(int argc, char **argv)
{
    try {
        run(argc > 1 ? argv[1] : "quickstart.session");
        return 0;
    } catch (const mts::error &failure) {
        std::cerr << mts::status_name(failure.status()) << ": " << failure.what() << '\n';
        return 1;
    }
}
