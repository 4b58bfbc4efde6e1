"""Under a write-ahead log of either durability, a Telethon that opens, writes and closes the file
meanwhile, and a copy that is made while it is in use, lose nothing that was acknowledged."""

import subprocess
import sys

import mts
import telethon_side

ROUNDS = 5
# More than there are frames in a power-safe log before it is begun anew.
SAVES = 100

# In a process of its own: two copies of SQLite in one process drop each other's locks.
TELETHON = """
import sys
from telethon.sessions import SQLiteSession
from telethon.tl.types import User
session = SQLiteSession(sys.argv[1])
number = int(sys.argv[2])
assert session.auth_key.key == bytes([number] * 256), "Telethon reads an older key"
assert session.get_input_entity(700000000 + number).access_hash == number
print("open", flush=True)
sys.stdin.readline()
session.process_entities([User(800000000 + number, access_hash=-number, first_name="Theirs")])
session.close()
session = SQLiteSession(sys.argv[1])
assert session.auth_key.key == bytes([number + 100] * 256), "Telethon reads an older key"
session.close()
"""


def save(session, entity, access_hash):
    session.put_entities([(entity, access_hash, 0, mts.WHOLE, "", "", "Ours")])
    session.call("save")


def check_journal(checks, name, journal):
    path = checks.scratch / f"{name}.session"
    log = path.with_name(path.name + "-wal")
    with mts.Session.open(path) as session:
        session.set_dc(2, "149.154.167.51", 443)
    session = mts.Session.open(path, flags=mts.SCHEMA_8, journal=journal)

    def set_key(number):
        session.call("set_auth_key", *mts.text(bytes([number] * 256)))
        copy = checks.scratch / f"{name}-copy-{number}.session"
        # By another process: closing the file in this one would drop the library's locks on it.
        subprocess.run(["cp", path, copy], check=True)
        with mts.Session.open(copy, flags=mts.READ_ONLY) as alone:
            checks.equal(f"{name} {number}: key in a copy of the file alone", alone.auth_key(),
                         bytes([number] * 256).hex())

    for number in range(1, ROUNDS + 1):
        what = f"{name}, round {number}"
        save(session, 700000000 + number, number)
        set_key(number)
        checks.equal(f"{what}: the log is there", log.exists(), True)
        with subprocess.Popen([sys.executable, "-c", TELETHON, path, str(number)], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as telethon:
            checks.equal(f"{what}: Telethon has it open", telethon.stdout.readline(), "open\n")
            for n in range(SAVES):
                save(session, 900000000 + n, 1000 * number + n)
            # A frame is a page and 24 bytes.
            is_long = log.stat().st_size > SAVES * (4096 + 24)
            checks.equal(f"{what}: the log is long", is_long, journal != mts.JOURNAL_WAL)
            set_key(number + 100)
            # The next save, of the next round, goes on from this one, before which Telethon writes.
            save(session, 900000000, 1000 * number)
            checks.equal(f"{what}: Telethon", telethon.communicate("\n")[1].splitlines(), [])
    session.__exit__()
    checks.equal(f"{name}: the log is left at close", sorted(
        file.name for file in checks.scratch.glob(f"{name}.session*")),
        [f"{name}.session", f"{name}.session-lock"])
    with mts.Session.open(path) as session:
        found = {row.id: row.access_hash for row in session.entities()}
        checks.equal(f"{name}: the key at the end", session.auth_key(),
                     bytes([ROUNDS + 100] * 256).hex())
    wanted = {700000000 + number: number for number in range(1, ROUNDS + 1)}
    wanted.update({800000000 + number: -number for number in range(1, ROUNDS + 1)})
    wanted.update({900000000 + n: 1000 * ROUNDS + n for n in range(SAVES)})
    checks.equal(f"{name}: entities of both", found, wanted)
    telethon = telethon_side.SQLiteSession(str(path))
    checks.equal(f"{name}: Telethon opens it after all", telethon_side.key_of(telethon.auth_key),
                 bytes([ROUNDS + 100] * 256).hex())
    telethon.close()


def check(checks):
    check_journal(checks, "process-safe", mts.JOURNAL_WAL_PROCESS_SAFE)
    check_journal(checks, "power-safe", mts.JOURNAL_WAL)
