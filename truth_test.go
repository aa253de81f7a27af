package volga_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/volgaquant/volga/pricing"
)

var update = flag.Bool("update", false, "rewrite SUPPORT.md from the table of truth")

// The table of truth: engines × models × contracts. An engine prices a pair or refuses it by the typed error; what it prices
// agrees with the reference, and with every other engine that prices the pair, within what the two claim. A pair that one
// engine alone prices needs a reference. The support matrix of SUPPORT.md is rendered from it.

// cell is one contract under one model.
type cell struct {
	contract, model string // names in the matrix; several cells may share them
	in              pricing.Instrument
	world           pricing.Model
	scale           float64 // the price that errors are fractions of: strike or spot
	want            float64 // NaN if there is no reference
	tol             float64 // of the reference, as a price
	source          string
}

// rival is one engine.
type rival struct {
	name string
	pricing.Engine
	// claim is the error that the engine claims for a cell, as a fraction of its scale.
	claim func(cell) float64
	// optional is for engines that may refuse a cell for its numbers and not for its kind: the error says so.
	optional error
}

func exact(tol float64) func(cell) float64 { return func(cell) float64 { return tol } }

// priced is what an engine said of a cell.
type priced struct {
	rival
	pricing.Result
	unsupported bool
	refused     bool
}

func TestTableOfTruth(t *testing.T) {
	cells, rivals := truths(), rivals()
	supports := map[[3]string]bool{} // contract, model, engine
	tried := map[[2]string]int{}
	for _, c := range cells {
		if err := errors.Join(c.in.Validate(), c.world.Validate()); err != nil {
			t.Fatalf("%s under %s: %v", c.contract, c.model, err)
		}
		var said []priced
		for _, r := range rivals {
			p := priced{rival: r}
			var err error
			p.Result, err = r.Price(context.Background(), c.in, c.world)
			var no *pricing.UnsupportedError
			switch {
			case errors.As(err, &no):
				if no.Engine == nil || reflect.TypeOf(no.Instrument) != reflect.TypeOf(c.in) || reflect.TypeOf(no.Model) != reflect.TypeOf(c.world) {
					t.Errorf("%s refuses %s under %s by an error that names %T, %T, %T", r.name, c.contract, c.model, no.Engine, no.Instrument, no.Model)
				}
				p.unsupported = true
			case err != nil && r.optional != nil && errors.Is(err, r.optional):
				p.refused = true
			case err != nil:
				t.Errorf("%s: %s under %s: %v", r.name, c.contract, c.model, err)
				continue
			case p.Has&pricing.HasValue == 0 || math.IsNaN(p.Value) || math.IsInf(p.Value, 0):
				t.Errorf("%s: %s under %s: value %g, has %v", r.name, c.contract, c.model, p.Value, p.Has)
				continue
			}
			key := [3]string{c.contract, c.model, r.name}
			if n := tried[[2]string{c.contract, c.model}]; n > 0 && supports[key] == p.unsupported {
				t.Errorf("%s prices some cells of %s under %s and refuses others", r.name, c.contract, c.model)
			}
			supports[key] = !p.unsupported
			if !p.unsupported && !p.refused {
				said = append(said, p)
			}
		}
		tried[[2]string{c.contract, c.model}]++
		if len(said) == 1 && math.IsNaN(c.want) {
			t.Errorf("%s alone prices %s under %s, and there is no reference", said[0].name, c.contract, c.model)
		}
		for i, p := range said {
			room := func(q priced) float64 { return q.claim(c)*c.scale + 4*q.StdErr }
			if d := math.Abs(p.Value - c.want); d > c.tol+room(p) {
				t.Errorf("%s: %s under %s: %.12g, want %.12g (%s), off by %.2g with a claim of %.2g", p.name, c.contract, c.model, p.Value, c.want, c.source, d, room(p))
			}
			for _, q := range said[:i] {
				if d := math.Abs(p.Value - q.Value); d > room(p)+room(q) {
					t.Errorf("%s under %s: %s says %.12g and %s %.12g, apart by %.2g with claims of %.2g", c.contract, c.model, p.name, p.Value, q.name, q.Value, d, room(p)+room(q))
				}
			}
		}
	}
	got := matrix(cells, rivals, supports)
	if *update {
		if err := os.WriteFile("SUPPORT.md", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("SUPPORT.md")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Error("SUPPORT.md is not what the engines do; go test . -run TableOfTruth -update rewrites it")
	}
}

// matrix renders what is supported as Markdown.
func matrix(cells []cell, rivals []rival, supports map[[3]string]bool) string {
	var b strings.Builder
	b.WriteString("# Which engine prices what\n\nRendered from the table of truth by `go test . -run TableOfTruth -update`. A mark means that the engine prices the\n" +
		"contract under the model and that the test holds its value against a reference and every other engine with a mark in the\n" +
		"row; elsewhere it returns a `*pricing.UnsupportedError`.\n")
	var contracts []string
	models := map[string][]string{}
	for _, c := range cells {
		if !slices.Contains(contracts, c.contract) {
			contracts = append(contracts, c.contract)
		}
		if !slices.Contains(models[c.contract], c.model) {
			models[c.contract] = append(models[c.contract], c.model)
		}
	}
	for _, contract := range contracts {
		var columns []string
		for _, r := range rivals {
			if slices.ContainsFunc(models[contract], func(m string) bool { return supports[[3]string{contract, m, r.name}] }) {
				columns = append(columns, r.name)
			}
		}
		fmt.Fprintf(&b, "\n## %s\n\n| model | %s |\n|---|%s\n", contract, strings.Join(columns, " | "), strings.Repeat(":-:|", len(columns)))
		for _, m := range models[contract] {
			fmt.Fprintf(&b, "| %s |", m)
			for _, r := range columns {
				mark := " "
				if supports[[3]string{contract, m, r}] {
					mark = " ✓ "
				}
				b.WriteString(mark + "|")
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

// Whatever makes no sense is refused by every engine with a typed error, and a cancelled context stops it at once.
func TestEveryEngineRefuses(t *testing.T) {
	for _, c := range truths() {
		for _, r := range rivals() {
			for _, bad := range badWorlds(c.world) {
				_, err := r.Price(context.Background(), c.in, bad)
				if !errors.Is(err, pricing.ErrDomain) && !errors.Is(err, pricing.ErrUnsupported) {
					t.Errorf("%s: %s under a bad %s %+v: %v", r.name, c.contract, c.model, bad, err)
				}
			}
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			start := time.Now()
			_, err := r.Price(ctx, c.in, c.world)
			if !errors.Is(err, context.Canceled) && !errors.Is(err, pricing.ErrUnsupported) {
				t.Errorf("%s: %s under %s with a cancelled context after %v: %v", r.name, c.contract, c.model, time.Since(start), err)
			}
		}
	}
}

// badWorlds returns copies of a model with one number made senseless: every float field in turn NaN and infinite.
func badWorlds(world pricing.Model) []pricing.Model {
	var bad []pricing.Model
	var walk func(v reflect.Value, set func(func(reflect.Value)))
	walk = func(v reflect.Value, set func(func(reflect.Value))) {
		for i := range v.NumField() {
			at := func(change func(reflect.Value)) { set(func(s reflect.Value) { change(s.Field(i)) }) }
			switch f := v.Field(i); {
			case !v.Type().Field(i).IsExported():
			case f.Kind() == reflect.Float64:
				for _, x := range []float64{math.NaN(), math.Inf(1)} {
					at(func(s reflect.Value) { s.SetFloat(x) })
				}
			case f.Kind() == reflect.Struct:
				walk(f, at)
			}
		}
	}
	v := reflect.ValueOf(world)
	if v.Kind() != reflect.Struct {
		return nil
	}
	walk(v, func(change func(reflect.Value)) {
		c := reflect.New(v.Type()).Elem()
		c.Set(v)
		change(c)
		bad = append(bad, c.Interface().(pricing.Model))
	})
	return bad
}
