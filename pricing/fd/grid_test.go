package fd

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/volgaquant/volga/pricing"
)

// Points asked for are nodes to the last bit, or midway, nodes rise, and neighbouring spacings differ by O(1/n) of themselves.
func TestAxisPlaces(t *testing.T) {
	a := Axis{Low: 0, High: 400, Intervals: 200, Focus: []Focus{
		{At: 100, Width: 10, Place: OnNode}, {At: 85, Width: 5, Place: OnNode}, {At: 131.7, Width: 20, Weight: 0.5, Place: Midway},
	}}
	worst := [2]float64{}
	for turn, n := range []int{200, 800} {
		a.Intervals = n
		x, err := a.Nodes()
		if err != nil {
			t.Fatal(err)
		}
		found := map[float64]bool{}
		for i, v := range x {
			found[v] = true
			if i > 0 && !(v > x[i-1]) {
				t.Fatalf("node %d does not rise: %g after %g", i, v, x[i-1])
			}
			if i > 1 {
				worst[turn] = math.Max(worst[turn], math.Abs(math.Log((v-x[i-1])/(x[i-1]-x[i-2]))))
			}
			if i > 0 && x[i-1] < 131.7 && v > 131.7 {
				if h := v - x[i-1]; math.Abs((131.7-x[i-1])/h-0.5) > 0.02 {
					t.Errorf("131.7 between %g and %g", x[i-1], v)
				}
			}
		}
		if !found[100] || !found[85] || x[0] != 0 || x[n] != 400 {
			t.Errorf("%d intervals: a point is missing", n)
		}
	}
	if worst[0] > 0.12 || worst[1] > 0.3*worst[0] {
		t.Errorf("the spacing jumps by up to %g, then %g", worst[0], worst[1])
	}
}

// One focus is the sinh grid, no focus the even one.
func TestAxisClosedForms(t *testing.T) {
	x, err := Axis{Low: -1, High: 3, Intervals: 40, Focus: []Focus{{At: 0.5, Width: 0.2}}}.Nodes()
	if err != nil {
		t.Fatal(err)
	}
	u0, u1 := math.Asinh(-1.5/0.2), math.Asinh(2.5/0.2)
	for i, v := range x {
		if want := 0.5 + 0.2*math.Sinh(u0+(u1-u0)*float64(i)/40); math.Abs(v-want) > 1e-13 {
			t.Errorf("node %d: %.17g, want %.17g", i, v, want)
		}
	}
	x, err = Axis{Low: -1, High: 3, Intervals: 40}.Nodes()
	for i, v := range x {
		if math.Abs(v-(-1+0.1*float64(i))) > 1e-14 || err != nil {
			t.Errorf("node %d: %g, %v", i, v, err)
		}
	}
}

// At random points a grid either holds what was asked or says why not.
func TestAxisAtRandom(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 1))
	refused := 0
	for range 2000 {
		a := Axis{Low: 0, High: 1000, Intervals: 10 + rnd.IntN(200), Even: rnd.Float64()}
		for range 1 + rnd.IntN(4) {
			a.Focus = append(a.Focus, Focus{At: math.Floor(1000 * rnd.Float64()), Width: math.Exp(6*rnd.Float64() - 1),
				Weight: 0.2 + rnd.Float64(), Place: Placement(rnd.IntN(3))})
		}
		x, err := a.Nodes()
		if err != nil {
			refused++
			if !errors.Is(err, pricing.ErrDomain) {
				t.Fatal(err)
			}
			continue
		}
		for i := 1; i < len(x); i++ {
			if !(x[i] > x[i-1]) {
				t.Fatalf("%+v: node %d is %g after %g", a, i, x[i], x[i-1])
			}
		}
		for _, f := range a.Focus {
			has := false
			for _, v := range x {
				has = has || v == f.At
			}
			if f.Place == OnNode && !has {
				t.Errorf("%+v: %g is no node", a, f.At)
			}
		}
	}
	if refused > 100 {
		t.Errorf("%d of 2000 refused", refused)
	}
}

func TestAxisRefuses(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		field string
		a     Axis
	}{
		{"Low", Axis{Low: nan, High: 1, Intervals: 10}},
		{"High", Axis{Low: 1, High: 1, Intervals: 10}},
		{"Intervals", Axis{High: 1}},
		{"Focus[0].At", Axis{High: 1, Intervals: 10, Focus: []Focus{{At: 2, Width: 1, Place: OnNode}}}},
		{"Focus[0].Width", Axis{High: 1, Intervals: 10, Focus: []Focus{{At: 0.5}}}},
		{"Focus[0].Place", Axis{High: 1, Intervals: 10, Focus: []Focus{{At: 0.5, Width: 1, Place: 9}}}},
		{"Intervals", Axis{High: 1, Intervals: 3, Focus: []Focus{{At: 0.2, Width: 1, Place: OnNode}, {At: 0.3, Width: 1, Place: OnNode},
			{At: 0.4, Width: 1, Place: OnNode}}}},
	} {
		var arg *pricing.ArgError
		if _, err := c.a.Nodes(); !errors.As(err, &arg) || arg.Arg != c.field {
			t.Errorf("%+v: %v, want an ArgError on %s", c.a, err, c.field)
		}
	}
}
