package pricing

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestRight(t *testing.T) {
	for _, s := range []string{"C", "call", "CALL", "Calls"} {
		if r, err := ParseRight(s); r != Call || err != nil {
			t.Errorf("ParseRight(%q) = %v, %v", s, r, err)
		}
	}
	for _, s := range []string{"P", "put", "PUT", "puts"} {
		if r, err := ParseRight(s); r != Put || err != nil {
			t.Errorf("ParseRight(%q) = %v, %v", s, r, err)
		}
	}
	for _, s := range []string{"", "X", "straddle", "1"} {
		if _, err := ParseRight(s); !errors.Is(err, ErrDomain) {
			t.Errorf("ParseRight(%q): %v, want ErrDomain", s, err)
		}
	}
	var zero Right
	if !math.IsNaN(zero.Sign()) {
		t.Error("the zero right has a sign")
	}
	if _, err := zero.MarshalText(); err == nil {
		t.Error("the zero right was written")
	}
	for _, r := range []Right{Call, Put} {
		text, err := r.MarshalText()
		var back Right
		if err != nil || back.UnmarshalText(text) != nil || back != r || r.Opposite() == r {
			t.Errorf("%v did not survive its text %q", r, text)
		}
	}
}

func TestNewVanillaRefuses(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	cases := []struct {
		name           string
		right          Right
		strike, expiry float64
		field          string
	}{
		{"no right", 0, 100, 1, "Right"},
		{"strike zero", Call, 0, 1, "Strike"},
		{"strike negative", Put, -1, 1, "Strike"},
		{"strike NaN", Call, nan, 1, "Strike"},
		{"strike infinite", Call, inf, 1, "Strike"},
		{"expired", Put, 100, -1e-9, "Expiry"},
		{"expiry NaN", Put, 100, nan, "Expiry"},
		{"expiry infinite", Put, 100, inf, "Expiry"},
	}
	for _, c := range cases {
		_, err := NewVanilla(c.right, c.strike, c.expiry)
		var arg *ArgError
		if !errors.As(err, &arg) || arg.Arg != c.field || !errors.Is(err, ErrDomain) {
			t.Errorf("%s: %v, want an ArgError on %s", c.name, err, c.field)
		}
	}
	if _, err := NewVanilla(Call, 100, 0); err != nil {
		t.Errorf("an expiry of zero was refused: %v", err)
	}
}

func TestUnsupportedErrorNamesAllThree(t *testing.T) {
	err := error(&UnsupportedError{Instrument: Vanilla{}, Reason: "no forward"})
	if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "pricing.Vanilla") || !strings.Contains(err.Error(), "no forward") {
		t.Errorf("%v", err)
	}
}

// Every float field of Greeks must take part in Plus and Scaled: a field added later and forgotten there fails here.
func TestGreeksArithmeticCoversEveryField(t *testing.T) {
	var a, b Greeks
	va, vb := reflect.ValueOf(&a).Elem(), reflect.ValueOf(&b).Elem()
	for i := range va.NumField() {
		va.Field(i).SetFloat(float64(i + 1))
		vb.Field(i).SetFloat(float64(100 * (i + 1)))
	}
	sum, scaled := reflect.ValueOf(a.Plus(b)), reflect.ValueOf(a.Scaled(-2))
	for i := range va.NumField() {
		name := va.Type().Field(i).Name
		if got, want := sum.Field(i).Float(), float64(101*(i+1)); got != want {
			t.Errorf("Plus: %s = %g, want %g", name, got, want)
		}
		if got, want := scaled.Field(i).Float(), float64(-2*(i+1)); got != want {
			t.Errorf("Scaled: %s = %g, want %g", name, got, want)
		}
		if !strings.Contains(HasGreeks.String(), name) {
			t.Errorf("HasGreeks lacks %s", name)
		}
	}
	if got := (HasValue | HasVega).String(); got != "Value|Vega" {
		t.Errorf("mask prints as %q", got)
	}
}

func TestDeskUnits(t *testing.T) {
	g := Greeks{Delta: 0.5, Gamma: 0.02, Vega: 40, Theta: -7.3, Rho: 50}
	got := []float64{g.DeltaCash(100), g.GammaCash(100), g.VegaPoint(), g.ThetaDay(), g.RhoBP()}
	want := []float64{50, 2, 0.4, -0.02, 0.005}
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-15 {
			t.Errorf("unit %d: %g, want %g", i, got[i], want[i])
		}
	}
}
