"""Real users, chats and channels through Telethon's process_entities, and the same through ours,
give the same rows, but where we differ on purpose."""

import sqlite3

import mts
from telethon import utils
from telethon.sessions import SQLiteSession
from telethon.tl import types as tl

PHOTO = tl.ChatPhotoEmpty()


def channel(id, title="", **more):
    return tl.Channel(id, title, PHOTO, None, **more)


SAME = {
    "whole user": [tl.User(1, access_hash=11, first_name="Ada", last_name="Lovelace",
                           username="AdaUser", phone="15550001111")],
    "first name only": [tl.User(2, access_hash=-12, first_name="Bob")],
    "last name only": [tl.User(3, access_hash=13, last_name="Last")],
    "no name": [tl.User(4, access_hash=14)],
    "the account itself": [tl.User(5, is_self=True, access_hash=15, first_name="Me")],
    "bot": [tl.User(6, bot=True, access_hash=2**63 - 1, first_name="Bot", username="some_bot")],
    "hash 0": [tl.User(7, access_hash=0, first_name="Zero")],
    "lowest hash": [tl.User(8, access_hash=-2**63, first_name="Low")],
    "phone with leading zeros": [tl.User(9, access_hash=1, phone="0049301234")],
    "min user": [tl.User(10, min=True, access_hash=1, first_name="Min", username="min_user")],
    "user without hash": [tl.User(11, first_name="NoHash")],
    "min user that was met whole": [tl.User(12, access_hash=1, first_name="Whole"),
                                    tl.User(12, min=True, access_hash=2, first_name="Min")],
    "empty user": [tl.UserEmpty(13)],
    "name in another script": [tl.User(14, access_hash=1, first_name="Ада", last_name="Лавлейс 🐎")],
    "chat": [tl.Chat(1, "Small Group", PHOTO, 3, None, 1)],
    "chat without title": [tl.Chat(2, "", PHOTO, 3, None, 1)],
    "empty chat": [tl.ChatEmpty(3)],
    "forbidden chat": [tl.ChatForbidden(4, "Forbidden Group")],
    "broadcast channel": [channel(1, "News", broadcast=True, access_hash=1, username="NewsChan")],
    "supergroup": [channel(2, "Mega", megagroup=True, access_hash=-2)],
    "min channel": [channel(3, "Min", min=True, access_hash=3, username="min_chan")],
    "channel without hash": [channel(4, "NoHash")],
    "forbidden channel": [tl.ChannelForbidden(5, 55, "Forbidden Chan", broadcast=True)],
    "a channel with a long id": [channel(997852516352, "Long", access_hash=5)],
    "input peers": [tl.InputPeerUser(21, 1), tl.InputPeerChat(21), tl.InputPeerChannel(21, 2),
                    tl.InputUser(22, 3), tl.InputChannel(22, 4)],
    "input peers that name nobody": [tl.InputPeerSelf(), tl.InputPeerEmpty()],
    "a user who was renamed": [tl.User(23, access_hash=1, first_name="Old", username="old_name",
                                       phone="1555"),
                               tl.User(23, access_hash=2, first_name="New")],
}

# What Telethon keeps -> what we keep, and why.
DIFFERENT = {
    "several usernames": (  # it reads the field that such a user has no longer
        [tl.User(31, access_hash=1, first_name="Multi", usernames=[
            tl.Username("first_one", active=True), tl.Username("second_one", active=True)])],
        [(31, 1, None, None, "Multi")],
        [(31, 1, "first_one", None, "Multi")]),
    "an input peer after the whole": (  # which says nothing about the texts
        [tl.User(32, access_hash=1, first_name="Ada", username="ada_32", phone="1532"),
         tl.InputPeerUser(32, 2)],
        [(32, 2, None, None, None)],
        [(32, 2, "ada_32", 1532, "Ada")]),
    "a phone that is none": (  # it keeps any text
        [tl.User(33, access_hash=1, first_name="Odd", phone="anonymous")],
        [(33, 1, None, "anonymous", "Odd")],
        [(33, 1, None, None, "Odd")]),
}


def record(peer):
    """What a client hands over of a TL object: (id, hash, seen, flags, usernames, phone, name)."""
    if isinstance(peer, (tl.UserEmpty, tl.InputPeerSelf, tl.InputPeerEmpty)):
        return None
    id = utils.get_peer_id(peer)
    access_hash = getattr(peer, "access_hash", 0)
    if type(peer).__name__.startswith("Input") or isinstance(peer, tl.ChatEmpty):
        return id, access_hash, 0, mts.BARE, "", "", ""
    flags = mts.MIN if getattr(peer, "min", False) else mts.WHOLE
    if access_hash is None:
        access_hash, flags = 0, flags | mts.NO_HASH
    flags |= mts.BOT if getattr(peer, "bot", False) else 0
    names = [getattr(peer, "username", None),
             *(name.username for name in getattr(peer, "usernames", None) or [])]
    title = getattr(peer, "title", None) or " ".join(
        filter(None, [getattr(peer, "first_name", None), getattr(peer, "last_name", None)]))
    return (id, access_hash, 0, flags, " ".join(filter(None, names)),
            getattr(peer, "phone", None), title)


def rows(path):
    base = sqlite3.connect(path)
    try:
        return base.execute("select id, hash, username, phone, name from entities "
                            "order by id").fetchall()
    finally:
        base.close()


def through_telethon(path, peers):
    session = SQLiteSession(str(path))
    for peer in peers:
        session.process_entities([peer])
    session.close()
    return rows(path)


def through_ours(path, peers):
    with mts.Session.open(path) as session:
        for peer in map(record, peers):
            if peer:
                session.put_entities([peer])
        session.call("save")
    return rows(path)


def check(checks):
    for number, (what, peers) in enumerate(SAME.items()):
        there = through_telethon(checks.scratch / f"there-{number}.session", peers)
        here = through_ours(checks.scratch / f"here-{number}.session", peers)
        checks.equal(f"objects: {what}", here, there)
    for number, (what, (peers, wanted_there, wanted)) in enumerate(DIFFERENT.items()):
        there = through_telethon(checks.scratch / f"there-other-{number}.session", peers)
        here = through_ours(checks.scratch / f"here-other-{number}.session", peers)
        checks.equal(f"objects: {what}, Telethon", there, wanted_there)
        checks.equal(f"objects: {what}", here, wanted)
