package mtsession

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// read joins files of the package, or of the repository.
func read(t *testing.T, patterns ...string) string {
	t.Helper()
	var all strings.Builder
	for _, pattern := range patterns {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: no such file (%v)", pattern, err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(text)
		}
	}
	return all.String()
}

// found are the first groups of all matches.
func found(pattern, text string) map[string]bool {
	set := make(map[string]bool)
	for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		set[match[1]] = true
	}
	return set
}

// A module holds nothing outside its folder, so it has a copy of the header.
func TestHeaderIsTheLibrarys(t *testing.T) {
	if read(t, "mtsession.h") != read(t, "../../include/mtsession.h") {
		t.Error("mtsession.h differs from include/mtsession.h: copy it here")
	}
}

func TestWholeHeaderIsCovered(t *testing.T) {
	header := read(t, "mtsession.h")
	code := read(t, "*.go", "bridge.c")
	// bridge.c makes these names out of two parts.
	for function := range found(`LOOK_UP\((\w+), `, code) {
		for by := range found(`mts_session_##function##(\w*)\(`, code) {
			code += "mts_session_" + function + by + "("
		}
		code += "mts_session_" + function + "("
	}

	functions := found(`(?m)^(?:MTS_API )?(?:MTS_MUST_USE )?[a-z][\w ]*[ *](mts_\w+)\(`, header)
	constants := found(`(?m)^#define (MTS_\w+) `, header)
	for name := range found(`(?m)^    (MTS_\w+) = -?\d+,`, header) {
		constants[name] = true
	}
	if len(functions) < 70 || len(constants) < 70 {
		t.Fatalf("the header was misread: %d functions, %d constants", len(functions), len(constants))
	}
	unused := map[string]string{
		"mts_error_status":   "the call has returned it",
		"MTS_Z":              "Go knows lengths",
		"MTS_API":            "for C",
		"MTS_MUST_USE":       "for C",
		"MTS_OPTIONS_INIT":   "for C",
		"MTS_VERSION_MAJOR":  "the ABI number decides",
		"MTS_VERSION_MINOR":  "the ABI number decides",
		"MTS_VERSION_PATCH":  "the ABI number decides",
		"MTS_VERSION_NUMBER": "the ABI number decides",
	}
	for name := range functions {
		if !strings.Contains(code, name+"(") && unused[name] == "" {
			t.Errorf("%s is not to be had in Go", name)
		}
	}
	for name := range constants {
		if !regexp.MustCompile(`C\.`+name+`\b`).MatchString(code) && unused[name] == "" {
			t.Errorf("%s is not to be had in Go", name)
		}
	}
	for name := range unused {
		if !functions[name] && !constants[name] {
			t.Errorf("%s is no longer in the header", name)
		}
	}
}

// A function marked nocallback that calls back ends the program; one that is not marked costs
// allocations.
func TestOnlyWhatNeverCallsBackIsMarkedSo(t *testing.T) {
	header := read(t, "mtsession.h")
	flags := read(t, "cgo.go")
	code := read(t, "*.go")
	noescape := found(`#cgo noescape (\w+)`, flags)
	nocallback := found(`#cgo nocallback (\w+)`, flags)

	comments := regexp.MustCompile(`(?s)/\*\*(.*?)\*/\nMTS_API\s+(?:MTS_MUST_USE\s+)?[a-z][\w ]*?[ *](mts_session_\w+|mts_list_sessions)\(`).
		FindAllStringSubmatch(header, -1)
	if len(comments) < 60 {
		t.Fatalf("the header was misread: %d functions", len(comments))
	}
	for _, match := range comments {
		comment, name := match[1], match[2]
		never := strings.Contains(comment, "Never calls back.")
		if calls := regexp.MustCompile(`(May call|Calls) back`).MatchString(comment); calls == never {
			t.Errorf("%s: does it call back or not?", name)
		}
		direct := strings.Contains(code, "C."+name+"(")
		if marked := noescape[name] && nocallback[name]; marked != (never && direct) {
			t.Errorf("%s: marked %v, never calls back %v, called %v", name, marked, never, direct)
		}
		delete(noescape, name)
		delete(nocallback, name)
	}
	// What is left are the declarations for sessions without a storage in Go.
	for name := range noescape {
		if !strings.Contains(code, "C."+name+"_calling_back(") || !nocallback[name] {
			t.Errorf("%s has no twin that may call back, or is marked by halves", name)
		}
		delete(nocallback, name)
	}
	for name := range nocallback {
		t.Errorf("%s is marked nocallback alone", name)
	}
}
