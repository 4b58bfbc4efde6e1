"""String sessions cross both ways."""

import fixtures
import mts
from telethon.crypto import AuthKey
from telethon.sessions import StringSession


def check(checks):
    listed = [string for file in fixtures.manifest("string-sessions")
              for string in file["expected"]["strings"]]
    for number, wanted in enumerate(listed):
        name = f"string {number}"
        account = (wanted["dc_id"], wanted["server_address"], wanted["port"])
        key = fixtures.KEYS[wanted["auth_key"]]

        with mts.Session.from_string(wanted["string"]) as session:
            checks.equal(f"{name}: dc", session.dc(), account)
            checks.equal(f"{name}: auth key", session.auth_key(), key)
            checks.equal(f"{name}: written again", session.to_string(), wanted["string"])

        with mts.Session("mts_session_memory") as session:
            session.set_dc(*account)
            session.call("set_auth_key", *mts.text(bytes.fromhex(key)))
            theirs = StringSession(session.to_string())
        checks.equal(f"{name}: made here, read there",
                     (theirs.dc_id, theirs.server_address, theirs.port, theirs.auth_key.key.hex()),
                     (*account, key))

        theirs = StringSession()
        theirs.set_dc(*account)
        theirs.auth_key = AuthKey(bytes.fromhex(key))
        with mts.Session.from_string(theirs.save()) as session:
            checks.equal(f"{name}: made there, read here", (session.dc(), session.auth_key()),
                         (account, key))

    with mts.Session.from_string(StringSession().save()) as session:
        checks.equal("empty string", (session.dc(), session.auth_key()), (None, None))
