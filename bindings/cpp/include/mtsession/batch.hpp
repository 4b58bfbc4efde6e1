// Many entities for one call. Included by mtsession.hpp.
#ifndef MTSESSION_BATCH_HPP
#define MTSESSION_BATCH_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <mtsession.h>

#include "records.hpp"

namespace mts {

/// The entities that came with an update, made from whatever types a client has for them:
///
///     mts::entity_batch batch;
///     for (const auto &user : update.users)
///         batch.user(user.id, user.access_hash).whole().username(user.username)
///              .phone(user.phone).name(user.first_name, user.last_name);
///     session.put_entities(batch);
///
/// One to keep and `clear` costs no allocation once it has grown. It holds copies. An id that cannot
/// be is told of when the batch is put, so that filling it fails in no kind of session.
class entity_batch {
public:
    /// One entity of a batch, to be filled in; good until the batch goes or is cleared.
    class row {
    public:
        /// That is all there is: an absent text means that there is none.
        row &whole() { return flags(entity_flags::whole); }
        /// Adds flags.
        row &flags(entity_flags more)
        {
            record().flags |= static_cast<std::uint32_t>(more);
            return *this;
        }
        /// Adds a flag on a condition: `.flag(mts::entity_flags::bot, user.bot)`.
        row &flag(entity_flags one, bool on) { return on ? flags(one) : *this; }
        /// When the peer was seen, unix seconds; now if it is not told.
        row &seen(std::int64_t when)
        {
            record().seen = when;
            return *this;
        }
        /// Adds a username, the main one first. An empty one adds nothing.
        row &username(std::string_view one)
        {
            append(&mts_entity::usernames, one);
            return *this;
        }
        /// Adds each of a range of usernames.
        template <class Range>
        row &usernames(const Range &all)
        {
            for (const auto &one : all)
                username(one);
            return *this;
        }
        row &phone(std::string_view number)
        {
            record().phone = {};
            append(&mts_entity::phone, number);
            return *this;
        }
        /// The display name: a title, or first and last name.
        row &name(std::string_view first, std::string_view last = {})
        {
            record().name = {};
            append(&mts_entity::name, first);
            append(&mts_entity::name, last);
            return *this;
        }

    private:
        friend class entity_batch;
        row(entity_batch &batch, std::size_t at) noexcept : batch_(batch), at_(at) {}

        mts_entity &record() { return batch_.records_[at_]; }

        /// Adds a word to a text of the record.
        void append(mts_text mts_entity::*field, std::string_view word)
        {
            if (word.empty())
                return;
            std::string &heap = batch_.heap_;
            mts_text &place = record().*field;
            const std::size_t had = place.len;
            if (had > 0) {
                // Only at the end of the heap can a text grow.
                if (place.off + had != heap.size())
                    move_to_end(place);
                heap += ' ';
            }
            const std::size_t off = had > 0 ? place.off : heap.size();
            heap.append(word.data(), word.size());
            // Beyond what offsets can tell: a place that no heap has, which the library refuses.
            place = heap.size() > UINT32_MAX
                        ? mts_text{UINT32_MAX, UINT32_MAX}
                        : mts_text{static_cast<std::uint32_t>(off),
                                   static_cast<std::uint32_t>(heap.size() - off)};
        }

        void move_to_end(mts_text &place)
        {
            const std::size_t off = batch_.heap_.size();
            batch_.heap_.append(std::string(batch_.heap_, place.off, place.len));
            place.off = static_cast<std::uint32_t>(off);
        }

        entity_batch &batch_;
        std::size_t at_; // no reference: the records move as they grow
    };

    /// Begins an entity by its marked id.
    row add(std::int64_t id, std::int64_t access_hash)
    {
        mts_entity record{};
        record.id = id;
        record.access_hash = access_hash;
        records_.push_back(record);
        return row(*this, records_.size() - 1);
    }
    /// Begins a user, by its id.
    row user(std::int64_t id, std::int64_t access_hash)
    {
        return begin(peer_kind::user, "user", id, access_hash);
    }
    /// Begins a chat (basic group), by its bare id.
    row chat(std::int64_t id) { return begin(peer_kind::chat, "chat", id, 0); }
    /// Begins a channel or supergroup, by its bare id.
    row channel(std::int64_t id, std::int64_t access_hash)
    {
        return begin(peer_kind::channel, "channel", id, access_hash);
    }
    /// Adds a finished entity.
    void add(const entity_view &whole)
    {
        add(whole.id, whole.access_hash)
            .seen(whole.seen)
            .flags(whole.flags)
            .username(whole.usernames)
            .phone(whole.phone)
            .name(whole.name);
    }

    [[nodiscard]] std::size_t size() const noexcept { return records_.size(); }
    [[nodiscard]] bool empty() const noexcept { return records_.empty(); }
    /// Forgets the entities and keeps the memory.
    void clear() noexcept
    {
        records_.clear();
        heap_.clear();
        wrong_.clear();
    }
    /// Makes room for that many entities with that many bytes of text in all.
    void reserve(std::size_t entities, std::size_t text = 0)
    {
        records_.reserve(entities);
        heap_.reserve(text);
    }

    /// The flat records, as mts_session_put_entities takes them,
    [[nodiscard]] const std::vector<mts_entity> &records() const noexcept { return records_; }
    /// and the heap with their texts.
    [[nodiscard]] const std::string &heap() const noexcept { return heap_; }
    /// Why the batch will be refused: the first bare id that cannot be one. Empty: none was met.
    [[nodiscard]] const std::string &wrong() const noexcept { return wrong_; }

private:
    row begin(peer_kind kind, const char *named, std::int64_t id, std::int64_t access_hash)
    {
        const std::int64_t marked = marked_id(kind, id);
        // Noted here: the library would only see the 0.
        if (marked == 0 && wrong_.empty())
            wrong_ = "record " + std::to_string(size()) + ": " + std::to_string(id) +
                     " cannot be the bare id of a " + named + "; a marked id goes to add()";
        return add(marked, access_hash);
    }

    std::vector<mts_entity> records_;
    std::string heap_;
    std::string wrong_;
};

} // namespace mts

#endif
