"""What a session says through Telethon's own API, under whichever version runs this.

As a program: telethon_side.py FILE, questions on stdin, answers on stdout, both JSON."""

import json
import sys

from telethon.sessions import SQLiteSession
from telethon.tl.types import InputDocument, InputPhoto

FILE_KINDS = [InputDocument, InputPhoto]


class FileKind:
    """Stands for InputDocument or InputPhoto in get_file, which still builds its answer from an id
    and a hash, while both classes have come to demand a file reference as well."""

    def __init__(self, real):
        self.real = real

    def __eq__(self, other):
        return self.real == other

    def __call__(self, *answer):
        return answer


def key_of(key):
    return key.key.hex() if key and key.key else None


def account(session):
    return {
        "dc": [session.dc_id, session.server_address, session.port],
        "auth_key": key_of(session.auth_key),
        "takeout_id": session.takeout_id,
        # Not the property: that of 1.43 to 1.45 answers the permanent key.
        "tmp_auth_key": key_of(getattr(session, "_tmp_auth_key", None)),
    }


def input_entity(session, key):
    """(class, bare id, hash) of what a request would name, or None."""
    try:
        peer = session.get_input_entity(key)
    except ValueError:
        return None
    bare = next(getattr(peer, name) for name in ("user_id", "chat_id", "channel_id")
                if hasattr(peer, name))
    return [type(peer).__name__, bare, getattr(peer, "access_hash", 0)]


def update_state(session, entity_id):
    state = session.get_update_state(entity_id)
    return state and [state.pts, state.qts, int(state.date.timestamp()), state.seq]


def answer(session, questions):
    """Answers in the order of the questions, so that JSON keeps the types of the keys."""
    return {
        "account": account(session),
        "input_entity": [input_entity(session, key) for key in questions["keys"]],
        "by_id": [session.get_entity_rows_by_id(key) for key in questions["ids"]],
        "by_username": [session.get_entity_rows_by_username(key)
                        for key in questions["usernames"]],
        "by_phone": [session.get_entity_rows_by_phone(key) for key in questions["phones"]],
        "by_name": [session.get_entity_rows_by_name(key) for key in questions["names"]],
        "update_states": [update_state(session, key) for key in questions["states"]],
        "files": [session.get_file(bytes.fromhex(md5), size, FileKind(FILE_KINDS[kind]))
                  for md5, size, kind in questions["files"]],
    }


def main():
    session = SQLiteSession(sys.argv[1])
    answers = answer(session, json.load(sys.stdin))
    # Look-ups evict, which is a change to commit.
    session.close()
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
