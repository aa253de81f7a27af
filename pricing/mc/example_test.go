package mc_test

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/analytic"
	"github.com/volgaquant/volga/pricing/fourier"
	"github.com/volgaquant/volga/pricing/mc"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

var (
	ctx   = context.Background()
	world = model.BlackScholes{Spot: 100, Discount: curve.Flat(0.05), Vol: model.FlatVol(0.2)}
	call  = pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
)

// asian pays (A−Strike)⁺ at the last date, with A the mean of the prices at the dates.
type asian struct {
	Strike float64
	Dates  []float64
}

func (a asian) Validate() error         { return nil }
func (a asian) Assets() int             { return 1 }
func (a asian) Observations() []float64 { return a.Dates }
func (a asian) PresentValueTo(dst []float64, p *pricing.Paths) {
	clear(dst)
	for i := range a.Dates {
		for j, s := range p.At(i, 0) {
			dst[j] += s / float64(len(a.Dates))
		}
	}
	pricing.Call.PayoffTo(dst, dst, a.Strike)
	p.DiscountTo(dst, len(a.Dates)-1)
}

func monthly() []float64 {
	dates := make([]float64, 12)
	for i := range dates {
		dates[i] = float64(i+1) / 12
	}
	return dates
}

// The Black-Scholes value is 10.4506.
func ExampleEngine() {
	plain, err := mc.Engine{}.Price(ctx, call, world)
	fmt.Println(math.Abs(plain.Value-10.4506) < 2*plain.StdErr, err)

	quasi, err := mc.Engine{Source: mc.Sobol{}}.Price(ctx, call, world)
	fmt.Printf("%.3f, error bars %.0f times shorter, %v\n", quasi.Value, plain.StdErr/quasi.StdErr, err)
	// Output:
	// true <nil>
	// 10.451, error bars 72 times shorter, <nil>
}

// A path-dependent payoff of one's own, with the geometric average as control variate.
func ExampleControl() {
	in := asian{Strike: 100, Dates: monthly()}
	control, err := mc.GeometricControl(pricing.Average{Right: pricing.Call, Strike: in.Strike, Dates: in.Dates}, world)
	if err != nil {
		fmt.Println(err)
		return
	}
	plain, _ := mc.Engine{Paths: 1 << 14}.Run(ctx, in, world)
	r, err := mc.Engine{Paths: 1 << 14, Controls: []mc.Control{control}}.Run(ctx, in, world)
	fmt.Printf("%.2f, β %.2f, %v\n", r.Value, r.Beta, err)
	fmt.Println("a hundred times less variance:", math.Pow(plain.StdErr/r.StdErr, 2) > 100)
	// Output:
	// 6.16, β [1.03], <nil>
	// a hundred times less variance: true
}

// Techniques wrap one another. An option far out of the money: few paths reach the strike by themselves.
func ExampleImportance() {
	far := pricing.Vanilla{Right: pricing.Call, Strike: 180, Expiry: 1}
	want, _ := analytic.European{}.Price(ctx, far, world)
	plain, _ := mc.Engine{}.Price(ctx, far, world)
	r, err := mc.Engine{Source: mc.Importance{Of: mc.Antithetic{}}}.Price(ctx, far, world)
	fmt.Println(math.Abs(r.Value-want.Value) < 3*r.StdErr, err)
	fmt.Println("a hundred times less variance:", math.Pow(plain.StdErr/r.StdErr, 2) > 100)
	// Output:
	// true <nil>
	// a hundred times less variance: true
}

func ExampleStratified() {
	in := asian{Strike: 100, Dates: monthly()}
	plain, _ := mc.Engine{}.Price(ctx, in, world)
	r, err := mc.Engine{Source: mc.Stratified{Of: mc.Antithetic{}}}.Price(ctx, in, world)
	fmt.Println(math.Abs(r.Value-plain.Value) < 3*plain.StdErr, err)
	fmt.Println("less than half the variance:", math.Pow(plain.StdErr/r.StdErr, 2) > 2)
	// Output:
	// true <nil>
	// less than half the variance: true
}

// Simulation without an error in time, against Fourier inversion.
func ExampleHeston() {
	m := model.Heston{Market: model.Market{Spot: 100}, V0: 0.04, Kappa: 1.5, Theta: 0.06, Sigma: 0.5, Rho: -0.7}
	want, _ := fourier.Lewis{}.Price(ctx, call, m)
	asset, _ := mc.AssetControl(m, call.Expiry)
	for _, step := range []mc.HestonStep{mc.AndersenQE, mc.BroadieKaya} {
		e := mc.Engine{Paths: 1 << 15, Scheme: mc.Heston{Step: step}, Controls: []mc.Control{asset}}
		r, err := e.Price(ctx, call, m)
		fmt.Println(step, math.Abs(r.Value-want.Value) < 3*r.StdErr, r.StdErr < 0.04, err)
	}
	// Output:
	// Andersen's QE true true <nil>
	// Broadie-Kaya true true <nil>
}

// The engine stops as soon as the standard error is small enough, and Greeks come on the same paths.
func ExampleEngine_Run() {
	e := mc.Engine{Paths: 1 << 24, StdErr: 0.01, Source: mc.Antithetic{}, Greeks: pricing.HasDelta | pricing.HasVega}
	r, err := e.Run(ctx, call, world)
	fmt.Println(r.Reached, r.Paths < 1<<23, err)
	fmt.Printf("%.1f, delta %.2f, vega %.0f\n", r.Value, r.Delta, r.Vega)
	// Output:
	// true true <nil>
	// 10.5, delta 0.64, vega 38
}

// The blocks of paths, for a method of one's own: the probability that the price was above 120 at the end of any month.
func ExampleEngine_Generator() {
	g, err := mc.Engine{Paths: 100_000}.Generator(world, monthly(), 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	b := g.NewBlock()
	above := 0
	for i := range g.Blocks() {
		g.Make(b, i)
		for j := range b.Len() {
			for k := range b.Times {
				if b.At(k, 0)[j] > 120 {
					above++
					break
				}
			}
		}
	}
	fmt.Printf("%.2f\n", float64(above)/float64(g.Paths()))
	// Output: 0.33
}

// Correlations that no three assets can have: the nearest ones are offered, not used.
func ExampleExact_correlation() {
	asset := model.Asset{Spot: 100, Vol: model.FlatVol(0.2)}
	basket := model.Assets{Each: []model.Asset{asset, asset, asset},
		Correlation: [][]float64{{1, 0.9, -0.9}, {0.9, 1, 0.9}, {-0.9, 0.9, 1}}}
	err := basket.Validate()
	var bad *model.CorrelationError
	if errors.As(err, &bad) {
		fmt.Printf("least eigenvalue %.2f, nearest correlation of the first two %.2f\n", bad.Eigenvalue, bad.Nearest[0][1])
	}
	// Output: least eigenvalue -0.80, nearest correlation of the first two 0.50
}
