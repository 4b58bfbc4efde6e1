"""The C library from Python, through ctypes: what these tests need and no more."""

import ctypes as c

OK, NOT_FOUND, DONE, TOO_SMALL, AMBIGUOUS = range(5)
READ_ONLY, SHARED, EXISTING, SCHEMA_8, STORE_TMP_AUTH_KEY = 1, 2, 4, 8, 16
JOURNAL_WAL, JOURNAL_WAL_PROCESS_SAFE = 1, 2
NAMES = 2
WHOLE, BARE, MIN, NO_HASH, SELF, BOT, BROADCAST, MEGAGROUP = 1, 2, 4, 8, 16, 32, 64, 128
STATE_PTS, STATE_QTS, STATE_DATE, STATE_SEQ = 1, 2, 4, 8
KINDS = {1: "InputPeerUser", 2: "InputPeerChat", 3: "InputPeerChannel"}

u8, u32, u64, i32, i64, size = c.c_uint8, c.c_uint32, c.c_uint64, c.c_int32, c.c_int64, c.c_size_t


class Struct(c.Structure):
    pass


def struct(name, *fields):
    return type(name, (Struct,), {"_fields_": fields})


Text = struct("Text", ("off", u32), ("len", u32))
Options = struct("Options", ("size", u32), ("flags", u32), ("busy_timeout_ms", u32),
                 ("max_entities", u32), ("max_dirty", u32), ("max_dirty_age_ms", u32),
                 ("journal", u32))
Entity = struct("Entity", ("id", i64), ("access_hash", i64), ("seen", i64), ("flags", u32),
                ("reserved", u32), ("usernames", Text), ("phone", Text), ("name", Text))
Page = struct("Page", ("next", i64), ("count", u32), ("heap_len", u32), ("heap_needed", u32),
              ("reserved", u32))
InputPeer = struct("InputPeer", ("id", i64), ("bare_id", i64), ("access_hash", i64),
                   ("seen", i64), ("kind", u32), ("reserved", u32))
UpdateState = struct("UpdateState", ("id", i64), ("access_hash", i64), ("date", i64),
                     ("pts", i32), ("qts", i32), ("seq", i32), ("fields", u32))
Dc = struct("Dc", ("id", i32), ("port", u32), ("flags", u32), ("host_len", u32),
            ("host", c.c_char * 256), ("secret_len", u32), ("secret", u8 * 32), ("reserved", u32))
Key = struct("Key", ("dc", i32), ("slot", u32), ("created", i64), ("expires", i64),
             ("user_id", i64), ("key", u8 * 256))
Salt = struct("Salt", ("salt", i64), ("since", i64), ("until", i64))
Identity = struct("Identity", ("user_id", i64), ("api_id", i32), ("flags", u32))
File = struct("File", ("md5", u8 * 16), ("size", i64), ("id", i64), ("access_hash", i64),
              ("kind", u32), ("reserved", u32))

_library = None


class Failure(Exception):
    """A negative status, with the library's message."""

    def __init__(self, status, message):
        super().__init__(f"{status}: {message}")
        self.status = status


def load(path):
    global _library
    _library = c.CDLL(str(path))
    _library.mts_status_name.restype = c.c_char_p
    _library.mts_error_message.restype = c.c_char_p
    _library.mts_buffer_data.restype = c.c_void_p
    _library.mts_buffer_len.restype = size


def call(function, *arguments):
    """The status of a call, if it is no failure. The error parameter is added here."""
    err = c.c_void_p()
    status = getattr(_library, function)(*arguments, c.byref(err))
    if status < 0:
        message = _library.mts_error_message(err).decode()
        _library.mts_error_free(err)
        raise Failure(_library.mts_status_name(status).decode(), message)
    return status


def text(value):
    """The two arguments that a text, or bytes, are."""
    value = value.encode() if isinstance(value, str) else value
    return value, size(len(value))


def sized(record):
    return c.byref(record), size(c.sizeof(record))


class Row:
    """An entity, with its texts."""

    def __init__(self, record, heap):
        def cut(where):
            return bytes(heap[where.off:where.off + where.len]).decode()
        self.id, self.access_hash = record.id, record.access_hash
        self.seen, self.flags = record.seen, record.flags
        self.usernames, self.phone, self.name = map(
            cut, (record.usernames, record.phone, record.name))


class Session:
    def __init__(self, function, *arguments, flags=0, journal=0):
        options = Options(c.sizeof(Options), flags, journal=journal)
        self.handle = c.c_void_p()
        call(function, *arguments, c.byref(options), c.byref(self.handle))

    @classmethod
    def open(cls, path, flags=0, journal=0):
        return cls("mts_session_open", *text(str(path)), flags=flags, journal=journal)

    @classmethod
    def from_string(cls, string):
        return cls("mts_session_from_string", *text(string))

    def call(self, function, *arguments):
        return call("mts_session_" + function, self.handle, *arguments)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.call("close")
        finally:
            _library.mts_session_free(self.handle)

    def get(self, function, record, *arguments):
        """`record`, filled, or None where there is none."""
        found = self.call(function, *arguments, *sized(record))
        return None if found == NOT_FOUND else record

    def dc(self):
        dc = self.get("dc", Dc())
        return dc and (dc.id, dc.host.decode(), dc.port)

    def set_dc(self, id, host, port):
        self.call("set_dc", i32(id), *text(host), u32(port))

    def auth_key(self, which="auth_key"):
        key = (u8 * 256)()
        return None if self.call(which, key) == NOT_FOUND else bytes(key).hex()

    def takeout_id(self):
        id = i64()
        return None if self.call("takeout_id", c.byref(id)) == NOT_FOUND else id.value

    def user_id(self):
        return self.get("identity", Identity()).user_id

    def set_identity(self, user_id, api_id=0, flags=0):
        self.call("set_identity", *sized(Identity(user_id, api_id, flags)))

    def put_entities(self, rows):
        """`rows`: (id, hash, seen, flags, usernames, phone, name) each."""
        records, heap = (Entity * len(rows))(), bytearray()
        for record, (id, access_hash, seen, flags, *texts) in zip(records, rows):
            places = []
            for value in texts:
                value = (value or "").encode()
                places.append(Text(len(heap), len(value)))
                heap += value
            record.id, record.access_hash = id, access_hash
            record.seen, record.flags = seen, flags
            record.usernames, record.phone, record.name = places
        self.call("put_entities", records, size(len(rows)), size(c.sizeof(Entity)), *text(bytes(heap)))

    def entities(self):
        records, heap, page = (Entity * 5)(), (u8 * 500)(), Page(next=-2**63)
        rows, more = [], OK
        while more == OK:
            more = self.call("entities", i64(page.next), records, size(5), size(c.sizeof(Entity)),
                             heap, size(len(heap)), c.byref(page))
            rows += [Row(record, heap) for record in records[:page.count]]
        return rows

    def input_peer(self, key):
        """(class, bare id, hash) as Telethon would name it, or None."""
        by = ("input_peer_by_id", i64(key)) if isinstance(key, int) else (
            "input_peer", *text(key))
        peer = self.get(by[0], InputPeer(), *by[1:], u32(0))
        return peer and [KINDS[peer.kind], peer.bare_id, peer.access_hash]

    def update_states(self):
        """{id: [pts, qts, date, seq]}"""
        records, page = (UpdateState * 3)(), Page(next=-2**63)
        states, more = {}, OK
        while more == OK:
            more = self.call("update_states", i64(page.next), records, size(3),
                             size(c.sizeof(UpdateState)), c.byref(page))
            for state in records[:page.count]:
                states[state.id] = [state.pts, state.qts, state.date, state.seq]
        return states

    def set_update_state(self, id, pts, qts, date, seq):
        state = UpdateState(id=id, pts=pts, qts=qts, date=date, seq=seq, fields=15)
        self.call("set_update_states", c.byref(state), size(1), size(c.sizeof(state)), u32(0))

    def cache_file(self, md5, file_size, kind, id, access_hash):
        file = File((u8 * 16)(*md5), file_size, id, access_hash, kind)
        self.call("cache_file", *sized(file))

    def file(self, md5, file_size, kind):
        file = self.get("file", File(), md5, i64(file_size), u32(kind))
        return file and (file.id, file.access_hash)

    def to_string(self):
        buffer = c.c_void_p()
        self.call("to_string", c.byref(buffer))
        string = c.string_at(_library.mts_buffer_data(buffer),
                             _library.mts_buffer_len(buffer)).decode()
        _library.mts_buffer_free(buffer)
        return string
