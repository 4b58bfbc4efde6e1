"""Under a write-ahead log, a Telethon that opens, writes and closes the file meanwhile, and a copy
that is made while it is in use, lose nothing that was acknowledged."""

import subprocess
import sys

import mts
import telethon_side

ROUNDS = 5

# In a process of its own: two copies of SQLite in one process drop each other's locks.
TELETHON = """
import sys
from telethon.sessions import SQLiteSession
from telethon.tl.types import User
session = SQLiteSession(sys.argv[1])
number = int(sys.argv[2])
assert session.auth_key.key == bytes([number] * 256), "Telethon reads an older key"
assert session.get_input_entity(700000000 + number).access_hash == number
session.process_entities([User(800000000 + number, access_hash=-number, first_name="Theirs")])
session.close()
"""


def check(checks):
    path = checks.scratch / "log.session"
    with mts.Session.open(path) as session:
        session.set_dc(2, "149.154.167.51", 443)
    session = mts.Session.open(path, flags=mts.SCHEMA_8, journal=mts.JOURNAL_WAL_PROCESS_SAFE)
    for number in range(1, ROUNDS + 1):
        session.call("set_auth_key", *mts.text(bytes([number] * 256)))
        session.put_entities([(700000000 + number, number, 0, mts.WHOLE, "", "", "Ours")])
        session.call("save")
        checks.equal(f"round {number}: the log is there",
                     path.with_name(path.name + "-wal").exists(), True)
        copy = checks.scratch / f"log-copy-{number}.session"
        # By another process: closing the file in this one would drop the library's locks on it.
        subprocess.run(["cp", path, copy], check=True)
        with mts.Session.open(copy, flags=mts.READ_ONLY) as alone:
            checks.equal(f"round {number}: key in a copy of the file alone", alone.auth_key(),
                         bytes([number] * 256).hex())
        done = subprocess.run([sys.executable, "-c", TELETHON, path, str(number)],
                              stderr=subprocess.PIPE, text=True)
        checks.equal(f"round {number}: Telethon", done.stderr.splitlines(), [])
    session.__exit__()
    checks.equal("the log is left at close", sorted(
        file.name for file in checks.scratch.glob("log.session*")),
        ["log.session", "log.session-lock"])
    with mts.Session.open(path) as session:
        found = {row.id: row.access_hash for row in session.entities()}
        checks.equal("the key at the end", session.auth_key(), bytes([ROUNDS] * 256).hex())
    wanted = {700000000 + number: number for number in range(1, ROUNDS + 1)}
    wanted.update({800000000 + number: -number for number in range(1, ROUNDS + 1)})
    checks.equal("entities of both", found, wanted)
    telethon = telethon_side.SQLiteSession(str(path))
    checks.equal("Telethon opens it after all", telethon_side.key_of(telethon.auth_key),
                 bytes([ROUNDS] * 256).hex())
    telethon.close()
