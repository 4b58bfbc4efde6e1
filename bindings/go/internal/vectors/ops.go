package main

import (
	"encoding/hex"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"mtsession"
)

// run runs one step: the lines of its answer.
func (r *runner) run(step object) ([]string, error) {
	op, known := ops[step.text("op")]
	if !known {
		return nil, fmt.Errorf("no op %q", step.text("op"))
	}
	return op(r, r.session, step)
}

var ops = map[string]func(r *runner, s *mtsession.Session, step object) ([]string, error){
	"open": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		path, options := filepath.Join(r.folder, step.text("file")), step.options("options")
		return r.become(path, options)(mtsession.Open(path, options...))
	},
	"make_file": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		fail(os.WriteFile(filepath.Join(r.folder, step.text("file")), step.bytes("bytes"), 0o600))
		return nil, nil
	},
	"from_string": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		options := step.options("options")
		return r.become("", options)(mtsession.FromString(step.text("text"), options...))
	},
	"from_packed": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		options := step.options("options")
		return r.become("", options)(mtsession.FromPacked(step.bytes("bytes"), options...))
	},
	"to_string": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		return one(s.ToString())
	},
	"to_packed": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		packed, err := s.ToPacked()
		return one(digits(packed), err)
	},
	"save": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		return nil, s.Save()
	},
	"close": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		return nil, s.Close()
	},
	"delete": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		return nil, s.Delete()
	},
	"clone": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		options := step.options("options")
		if step.text("file") == "" {
			return r.become("", options)(s.CloneToMemory(options...))
		}
		path := filepath.Join(r.folder, step.text("file"))
		return r.become(path, options)(s.CloneTo(path, options...))
	},
	"reopen": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		if r.path == "" {
			if err := s.Save(); err != nil {
				return nil, err
			}
			return r.become("", r.options)(s.CloneToMemory(r.options...))
		}
		if err := s.Close(); err != nil {
			return nil, err
		}
		return r.become(r.path, r.options)(mtsession.Open(r.path, r.options...))
	},

	"dc": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		dc, err := s.DC()
		return one(address(dc), err)
	},
	"set_dc": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		return nil, s.SetDC(int32(step.number("id")), step.text("host"), uint16(step.number("port")))
	},
	"auth_key": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		key, err := s.AuthKey()
		return one(digits(key), err)
	},
	"auth_key_id": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		id, err := s.AuthKeyID()
		return one(fmt.Sprintf("%016x", id), err)
	},
	"set_auth_key": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		return nil, s.SetAuthKey(step.bytes("key"))
	},
	"clear_auth_key": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		return nil, s.ClearAuthKey()
	},
	"tmp_auth_key": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		key, err := s.TmpAuthKey()
		return one(digits(key), err)
	},
	"set_tmp_auth_key": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		return nil, s.SetTmpAuthKey(step.bytes("key"))
	},
	"clear_tmp_auth_key": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		return nil, s.ClearTmpAuthKey()
	},
	"takeout_id": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		id, err := s.TakeoutID()
		return one(fmt.Sprint(id), err)
	},
	"set_takeout_id": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		return nil, s.SetTakeoutID(step.number("id"))
	},
	"clear_takeout_id": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		return nil, s.ClearTakeoutID()
	},
	"identity": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		who, err := s.Identity()
		return one(fmt.Sprintf("user %d api %d flags %d", who.UserID, who.APIID, who.Flags), err)
	},
	"set_identity": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		return nil, s.SetIdentity(mtsession.Identity{
			UserID: step.number("user"),
			APIID:  int32(step.number("api")),
			Flags:  mtsession.IdentityFlags(step.number("flags")),
		})
	},

	"put_dc_options": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		var dcs []mtsession.DC
		for _, option := range step.list("options") {
			dcs = append(dcs, mtsession.DC{
				ID:     int32(option.number("id")),
				Host:   option.text("host"),
				Port:   uint16(option.number("port")),
				Flags:  mtsession.DCFlags(option.number("flags")),
				Secret: option.bytes("secret"),
			})
		}
		return nil, s.PutDCOptions(dcs)
	},
	"dc_options": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		dcs, err := s.DCOptions()
		return each(dcs, err, func(dc mtsession.DC) string {
			return fmt.Sprintf("%s flags %d secret %s", address(dc), dc.Flags, digits(dc.Secret))
		})
	},
	"set_home": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		return nil, s.SetHome(int32(step.number("dc")), step.bytes("key"))
	},
	"put_key": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		return nil, s.PutKey(mtsession.Key{
			DC:      int32(step.number("dc")),
			Slot:    mtsession.KeySlot(step.number("slot")),
			Key:     step.bytes("key"),
			Created: step.number("created"),
			Expires: step.number("expires"),
			UserID:  step.number("user"),
		})
	},
	"key": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		key, err := s.Key(int32(step.number("dc")), mtsession.KeySlot(step.number("slot")))
		if err != nil {
			return nil, err
		}
		return one(fmt.Sprintf("dc %d slot %d id %016x created %d expires %d user %d", key.DC, key.Slot,
			idOf(key.Key), key.Created, key.Expires, key.UserID), nil)
	},
	"forget_key": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		return nil, s.ForgetKey(int32(step.number("dc")), mtsession.KeySlot(step.number("slot")))
	},
	"put_salts": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		var salts []mtsession.Salt
		for _, salt := range step.list("salts") {
			salts = append(salts, mtsession.Salt{
				Salt: salt.number("salt"), Since: salt.number("since"), Until: salt.number("until"),
			})
		}
		return nil, s.PutSalts(int32(step.number("dc")), salts)
	},
	"salts": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		dc := int32(step.number("dc"))
		salts, err := s.Salts(dc)
		return each(salts, err, func(salt mtsession.Salt) string {
			return fmt.Sprintf("dc %d salt %d since %d until %d", dc, salt.Salt, salt.Since, salt.Until)
		})
	},

	"put": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		var entities []mtsession.Entity
		for _, entity := range step.list("entities") {
			entities = append(entities, entity.entity())
		}
		return nil, s.PutEntities(entities)
	},
	"put_one": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		return nil, s.PutEntity(step.entity())
	},
	"input_peer": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		key, how := step.text("key"), mtsession.Look(step.number("how"))
		switch step.text("by") {
		case "id":
			return onePeer(s.InputPeerByID(step.number("key"), how))
		case "username":
			return onePeer(s.InputPeerByUsername(key, how))
		case "phone":
			return onePeer(s.InputPeerByPhone(key, how))
		case "name":
			return onePeer(s.InputPeerByName(key, how))
		}
		return onePeer(s.InputPeer(key, how))
	},
	"entity": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		key, how := step.text("key"), mtsession.Look(step.number("how"))
		switch step.text("by") {
		case "id":
			return oneEntity(s.EntityByID(step.number("key"), how))
		case "username":
			return oneEntity(s.EntityByUsername(key, how))
		case "phone":
			return oneEntity(s.EntityByPhone(key, how))
		case "name":
			return oneEntity(s.EntityByName(key, how))
		}
		return oneEntity(s.Entity(key, how))
	},
	// Pages are an inner matter of Go's ranges.
	"entities": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		return ranged(s.Entities(), entity)
	},
	"entity_count": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		count, err := s.EntityCount()
		return one(fmt.Sprint(count), err)
	},
	"forget": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		return nil, s.ForgetEntity(step.number("id"))
	},
	"save_entities": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		on, err := s.SaveEntities()
		if on {
			return one("1", err)
		}
		return one("0", err)
	},
	"set_save_entities": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		return nil, s.SetSaveEntities(step.number("on") != 0)
	},

	"set_states": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		var states []mtsession.UpdateState
		for _, state := range step.list("states") {
			states = append(states, state.state())
		}
		var flags []mtsession.SetFlag
		if step.isTrue("must_exist") {
			flags = append(flags, mtsession.MustExist)
		}
		if len(states) == 1 {
			return nil, s.SetUpdateState(states[0], flags...)
		}
		return nil, s.SetUpdateStates(states, flags...)
	},
	"state": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		known, err := s.UpdateState(step.number("id"))
		return one(state(known), err)
	},
	"states": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		return ranged(s.UpdateStates(), state)
	},
	"remove_state": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		return nil, s.RemoveUpdateState(step.number("id"))
	},

	"cache_file": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		return nil, s.CacheFile(mtsession.File{
			MD5:        step.md5(),
			Size:       step.number("size"),
			ID:         step.number("id"),
			AccessHash: step.number("hash"),
			Kind:       mtsession.FileKind(step.number("kind")),
		})
	},
	"file": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		file, err := s.File(step.md5(), step.number("size"), mtsession.FileKind(step.number("kind")))
		return one(fmt.Sprintf("md5 %s size %d kind %d id %d hash %d", digits(file.MD5[:]), file.Size,
			file.Kind, file.ID, file.AccessHash), err)
	},
	"put_value": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		return nil, s.PutValue(step.text("key"), step.bytes("value"), durable(step)...)
	},
	"value": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		value, err := s.Value(step.text("key"))
		return one(quoted(step.text("key"))+" "+digits(value), err)
	},
	"remove_value": func(r *runner, s *mtsession.Session, step object) ([]string, error) {
		return nil, s.RemoveValue(step.text("key"), durable(step)...)
	},
}

func durable(step object) []mtsession.ValueFlag {
	if step.isTrue("durable") {
		return []mtsession.ValueFlag{mtsession.ValueDurable}
	}
	return nil
}

// idOf is the id of a key.
func idOf(key []byte) uint64 {
	s, err := mtsession.Memory()
	fail(err)
	defer s.Close()
	fail(s.SetDC(1, "127.0.0.1", 1))
	fail(s.SetAuthKey(key))
	id, err := s.AuthKeyID()
	fail(err)
	return id
}

// What an answer looks like.

func one(line string, err error) ([]string, error) { return []string{line}, err }

func each[T any](all []T, err error, line func(T) string) (lines []string, _ error) {
	for _, one := range all {
		lines = append(lines, line(one))
	}
	return lines, err
}

func ranged[T any](all iter.Seq2[T, error], line func(T) string) (lines []string, _ error) {
	for one, err := range all {
		if err != nil {
			return nil, err
		}
		lines = append(lines, line(one))
	}
	return lines, nil
}

func digits(bytes []byte) string {
	if len(bytes) == 0 {
		return "-"
	}
	return hex.EncodeToString(bytes)
}

func quoted(text string) string {
	var out strings.Builder
	for _, c := range []byte(text) {
		if c < ' ' || c == '\'' || c == '\\' || c == 0x7f {
			fmt.Fprintf(&out, `\x%02x`, c)
		} else {
			out.WriteByte(c)
		}
	}
	return "'" + out.String() + "'"
}

func address(dc mtsession.DC) string {
	return fmt.Sprintf("%d %s %d", dc.ID, quoted(dc.Host), dc.Port)
}

func entity(e mtsession.Entity) string {
	return fmt.Sprintf("id %d hash %d seen %d flags %d usernames %s phone %s name %s", e.ID,
		e.AccessHash, e.Seen, e.Flags, quoted(strings.Join(e.Usernames, " ")), quoted(e.Phone),
		quoted(e.Name))
}

func oneEntity(e mtsession.Entity, err error) ([]string, error) { return one(entity(e), err) }

func onePeer(peer mtsession.InputPeer, err error) ([]string, error) {
	kinds := map[mtsession.PeerKind]string{
		mtsession.PeerUser: "user", mtsession.PeerChat: "chat", mtsession.PeerChannel: "channel",
	}
	return one(fmt.Sprintf("%s %d id %d hash %d seen %d", kinds[peer.Kind], peer.BareID, peer.ID,
		peer.AccessHash, peer.Seen), err)
}

func state(known mtsession.UpdateState) string {
	line := fmt.Sprintf("id %d pts %d qts %d date %d seq %d", known.ID, known.Pts, known.Qts,
		known.Date, known.Seq)
	if known.Fields&mtsession.StateAccessHash != 0 {
		line += " hash " + strconv.FormatInt(known.AccessHash, 10)
	}
	return line
}
