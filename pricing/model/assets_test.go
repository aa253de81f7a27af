package model

import (
	"errors"
	"math"
	"testing"

	"github.com/volgaquant/volga/pricing"
)

func TestNearestCorrelation(t *testing.T) {
	// Higham (2002), section 4: the nearest to [1 1 0; 1 1 1; 0 1 1], printed to four digits.
	bad := [][]float64{{1, 1, 0}, {1, 1, 1}, {0, 1, 1}}
	want := [][]float64{{1, 0.7607, 0.1573}, {0.7607, 1, 0.7607}, {0.1573, 0.7607, 1}}
	_, err := CorrelationRoot(bad)
	var c *CorrelationError
	if !errors.As(err, &c) || !errors.Is(err, pricing.ErrDomain) {
		t.Fatal(err)
	}
	if math.Abs(c.Eigenvalue-(1-math.Sqrt2)) > 1e-12 {
		t.Errorf("eigenvalue %g, want 1 − √2", c.Eigenvalue)
	}
	for i, row := range want {
		for j, v := range row {
			if math.Abs(c.Nearest[i][j]-v) > 5e-5 {
				t.Errorf("nearest[%d][%d] = %.6f, want %.4f", i, j, c.Nearest[i][j], v)
			}
		}
	}
	l, err := CorrelationRoot(c.Nearest)
	if err != nil {
		t.Fatal(err)
	}
	checkRoot(t, l, c.Nearest)
}

func checkRoot(t *testing.T, l, rho [][]float64) {
	t.Helper()
	for i := range rho {
		for j := range rho {
			s := 0.0
			for k := range rho {
				s += l[i][k] * l[j][k]
			}
			if math.Abs(s-rho[i][j]) > 1e-9 {
				t.Errorf("(L·Lᵀ)[%d][%d] = %.12f, want %.12f", i, j, s, rho[i][j])
			}
		}
	}
}

func TestCorrelationRoot(t *testing.T) {
	for _, rho := range [][][]float64{
		{{1}},
		{{1, 0.3}, {0.3, 1}},
		{{1, 1}, {1, 1}},
		{{1, -1, 0.2}, {-1, 1, -0.2}, {0.2, -0.2, 1}},
		{{1, 1, 0.4}, {1, 1, 0.4}, {0.4, 0.4, 1}},
		{{1, 0.5, 0.5, 0.5}, {0.5, 1, 0.5, 0.5}, {0.5, 0.5, 1, 0.5}, {0.5, 0.5, 0.5, 1}},
	} {
		l, err := CorrelationRoot(rho)
		if err != nil {
			t.Error(err)
			continue
		}
		checkRoot(t, l, rho)
	}
	for _, rho := range [][][]float64{
		{{1, 0.3}}, {{1, 0.3}, {0.2, 1}}, {{2}}, {{1, 1.5}, {1.5, 1}}, {{1, math.NaN()}, {math.NaN(), 1}},
		{{1, 0.9, -0.9}, {0.9, 1, 0.9}, {-0.9, 0.9, 1}},
	} {
		if _, err := CorrelationRoot(rho); !errors.Is(err, pricing.ErrDomain) {
			t.Errorf("%v: %v", rho, err)
		}
	}
}

func TestAssetsRefuse(t *testing.T) {
	one := Asset{Spot: 100, Vol: FlatVol(0.2)}
	for name, m := range map[string]Assets{
		"none":           {},
		"spot":           {Each: []Asset{{Spot: -1, Vol: FlatVol(0.2)}}},
		"vol":            {Each: []Asset{{Spot: 1}}},
		"too few":        {Each: []Asset{one, one}, Correlation: [][]float64{{1}}},
		"not a matrix":   {Each: []Asset{one, one}, Correlation: [][]float64{{1, 2}, {2, 1}}},
		"not symmetric":  {Each: []Asset{one, one}, Correlation: [][]float64{{1, 0.5}, {0.4, 1}}},
		"not a diagonal": {Each: []Asset{one, one}, Correlation: [][]float64{{0.5, 0.4}, {0.4, 1}}},
	} {
		if err := m.Validate(); !errors.Is(err, pricing.ErrDomain) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
