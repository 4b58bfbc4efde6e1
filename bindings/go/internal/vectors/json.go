package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"mtsession"
)

// object is an object of the vectors. What is absent is 0, empty or false.
type object map[string]any

func (o object) text(name string) string {
	text, _ := o[name].(string)
	return text
}

// number is one of 64 bits, as text, or a smaller one.
func (o object) number(name string) int64 {
	var digits string
	switch value := o[name].(type) {
	case nil:
		return 0
	case string:
		digits = value
	case json.Number:
		digits = value.String()
	}
	number, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		fail(fmt.Errorf("%s: %w", name, err))
	}
	return number
}

func (o object) isTrue(name string) bool { return o[name] == true }

func (o object) list(name string) []object {
	var objects []object
	values, _ := o[name].([]any)
	for _, value := range values {
		objects = append(objects, object(value.(map[string]any)))
	}
	return objects
}

func (o object) texts(name string) []string {
	var texts []string
	values, _ := o[name].([]any)
	for _, value := range values {
		texts = append(texts, value.(string))
	}
	return texts
}

// bytes are hexadecimal digits, or digits*count.
func (o object) bytes(name string) []byte {
	digits, count, repeated := strings.Cut(o.text(name), "*")
	if repeated {
		times, err := strconv.Atoi(count)
		fail(err)
		digits = strings.Repeat(digits, times)
	}
	bytes, err := hex.DecodeString(digits)
	fail(err)
	return bytes
}

func (o object) options(name string) []mtsession.Option {
	var options []mtsession.Option
	for flag, option := range openFlags {
		if o.number(name)&flag != 0 {
			options = append(options, option())
		}
	}
	return options
}

var openFlags = map[int64]func() mtsession.Option{
	1:  mtsession.ReadOnly,
	2:  mtsession.Shared,
	4:  mtsession.Existing,
	8:  mtsession.Schema8,
	16: mtsession.StoreTmpAuthKey,
	32: mtsession.NoEntities,
}

func (o object) entity() mtsession.Entity {
	return mtsession.Entity{
		ID:         o.number("id"),
		AccessHash: o.number("hash"),
		Seen:       o.number("seen"),
		Flags:      mtsession.EntityFlags(o.number("flags")),
		Usernames:  strings.Split(o.text("usernames"), " "),
		Phone:      o.text("phone"),
		Name:       o.text("name"),
	}
}

func (o object) state() mtsession.UpdateState {
	state := mtsession.UpdateState{
		ID:   o.number("id"),
		Pts:  int32(o.number("pts")),
		Qts:  int32(o.number("qts")),
		Date: o.number("date"),
		Seq:  int32(o.number("seq")),
	}
	for name, field := range map[string]mtsession.StateFields{
		"pts": mtsession.StatePts, "qts": mtsession.StateQts,
		"date": mtsession.StateDate, "seq": mtsession.StateSeq,
	} {
		if _, meant := o[name]; meant {
			state.Fields |= field
		}
	}
	return state
}

func (o object) md5() (md5 [16]byte) {
	copy(md5[:], o.bytes("md5"))
	return md5
}
