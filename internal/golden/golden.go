// Package golden reads reference cases and checks functions against them. It is for tests only.
//
// A topic is a JSON file of cases; each case names its inputs, the expected values and a tolerance. The cases that
// apply to this library are carried in the folder cases; the environment variable VOLGA_GOLDEN names another folder of
// the same shape to check instead:
//
//	VOLGA_GOLDEN=/path/to/golden go test ./... -run Golden
//
// A test wires a topic to the function under test in a few lines; every case becomes a subtest named after its id:
//
//	func TestGoldenBSM(t *testing.T) {
//		golden.Run(t, "bsm", func(t *testing.T, c golden.Case) {
//			c.Check(t, "price", price(c.Float(t, "spot"), c.Float(t, "strike")))
//		})
//	}
package golden

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

//go:embed cases
var carried embed.FS

// Env is the environment variable that names another folder of cases.
const Env = "VOLGA_GOLDEN"

// Tol is a tolerance. The topics and the papers state it in two ways, see [Case.Check].
type tol struct {
	abs, rel float64
	max      bool // max(abs, rel*|want|) instead of abs + rel*|want|
}

func (t tol) width(want float64) float64 {
	if t.max {
		return math.Max(t.abs, t.rel*math.Abs(want))
	}
	return t.abs + t.rel*math.Abs(want)
}

// Case is one reference case.
type Case struct {
	ID, Source, Kind string

	inputs, expected map[string]json.RawMessage
	tols             map[string]json.RawMessage
	fileTol          map[string]json.RawMessage
}

type file struct {
	Tol   map[string]json.RawMessage `json:"tol"`
	Cases []struct {
		ID       string                     `json:"id"`
		Source   string                     `json:"source"`
		Kind     string                     `json:"kind"`
		Inputs   map[string]json.RawMessage `json:"inputs"`
		Expected map[string]json.RawMessage `json:"expected"`
		Tol      map[string]json.RawMessage `json:"tol"`
	} `json:"cases"`
}

// Load returns the cases of a topic: "bsm" is the file bsm.json, "papers/svi" the file papers/svi.json. If VOLGA_GOLDEN
// names a folder, they are read there, and a missing topic is an error that is fs.ErrNotExist.
func Load(topic string) ([]Case, error) {
	var fsys fs.FS
	if dir := os.Getenv(Env); dir != "" {
		fsys = os.DirFS(fromRoot(dir))
	} else {
		sub, err := fs.Sub(carried, "cases")
		if err != nil {
			return nil, err
		}
		fsys = sub
	}
	data, err := fs.ReadFile(fsys, topic+".json")
	if err != nil {
		return nil, err
	}
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("golden: %s: %w", topic, err)
	}
	cases := make([]Case, len(f.Cases))
	for i, c := range f.Cases {
		cases[i] = Case{
			ID: c.ID, Source: c.Source, Kind: c.Kind,
			inputs: c.Inputs, expected: c.Expected, tols: c.Tol, fileTol: f.Tol,
		}
	}
	return cases, nil
}

// fromRoot makes a relative folder one that stands relative to the module's root, from where tests are started, and not to
// the package under test, where they run. What already names a folder from here is left as it is.
func fromRoot(dir string) string {
	if filepath.IsAbs(dir) {
		return dir
	}
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	at, err := os.Getwd()
	for err == nil && filepath.Dir(at) != at {
		if _, missing := os.Stat(filepath.Join(at, "go.mod")); missing == nil {
			return filepath.Join(at, dir)
		}
		at = filepath.Dir(at)
	}
	return dir
}

// Run runs check as a subtest for every case of a topic. Cases of kind C (recalled, not verified) are left out. A topic
// that the folder named by VOLGA_GOLDEN lacks is skipped; one that is missing from the carried cases fails.
func Run(t *testing.T, topic string, check func(t *testing.T, c Case)) {
	t.Helper()
	cases, err := Load(topic)
	if errors.Is(err, fs.ErrNotExist) && os.Getenv(Env) != "" {
		t.Skipf("%s has no %s.json", os.Getenv(Env), topic)
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) == 0 {
		t.Fatalf("golden: %s holds no cases", topic)
	}
	for _, c := range cases {
		if c.Kind == "C" {
			continue
		}
		t.Run(c.ID, func(t *testing.T) { check(t, c) })
	}
}

// Has reports whether the case has an input of that name.
func (c Case) Has(name string) bool { _, ok := c.inputs[name]; return ok }

// Wants reports whether the case has a single number of that name among its expected values.
func (c Case) Wants(name string) bool {
	_, err := number(c.expected[name])
	return err == nil
}

// Float returns a numeric input; a missing one fails the test.
func (c Case) Float(t *testing.T, name string) float64 {
	t.Helper()
	v, err := number(c.inputs[name])
	if err != nil {
		t.Fatalf("%s: input %q: %v", c.ID, name, err)
	}
	return v
}

// FloatOr returns a numeric input, or otherwise if the case does not have it.
func (c Case) FloatOr(t *testing.T, name string, otherwise float64) float64 {
	t.Helper()
	if !c.Has(name) {
		return otherwise
	}
	return c.Float(t, name)
}

// Text returns an input that is a string; a missing one fails the test.
func (c Case) Text(t *testing.T, name string) string {
	t.Helper()
	var s string
	c.Input(t, name, &s)
	return s
}

// Input decodes an input of any shape into v, as encoding/json does.
func (c Case) Input(t *testing.T, name string, v any) {
	t.Helper()
	if err := json.Unmarshal(c.inputs[name], v); err != nil {
		t.Fatalf("%s: input %q: %v", c.ID, name, err)
	}
}

// Expected decodes an expected value of any shape into v, as encoding/json does.
func (c Case) Expected(t *testing.T, name string, v any) {
	t.Helper()
	if err := json.Unmarshal(c.expected[name], v); err != nil {
		t.Fatalf("%s: expected %q: %v", c.ID, name, err)
	}
}

// Check fails the test unless got is the expected number of that name within the tolerance that the case states, or
// else its file. The topics say {abs, rel}, also per name, and mean abs + rel*|want|; the papers say abs, rel, and per
// name NAME_abs, NAME_rel, and mean max(abs, rel*|want|). An expected infinity must be met exactly.
func (c Case) Check(t *testing.T, name string, got float64) {
	t.Helper()
	want, err := number(c.expected[name])
	if err != nil {
		t.Fatalf("%s: expected %q: %v", c.ID, name, err)
	}
	c.CheckValue(t, name, got, want)
}

// CheckValue is [Case.Check] for one element of an expected list: want is given, the tolerance is that of name.
func (c Case) CheckValue(t *testing.T, name string, got, want float64) {
	t.Helper()
	if got == want {
		return
	}
	width := c.tolerance(name).width(want)
	if !(math.Abs(got-want) <= width) {
		t.Errorf("%s: %s = %.17g, want %.17g (off by %.3g, allowed %.3g)", c.ID, name, got, want, math.Abs(got-want), width)
	}
}

func (c Case) tolerance(name string) tol {
	if raw, ok := c.tols[name]; ok {
		var m map[string]json.RawMessage
		if json.Unmarshal(raw, &m) == nil {
			return tol{abs: field(m, "abs"), rel: field(m, "rel")}
		}
	}
	if len(c.fileTol) > 0 {
		m := c.fileTol
		if hasAny(c.tols, "abs", "rel") {
			m = c.tols
		}
		return tol{abs: field(m, "abs"), rel: field(m, "rel")}
	}
	if hasAny(c.tols, name+"_abs", name+"_rel") {
		return tol{abs: field(c.tols, name+"_abs"), rel: field(c.tols, name+"_rel"), max: true}
	}
	return tol{abs: field(c.tols, "abs"), rel: field(c.tols, "rel"), max: true}
}

func hasAny(m map[string]json.RawMessage, names ...string) bool {
	for _, n := range names {
		if _, ok := m[n]; ok {
			return true
		}
	}
	return false
}

func field(m map[string]json.RawMessage, name string) float64 {
	v, err := number(m[name])
	if err != nil {
		return 0
	}
	return v
}

// number reads a JSON number, or a string that holds one ("inf", "nan", "1e-400" are such).
func number(raw json.RawMessage) (float64, error) {
	if raw == nil {
		return 0, errors.New("missing")
	}
	var v float64
	err := json.Unmarshal(raw, &v)
	if err == nil {
		return v, nil
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return strconv.ParseFloat(s, 64)
	}
	return 0, err
}
