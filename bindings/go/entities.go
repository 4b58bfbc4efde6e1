package mtsession

// #include "bridge.h"
import "C"

import (
	"iter"
	"math"
	"strings"
	"sync"
	"unsafe"
)

// EntityFlags are the flags of an [Entity].
type EntityFlags uint32

// The flags of an entity. The first four say how much an entity that is put tells; they never come
// out.
const (
	// EntityWhole: the entity tells all there is; an empty text means that the peer has none.
	EntityWhole EntityFlags = C.MTS_ENTITY_WHOLE
	// EntityBare: only id and access hash are told; all texts stay.
	EntityBare EntityFlags = C.MTS_ENTITY_BARE
	// EntityMin: the server marked the object min: its hash is not for use, its texts only fill
	// gaps, and it never becomes an entity of its own.
	EntityMin EntityFlags = C.MTS_ENTITY_MIN
	// EntityNoHash: the access hash is not known; the one that is kept stays.
	EntityNoHash EntityFlags = C.MTS_ENTITY_NO_HASH

	// EntitySelf: the peer is the account itself. Ignored when put.
	EntitySelf EntityFlags = C.MTS_ENTITY_SELF

	// EntityBot: a bot.
	EntityBot EntityFlags = C.MTS_ENTITY_BOT
	// EntityBroadcast: a broadcast channel.
	EntityBroadcast EntityFlags = C.MTS_ENTITY_BROADCAST
	// EntityMegagroup: a supergroup.
	EntityMegagroup EntityFlags = C.MTS_ENTITY_MEGAGROUP
	// EntityForum: a supergroup with topics.
	EntityForum EntityFlags = C.MTS_ENTITY_FORUM
	// EntityGigagroup: a supergroup whose members may only read.
	EntityGigagroup EntityFlags = C.MTS_ENTITY_GIGAGROUP
	// EntityCommunity: a community.
	EntityCommunity EntityFlags = C.MTS_ENTITY_COMMUNITY
	// EntityPremium: a premium user.
	EntityPremium EntityFlags = C.MTS_ENTITY_PREMIUM
	// EntityDeleted: a deleted account.
	EntityDeleted EntityFlags = C.MTS_ENTITY_DELETED
	// EntityVerified: an official, verified peer.
	EntityVerified EntityFlags = C.MTS_ENTITY_VERIFIED
)

// Entity is what is known of a peer. One that is put without any of [EntityWhole], [EntityBare] and
// [EntityMin] adds what it has to what is known.
type Entity struct {
	// ID is the marked id: a user's id, minus a chat's id, -(1000000000000 + a channel's id).
	ID int64
	// AccessHash is for this account. A chat needs none: 0, unless one was put for it. In: of a user
	// or channel, 0 does not replace one that is known, unless the entity is whole or bare.
	AccessHash int64
	// Seen is when the peer was seen, unix seconds. In: 0 for now. Out: 0 when not known.
	Seen  int64
	Flags EntityFlags
	// Usernames of the peer, the main one first. Out: in lower case, without "@".
	Usernames []string
	// Phone is the phone number. In: anything but digits is dropped. Out: digits only.
	Phone string
	// Name is the display name: "first last" of a user, else the title.
	Name string
}

// Username is the main username, or "".
func (e Entity) Username() string {
	if len(e.Usernames) == 0 {
		return ""
	}
	return e.Usernames[0]
}

// Kind is what kind of peer its id marks.
func (e Entity) Kind() PeerKind { return KindOf(e.ID) }

// BareID is its id as on the wire.
func (e Entity) BareID() int64 { return BareID(e.ID) }

// EntityBatch is entities in the form in which they are put: built once, passed to the library as
// it is. The zero value is an empty batch. Reset it to build the next one in the same memory.
//
// It saves making a slice of [Entity] for those who have their peers in another form.
type EntityBatch struct {
	records []C.mts_entity
	heap    []byte
}

// Add adds an entity; nothing of it is kept.
func (b *EntityBatch) Add(e Entity) {
	var usernames C.mts_text
	usernames.off = C.uint32_t(len(b.heap))
	for i, username := range e.Usernames {
		if i > 0 {
			b.heap = append(b.heap, ' ')
		}
		b.heap = append(b.heap, username...)
	}
	usernames.len = C.uint32_t(len(b.heap)) - usernames.off
	b.records = append(b.records, C.mts_entity{
		id:          C.int64_t(e.ID),
		access_hash: C.int64_t(e.AccessHash),
		seen:        C.int64_t(e.Seen),
		flags:       C.uint32_t(e.Flags),
		usernames:   usernames,
		phone:       b.text(e.Phone),
		name:        b.text(e.Name),
	})
}

func (b *EntityBatch) text(text string) C.mts_text {
	off := C.uint32_t(len(b.heap))
	b.heap = append(b.heap, text...)
	return C.mts_text{off: off, len: C.uint32_t(len(text))}
}

// Len is the number of entities.
func (b *EntityBatch) Len() int { return len(b.records) }

// Reset empties the batch and keeps its memory.
func (b *EntityBatch) Reset() { b.records, b.heap = b.records[:0], b.heap[:0] }

// PutBatch takes in the entities that came with an update or an answer: all of them, or none where
// one is bad (the message says which). They join what is known: a field that an entity does not know
// stays. They wait in memory for the next save; a call may save by itself (see [MaxDirty]), and
// the failure of that is a notice, not an error. While entities are switched off
// ([Session.SetSaveEntities]) nothing happens.
//
// Telethon: process_entities(tlo).
func (s *Session) PutBatch(batch *EntityBatch) error {
	if batch == nil {
		return wrongArgument("PutBatch: the batch is nil")
	}
	if len(batch.heap) > math.MaxUint32 {
		return wrongArgument("the texts of one batch have over 4 GiB; put fewer entities at once")
	}
	var err *C.mts_error
	return s.result(C.mts_session_put_entities(s.c, unsafe.SliceData(batch.records),
		C.size_t(len(batch.records)), C.sizeof_mts_entity, octets(batch.heap),
		C.size_t(len(batch.heap)), &err), &err)
}

var batches = sync.Pool{New: func() any { return new(EntityBatch) }}

// PutEntities takes in entities, all of them or none; see [Session.PutBatch].
//
// Telethon: process_entities(tlo).
func (s *Session) PutEntities(entities []Entity) error {
	batch := batches.Get().(*EntityBatch)
	defer batches.Put(batch)
	batch.Reset()
	for i := range entities {
		batch.Add(entities[i])
	}
	return s.PutBatch(batch)
}

// PutEntity takes in one entity; see [Session.PutBatch].
//
// Telethon: process_entities(tlo).
func (s *Session) PutEntity(e Entity) error {
	usernames := e.Username()
	if len(e.Usernames) > 1 {
		usernames = strings.Join(e.Usernames, " ")
	}
	var err *C.mts_error
	return s.result(C.mts_session_put_entity(s.c, C.int64_t(e.ID), C.int64_t(e.AccessHash),
		C.uint32_t(e.Flags), C.int64_t(e.Seen), chars(usernames), C.size_t(len(usernames)),
		chars(e.Phone), C.size_t(len(e.Phone)), chars(e.Name), C.size_t(len(e.Name)), &err), &err)
}

// SaveEntities says whether entities are taken in.
//
// Telethon: save_entities.
func (s *Session) SaveEntities() (bool, error) {
	var on C.uint32_t
	var err *C.mts_error
	failed := s.result(C.mts_session_save_entities(s.c, &on, &err), &err)
	return on != 0, failed
}

// SetSaveEntities switches the taking in of entities on or off; those that are known stay.
//
// Telethon: save_entities = ….
func (s *Session) SetSaveEntities(on bool) error {
	var c C.uint32_t
	if on {
		c = 1
	}
	var err *C.mts_error
	return s.result(C.mts_session_set_save_entities(s.c, c, &err), &err)
}

// Entities are all entities by ascending marked id, what waits unsaved included. They are read page
// by page and nothing stays open in between; what changes meanwhile may or may not be seen. An
// error ends it.
//
// The texts of a page share memory: [strings.Clone] those you keep while most go.
//
// Telethon: select * from entities.
func (s *Session) Entities() iter.Seq2[Entity, error] {
	return s.EntitiesAfter(math.MinInt64)
}

// EntitiesAfter are the entities with a marked id above after; see [Session.Entities].
//
// Telethon: select * from entities where id > ….
func (s *Session) EntitiesAfter(after int64) iter.Seq2[Entity, error] {
	return func(yield func(Entity, error) bool) {
		records := make([]C.mts_entity, 128)
		heap := make([]byte, 8<<10)
		for page := (C.mts_page{next: C.int64_t(after)}); ; {
			begin := page.next
			var err *C.mts_error
			failed := s.result(C.mts_session_entities(s.c, begin, &records[0],
				C.size_t(len(records)), C.sizeof_mts_entity, octets(heap), C.size_t(len(heap)),
				&page, &err), &err)
			if failed == ErrTooSmall {
				heap = make([]byte, page.heap_needed)
				page.next = begin
				continue
			}
			if failed != nil && failed != ErrDone {
				yield(Entity{}, failed)
				return
			}
			cut := cutOf(string(heap[:page.heap_len]))
			for i := range records[:page.count] {
				if !yield(entityOf(&records[i], cut), nil) {
					return
				}
			}
			if failed == ErrDone {
				return
			}
		}
	}
}

// cutOf cuts texts out of those of a page, and shares its memory.
func cutOf(texts string) func(C.mts_text) string {
	return func(text C.mts_text) string { return texts[text.off:][:text.len] }
}

func entityOf(c *C.mts_entity, cut func(C.mts_text) string) Entity {
	e := Entity{
		ID:         int64(c.id),
		AccessHash: int64(c.access_hash),
		Seen:       int64(c.seen),
		Flags:      EntityFlags(c.flags),
		Phone:      cut(c.phone),
		Name:       cut(c.name),
	}
	if c.usernames.len > 0 {
		e.Usernames = strings.Split(cut(c.usernames), " ")
	}
	return e
}

// EntityCount is how many entities there are, what waits unsaved included. Counting may read all of
// them.
//
// Telethon: select count(*) from entities.
func (s *Session) EntityCount() (uint64, error) {
	var count C.uint64_t
	var err *C.mts_error
	failed := s.result(C.mts_session_entity_count(s.c, &count, &err), &err)
	return uint64(count), failed
}

// ForgetEntity forgets one entity, by its marked id. [ErrNotFound]: it was not known.
//
// Telethon: none.
func (s *Session) ForgetEntity(id int64) error {
	var err *C.mts_error
	return s.result(C.mts_session_forget_entity(s.c, C.int64_t(id), &err), &err)
}
