package golden

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"
)

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestToleranceForms(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(Env, dir)
	write(t, dir, "topic.json", `{"tol":{"abs":1e-3,"rel":1e-2},"cases":[
		{"id":"file","inputs":{"x":1},"expected":{"v":100}},
		{"id":"case","inputs":{},"expected":{"v":100},"tol":{"v":{"abs":0,"rel":1e-5}}}]}`)
	write(t, dir, "papers/topic.json", `{"cases":[
		{"id":"max","inputs":{},"expected":{"v":100,"u":100},"tol":{"abs":0.5,"rel":1e-2,"u_rel":0.25}}]}`)
	cases, err := Load("topic")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{1.001, 1e-3} {
		if got := cases[i].tolerance("v").width(100); math.Abs(got-want) > 1e-12 {
			t.Errorf("%s: width %g, want %g", cases[i].ID, got, want)
		}
	}
	papers, err := Load("papers/topic")
	if err != nil {
		t.Fatal(err)
	}
	if got := papers[0].tolerance("v").width(100); got != 1 {
		t.Errorf("papers: width %g, want 1: the larger of abs and rel", got)
	}
	if got := papers[0].tolerance("u").width(100); got != 25 {
		t.Errorf("papers: width %g of u, want 25: the named tolerance", got)
	}
}

func TestCarriedCasesParse(t *testing.T) {
	t.Setenv(Env, "")
	for topic, n := range map[string]int{"bsm": 200, "implied_vol": 160, "papers/implied_vol_hard": 128} {
		cases, err := Load(topic)
		if err != nil || len(cases) != n {
			t.Errorf("%s: %d cases, %v; want %d", topic, len(cases), err, n)
		}
	}
}

func TestNumber(t *testing.T) {
	for text, want := range map[string]float64{`1.5`: 1.5, `"2.5"`: 2.5, `"1e-400"`: 0} {
		got, _ := number(json.RawMessage(text))
		if got != want {
			t.Errorf("number(%s) = %g, want %g", text, got, want)
		}
	}
	if _, err := number(nil); err == nil {
		t.Error("a missing number was accepted")
	}
}

func TestRelativeFolderIsTakenFromTheRoot(t *testing.T) {
	t.Setenv(Env, filepath.Join("internal", "golden", "cases"))
	cases, err := Load("bsm")
	if err != nil || len(cases) != 200 {
		t.Errorf("%d cases, %v", len(cases), err)
	}
}
