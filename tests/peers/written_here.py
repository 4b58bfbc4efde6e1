"""A session made here by every setter opens in real Telethon with the same values, read through
Telethon's own API, and comes back whole."""

import json
import pathlib
import shutil
import sqlite3
import subprocess

import mts

KEY, TMP_KEY, OTHER_KEY = (bytes((i * step + 3) % 256 for i in range(256)) for step in (7, 11, 13))
OWN_ID, MD5 = 123456789, bytes(range(16))
DC = (4, "149.154.167.91", 443)
SEEN = 1750000000
ENTITIES = [  # id, hash, seen, flags, usernames, phone, name
    (OWN_ID, 1111111111111111111, SEEN, mts.WHOLE, "AdaUser countess", "+1 (555) 000-1111",
     "Ada Lovelace"),
    (987654321, -2222222222222222222, SEEN, mts.WHOLE, "", "", "Bob"),
    (6000000001, 4444444444444444444, SEEN, mts.WHOLE | mts.BOT, "some_bot", "", "Some Bot"),
    (557, 0, SEEN, mts.WHOLE, "", "447700900123", "Žluťoučký kůň 🐎"),
    (558, 5, SEEN, mts.BARE, "", "", ""),
    (-4444, 0, SEEN, mts.WHOLE, "", "", "Small Group"),
    (-1001234567890, 3333333333333333333, SEEN, mts.WHOLE | mts.BROADCAST, "newschan", "",
     "News Channel"),
    (-1001876543210, -3333333333333333334, SEEN, mts.WHOLE | mts.MEGAGROUP, "", "", "Mega Group"),
]
STATES = {0: [1000, 5, 1700000000, 42], 1234567890: [777, 0, 1700000001, 0]}
FILES = {(MD5, 12345, 0): (5000000000000000001, -6), (MD5, 12345, 1): (5000000000000000002, 7)}

# What a request to each key names, in Telethon's words.
ADA = ["InputPeerUser", OWN_ID, 1111111111111111111]
NEWS = ["InputPeerChannel", 1234567890, 3333333333333333333]
KEYS = {
    "adauser": ADA, "@AdaUser": ADA, "https://t.me/adauser": ADA, "t.me/ADAUSER/": ADA,
    "telegram.me/adauser": ADA, "+1 (555) 000-1111": ADA, "15550001111": ADA, OWN_ID: ADA,
    "447700900123": ["InputPeerUser", 557, 0],
    987654321: ["InputPeerUser", 987654321, -2222222222222222222],
    "some_bot": ["InputPeerUser", 6000000001, 4444444444444444444],
    558: ["InputPeerUser", 558, 5],
    -4444: ["InputPeerChat", 4444, 0],
    "newschan": NEWS, "http://www.t.me/newschan": NEWS, -1001234567890: NEWS,
    -1001876543210: ["InputPeerChannel", 1876543210, -3333333333333333334],
    "nobody_we_know": None, "+999999": None, 31337: None,
}


def make(path, flags):
    with mts.Session.open(path, flags | mts.STORE_TMP_AUTH_KEY) as session:
        session.set_dc(*DC)
        session.call("set_auth_key", *mts.text(KEY))
        session.call("set_tmp_auth_key", *mts.text(TMP_KEY))
        session.call("set_takeout_id", mts.i64(-77))
        session.set_identity(OWN_ID, 17349)
        session.put_entities(ENTITIES)
        for id, state in STATES.items():
            session.set_update_state(id, *state)
        for key, file in FILES.items():
            session.cache_file(*key, *file)
        # What Telethon has no place for, and must not stumble over.
        option = mts.Dc(id=2, port=443, flags=1, host=b"2001:67c:4e8:f002::a", host_len=20)
        session.call("put_dc_options", mts.c.byref(option), mts.size(1),
                     mts.size(mts.c.sizeof(option)))
        session.call("put_key", *mts.sized(mts.Key(dc=2, user_id=OWN_ID, key=tuple(OTHER_KEY))))
        salt = mts.Salt(1, 2, 3)
        session.call("put_salts", mts.i32(2), mts.c.byref(salt), mts.size(1), mts.size(24))
        session.call("put_value", *mts.text("client.theme"), *mts.text("dark"), mts.u32(0))
        session.call("save")


def here(session):
    """Everything that `make` put, as it reads here."""
    buffer, needed = (mts.u8 * 100)(), mts.size()
    session.call("value", *mts.text("client.theme"), buffer, mts.size(100), mts.c.byref(needed))
    key = session.get("key", mts.Key(), mts.i32(2), mts.u32(0))
    option, salt, page = mts.Dc(), mts.Salt(), mts.Page()
    session.call("dc_options", mts.i64(0), mts.c.byref(option), mts.size(1),
                 mts.size(mts.c.sizeof(option)), mts.c.byref(page))
    session.call("salts", mts.i32(2), mts.i64(0), mts.c.byref(salt), mts.size(1), mts.size(24),
                 mts.c.byref(page))
    return {
        "account": [session.dc(), session.auth_key(), session.auth_key("tmp_auth_key"),
                    session.takeout_id(), session.user_id()],
        "entities": [(row.id, row.access_hash, row.seen, row.usernames, row.phone, row.name,
                      row.flags) for row in session.entities()],
        "keys": {key: session.input_peer(key) for key in [*KEYS, "t.me/countess"]},
        "states": session.update_states(),
        "files": {key: session.file(*key) for key in FILES},
        "value": bytes(buffer[:needed.value]),
        "other key": key and bytes(key.key),
        "option": (option.id, option.flags, option.host, option.port),
        "salt": (salt.salt, salt.since, salt.until),
    }


def wanted_here():
    kept = mts.BOT | mts.BROADCAST | mts.MEGAGROUP
    digits = str.maketrans("", "", "+ ()-")
    return {
        "account": [DC, KEY.hex(), TMP_KEY.hex(), -77, OWN_ID],
        "entities": sorted(
            (id, access_hash, seen, usernames.lower(), phone.translate(digits), name,
             flags & kept | (mts.SELF if id == OWN_ID else 0))
            for id, access_hash, seen, flags, usernames, phone, name in ENTITIES),
        "keys": {**KEYS, "t.me/countess": ADA},
        "states": STATES,
        "files": FILES,
        "value": b"dark",
        "other key": OTHER_KEY,
        "option": (2, 1, b"2001:67c:4e8:f002::a", 443),
        "salt": (1, 2, 3),
    }


def there(checks, version, path):
    """What a Telethon of that version says."""
    questions = {
        "keys": [0, *KEYS], "ids": [row[0] for row in ENTITIES],
        "usernames": ["adauser", "newschan", "countess"], "phones": ["15550001111"],
        "names": [row[6] for row in ENTITIES if row[6]], "states": list(STATES),
        "files": [[md5.hex(), size, kind] for md5, size, kind in FILES],
    }
    python = checks.target / "peers" / version / "bin/python"
    script = pathlib.Path(__file__).with_name("telethon_side.py")
    done = subprocess.run([python, script, path], input=json.dumps(questions), text=True,
                          capture_output=True)
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr


def wanted_there(tmp_key):
    found = {row[0]: [row[0], row[1]] for row in ENTITIES}
    return {
        "account": {"dc": [*DC], "auth_key": KEY.hex(), "takeout_id": -77, "tmp_auth_key": tmp_key},
        # 0 is how Telethon asks for the account's own id.
        "input_entity": [["InputPeerUser", 0, OWN_ID], *KEYS.values()],
        "by_id": list(found.values()),
        # It knows one username a peer.
        "by_username": [found[OWN_ID], found[-1001234567890], None],
        "by_phone": [found[OWN_ID]],
        "by_name": [found[row[0]] for row in ENTITIES if row[6]],
        "update_states": list(STATES.values()),
        "files": [list(file) for file in FILES.values()],
    }


def schema(path):
    """(version row, columns of sessions)"""
    base = sqlite3.connect(path)
    try:
        return (base.execute("select version from version").fetchall(),
                len(base.execute("pragma table_info(sessions)").fetchall()))
    finally:
        base.close()


def check(checks):
    for number, flags, versions in ((7, 0, ["1.45.0", "1.42.0", "1.24.0"]),
                                    (8, mts.SCHEMA_8, ["1.45.0"])):
        original = checks.scratch / f"schema-{number}.session"
        make(original, flags)
        checks.equal(f"schema {number}", schema(original), ([(number,)], number - 2))
        for version in versions:
            name = f"schema {number} in Telethon {version}"
            path = checks.scratch / f"schema-{number}-{version}.session"
            shutil.copyfile(original, path)
            answers = there(checks, version, path)
            if isinstance(answers, str):
                checks.equal(name, answers, "answers")
                continue
            # A schema 7 file has no column for the temporary key, so Telethon does not see it.
            for what, wanted in wanted_there(TMP_KEY.hex() if number == 8 else None).items():
                checks.equal(f"{name}: {what}", answers[what], wanted)
            with mts.Session.open(path, mts.STORE_TMP_AUTH_KEY) as session:
                back = here(session)
            for what, wanted in wanted_here().items():
                checks.equal(f"{name}, back here: {what}", back[what], wanted)
