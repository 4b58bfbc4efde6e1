// mtsession for C++: the session store of Telegram (MTProto) clients.
// SPDX-License-Identifier: MIT OR Apache-2.0
//
//     mts::session session = mts::session::open("me.session");
//     if (auto peer = session.input_peer("https://t.me/durov"))
//         use(peer->kind, peer->bare_id, peer->access_hash);
//     for (const mts::entity_view &entity : session.entities())
//         std::cout << entity.name << '\n';
//
// Header only, C++17; with C++20 the views are std::spans and the lists are ranges. It needs
// mtsession.h beside it and the library to link (`pkg-config --cflags --libs mtsession`, or CMake's
// `mtsession::mtsession`). It converts and calls, no more: what a session is and does, when it saves,
// who owns it, is told in mtsession.h.
//
// ERRORS. `mts::session` throws `mts::error`, with a status and a line for a person. An
// `mts::nothrow_session` has the same calls and returns `mts::result<T>`, with the value or the error;
// without exceptions (-fno-exceptions) it is the only one. That something is not there is no error:
// the answer is an empty std::optional, or false.
//
// OWNERSHIP. Sessions, errors and secrets free what is theirs; a session can be moved, not copied.
// std::string and std::vector that come out are yours. A view (`entity_view`, `bytes`, what a range of
// pages gives) is good as long as what it came from.
//
// THREADS. Any thread may use a session, several at once, but moving, assigning and destroying it need
// it to themselves.
//
// TEXT is UTF-8; a path may be a std::filesystem::path too. TIMES are unix seconds. IDS of peers are
// marked ids, as in Telethon and the Bot API: `mts::marked_id`, `mts::kind_of` and `mts::bare_id`
// convert.
#ifndef MTSESSION_HPP
#define MTSESSION_HPP

#if __cplusplus < 201703L && (!defined(_MSVC_LANG) || _MSVC_LANG < 201703L)
#error "mtsession.hpp needs C++17: -std=c++17 or later"
#endif

#include "mtsession/batch.hpp"
#include "mtsession/bytes.hpp"
#include "mtsession/error.hpp"
#include "mtsession/pages.hpp"
#include "mtsession/path.hpp"
#include "mtsession/records.hpp"
#include "mtsession/session.hpp"
#include "mtsession/storage.hpp"

namespace mts {

/// The version of the library that is loaded, like "0.1.0".
[[nodiscard]] inline std::string_view version() noexcept
{
    return mts_version();
}

/// The ABI number of the library that is loaded; that of the headers is MTS_ABI_VERSION.
[[nodiscard]] inline std::uint32_t abi_version() noexcept
{
    return mts_abi_version();
}

} // namespace mts

#endif
