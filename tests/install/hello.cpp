// A program against an installed mtsession: makes a session at the path it gets.
#include <iostream>

#include <mtsession.hpp>

int main(int argc, char **argv)
{
    try {
        auto session = mts::session::open(argc > 1 ? argv[1] : "");
        session.set_dc(2, "149.154.167.51", 443);
        session.close();
        std::cout << "hello from mtsession " << mts::version() << '\n';
        return 0;
    } catch (const mts::error &failure) {
        std::cerr << failure.what() << '\n';
        return 1;
    }
}
