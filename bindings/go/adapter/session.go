package adapter

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"net"
	"strconv"
	"strings"

	"mtsession"
)

// sessionValue is the key of the opaque value with the client's bytes.
const sessionValue = "gotd:session"

// SessionStorage keeps what the client knows of its login: gotd's session.Storage.
//
// Of gotd's JSON the data center and the auth key go to their own places, so that Telethon can take
// the login over, and the client takes over a login that Telethon made. The rest, and bytes that are
// something else, are kept as an opaque value. Nothing of them is lost.
type SessionStorage struct {
	Session *mtsession.Session
}

// What is understood of gotd's JSON; Config.DCOptions are the addresses.
type login struct {
	Version int
	Data    struct {
		Config struct {
			TestMode  bool
			ThisDC    int32
			DCOptions []dcOption
		}
		DC        int32
		Addr      string
		AuthKey   []byte
		AuthKeyID []byte
		Salt      int64
	}
}

type dcOption struct {
	Flags             uint32
	Ipv6              bool
	MediaOnly         bool
	TCPObfuscatedOnly bool
	CDN               bool
	Static            bool
	ThisPortOnly      bool
	ID                int32
	IPAddress         string
	Port              uint16
	Secret            []byte
}

// StoreSession stores the client's bytes, durably.
func (s SessionStorage) StoreSession(_ context.Context, data []byte) error {
	rest, err := s.takeLogin(data)
	if err != nil {
		return err
	}
	return s.Session.PutValue(sessionValue, rest, mtsession.ValueDurable)
}

// takeLogin puts data center and key to their places and returns the bytes without the key; all of
// them where there is no key, or nobody knows where its data center is.
func (s SessionStorage) takeLogin(data []byte) ([]byte, error) {
	var parsed login
	defer func() { clear(parsed.Data.AuthKey) }()
	if err := json.Unmarshal(data, &parsed); err != nil || len(parsed.Data.AuthKey) != mtsession.AuthKeyLen {
		return data, nil
	}
	rest, err := withField(data, "AuthKey", nil)
	if err != nil {
		return data, nil
	}
	dc := parsed.Data.DC
	if dc == 0 {
		dc = parsed.Data.Config.ThisDC
	}
	if options := parsed.options(dc); len(options) > 0 {
		err = s.Session.PutDCOptions(options)
	}
	if err == nil {
		err = s.Session.SetHome(dc, parsed.Data.AuthKey)
	}
	switch {
	case errors.Is(err, mtsession.ErrArgument):
		return data, nil
	case err != nil:
		return nil, err
	}
	if len(parsed.Data.AuthKeyID) > 0 {
		return rest, nil
	}
	// By it LoadSession knows that there was a key, and which: a client may leave it out.
	id, err := s.Session.AuthKeyID()
	if err != nil {
		return nil, err
	}
	return withField(rest, "AuthKeyID", keyIDBytes(id))
}

func (l *login) options(home int32) []mtsession.DC {
	var dcs []mtsession.DC
	if host, port, err := net.SplitHostPort(l.Data.Addr); err == nil {
		if number, err := strconv.ParseUint(port, 10, 16); err == nil {
			dcs = append(dcs, mtsession.DC{ID: home, Host: host, Port: uint16(number)})
		}
	}
	for _, option := range l.Data.Config.DCOptions {
		dc := mtsession.DC{
			ID: option.ID, Host: option.IPAddress, Port: option.Port, Secret: option.Secret,
		}
		for flag, set := range option.flags() {
			if *set {
				dc.Flags |= flag
			}
		}
		dcs = append(dcs, dc)
	}
	return dcs
}

func (o *dcOption) flags() map[mtsession.DCFlags]*bool {
	return map[mtsession.DCFlags]*bool{
		mtsession.DCIPv6:         &o.Ipv6,
		mtsession.DCMediaOnly:    &o.MediaOnly,
		mtsession.DCTCPOOnly:     &o.TCPObfuscatedOnly,
		mtsession.DCCDN:          &o.CDN,
		mtsession.DCStatic:       &o.Static,
		mtsession.DCThisPortOnly: &o.ThisPortOnly,
	}
}

// LoadSession returns the bytes that were stored; nil, which the client takes for "not logged in",
// where there is no login. If the login has been made or moved by another client since, it is told
// in the client's words.
func (s SessionStorage) LoadSession(context.Context) ([]byte, error) {
	key, err := s.Session.AuthKey()
	loggedIn, err := known(err)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	stored, err := s.Session.Value(sessionValue)
	kept, err := known(err)
	if err != nil {
		return nil, err
	}
	if kept {
		var parsed login
		err := json.Unmarshal(stored, &parsed)
		defer clear(parsed.Data.AuthKey)
		switch {
		case err != nil, len(parsed.Data.AuthKey) > 0, !loggedIn && len(parsed.Data.AuthKeyID) == 0:
			return stored, nil
		case !loggedIn:
			return nil, nil // The key is gone from the place it was put to: somebody has logged out.
		}
		id, err := s.Session.AuthKeyID()
		if err != nil {
			return nil, err
		}
		if bytes.Equal(parsed.Data.AuthKeyID, keyIDBytes(id)) {
			return withField(stored, "AuthKey", key)
		}
	}
	if !loggedIn {
		return nil, nil
	}
	return s.tell(key)
}

func keyIDBytes(id uint64) []byte {
	return binary.LittleEndian.AppendUint64(nil, id)
}

// withField is gotd's JSON with these bytes in a field of its data, or without the field; all else
// stays, unknown fields too.
func withField(data []byte, field string, value []byte) ([]byte, error) {
	var outer, inner map[string]json.RawMessage
	if err := json.Unmarshal(data, &outer); err != nil {
		return nil, err
	}
	// Names are matched in any case when they are read.
	dataName := "Data"
	for name := range outer {
		if strings.EqualFold(name, dataName) {
			dataName = name
		}
	}
	if err := json.Unmarshal(outer[dataName], &inner); err != nil {
		return nil, err
	}
	for name := range inner {
		if strings.EqualFold(name, field) {
			field = name
		}
	}
	delete(inner, field)
	if value != nil {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		inner[field] = text
	}
	text, err := json.Marshal(inner)
	if err != nil {
		return nil, err
	}
	outer[dataName] = text
	return json.Marshal(outer)
}

// tell says the session's login in gotd's JSON.
func (s SessionStorage) tell(key []byte) ([]byte, error) {
	dc, err := s.Session.DC()
	if err != nil {
		return nil, err
	}
	id, err := s.Session.AuthKeyID()
	if err != nil {
		return nil, err
	}
	identity, err := s.Session.Identity()
	if err != nil {
		return nil, err
	}
	options, err := s.Session.DCOptions()
	if err != nil {
		return nil, err
	}
	if len(options) == 0 {
		options = []mtsession.DC{dc}
	}
	told := login{Version: 1}
	told.Data.Config.TestMode = identity.Flags&mtsession.IdentityTestMode != 0
	told.Data.Config.ThisDC = dc.ID
	for _, dc := range options {
		option := dcOption{
			Flags: uint32(dc.Flags), ID: dc.ID, IPAddress: dc.Host, Port: dc.Port, Secret: dc.Secret,
		}
		if dc.Secret != nil {
			option.Flags |= 1 << 10 // The field's own flag in dcOption.
		}
		for flag, set := range option.flags() {
			*set = dc.Flags&flag != 0
		}
		told.Data.Config.DCOptions = append(told.Data.Config.DCOptions, option)
	}
	told.Data.DC = dc.ID
	told.Data.Addr = net.JoinHostPort(dc.Host, strconv.Itoa(int(dc.Port)))
	told.Data.AuthKey = key
	told.Data.AuthKeyID = keyIDBytes(id)
	return json.Marshal(told)
}
