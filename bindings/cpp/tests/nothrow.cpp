// A session that throws nothing, as it is when built with -fno-exceptions -fno-rtti.
#include "check.hpp"

namespace {

using session = mts::nothrow_session;

class broken : public mts::storage {
public:
    void load(mts::loaded &) override {}
    void commit(const mts::changes &, mts::answer &out) override
    {
        out.fail(mts::status::storage, "the disk is gone");
    }
    void find(const mts::query &, mts::found &) override {}
    void list(std::int64_t, std::uint32_t, mts::found &out) override
    {
        out.fail(mts::status::busy, "come again");
    }
};

void good(session &s)
{
    CHECK(s.set_dc(2, "149.154.167.51", 443));
    CHECK(s.set_auth_key(test_key(1)));
    const mts::result<std::optional<mts::auth_key>> key = s.auth_key();
    CHECK(key && *key == test_key(1));
    mts::entity_view ada;
    ada.id = 1;
    ada.access_hash = 2;
    ada.usernames = "ada";
    ada.name = "Ada";
    CHECK(s.put_entity(ada));
    CHECK((*s.input_peer("@ada"))->access_hash == 2);
    CHECK(s.input_peer("@nobody").has_value() && !*s.input_peer("@nobody"));
    const auto forgotten = s.forget_entity(404);
    CHECK(forgotten && !*forgotten);
    CHECK(s.entity_count().value() == 1);
    std::size_t seen = 0;
    auto all = s.entities();
    for (const mts::entity_view &one : all)
        seen += one.name == "Ada";
    CHECK(seen == 1 && !all.failure());
    CHECK(s.save());
    CHECK((*s.to_string())->size() == 353);
}

void bad()
{
    mts::options existing;
    existing.existing = true;
    const auto missing = session::open("missing.session", existing);
    CHECK(!missing && missing.error().status() == mts::status::io);
    CHECK(std::string(missing.error().what()).find("missing.session") != std::string::npos);

    session s = std::move(session::memory().value());
    const auto refused = s.set_dc(2, "::1", 70000);
    CHECK(!refused && refused.error().status() == mts::status::argument);
    mts::entity_batch batch;
    batch.channel(-1001300400500, 1); // marked already
    const auto put = s.put_entities(batch);
    CHECK(!put && put.error().status() == mts::status::argument);
    CHECK(std::string(put.error().what()).find("-1001300400500") != std::string::npos);
    CHECK(put.error().sqlite_code() == 0 && put.error().system_code() == 0);
    CHECK(s.close());
    CHECK(s.auth_key().error().status() == mts::status::closed);
    auto all = s.entities();
    for (const mts::entity_view &one : all)
        CHECK(one.id == 0 && false);
    CHECK(all.failure() && all.failure()->status() == mts::status::closed);
}

void custom()
{
    auto made = session::custom(std::make_unique<broken>());
    CHECK(made);
    const auto refused = made->set_takeout_id(1);
    CHECK(!refused && refused.error().status() == mts::status::storage);
    CHECK(std::string(refused.error().what()).find("the disk is gone") != std::string::npos);
    auto all = made->entities();
    for (const mts::entity_view &one : all)
        CHECK(one.id == 0 && false);
    CHECK(all.failure() && all.failure()->status() == mts::status::busy);
}

} // namespace

int main()
{
    auto memory = session::memory();
    CHECK(memory);
    good(*memory);
    auto file = session::open(fresh("nothrow.session"));
    CHECK(file);
    good(*file);
    bad();
    custom();
    return report();
}
