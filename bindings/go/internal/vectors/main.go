// The runner of the test vectors for Go: see tests/vectors/README.md for what a runner does.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"mtsession"
)

func main() {
	if len(os.Args) != 4 {
		fail(errors.New("usage: check VECTORS FOLDER, write VECTORS FILE, dump VECTORS FILE"))
	}
	verb, vectors, path := os.Args[1], os.Args[2], os.Args[3]
	switch verb {
	case "check":
		passed, failed := check(vectors, path)
		fmt.Printf("%d passed, %d failed\n", passed, failed)
		if failed > 0 {
			os.Exit(1)
		}
	case "write":
		fail(write(read(filepath.Join(vectors, "dump.json")), path))
	case "dump":
		fail(dump(read(filepath.Join(vectors, "dump.json")), path))
	default:
		fail(errors.New("no verb " + verb))
	}
}

func fail(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func read(path string) object {
	file, err := os.Open(path)
	fail(err)
	defer file.Close()
	decoder := json.NewDecoder(file)
	decoder.UseNumber()
	var content object
	if err := decoder.Decode(&content); err != nil {
		fail(fmt.Errorf("%s: %w", path, err))
	}
	return content
}

func check(vectors, folder string) (passed, failed int) {
	count := func(name string, err error) {
		if err == nil {
			passed++
			return
		}
		failed++
		fmt.Printf("%s, %v\n", name, err)
	}
	count("statuses.json", checkNumbers(read(filepath.Join(vectors, "statuses.json")), statuses))
	// A test of the package sees to it that all of these are used; here it is enough that those with
	// a name of Go's have the right one.
	numbers := read(filepath.Join(vectors, "constants.json"))
	maps.DeleteFunc(numbers, func(name string, _ any) bool { _, public := constants[name]; return !public })
	count("constants.json", checkNumbers(numbers, constants))
	paths, err := filepath.Glob(filepath.Join(vectors, "*.json"))
	fail(err)
	for _, path := range paths {
		name := filepath.Base(path)
		for number, one := range read(path).list("cases") {
			for _, place := range []string{"memory", "file"} {
				if _, only := one["on"]; only && !slices.Contains(one["on"].([]any), any(place)) {
					continue
				}
				own := filepath.Join(folder, fmt.Sprintf("%s-%d-%s", name, number, place))
				fail(os.Mkdir(own, 0o700))
				count(fmt.Sprintf("%s: %s, %s", name, one.text("name"), place), runCase(one, own, place))
			}
		}
	}
	return passed, failed
}

// checkNumbers compares what the header has with what Go has.
func checkNumbers(header object, here map[string]int64) error {
	there := make(map[string]int64)
	for name := range header {
		there[name] = header.number(name)
	}
	if !reflect.DeepEqual(there, here) {
		return fmt.Errorf("the header has %v, Go has %v", there, here)
	}
	return nil
}

func runCase(of object, folder, place string) (err error) {
	r := runner{folder: folder, options: of.options("options")}
	if place == "file" {
		r.path = filepath.Join(folder, "me.session")
	}
	if r.session, err = r.open(); err != nil {
		return err
	}
	defer func() { r.session.Close() }()
	return r.steps(of.list("steps"))
}

func write(asked object, path string) (err error) {
	r := runner{path: path, options: asked.options("options")}
	if r.session, err = r.open(); err != nil {
		return err
	}
	if err := r.steps(asked.list("steps")); err != nil {
		return err
	}
	return r.session.Close()
}

func dump(asked object, path string) (err error) {
	r := runner{path: path, options: asked.options("dump_options")}
	if r.session, err = r.open(); err != nil {
		return err
	}
	defer r.session.Close()
	for _, step := range asked.list("dump") {
		op := step.text("op")
		lines, err := r.run(step)
		switch {
		case err == nil:
			for _, line := range lines {
				fmt.Println(op, line)
			}
		case !errors.Is(err, mtsession.ErrNotFound):
			fmt.Println(op, statusOf(err).Name())
		}
	}
	return nil
}

// runner holds the session of a case.
type runner struct {
	session *mtsession.Session
	folder  string
	path    string // of a session in a file, to open it again
	options []mtsession.Option
}

func (r *runner) open() (*mtsession.Session, error) {
	if r.path == "" {
		return mtsession.Memory(r.options...)
	}
	return mtsession.Open(r.path, r.options...)
}

// become makes another session the one of the case.
func (r *runner) become(path string, options []mtsession.Option) func(*mtsession.Session, error) ([]string, error) {
	return func(session *mtsession.Session, err error) ([]string, error) {
		if err != nil {
			return nil, err
		}
		// What Go has for "free", which saves what waits and does not mind if that fails.
		_ = r.session.Close()
		r.session, r.path, r.options = session, path, options
		return nil, nil
	}
}

func statusOf(err error) (status mtsession.Status) {
	if err != nil && !errors.As(err, &status) {
		fail(err)
	}
	return status
}

// steps runs steps up to the first that answers wrongly, and says what is wrong.
func (r *runner) steps(steps []object) error {
	for number, step := range steps {
		lines, err := r.run(step)
		wanted := step.text("status")
		if wanted == "" {
			wanted = "MTS_OK"
		}
		if err != nil && !errors.Is(err, mtsession.ErrAmbiguous) {
			lines = nil
		}
		said := ""
		if err != nil {
			said = err.Error()
		}
		if statusOf(err).Name() != wanted || !slices.Equal(lines, step.texts("gives")) ||
			!strings.Contains(said, step.text("says")) {
			return fmt.Errorf("step %d, %s: %v\n  answered %v %q", number+1, step.text("op"), step, err, lines)
		}
	}
	return nil
}
