// The session of a case, and the ops that its steps do. ../README.md says what they are.
#ifndef OPS_HPP
#define OPS_HPP

#include <fstream>
#include <optional>

#include "values.hpp"

/// What a step answers.
struct answer {
    mts::status status = mts::status::ok;
    std::vector<std::string> lines = {};
};

inline mts::options options_of(std::uint32_t flags)
{
    mts::options how;
    how.read_only = flags & MTS_OPEN_READ_ONLY;
    how.shared = flags & MTS_OPEN_SHARED;
    how.existing = flags & MTS_OPEN_EXISTING;
    how.schema_8 = flags & MTS_OPEN_SCHEMA_8;
    how.store_tmp_auth_key = flags & MTS_OPEN_STORE_TMP_AUTH_KEY;
    how.no_entities = flags & MTS_OPEN_NO_ENTITIES;
    return how;
}

class player {
public:
    player(std::string folder, std::string path, std::uint32_t flags)
        : folder_(std::move(folder)), path_(std::move(path)), how_(options_of(flags)),
          session_(path_.empty() ? mts::session::memory(how_) : mts::session::open(path_, how_))
    {
    }

    void close() { session_.close(); }

    /// Runs one step; failures are thrown.
    answer run(const value &step);

private:
    void become(mts::session made, std::string path, mts::options how)
    {
        session_ = std::move(made);
        path_ = std::move(path);
        how_ = how;
    }
    std::string file_of(const value &step) const
    {
        return folder_ + '/' + std::string(step["file"].text());
    }

    std::optional<answer> run_session(const value &step, std::string_view op);
    std::optional<answer> run_login(const value &step, std::string_view op);
    std::optional<answer> run_data_centers(const value &step, std::string_view op);
    std::optional<answer> run_peers(const value &step, std::string_view op);
    std::optional<answer> run_rows(const value &step, std::string_view op);

    std::string folder_, path_;
    mts::options how_;
    mts::session session_;
};

#endif
