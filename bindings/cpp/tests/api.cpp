// Every call of a session that throws, where all goes well, on each kind of session.
#include <algorithm>
#include <filesystem>
#include <type_traits>

#include "check.hpp"

using namespace std::string_literals;
using namespace std::string_view_literals;

static_assert(std::is_nothrow_move_constructible_v<mts::session>);
static_assert(std::is_nothrow_move_assignable_v<mts::session>);
static_assert(!std::is_copy_constructible_v<mts::session>);
static_assert(std::is_nothrow_copy_constructible_v<mts::error>);
static_assert(!std::is_copy_constructible_v<mts::secret>);

static_assert(mts::marked_id(mts::peer_kind::user, 5) == 5);
static_assert(mts::marked_id(mts::peer_kind::chat, 5) == -5);
static_assert(mts::marked_id(mts::peer_kind::channel, 5) == -1000000000005);
static_assert(mts::marked_id(mts::peer_kind::chat, 1000000000000) == 0);
static_assert(mts::marked_id(mts::peer_kind::channel, INT64_MAX) == 0);
static_assert(mts::marked_id(mts::peer_kind::user, -5) == 0);
static_assert(mts::kind_of(-999999999999) == mts::peer_kind::chat);
static_assert(mts::kind_of(-1000000000001) == mts::peer_kind::channel);
static_assert(mts::bare_id(-1000000000005) == 5);
static_assert(mts::bare_id(INT64_MIN) == INT64_MAX - 999999999999);

namespace {

const mts::auth_key key = test_key(1), other_key = test_key(2);
const std::array<std::byte, 16> md5 = {std::byte(1), std::byte(2), std::byte(3)};

void account(mts::session &s)
{
    CHECK(!s.dc());
    CHECK(!s.auth_key());
    CHECK(!s.auth_key_id());
    s.set_dc(2, "149.154.167.51", 443);
    const auto dc = s.dc();
    CHECK(dc && dc->id == 2 && dc->host == "149.154.167.51" && dc->port == 443);
    CHECK(dc->secret.empty() && dc->flags == mts::dc_flags::none);

    s.set_auth_key(key);
    CHECK(s.auth_key() == key);
    CHECK(s.auth_key_id().value() != 0);
    s.clear_auth_key();
    CHECK(!s.auth_key());
    s.set_auth_key(key);

    CHECK(!s.tmp_auth_key());
    s.set_tmp_auth_key(std::vector<unsigned char>(256, 7));
    CHECK(s.tmp_auth_key().value()[255] == std::byte(7));
    s.clear_tmp_auth_key();
    CHECK(!s.tmp_auth_key());

    CHECK(!s.takeout_id());
    s.set_takeout_id(77);
    CHECK(s.takeout_id() == 77);
    s.clear_takeout_id();
    CHECK(!s.takeout_id());

    mts::identity me;
    me.user_id = 123456789;
    me.api_id = 17349;
    me.bot = true;
    s.set_identity(me);
    CHECK(s.identity().user_id == 123456789 && s.identity().api_id == 17349);
    CHECK(s.identity().bot && !s.identity().test_mode);
}

void data_centers(mts::session &s)
{
    mts::dc first, second;
    first.id = 1;
    first.host = "149.154.175.53";
    first.port = 443;
    first.flags = mts::dc_flags::static_address;
    second = first;
    second.id = 4;
    second.flags = mts::dc_flags::media_only | mts::dc_flags::tcpo_only | mts::dc_flags::cdn;
    second.flags &= ~mts::dc_flags::cdn;
    CHECK(second.flags == (mts::dc_flags::media_only | mts::dc_flags::tcpo_only));
    second.secret.assign(16, std::byte(9));
    std::vector<mts::dc> ways(40, first);
    ways.push_back(second);
    s.put_dc_options(ways);
    CHECK(s.dc_options().size() == 41); // more than a page
    s.put_dc_options({first, second});
    const auto got = s.dc_options();
    CHECK(got.size() == 2 && got[0].flags == first.flags && got[0].secret.empty());
    CHECK(got[1].id == 4 && got[1].flags == second.flags && got[1].secret == second.secret);

    mts::dc_key one;
    one.dc = 4;
    one.created = 10;
    one.expires = 20;
    one.user_id = 30;
    one.key = other_key;
    CHECK(!s.key(4, mts::key_slot::permanent));
    s.put_key(one);
    const auto kept = s.key(4, mts::key_slot::permanent);
    CHECK(kept && kept->dc == 4 && kept->slot == mts::key_slot::permanent && kept->created == 10);
    CHECK(kept->expires == 20 && kept->user_id == 30 && kept->key == other_key);
    CHECK(s.key(2, mts::key_slot::permanent)->key == key);
    one.slot = mts::key_slot::media_temporary;
    s.put_key(one);
    CHECK(s.forget_key(4, mts::key_slot::media_temporary));
    CHECK(!s.forget_key(4, mts::key_slot::media_temporary));

    s.put_salts(2, {{5, 1, 2}, {6, 2, 3}});
    const auto salts = s.salts(2);
    CHECK(salts.size() == 2 && salts[1].value == 6 && salts[1].since == 2 && salts[1].until == 3);
    CHECK(s.salts(1).empty());

    mts::dc plain = first;
    plain.id = 4;
    s.put_dc_options({first, second, plain});
    s.set_home(4, other_key);
    CHECK(s.dc()->id == 4 && s.dc()->host == "149.154.175.53");
    CHECK(s.key(2, mts::key_slot::permanent)->key == key);
}

struct user {
    std::int64_t id, hash;
    std::vector<std::string> names;
    std::string first, last, phone;
    bool bot;
};

void entities(mts::session &s)
{
    const std::vector<user> users = {{1, -1, {"One", "two"}, "Ada", "", "+1 555 000 11 11", true},
                                     {2, 22, {}, "Grace", "Hopper", "", false}};
    s.put_entities(users, [](mts::entity_batch &batch, const user &one) {
        batch.user(one.id, one.hash)
            .whole()
            .seen(1750000000)
            .usernames(one.names)
            .name(one.first, one.last)
            .phone(one.phone)
            .flag(mts::entity_flags::bot, one.bot);
    });
    mts::entity_batch batch;
    batch.chat(5).name("Ada");
    batch.channel(7, 70).username("chan").name("Chän 🚀").username("channel");
    CHECK(batch.size() == 2 && !batch.empty());
    s.put_entities(batch);
    batch.clear();
    CHECK(batch.empty() && batch.heap().empty());
    CHECK(s.entity_count() == 5); // the account itself is known too

    const auto ada = s.entity("https://t.me/two");
    CHECK(ada && ada->id == 1 && ada->access_hash == -1 && ada->seen == 1750000000);
    CHECK(ada->is(mts::entity_flags::bot) && !ada->is(mts::entity_flags::self));
    CHECK(ada->usernames == "one two" && ada->username() == "one");
    CHECK(ada->phone == "15550001111" && ada->name == "Ada" && !ada->ambiguous);
    std::vector<std::string_view> names;
    for (std::string_view name : ada->each_username())
        names.push_back(name);
    CHECK(names == std::vector<std::string_view>{"one", "two"});
    CHECK(mts::words("").begin() == mts::words("").end());
    CHECK(s.entity_by_id(2)->name == "Grace Hopper");
    CHECK(s.entity_by_id(2)->username().empty() && s.entity_by_id(2)->phone.empty());

    const auto channel = s.entity_by_id(7, mts::look::bare_id);
    CHECK(channel && channel->kind() == mts::peer_kind::channel && channel->bare_id() == 7);
    CHECK(channel->usernames == "chan channel" && channel->name == "Chän 🚀");
    CHECK(s.entity_by_username("@ONE")->id == 1);
    CHECK(s.entity_by_phone("1555-0001111")->id == 1);
    CHECK(s.entity_by_name("Ada")->ambiguous);
    CHECK(!s.entity("@nobody") && !s.entity_by_id(404) && !s.entity_by_name("Nobody"));

    CHECK(s.save_entities());
    s.set_save_entities(false);
    CHECK(!s.save_entities());
    mts::entity_view ninety;
    ninety.id = 90;
    s.put_entity(ninety);
    CHECK(!s.entity_by_id(90));
    s.set_save_entities(true);

    // What came out goes in again, owned or not.
    mts::entity again = ada.value();
    again.id = 91;
    again.usernames = "";
    again.phone = "1666";
    s.put_entity(again);
    s.put_entities({mts::entity_view(again), ninety});
    s.put_entities(std::vector<mts::entity>{again});
    CHECK(s.entity_by_id(91)->phone == "1666" && s.entity_by_id(90));
    CHECK(s.forget_entity(90) && s.forget_entity(91) && !s.forget_entity(91));

    const std::string long_name(4000, 'x');
    mts::entity_view big;
    big.id = 92;
    big.name = long_name;
    s.put_entity(big);
    CHECK(s.entity_by_id(92)->name == long_name); // more than the first heap
    std::size_t seen = 0;
    for (const mts::entity_view &one : s.entities(2))
        seen += one.name == long_name;
    CHECK(seen == 1);
    CHECK(s.forget_entity(92));
}

void look_ups(mts::session &s)
{
    const auto channel = s.input_peer("@chan");
    CHECK(channel && channel->id == -1000000000007 && channel->bare_id == 7);
    CHECK(channel->access_hash == 70 && channel->kind == mts::peer_kind::channel);
    CHECK(channel->seen > 1750000000 && !channel->ambiguous);
    CHECK(!s.input_peer("Chän 🚀"));
    CHECK(s.input_peer("Chän 🚀", mts::look::names));
    CHECK(s.input_peer_by_id(-5, mts::look::memory_only)->kind == mts::peer_kind::chat);
    CHECK(s.input_peer_by_id(7, mts::look::bare_id | mts::look::memory_only)->id == channel->id);
    CHECK(s.input_peer_by_username("two")->id == 1);
    CHECK(s.input_peer_by_phone("15550001111")->id == 1);
    CHECK(s.input_peer_by_name("Ada")->ambiguous);
    CHECK(!s.input_peer("@nobody") && !s.input_peer_by_id(404));
    CHECK(s.input_peer("me")->id == 123456789);
}

void states(mts::session &s)
{
    CHECK(!s.update_state());
    mts::state_change only_pts;
    only_pts.pts = 101;
    CHECK(!s.set_existing_update_state(only_pts));
    CHECK(!s.update_state());
    mts::update_state all;
    all.pts = 100;
    all.qts = 5;
    all.date = 1750000000;
    all.seq = 3;
    s.set_update_state(all);
    CHECK(s.set_existing_update_state(only_pts));
    const auto got = s.update_state();
    CHECK(got && got->pts == 101 && got->qts == 5 && got->date == 1750000000 && got->seq == 3);
    CHECK(!got->access_hash);

    mts::state_change channel;
    channel.id = 7;
    channel.pts = 8;
    mts::update_state nine;
    nine.id = 9;
    nine.pts = 9;
    CHECK(!s.set_existing_update_states({only_pts, channel}));
    CHECK(!s.update_state(7));
    s.set_update_states({channel});
    s.set_update_states(std::vector<mts::update_state>{nine});
    CHECK(s.set_existing_update_states({only_pts, channel}));
    CHECK(s.update_state(7)->access_hash == 70);

    std::vector<std::int64_t> ids;
    for (const mts::update_state &state : s.update_states(2))
        ids.push_back(state.id);
    CHECK(ids == std::vector<std::int64_t>{0, 7, 9});
    CHECK(s.remove_update_state(9) && !s.remove_update_state(9));
}

void files_and_values(mts::session &s)
{
    mts::sent_file file;
    file.md5 = md5;
    file.size = 12345;
    file.kind = mts::file_kind::photo;
    file.id = 1;
    file.access_hash = -2;
    s.cache_file(file);
    const auto got = s.file(md5, 12345, mts::file_kind::photo);
    CHECK(got && got->md5 == md5 && got->size == 12345 && got->id == 1 && got->access_hash == -2);
    CHECK(got->kind == mts::file_kind::photo);
    CHECK(!s.file(md5, 12345, mts::file_kind::document));

    s.put_value("theme", "dark"sv, mts::value_flags::durable);
    CHECK(s.value("theme")->size() == 4 && s.value("theme")->front() == std::byte('d'));
    s.put_value("big", std::string(100000, 'x'));
    CHECK(s.value("big")->size() == 100000);
    s.put_value("empty", mts::bytes());
    CHECK(s.value("empty") && s.value("empty")->empty());
    CHECK(s.remove_value("theme") && !s.remove_value("theme") && !s.value("theme"));
}

void strings(mts::session &s)
{
    const auto text = s.to_string();
    CHECK(text && text->size() == 353 && text->text().front() == '1');
    CHECK(mts::session::from_string(text->text()).auth_key() == other_key);
    const auto packed = s.to_packed();
    CHECK(packed && packed->data().size() == 263);
    CHECK(mts::session::from_packed(packed->data()).auth_key() == other_key);
    CHECK(!mts::session::memory().to_string());
    CHECK(!mts::session::from_string("").dc());
}

/// Everything that the functions above left in a session.
void all_is_there(mts::session &s)
{
    CHECK(s.auth_key() == other_key);
    CHECK(s.entity_count() == 5);
    CHECK(s.input_peer("me")->id == 123456789);
    CHECK(s.update_state(7)->pts == 8);
    CHECK(s.file(md5, 12345, mts::file_kind::photo));
    CHECK(s.value("big"));
}

void everything(mts::session &s)
{
    account(s);
    data_centers(s);
    entities(s);
    look_ups(s);
    states(s);
    files_and_values(s);
    strings(s);
    s.save();
    all_is_there(s);
}

void copies(const mts::session &s)
{
    auto in_memory = s.clone_to_memory();
    all_is_there(in_memory);
    auto in_file = s.clone_to(fresh("copy.session"));
    all_is_there(in_file);
    CHECK(throws(mts::status::exists, "copy.session", [&] { (void)s.clone_to("copy.session"); }));
    in_file.remove();
    CHECK(std::fopen("copy.session", "rb") == nullptr);
}

/// In each way in which a program may have a path.
void paths()
{
    const std::filesystem::path folder = "пути";
    std::filesystem::remove_all(folder);
    std::filesystem::create_directory(folder);
    const std::filesystem::path file = folder / "a.session";
    {
        auto s = mts::session::open(file);
        s.clone_to(folder / "b.session").close();
        s.clone_to("пути/c.session").close();
    }
    CHECK(std::filesystem::exists(file) && std::filesystem::exists(folder / "b.session"));
    mts::options existing;
    existing.existing = true;
    mts::session::open("пути/a.session", existing).close();
    mts::session::open("пути/b.session"s, existing).close();
    mts::session::open("пути/c.session/"sv.substr(0, 18), existing).close();
    CHECK(mts::session::list(folder).size() == 3 && mts::session::list("пути").size() == 3);
}

void moving(mts::session s)
{
    mts::session there = std::move(s);
    all_is_there(there);
    CHECK(s.handle() == nullptr);
    CHECK(throws(mts::status::argument, "session", [&] { s.save(); }));
    s = std::move(there);
    all_is_there(s);
}

void listing()
{
    const auto all = mts::session::list(".");
    const auto api = std::find_if(all.begin(), all.end(),
                                  [](const mts::session_info &one) { return one.name == "api"; });
    CHECK(api != all.end() && api->status == mts::status::ok && api->problem.empty());
    CHECK(api->dc == 4 && api->host == "149.154.175.53" && api->port == 443);
    CHECK(api->user_id == 123456789 && api->auth_key_id != 0 && api->entities == 5);
    CHECK(api->update_states == 2 && api->path == "./api.session" && !api->format.empty());
}

void notices()
{
    std::fclose(std::fopen("empty.session", "wb"));
    mts::session s = mts::session::open("empty.session");
    const auto first = s.next_notice();
    CHECK(first && first->text.size() > 10 && first->text.back() != '\0');
    while (s.next_notice())
        ;
    s.remove();
}

void options()
{
    mts::options how;
    how.existing = true;
    CHECK(throws(mts::status::io, "missing.session",
                 [&] { (void)mts::session::open("missing.session", how); }));
    {
        const auto owner = mts::session::open("api.session");
        CHECK(throws(mts::status::owned, "api.session",
                     [] { (void)mts::session::open("api.session"); }));
    }
    how.shared = true;
    how.busy_timeout = std::chrono::seconds(1);
    how.max_dirty_age = mts::options::never;
    how.max_dirty = 5;
    how.max_entities = 50;
    {
        auto one = mts::session::open("api.session", how);
        auto other = mts::session::open("api.session", how);
        CHECK(one.auth_key() == other.auth_key());
    }
    mts::options only_look;
    only_look.read_only = true;
    auto looking = mts::session::open("api.session", only_look);
    all_is_there(looking);
    CHECK(throws(mts::status::read_only, "", [&] { looking.set_takeout_id(1); }));

    mts::options fresh_one;
    fresh_one.schema_8 = true;
    fresh_one.store_tmp_auth_key = true;
    fresh_one.no_entities = true;
    {
        auto eight = mts::session::open(fresh("eight.session"), fresh_one);
        CHECK(!eight.save_entities());
        eight.set_dc(2, "149.154.167.51", 443);
        eight.set_tmp_auth_key(key);
    }
    CHECK(mts::session::open("eight.session").tmp_auth_key() == key);
}

void errors()
{
    mts::options existing;
    existing.existing = true;
    try {
        (void)mts::session::open("missing.session", existing);
        CHECK(false);
    } catch (const std::exception &failure) {
        const auto &ours = dynamic_cast<const mts::error &>(failure);
        CHECK(ours.system_code() == 2 && ours.sqlite_code() == 0); // ENOENT
        const mts::error copy = ours;
        CHECK(copy.what() == ours.what() && copy.status() == mts::status::io);
    }
    auto s = mts::session::memory();
    CHECK(throws(mts::status::argument, "256", [&] { s.set_auth_key(std::string(255, 'x')); }));
    CHECK(throws(mts::status::format, "", [] { (void)mts::session::from_string("2abc"); }));
    CHECK(throws(mts::status::argument, "", [&] { s.set_dc(2, "::1", 70000); }));
    mts::dc way;
    way.id = 2;
    way.port = 443;
    way.host = std::string(256, 'h');
    CHECK(throws(mts::status::argument, "host", [&] { s.put_dc_options({way}); }));
    way.host = "::1";
    way.secret.resize(33);
    CHECK(throws(mts::status::argument, "secret", [&] { s.put_dc_options({way}); }));
    mts::entity_batch batch;
    batch.user(1, 1);
    batch.chat(-5); // no such chat
    batch.user(0, 1);
    CHECK(throws(mts::status::argument, "record 1: -5 cannot be the bare id of a chat; a marked id",
                 [&] { s.put_entities(batch); }));
    CHECK(s.entity_count() == 0);
    batch.clear();
    batch.channel(-1001300400500, 1);
    CHECK(throws(mts::status::argument, "-1001300400500 cannot be the bare id of a channel",
                 [&] { s.put_entities(batch); }));
    CHECK(throws(mts::status::argument, "record 0: 0 cannot be the bare id of a user", [&] {
        mts::entity_batch none;
        none.user(0, 1);
        s.put_entities(none);
    }));
    batch.clear();
    batch.add(-1001300400500, 1);
    s.put_entities(batch);
    CHECK(s.input_peer_by_id(-1001300400500)->bare_id == 1300400500);
    CHECK(throws(mts::status::argument, "", [&] { s.set_update_state(mts::update_state{}); }));
    s.close();
    s.close();
    CHECK(throws(mts::status::closed, "", [&] { s.save(); }));
    CHECK(throws(mts::status::closed, "", [&] { for (auto &one : s.entities()) (void)one; }));
}

void secrets_are_wiped()
{
    mts::auth_key mine = key;
    mts::wipe(mine);
    CHECK(mine == mts::auth_key{});
    std::string text = "secret";
    mts::wipe(text);
    CHECK(text == "\0\0\0\0\0\0"s);
}

} // namespace

int main()
{
    CHECK(mts::abi_version() == MTS_ABI_VERSION);
    CHECK(mts::version() == "0.1.0");
    CHECK(mts::status_name(mts::status::busy) == "MTS_E_BUSY");

    auto memory = mts::session::memory();
    everything(memory);
    moving(std::move(memory));
    {
        auto file = mts::session::open(fresh("api.session"));
        everything(file);
        copies(file);
        file.close();
    }
    {
        auto file = mts::session::open("api.session");
        all_is_there(file);
    }
    paths();
    listing();
    notices();
    options();
    errors();
    secrets_are_wiped();
    return report();
}
