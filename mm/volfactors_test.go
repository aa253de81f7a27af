package mm

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/volgaquant/volga/internal/fault"
)

func TestVolFactorsByHand(t *testing.T) {
	f, err := NewVolFactors(mat.NewSymDense(2, []float64{4, 2, 2, 3}))
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]float64, 2)
	f.MulTo(dst, []float64{1, -2}, make([]float64, 2))
	near(t, "first row", dst[0], 0, 1e-14)
	near(t, "second row", dst[1], -4, 1e-14)
	near(t, "entry", f.At(1, 0), 2, 1e-14)

	// [[2,1],[1,2]] has the eigenvalue 3 along (1,1): at rank 1 it is 1.5 everywhere.
	g, err := NewVolFactors(mat.NewSymDense(2, []float64{2, 1, 1, 2}))
	if err != nil {
		t.Fatal(err)
	}
	cut, err := g.WithRank(1)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range [][2]int{{0, 0}, {0, 1}, {1, 1}} {
		near(t, "rank one", cut.At(at[0], at[1]), 1.5, 1e-14)
	}
	if cut.Rank() != 1 || g.Rank() != 2 || cut.Len() != 2 {
		t.Errorf("ranks %d and %d", cut.Rank(), g.Rank())
	}
	if same, err := g.WithRank(7); same != g || err != nil {
		t.Errorf("a rank beyond the factors: %v", err)
	}

	// A singular matrix keeps only the factors that it has.
	flat, err := NewVolFactors(mat.NewSymDense(3, []float64{1, 1, 1, 1, 1, 1, 1, 1, 1}))
	if err != nil || flat.Rank() != 1 {
		t.Errorf("the matrix of ones: %v", err)
	}
	none, err := NewVolFactors(mat.NewSymDense(2, nil))
	if err != nil || none.Rank() != 0 || none.At(0, 1) != 0 {
		t.Errorf("the zero matrix: %v", err)
	}
	own, err := NewIndependentVolFactors(3, 0.5)
	if err != nil || own.At(1, 1) != 0.25 || own.At(0, 1) != 0 {
		t.Errorf("independent expiries: %v", err)
	}
}

func TestDecayVolFactors(t *testing.T) {
	var tau, vol []float64
	for e := range 40 {
		tau, vol = append(tau, float64(e)/20), append(vol, 0.3/(1+float64(e)))
	}
	f, err := NewDecayVolFactors(tau, vol, 2)
	if err != nil {
		t.Fatal(err)
	}
	cov := func(i, j int) float64 {
		return vol[i] * vol[j] * math.Exp(-2*math.Abs(math.Sqrt(tau[i])-math.Sqrt(tau[j])))
	}
	last := math.Inf(1)
	for _, r := range []int{1, 2, 5, 10, 40} {
		cut, err := f.WithRank(r)
		if err != nil {
			t.Fatal(err)
		}
		worst := 0.0
		for i := range 40 {
			for j := range 40 {
				worst = math.Max(worst, math.Abs(cut.At(i, j)-cov(i, j)))
			}
		}
		if !(worst < last) {
			t.Errorf("rank %d is off by %g, the rank below by %g", r, worst, last)
		}
		last = worst
	}
	near(t, "full rank", last, 0, 1e-15)
}

func TestVolFactorsRefuse(t *testing.T) {
	_, err := NewVolFactors(mat.NewSymDense(2, []float64{1, 2, 2, 1}))
	var arg *fault.ArgError
	if !errors.As(err, &arg) || arg.Arg != "least eigenvalue of covariance" {
		t.Fatalf("an indefinite covariance: %v", err)
	}
	near(t, "the eigenvalue that is named", arg.Value.(float64), -1, 1e-14)
	if _, err := NewDensePenalty(mat.NewSymDense(1, []float64{-2})); !errors.Is(err, fault.ErrDomain) {
		t.Errorf("a negative penalty: %v", err)
	}
	nan := math.NaN()
	for i, err := range []error{
		second(NewVolFactors(mat.NewSymDense(2, []float64{1, nan, nan, 1}))),
		second(NewVolFactors(&mat.SymDense{})),
		second(NewDecayVolFactors([]float64{1}, nil, 1)),
		second(NewDecayVolFactors(nil, nil, 1)),
		second(NewDecayVolFactors([]float64{1}, []float64{1}, -1)),
		second(NewDecayVolFactors([]float64{-1}, []float64{1}, 1)),
		second(NewDecayVolFactors([]float64{1}, []float64{nan}, 1)),
		second(NewIndependentVolFactors(0, 1)),
		second(NewIndependentVolFactors(1, nan)),
		second((&VolFactors{n: 1, r: 1, u: []float64{1}}).WithRank(0)),
	} {
		if !errors.Is(err, fault.ErrDomain) {
			t.Errorf("case %d: %v", i, err)
		}
	}
}

func second(_ *VolFactors, err error) error { return err }

func TestPenalties(t *testing.T) {
	q := []float64{1, -2, 3}
	buckets, err := NewBucketPenalty([]int{0, 1, 0}, []float64{5, 7, 2}, []float64{0.1, 0.01})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "buckets", buckets.Cost(q), 0.1*11*11+0.01*14*14, 1e-13)

	dense, err := NewDensePenalty(mat.NewSymDense(3, []float64{2, 1, 0, 1, 2, 0, 0, 0, 0}))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "dense", dense.Cost(q), 2*1-2*2*1+2*4, 1e-13)
	if len(dense) != 2 {
		t.Errorf("a matrix of rank 2 has %d factors", len(dense))
	}

	f, err := NewVolFactors(mat.NewSymDense(2, []float64{4, 2, 2, 3}))
	if err != nil {
		t.Fatal(err)
	}
	vols, err := f.Penalty([]int{0, 0, 1}, []float64{10, 20, 30}, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	v0, v1 := 10.0-40, 90.0
	near(t, "by volatility factors", vols.Cost(q), 0.5*(4*v0*v0+2*2*v0*v1+3*v1*v1), 1e-8)

	for i, bad := range []func() (Penalty, error){
		func() (Penalty, error) { return NewBucketPenalty([]int{0}, nil, []float64{1}) },
		func() (Penalty, error) { return NewBucketPenalty([]int{1}, []float64{1}, []float64{1}) },
		func() (Penalty, error) { return NewBucketPenalty([]int{0}, []float64{math.NaN()}, []float64{1}) },
		func() (Penalty, error) { return NewBucketPenalty([]int{0}, []float64{1}, []float64{-1}) },
		func() (Penalty, error) { return f.Penalty([]int{0}, nil, 1) },
		func() (Penalty, error) { return f.Penalty([]int{2}, []float64{1}, 1) },
		func() (Penalty, error) { return f.Penalty([]int{0}, []float64{1}, math.NaN()) },
	} {
		if _, err := bad(); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("case %d: %v", i, err)
		}
	}
}

func BenchmarkVolFactors(b *testing.B) {
	tau, vol := make([]float64, 40), make([]float64, 40)
	for e := range tau {
		tau[e], vol[e] = 0.05*float64(e+1), 0.1
	}
	full, err := NewDecayVolFactors(tau, vol, 1)
	if err != nil {
		b.Fatal(err)
	}
	for _, rank := range []int{3, 10, 40} {
		b.Run(fmt.Sprintf("rank=%d", rank), func(b *testing.B) {
			f, err := full.WithRank(rank)
			if err != nil {
				b.Fatal(err)
			}
			dst, scratch := make([]float64, 40), make([]float64, rank)
			b.ReportAllocs()
			for b.Loop() {
				f.MulTo(dst, vol, scratch)
			}
		})
	}
}
