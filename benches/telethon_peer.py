"""The benchmark's peer that is real Telethon: <operation> <entities> <seed> <file>.

Does through Telethon's own session classes what mtsession.c does through the C ABI, on the same
data (README.md)."""

import datetime
import json
import os
import sys
import time

import telethon
from telethon.crypto import AuthKey
from telethon.sessions import SQLiteSession, StringSession
from telethon.tl.types import User
from telethon.tl.types.updates import State

BATCH, FLUSH, WORKING, CHANNELS, BUNDLE = 200, 10_000, 50_000, 100, 300
BITS39 = (1 << 39) - 1


def scatter(i):
    i = i * 0x9E3779B97F4A7C15 & BITS39
    i ^= i >> 20
    i = i * 0xBF58476D1CE4E5B9 & BITS39
    return i ^ i >> 20


def row_id(i, seed):
    return 1 + (i if seed == 0 else scatter(i + (seed << 32)))


def username(i):
    return f"n{scatter(i + (1 << 38)):010x}" if i % 2 == 0 else ""


def phone(i):
    return str(10**12 + scatter(i + (1 << 37))) if i % 20 in (4, 15) else ""


def make_row(i, seed):
    number = row_id(i, seed)
    access_hash = (number * 0x94D049BB133111EB & (1 << 64) - 1) >> 1
    return number, access_hash, username(i), phone(i), f"Person {i}"


def nth(k, count):
    return k * 7368787 % count


def with_username(k):
    return 2 * k


def with_phone(k):
    return k // 2 * 20 + (15 if k % 2 else 4)


def status_kb(what):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(what + ":"))


class Peer:
    def __init__(self, operation, entities, seed, path):
        self.op, self.entities, self.seed, self.path = operation, entities, seed, path

    def answer(self, ns, units):
        size = os.path.getsize(self.path) if os.path.exists(self.path) else 0
        return {"op": self.op, "ns_per_unit": round(ns / units, 2), "units": units,
                "rss_kb": status_kb("VmHWM"), "bytes": size}

    def users(self, indexes):
        """Telethon's objects, as it makes them of what it has received."""
        out = []
        for i in indexes:
            number, access_hash, name, digits, person = make_row(i, self.seed)
            first, last = person.split()
            out.append(User(id=number, access_hash=access_hash, username=name or None,
                            phone=digits or None, first_name=first, last_name=last))
        return out

    def batch(self, size, number):
        """The next batch of the working set, in an order that jumps about."""
        count = min(self.entities, WORKING)
        return self.users(nth(k % count, count) for k in range(number * size, (number + 1) * size))

    def fill(self, session, start, count, flush):
        spent = 0
        for i in range(0, count, BATCH):
            users = self.users(range(start + i, start + i + BATCH))
            began = time.perf_counter_ns()
            session.process_entities(users)
            if (i + BATCH) % flush == 0 or i + BATCH >= count:
                session.save()
            spent += time.perf_counter_ns() - began
        return spent

    def data(self):
        sums = {}
        for name, columns in ("ids", 2), ("rows", 5):
            total = 0xCBF29CE484222325
            for i in range(self.entities):
                line = "|".join(map(str, make_row(i, self.seed)[:columns])) + "\n"
                for byte in line.encode():
                    total = (total ^ byte) * 0x100000001B3 & (1 << 64) - 1
            sums[name] = f"{total:016x}"
        return {"op": "data", **sums}

    def version(self):
        return {"op": "version", "version": f"Telethon {telethon.__version__}"}

    def put_new(self):
        session = SQLiteSession(self.path)
        session.set_dc(2, "149.154.167.51", 443)
        session.auth_key = AuthKey(data=bytes([7]) * 256)
        session.save()
        spent = self.fill(session, 0, self.entities, FLUSH)
        session.close()
        return self.answer(spent, self.entities)

    def put_new_saved(self):
        session = SQLiteSession(self.path)
        spent = self.fill(session, self.entities, 100 * BATCH, BATCH)
        session.close()
        return self.answer(spent, 100 * BATCH)

    def look(self, keys):
        """Look-ups by what `keys` has; a scan is not waited for more than two seconds."""
        session = SQLiteSession(self.path)
        spent = units = 0
        for key in keys:
            began = time.perf_counter_ns()
            session.get_input_entity(key)
            spent += time.perf_counter_ns() - began
            units += 1
            if spent > 2e9:
                break
        session.close()
        return self.answer(spent, units)

    def memory_id(self):
        count = min(self.entities, WORKING)
        return self.look([row_id(nth(k, count), self.seed) for k in range(count)])

    def disk_id(self):
        count = min(self.entities // 10, 20_000)
        return self.look([row_id(nth(k, self.entities), self.seed) for k in range(count)])

    def disk_username(self):
        count = min(self.entities // 10, 20_000)
        return self.look([username(with_username(nth(k, self.entities // 2)))
                          for k in range(count)])

    def disk_phone(self):
        count = min(self.entities // 10, 20_000)
        return self.look(["+" + phone(with_phone(nth(k, self.entities // 10)))
                          for k in range(count)])

    def put_known(self):
        session = SQLiteSession(self.path)
        rounds, spent = 500, 0
        for k in range(rounds):
            users = self.batch(BATCH, k)
            began = time.perf_counter_ns()
            session.process_entities(users)
            spent += time.perf_counter_ns() - began
        session.close()
        return self.answer(spent, rounds * BATCH)

    def updates(self, bundles, save):
        session = SQLiteSession(self.path)
        now, spent = datetime.datetime.now(datetime.timezone.utc), 0
        for first in range(0, bundles * BUNDLE, BUNDLE):
            bundle = [(1 + k % CHANNELS, self.batch(2, k),
                       State(pts=1 + k, qts=0, date=now, seq=0, unread_count=0))
                      for k in range(first, first + BUNDLE)]
            began = time.perf_counter_ns()
            for channel, users, state in bundle:
                session.process_entities(users)
                session.set_update_state(channel, state)
                if save:
                    session.save()
            spent += time.perf_counter_ns() - began
        session.close()
        return self.answer(spent, bundles * BUNDLE)

    def update(self):
        return self.updates(100, False)

    def update_saved(self):
        return self.updates(1, True)

    def open(self):
        units = 200
        began = time.perf_counter_ns()
        for _ in range(units):
            session = SQLiteSession(self.path)
            assert len(session.auth_key.key) == 256
            session.close()
        return self.answer(time.perf_counter_ns() - began, units)

    def string_session(self):
        session = StringSession()
        session.set_dc(2, "149.154.167.51", 443)
        session.auth_key = AuthKey(data=bytes([7]) * 256)
        return session

    def string_encode(self):
        session, units = self.string_session(), 5_000
        began = time.perf_counter_ns()
        for _ in range(units):
            session.save()
        return self.answer(time.perf_counter_ns() - began, units)

    def string_decode(self):
        text, units = self.string_session().save(), 5_000
        began = time.perf_counter_ns()
        for _ in range(units):
            StringSession(text)
        return self.answer(time.perf_counter_ns() - began, units)

    def idle(self):
        """Sessions that were used a little and wait, in files beside the given one."""
        count, sessions, before, descriptors = 200, [], 0, 0
        users = self.users(range(BATCH))
        for k in range(-1, count):
            session = SQLiteSession(f"{self.path}.{k}.session")
            session.set_dc(2, "149.154.167.51", 443)
            session.auth_key = AuthKey(data=bytes([7]) * 256)
            session.process_entities(users)
            session.close()
            session = SQLiteSession(f"{self.path}.{k}.session")
            session.get_input_entity(row_id(0, self.seed))
            if k < 0:  # What only the first one costs.
                session.close()
                before, descriptors = status_kb("VmRSS"), len(os.listdir("/proc/self/fd"))
            else:
                sessions.append(session)
        out = {"op": self.op, "bytes_per_unit": (status_kb("VmRSS") - before) * 1024 / count,
               "units": count, "rss_kb": status_kb("VmHWM"),
               "descriptors": (len(os.listdir("/proc/self/fd")) - descriptors) // count}
        for session in sessions:
            session.close()
        return out


def main():
    if len(sys.argv) != 5:
        sys.exit(f"usage: {sys.argv[0]} <operation> <entities> <seed> <file>")
    operation, entities, seed, path = sys.argv[1:]
    peer = Peer(operation, int(entities), int(seed), path)
    work = getattr(peer, operation, None)
    print(json.dumps(work() if work else {"op": operation, "unsupported": True}))


if __name__ == "__main__":
    main()
