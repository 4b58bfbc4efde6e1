"""Telethon and this library take turns on one file, and agree after each turn on every value."""

import datetime
import random
import sqlite3
import unittest.mock

import fixtures
import mts
import telethon_side
from telethon import utils
from telethon.crypto import AuthKey
from telethon.sessions import SQLiteSession
from telethon.tl import types

ROUNDS, OPERATIONS, SEED = 10, 12, 20260
USERS = range(700000001, 700000009)
CHATS = range(-4450, -4444)
CHANNELS = range(-1001234560005, -1001234560000)
USERNAMES = ["ada", "bob_the_builder", "carol", "daily_news"]
STATE_IDS = [0, 1234560001, 1234560002]
MD5 = bytes(16)


class Clock:
    """Who owns a username is decided by dates of whole seconds; so that they never tie, each look
    at this clock is a second later."""

    now = 1750000000

    def time(self):
        self.now += 1
        return self.now


class Here:
    """One operation each, on our side."""

    def __init__(self, path, clock):
        self.clock = clock
        self.session = mts.Session.open(path)

    def close(self):
        self.session.__exit__()

    def set_dc(self, *dc):
        self.session.set_dc(*dc)

    def set_auth_key(self, key):
        self.session.call("set_auth_key", *mts.text(key))

    def set_takeout(self, id):
        if id is None:
            self.session.call("clear_takeout_id")
        else:
            self.session.call("set_takeout_id", mts.i64(id))

    def put_whole(self, id, access_hash, username, phone, name):
        self.session.put_entities([(id, access_hash, self.clock.time(), mts.WHOLE, username, phone,
                                    name)])

    def put_bare(self, id, access_hash):
        self.session.put_entities([(id, access_hash, self.clock.time(), mts.BARE, "", "", "")])

    def put_min(self, id, access_hash, username):
        self.session.put_entities([(id, access_hash, self.clock.time(), mts.MIN, username, "",
                                    "")])

    def set_state(self, id, *state):
        self.session.set_update_state(id, *state)

    def cache_file(self, size, id, access_hash):
        self.session.cache_file(MD5, size, 0, id, access_hash)

    def look_up(self, username):
        self.session.input_peer(username)

    def set_own_id(self, id):
        self.session.set_identity(id)


class There:
    """The same on Telethon's."""

    def __init__(self, path, clock):
        # Its entities are dated with the time of day, which would tie within a second.
        self.patch = unittest.mock.patch("telethon.sessions.sqlite.time.time", clock.time)
        self.patch.start()
        self.session = SQLiteSession(str(path))

    def close(self):
        self.session.save()
        self.session.close()
        self.patch.stop()

    def set_dc(self, *dc):
        self.session.set_dc(*dc)

    def set_auth_key(self, key):
        self.session.auth_key = AuthKey(key)

    def set_takeout(self, id):
        self.session.takeout_id = id

    def put_whole(self, id, access_hash, username, phone, name):
        bare, kind = utils.resolve_id(id)
        if kind is types.PeerUser:
            peer = types.User(bare, access_hash=access_hash, username=username, phone=phone,
                              first_name=name)
        elif kind is types.PeerChat:
            peer = types.Chat(bare, name, types.ChatPhotoEmpty(), 2, None, 1)
        else:
            peer = types.Channel(bare, name, types.ChatPhotoEmpty(), None, access_hash=access_hash,
                                 username=username)
        self.session.process_entities([peer])

    def put_bare(self, id, access_hash):
        bare, kind = utils.resolve_id(id)
        if kind is types.PeerUser:
            peer = types.InputPeerUser(bare, access_hash)
        elif kind is types.PeerChat:
            peer = types.InputPeerChat(bare)
        else:
            peer = types.InputPeerChannel(bare, access_hash)
        self.session.process_entities([peer])

    def put_min(self, id, access_hash, username):
        bare, kind = utils.resolve_id(id)
        if kind is types.PeerUser:
            self.session.process_entities([types.User(bare, min=True, access_hash=access_hash,
                                                      username=username)])

    def set_state(self, id, pts, qts, date, seq):
        date = datetime.datetime.fromtimestamp(date, tz=datetime.timezone.utc)
        self.session.set_update_state(id, types.updates.State(pts, qts, date, seq, 0))

    def cache_file(self, size, id, access_hash):
        self.session.cache_file(MD5, size, types.InputDocument(id, access_hash, b""))

    def look_up(self, username):
        self.session.get_entity_rows_by_username(username)

    def set_own_id(self, id):
        self.session.process_entities([types.InputPeerUser(0, id)])


def operation(random):
    """(method, arguments): something that a client does now and then."""
    peer = random.choice([*USERS, *USERS, *CHATS, *CHANNELS])
    access_hash = 0 if peer in CHATS else random.randrange(-2**63, 2**63)
    username = "" if peer in CHATS else random.choice([*USERNAMES, ""])
    # Nobody else's, for Telethon answers any bearer of a phone or name, and we the newest.
    phone = str(15550000000 + peer) if peer in USERS and random.random() < 0.5 else ""
    name = random.choice([f"Peer {peer}", f"Renamed {peer}"])
    return random.choice([
        ("set_dc", (random.randrange(1, 6), f"149.154.167.{random.randrange(1, 99)}", 443)),
        ("set_auth_key", (random.randbytes(256),)),
        ("set_takeout", (random.choice([None, random.randrange(1, 2**40)]),)),
        *[("put_whole", (peer, access_hash, username, phone, name))] * 6,
        *[("put_bare", (peer, access_hash))] * 2,
        ("put_min", (peer, access_hash, "ada")),
        *[("set_state", (random.choice(STATE_IDS), random.randrange(1, 2**31),
                         random.randrange(2**31), random.randrange(2**31),
                         random.randrange(2**31)))] * 2,
        ("cache_file", (random.randrange(3), random.randrange(2**63), access_hash)),
        ("look_up", (random.choice(USERNAMES),)),
    ])


def questions():
    peers = [*USERS, *CHATS, *CHANNELS]
    return {
        "keys": [*USERNAMES, *peers, *[str(15550000000 + id) for id in USERS]],
        "ids": peers, "usernames": USERNAMES, "phones": [], "names": [], "states": STATE_IDS,
        "files": [[MD5.hex(), size, 0] for size in range(3)],
    }


def seen_here(path):
    asked = questions()
    with mts.Session.open(path) as session:
        rows = {row.id: row for row in session.entities()}
        states = session.update_states()
        answers = {
            "account": {"dc": [*session.dc()], "auth_key": session.auth_key(),
                        "takeout_id": session.takeout_id(),
                        "tmp_auth_key": session.auth_key("tmp_auth_key")},
            "input_entity": [session.input_peer(key) for key in asked["keys"]],
            "by_id": [rows[id] and (id, rows[id].access_hash) if id in rows else None
                      for id in asked["ids"]],
            "update_states": [states.get(id) for id in STATE_IDS],
            "files": [session.file(MD5, size, 0) for size in range(3)],
            "own id": session.user_id(),
        }
    # After the look-ups, which take a contested username from its older bearers.
    with mts.Session.open(path) as session:
        answers["entities"] = fixtures.entities_here(session)
    return answers


def seen_there(path):
    session = SQLiteSession(str(path))
    answers = telethon_side.answer(session, questions())
    answers["own id"] = session.get_entity_rows_by_id(0)[1]
    session.close()
    base = sqlite3.connect(path)
    base.row_factory = sqlite3.Row
    answers["entities"] = {row["id"]: fixtures.entity(dict(row))
                           for row in base.execute("select * from entities where id != 0")}
    base.close()
    # A basic group needs no row here to be named.
    return {key: answers[key] for key in answers if key not in ("by_username", "by_phone",
                                                                "by_name")}


def check(checks):
    path, clock, chance = checks.scratch / "turns.session", Clock(), random.Random(SEED)
    for number in range(1, ROUNDS + 1):
        turns = [Here, There] if number % 2 else [There, Here]
        last = {}
        for side in turns:
            one = side(path, clock)
            if number == 1 and side is Here:
                # What both are sure to know, so that nothing is compared with nothing.
                one.set_own_id(31337)
                for id in CHATS:
                    one.put_whole(id, 0, "", "", f"Group {id}")
                last.update(set_dc=(2, "149.154.167.51", 443), set_auth_key=(bytes([7] * 256),))
                one.set_dc(*last["set_dc"])
                one.set_auth_key(*last["set_auth_key"])
            for _ in range(OPERATIONS):
                method, arguments = operation(chance)
                getattr(one, method)(*arguments)
                if method in ("put_whole", "put_bare"):
                    last["hash", arguments[0]] = arguments[1]
                last[method if method != "set_state" else (method, arguments[0])] = arguments
            one.close()
        readers = [seen_here, seen_there] if number % 3 else [seen_there, seen_here]
        answers = {reader: reader(path) for reader in readers}
        here, there = answers[seen_here], answers[seen_there]
        for what in there:
            checks.equal(f"round {number}, here and there: {what}", here[what], there[what])
        # Both might be wrong in the same way: what was set last is what must be read.
        if "set_dc" in last:
            checks.equal(f"round {number}: dc", tuple(here["account"]["dc"]), last["set_dc"])
        if "set_auth_key" in last:
            checks.equal(f"round {number}: auth key", here["account"]["auth_key"],
                         last["set_auth_key"][0].hex())
        hashes = {id: found and found[1] for id, found in zip(questions()["ids"], here["by_id"])}
        for id in hashes:
            if ("hash", id) in last:
                checks.equal(f"round {number}: access hash of {id}", hashes[id], last["hash", id])
        for place, id in enumerate(STATE_IDS):
            if ("set_state", id) in last:
                checks.equal(f"round {number}: update state {id}", here["update_states"][place],
                             [*last["set_state", id][1:]])
