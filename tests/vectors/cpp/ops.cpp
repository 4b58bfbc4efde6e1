#include "ops.hpp"

namespace {

answer given(std::string one)
{
    return {mts::status::ok, {std::move(one)}};
}

/// Nothing but whether it was there.
answer found(bool it)
{
    return {it ? mts::status::ok : mts::status::not_found, {}};
}

/// The line of what is there.
template <class T, class Line>
answer maybe(const std::optional<T> &it, Line line)
{
    return it ? given(line(*it)) : found(false);
}

template <class Record, class Make>
std::vector<Record> records(const value &list, Make make)
{
    std::vector<Record> all;
    for (const value &one : list.list())
        all.push_back(make(one));
    return all;
}

template <class Range, class Line>
answer each(Range &&range, Line line)
{
    answer all;
    for (const auto &one : range)
        all.lines.push_back(line(one));
    return all;
}

mts::entity_view entity_of(const value &of)
{
    mts::entity_view one;
    one.id = of["id"].number<std::int64_t>();
    one.access_hash = of["hash"].number<std::int64_t>();
    one.seen = of["seen"].number<std::int64_t>();
    one.flags = of["flags"].number<mts::entity_flags>();
    one.usernames = of["usernames"].text();
    one.phone = of["phone"].text();
    one.name = of["name"].text();
    return one;
}

template <class Entity>
std::string entity_line(const Entity &one)
{
    return line("id", one.id, "hash", one.access_hash, "seen", one.seen, "flags", one.flags,
                "usernames", quoted(one.usernames), "phone", quoted(one.phone), "name",
                quoted(one.name));
}

std::string peer_line(const mts::input_peer &one)
{
    const char *kind = one.kind == mts::peer_kind::user   ? "user"
                       : one.kind == mts::peer_kind::chat ? "chat"
                                                          : "channel";
    return line(kind, one.bare_id, "id", one.id, "hash", one.access_hash, "seen", one.seen);
}

std::string state_line(const mts::update_state &one)
{
    std::string text = line("id", one.id, "pts", one.pts, "qts", one.qts, "date", one.date, "seq", one.seq);
    return one.access_hash ? line(text, "hash", *one.access_hash) : text;
}

/// A look-up may answer that others fit too.
template <class T, class Line>
answer looked_up(const std::optional<T> &it, Line line)
{
    answer all = maybe(it, line);
    if (it && it->ambiguous)
        all.status = mts::status::ambiguous;
    return all;
}

std::array<std::byte, 16> md5_of(const value &step)
{
    std::array<std::byte, 16> md5{};
    const auto bytes = step["md5"].bytes();
    std::copy_n(bytes.begin(), std::min(bytes.size(), md5.size()), md5.begin());
    return md5;
}

std::size_t page_of(const value &step)
{
    return step["page"] ? step["page"].number<std::size_t>() : 100;
}

} // namespace

answer player::run(const value &step)
{
    const std::string_view op = step["op"].text();
    for (auto part : {&player::run_session, &player::run_login, &player::run_data_centers,
                      &player::run_peers, &player::run_rows})
        if (auto answered = (this->*part)(step, op))
            return *answered;
    throw std::runtime_error("there is no such op");
}

std::optional<answer> player::run_session(const value &step, std::string_view op)
{
    const mts::options how = options_of(step["options"].number<std::uint32_t>());
    const auto text_of = [](const mts::secret &it) { return std::string(it.text()); };
    const auto bytes_of = [](const mts::secret &it) { return shown(it.data()); };
    if (op == "open")
        become(mts::session::open(file_of(step), how), file_of(step), how);
    else if (op == "from_string")
        become(mts::session::from_string(step["text"].text(), how), "", how);
    else if (op == "from_packed")
        become(mts::session::from_packed(step["bytes"].bytes(), how), "", how);
    else if (op == "clone" && step["file"])
        become(session_.clone_to(file_of(step), how), file_of(step), how);
    else if (op == "clone")
        become(session_.clone_to_memory(how), "", how);
    else if (op == "reopen" && path_.empty()) {
        session_.save();
        session_ = session_.clone_to_memory(how_);
    } else if (op == "reopen") {
        session_.close();
        session_ = mts::session::open(path_, how_);
    } else if (op == "make_file") {
        const auto bytes = step["bytes"].bytes();
        std::ofstream(file_of(step), std::ios::binary)
            .write(reinterpret_cast<const char *>(bytes.data()), std::streamsize(bytes.size()));
    } else if (op == "to_string")
        return maybe(session_.to_string(), text_of);
    else if (op == "to_packed")
        return maybe(session_.to_packed(), bytes_of);
    else if (op == "save")
        session_.save();
    else if (op == "close")
        session_.close();
    else if (op == "delete")
        session_.remove();
    else
        return std::nullopt;
    return answer();
}

std::optional<answer> player::run_login(const value &step, std::string_view op)
{
    const auto key_line = [](const mts::auth_key &key) { return shown(key); };
    if (op == "dc")
        return maybe(session_.dc(),
                     [](const mts::dc &dc) { return line(dc.id, quoted(dc.host), dc.port); });
    if (op == "auth_key")
        return maybe(session_.auth_key(), key_line);
    if (op == "auth_key_id")
        return maybe(session_.auth_key_id(), [](std::uint64_t id) { return hex(id, 16); });
    if (op == "tmp_auth_key")
        return maybe(session_.tmp_auth_key(), key_line);
    if (op == "takeout_id")
        return maybe(session_.takeout_id(), [](std::int64_t id) { return line(id); });
    if (op == "identity") {
        const auto who = session_.identity();
        return given(line("user", who.user_id, "api", who.api_id, "flags",
                          (who.bot ? MTS_IDENTITY_BOT : 0) | (who.test_mode ? MTS_IDENTITY_TEST_MODE : 0)));
    }
    if (op == "set_dc")
        session_.set_dc(step["id"].number<std::int32_t>(), step["host"].text(),
                        step["port"].number<std::uint32_t>());
    else if (op == "set_auth_key")
        session_.set_auth_key(step["key"].bytes());
    else if (op == "clear_auth_key")
        session_.clear_auth_key();
    else if (op == "set_tmp_auth_key")
        session_.set_tmp_auth_key(step["key"].bytes());
    else if (op == "clear_tmp_auth_key")
        session_.clear_tmp_auth_key();
    else if (op == "set_takeout_id")
        session_.set_takeout_id(step["id"].number<std::int64_t>());
    else if (op == "clear_takeout_id")
        session_.clear_takeout_id();
    else if (op == "set_identity") {
        const auto flags = step["flags"].number<std::uint32_t>();
        session_.set_identity({step["user"].number<std::int64_t>(), step["api"].number<std::int32_t>(),
                               (flags & MTS_IDENTITY_BOT) != 0, (flags & MTS_IDENTITY_TEST_MODE) != 0});
    } else
        return std::nullopt;
    return answer();
}

std::optional<answer> player::run_data_centers(const value &step, std::string_view op)
{
    const auto dc = step["dc"].number<std::int32_t>();
    const auto slot = step["slot"].number<mts::key_slot>();
    if (op == "dc_options")
        return each(session_.dc_options(), [](const mts::dc &way) {
            return line(way.id, quoted(way.host), way.port, "flags", way.flags, "secret",
                        shown(way.secret));
        });
    if (op == "key")
        return maybe(session_.key(dc, slot), [](const mts::dc_key &key) {
            auto asked = mts::session::memory();
            asked.set_auth_key(key.key);
            return line("dc", key.dc, "slot", key.slot, "id", hex(asked.auth_key_id().value(), 16),
                        "created", key.created, "expires", key.expires, "user", key.user_id);
        });
    if (op == "forget_key")
        return found(session_.forget_key(dc, slot));
    if (op == "salts")
        return each(session_.salts(dc), [dc](const mts::salt &one) {
            return line("dc", dc, "salt", one.value, "since", one.since, "until", one.until);
        });
    if (op == "put_dc_options")
        session_.put_dc_options(records<mts::dc>(step["options"], [](const value &of) {
            return mts::dc{of["id"].number<std::int32_t>(), std::string(of["host"].text()),
                           of["port"].number<std::uint32_t>(), of["flags"].number<mts::dc_flags>(),
                           of["secret"].bytes()};
        }));
    else if (op == "set_home")
        session_.set_home(dc, step["key"].bytes());
    else if (op == "put_key") {
        mts::dc_key key{dc,
                        slot,
                        step["created"].number<std::int64_t>(),
                        step["expires"].number<std::int64_t>(),
                        step["user"].number<std::int64_t>(),
                        {}};
        const auto bytes = step["key"].bytes();
        if (bytes.size() != key.key.size())
            throw std::runtime_error("a key has 256 bytes");
        std::copy(bytes.begin(), bytes.end(), key.key.begin());
        session_.put_key(key);
    } else if (op == "put_salts")
        session_.put_salts(dc, records<mts::salt>(step["salts"], [](const value &of) {
            return mts::salt{of["salt"].number<std::int64_t>(), of["since"].number<std::int64_t>(),
                             of["until"].number<std::int64_t>()};
        }));
    else
        return std::nullopt;
    return answer();
}

std::optional<answer> player::run_peers(const value &step, std::string_view op)
{
    const std::string_view key = step["key"].text(), by = step["by"].text();
    const auto id = step["key"].number<std::int64_t>();
    const auto how = step["how"].number<mts::look>();
    if (op == "input_peer")
        return looked_up(by == "id"         ? session_.input_peer_by_id(id, how)
                         : by == "username" ? session_.input_peer_by_username(key, how)
                         : by == "phone"    ? session_.input_peer_by_phone(key, how)
                         : by == "name"     ? session_.input_peer_by_name(key, how)
                                            : session_.input_peer(key, how),
                         peer_line);
    if (op == "entity")
        return looked_up(by == "id"         ? session_.entity_by_id(id, how)
                         : by == "username" ? session_.entity_by_username(key, how)
                         : by == "phone"    ? session_.entity_by_phone(key, how)
                         : by == "name"     ? session_.entity_by_name(key, how)
                                            : session_.entity(key, how),
                         entity_line<mts::entity>);
    if (op == "entities")
        return each(session_.entities(page_of(step)), entity_line<mts::entity_view>);
    if (op == "entity_count")
        return given(line(session_.entity_count()));
    if (op == "forget")
        return found(session_.forget_entity(step["id"].number<std::int64_t>()));
    if (op == "save_entities")
        return given(session_.save_entities() ? "1" : "0");
    if (op == "put")
        session_.put_entities(step["entities"].list(), [](mts::entity_batch &batch, const value &of) {
            batch.add(entity_of(of));
        });
    else if (op == "put_one")
        session_.put_entity(entity_of(step));
    else if (op == "set_save_entities")
        session_.set_save_entities(step["on"].number<int>() != 0);
    else
        return std::nullopt;
    return answer();
}

std::optional<answer> player::run_rows(const value &step, std::string_view op)
{
    const auto kind = step["kind"].number<mts::file_kind>();
    const auto size = step["size"].number<std::int64_t>();
    const auto durable = step["durable"] ? mts::value_flags::durable : mts::value_flags::none;
    const std::string_view key = step["key"].text();
    if (op == "set_states") {
        const auto changes = records<mts::state_change>(step["states"], [](const value &of) {
            mts::state_change change;
            change.id = of["id"].number<std::int64_t>();
            if (of["pts"])
                change.pts = of["pts"].number<std::int32_t>();
            if (of["qts"])
                change.qts = of["qts"].number<std::int32_t>();
            if (of["date"])
                change.date = of["date"].number<std::int64_t>();
            if (of["seq"])
                change.seq = of["seq"].number<std::int32_t>();
            return change;
        });
        if (step["must_exist"])
            return found(session_.set_existing_update_states(changes));
        session_.set_update_states(changes);
        return answer();
    }
    if (op == "state")
        return maybe(session_.update_state(step["id"].number<std::int64_t>()), state_line);
    if (op == "states")
        return each(session_.update_states(page_of(step)), state_line);
    if (op == "remove_state")
        return found(session_.remove_update_state(step["id"].number<std::int64_t>()));
    if (op == "file")
        return maybe(session_.file(md5_of(step), size, kind), [](const mts::sent_file &one) {
            return line("md5", shown(one.md5), "size", one.size, "kind", one.kind, "id", one.id, "hash",
                        one.access_hash);
        });
    if (op == "value")
        return maybe(session_.value(key), [&](const std::vector<std::byte> &bytes) {
            return line(quoted(key), shown(bytes));
        });
    if (op == "remove_value")
        return found(session_.remove_value(key, durable));
    if (op == "cache_file")
        session_.cache_file({md5_of(step), size, step["id"].number<std::int64_t>(),
                             step["hash"].number<std::int64_t>(), kind});
    else if (op == "put_value")
        session_.put_value(key, step["value"].bytes(), durable);
    else
        return std::nullopt;
    return answer();
}
