package surface

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"github.com/volgaquant/volga/internal/fault"
)

// FuzzFitESSVI reads numbers from the bytes as they are and as numbers of a market, and asks of whatever comes out that
// it is a typed error or a surface free of arbitrage.
func FuzzFitESSVI(f *testing.F) {
	f.Add([]byte{2, 3, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 130, 140, 150, 160, 170, 180}, false)
	f.Add([]byte{1, 1, 0, 0, 0, 0}, false)
	f.Add([]byte{9, 9, 255, 0, 255, 0, 128, 3, 7, 250, 1, 1, 1, 99, 99, 99}, false)
	f.Add([]byte{}, true)
	raw := []byte{1, 3}
	for _, v := range []float64{0.5, -0.1, 0.2, 0.19, 0.21, 0, math.NaN(), 0.19, 0.21, 0.1, 0.2, math.Inf(1), -1} {
		raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(v))
	}
	f.Add(raw, true)
	f.Fuzz(func(t *testing.T, data []byte, bits bool) {
		at := 0
		octet := func() float64 {
			if len(data) == 0 {
				return 0
			}
			at++
			return float64(data[at%len(data)]) / 255
		}
		number := func(lo, hi float64) float64 {
			if bits && at+9 < len(data) {
				at += 8
				return math.Float64frombits(binary.LittleEndian.Uint64(data[at-7:]))
			}
			return lo + (hi-lo)*octet()
		}
		n, m := int(octet()*10), int(octet()*15)
		var smiles []Smile
		tau, k := 0.0, 0.0
		for range n {
			tau += number(1e-6, 1)
			s := Smile{Tau: tau}
			k = number(-1, 0.5)
			for range m {
				k += number(0, 0.3)
				mid := number(0.001, 3)
				half := number(-0.01, 0.5)
				s.K, s.Mid = append(s.K, k), append(s.Mid, mid)
				s.Bid, s.Ask = append(s.Bid, mid-half), append(s.Ask, mid+half)
				if s.Bid[len(s.Bid)-1] < 0 {
					s.Bid[len(s.Bid)-1] = math.NaN()
				}
			}
			smiles = append(smiles, s)
		}
		e, r, err := FitESSVI(smiles, FitSettings{Loss: Loss(n % 3), MaxIterations: 60})
		switch {
		case err == nil || errors.Is(err, ErrNotConverged):
		case errors.Is(err, fault.ErrDomain) || errors.Is(err, ErrTooFewQuotes):
			if e != nil {
				t.Fatalf("a surface with %v", err)
			}
			return
		default:
			t.Fatalf("%v is of no type", err)
		}
		if _, err := NewESSVI(e.Slices()); err != nil {
			t.Fatal(err)
		}
		if a := CheckArbitrage(e, Grid{Points: 50, Tolerance: 1e-9}); !a.Free() {
			t.Fatalf("%+v", a)
		}
		for _, s := range r.Slices {
			if math.IsNaN(s.RMS) || math.IsNaN(s.RMSSpread) || s.Inside < 0 || s.Inside > 1 {
				t.Fatalf("%+v", s)
			}
		}
	})
}
