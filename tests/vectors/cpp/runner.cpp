// The runner of the test vectors for C++. ../README.md says what a runner does.
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>

#include "ops.hpp"

namespace {

namespace fs = std::filesystem;

int passed = 0, failed = 0;

void count(bool good)
{
    (good ? passed : failed)++;
}

/// Every status of mts::status, in the words of C. A new one makes the compiler's warning here.
bool is_status(mts::status of)
{
    switch (of) {
    case mts::status::ok:
    case mts::status::not_found:
    case mts::status::done:
    case mts::status::too_small:
    case mts::status::ambiguous:
    case mts::status::argument:
    case mts::status::io:
    case mts::status::storage:
    case mts::status::corrupt:
    case mts::status::busy:
    case mts::status::owned:
    case mts::status::format:
    case mts::status::version:
    case mts::status::read_only:
    case mts::status::exists:
    case mts::status::secret:
    case mts::status::callback:
    case mts::status::unsupported:
    case mts::status::closed:
    case mts::status::internal:
        return true;
    }
    return false;
}

void check_statuses(const document &named)
{
    bool good = true;
    int there = 0, here = 0;
    named.each([&](const std::string &name, long long number) {
        const auto status = static_cast<mts::status>(number);
        there++;
        if (!is_status(status) || mts::status_name(status) != name) {
            std::cout << "statuses.json: " << name << " is not here\n";
            good = false;
        }
    });
    for (int number = -1000; number <= 1000; ++number)
        here += is_status(static_cast<mts::status>(number));
    if (here != there)
        std::cout << "statuses.json: " << here << " statuses here, " << there << " there\n";
    count(good && here == there);
}

std::string shown(const answer &of, const std::string &message)
{
    std::string text = "  answered " + std::string(mts::status_name(of.status)) + " \"" + message + "\"\n";
    for (const std::string &line : of.lines)
        text += line + '\n';
    return text;
}

/// Runs one step; a failure becomes its status, and its message.
answer run(player &who, const value &step, std::string &message)
{
    try {
        return who.run(step);
    } catch (const mts::error &failure) {
        message = failure.what();
        return {failure.status(), {}};
    }
}

/// Runs the steps up to the first that answers wrongly; says which.
bool run_steps(player &who, const value &steps, const std::string &what)
{
    std::size_t number = 0;
    for (const value &step : steps.list()) {
        std::string message;
        const answer got = run(who, step, message);
        const std::string_view wanted = step["status"] ? step["status"].text() : "MTS_OK";
        const auto gives = step["gives"].list();
        const bool same =
            std::equal(gives.begin(), gives.end(), got.lines.begin(), got.lines.end(),
                       [](const value &one, const std::string &line) { return one.text() == line; });
        number++;
        if (mts::status_name(got.status) != wanted || !same ||
            message.find(step["says"].text()) == message.npos) {
            std::cout << what << ", step " << number << ": " << step.shown() << '\n'
                      << shown(got, message);
            return false;
        }
    }
    return true;
}

bool check_case(const value &of, const std::string &what, const fs::path &folder, bool in_file)
{
    try {
        fs::create_directory(folder);
        player who(folder.string(), in_file ? (folder / "me.session").string() : "",
                   of["options"].number<std::uint32_t>());
        return run_steps(who, of["steps"], what);
    } catch (const std::exception &failure) {
        std::cout << what << ": " << failure.what() << '\n';
        return false;
    }
}

void check_file(const fs::path &file, const fs::path &folder)
{
    const document content(file.string());
    std::size_t number = 0;
    for (const value &one : content["cases"].list()) {
        number++;
        for (const std::string place : {"memory", "file"}) {
            const auto on = one["on"].list();
            if (one["on"] && std::none_of(on.begin(), on.end(),
                                          [&](const value &where) { return where.text() == place; }))
                continue;
            const std::string what = file.filename().string() + ": " +
                                     std::string(one["name"].text()) + ", " + place;
            const auto own = file.stem().string() + '-' + std::to_string(number) + '-' + place;
            count(check_case(one, what, folder / own, place == "file"));
        }
    }
}

int check(const fs::path &vectors, const fs::path &folder)
{
    check_statuses(document((vectors / "statuses.json").string()));
    for (const auto &entry : fs::directory_iterator(vectors))
        if (entry.path().extension() == ".json")
            check_file(entry.path(), folder);
    std::cout << passed << " passed, " << failed << " failed\n";
    return failed > 0;
}

int write(const value &dump, const std::string &file)
{
    player who(".", file, dump["options"].number<std::uint32_t>());
    const bool good = run_steps(who, dump["steps"], "dump.json");
    who.close();
    return !good;
}

int print(const value &dump, const std::string &file)
{
    player who(".", file, dump["dump_options"].number<std::uint32_t>());
    for (const value &step : dump["dump"].list()) {
        std::string message;
        const answer got = run(who, step, message);
        if (got.status != mts::status::ok && got.status != mts::status::not_found)
            std::cout << step["op"].text() << ' ' << mts::status_name(got.status) << '\n';
        for (const std::string &line : got.lines)
            std::cout << step["op"].text() << ' ' << line << '\n';
    }
    who.close();
    return 0;
}

} // namespace

int main(int argc, char **argv)
{
    try {
        const std::vector<std::string> words(argv + 1, argv + argc);
        if (words.size() == 3 && words[0] == "check")
            return check(words[1], words[2]);
        if (words.size() == 3 && (words[0] == "write" || words[0] == "dump")) {
            const document dump(words[1] + "/dump.json");
            return words[0] == "write" ? write(dump, words[2]) : print(dump, words[2]);
        }
        std::cerr << "usage: check VECTORS FOLDER, write VECTORS FILE, dump VECTORS FILE\n";
    } catch (const std::exception &failure) {
        std::cerr << failure.what() << '\n';
    }
    return 2;
}
