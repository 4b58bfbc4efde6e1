"""Files that real Telethon versions wrote open here with exactly the values of their manifest."""

import base64
import json
import pathlib
import shutil

import mts

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "fixtures/telethon"
KEYS = {"KEY_ASC": bytes(range(256)).hex(), "KEY_DESC": bytes(range(255, -1, -1)).hex(),
        "asc": bytes(range(256)).hex(), "desc": bytes(range(255, -1, -1)).hex()}


def manifest(kind):
    listed = json.loads((FIXTURES / "fixtures.json").read_text())["files"]
    return [file for file in listed if file["kind"] == kind]


def blob(cell):
    """A blob's hex digits; None for an empty one or NULL."""
    return (cell or None) and (KEYS.get(cell["hex"], cell["hex"]) or None)


def entity(row):
    return (row["hash"], row["username"] or "", str(row["phone"] or ""), row["name"] or "",
            int(row.get("date") or 0))


def entities_here(session):
    return {row.id: (row.access_hash, row.usernames, row.phone, row.name, row.seen)
            for row in session.entities()}


def sqlite(checks, name, path, flags, rows):
    account = rows["sessions"][0]
    own = [row["hash"] for row in rows["entities"] if row["id"] == 0]
    takeout, tmp_key = account.get("takeout_id"), blob(account.get("tmp_auth_key"))
    if isinstance(takeout, dict):
        # Telethon 1.43 and 1.44 exchange the two columns.
        takeout, tmp_key = None, blob(takeout)
    with mts.Session.open(path, flags) as session:
        checks.equal(f"{name}: dc", session.dc(), account["server_address"] and (
            account["dc_id"], account["server_address"], account["port"]))
        checks.equal(f"{name}: auth key", session.auth_key(), blob(account["auth_key"]))
        checks.equal(f"{name}: temporary key", session.auth_key("tmp_auth_key"), tmp_key)
        checks.equal(f"{name}: takeout id", session.takeout_id(), takeout)
        checks.equal(f"{name}: own id", session.user_id(), own[0] if own else 0)
        checks.equal(f"{name}: entities", entities_here(session),
                     {row["id"]: entity(row) for row in rows["entities"] if row["id"] != 0})
        checks.equal(f"{name}: update states", session.update_states(), {
            row["id"]: [row["pts"], row["qts"], int(row["date"]), row["seq"]]
            for row in rows.get("update_state", [])})
        for row in rows.get("sent_files", []):
            # Schema 2 keeps parts of uploads there, which nobody can use again.
            if "hash" in row:
                md5 = bytes.fromhex(row["md5_digest"]["hex"])
                checks.equal(f"{name}: sent file", session.file(md5, row["file_size"], row["type"]),
                             (row["id"], row["hash"]))


def json_session(checks, name, path, flags, wanted):
    with mts.Session.open(path, flags) as session:
        checks.equal(f"{name}: address", session.dc()[1:],
                     (wanted["server_address"], wanted["port"]))
        checks.equal(f"{name}: auth key", session.auth_key(),
                     base64.b64decode(wanted["auth_key_data"]).hex())
        checks.equal(f"{name}: entities", entities_here(session), {
            id: (access_hash, "", "", "", 0)
            for id, access_hash in wanted["entities"] if access_hash is not None})


def check(checks):
    for kind, compare, wanted in (("sqlite", sqlite, "rows"), ("json", json_session, "expected")):
        for file in manifest(kind):
            for way, flags in (("read-only", mts.READ_ONLY), ("", 0)):
                path = checks.scratch / file["file"]
                shutil.copyfile(FIXTURES / file["file"], path)
                before = path.read_bytes()
                compare(checks, f"{file['file']} {way}", path, flags, file[wanted])
                if flags:
                    checks.equal(f"{file['file']} {way}: the file", path.read_bytes(), before)
    for file in manifest("python-pickle"):
        checks.fails(file["file"], "MTS_E_FORMAT", mts.Session.open, FIXTURES / file["file"],
                     mts.READ_ONLY)
