package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"text/tabwriter"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/analytic"
	"github.com/volgaquant/volga/pricing/fd"
	"github.com/volgaquant/volga/pricing/mc"
	"github.com/volgaquant/volga/pricing/model"
)

// study is a set of errors that fall as something grows.
type study struct {
	title, text string
	x           string // what grows
	lines       []series
}

// series is the error of one method.
type series struct {
	name  string
	order float64 // claimed by theory: the error falls like x to the power −order
	tol   float64 // by how much the order measured may miss it
	n     []int
	err   []float64
}

// slope is the order measured: minus the slope of a straight line through the logarithms.
func (s series) slope() float64 {
	var sx, sy, sxx, sxy float64
	for i, n := range s.n {
		x, y := math.Log(float64(n)), math.Log(s.err[i])
		sx, sy, sxx, sxy = sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	k := float64(len(s.n))
	return -(k*sxy - sx*sy) / (k*sxx - sx*sx)
}

// doubling returns from, 2·from, ... up to to.
func doubling(from, to int) []int {
	var all []int
	for n := from; n <= to; n *= 2 {
		all = append(all, n)
	}
	return all
}

// studies measures the orders of convergence that theory claims.
func studies(ctx context.Context) ([]study, error) {
	var all []study
	for _, measure := range []func(context.Context) (study, error){inSpace, inTime, inTimeADI, weakly, strongly, byPaths} {
		s, err := measure(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// errors fills a series with the errors of an engine at each setting.
func (s *series) errors(ctx context.Context, exact float64, in pricing.Instrument, m pricing.Model, at func(n int) pricing.Engine) error {
	for _, n := range s.n {
		r, err := at(n).Price(ctx, in, m)
		if err != nil {
			return fmt.Errorf("%s at %d: %w", s.name, n, err)
		}
		s.err = append(s.err, math.Abs(r.Value-exact))
	}
	return nil
}

// inSpace refines the grid in the price, with time steps so many that their error does not show.
func inSpace(ctx context.Context) (study, error) {
	s := study{
		title: "Finite differences: intervals in the price",
		text:  "Both errors are quartered when the grid is twice as fine: second order. For the American put the time steps are refined with the grid.",
		x:     "intervals",
	}
	world, call, put := lognormal(), european(), american()
	european, err := analytic.European{}.Price(ctx, call, world)
	if err != nil {
		return s, err
	}
	american, err := analytic.AndersenLake{Tolerance: 5e-12}.Price(ctx, put, world)
	if err != nil {
		return s, err
	}
	a := series{name: "European call", order: 2, tol: 0.2, n: doubling(50, 800)}
	err = a.errors(ctx, european.Value, call, world, func(n int) pricing.Engine {
		return fd.OneAsset{SpaceSteps: n, TimeSteps: 1000, Scheme: fd.TRBDF2, Single: true}
	})
	if err != nil {
		return s, err
	}
	b := series{name: "American put", order: 2, tol: 0.4, n: doubling(100, 800)}
	err = b.errors(ctx, american.Value, put, world, func(n int) pricing.Engine { return fd.OneAsset{SpaceSteps: n, TimeSteps: n / 2, Single: true} })
	s.lines = []series{a, b}
	return s, err
}

// inTime refines the time steps on one grid, whose own limit is the reference.
func inTime(ctx context.Context) (study, error) {
	s := study{
		title: "Finite differences: time steps",
		text:  "The error in time alone, against very many steps on the same grid. Crank-Nicolson starts with implicit half steps, which smooth the kink of the payoff.",
		x:     "time steps",
	}
	const intervals = 800
	world, call := lognormal(), european()
	limit, err := fd.OneAsset{SpaceSteps: intervals, TimeSteps: 4000, Scheme: fd.TRBDF2, Single: true}.Price(ctx, call, world)
	if err != nil {
		return s, err
	}
	for _, c := range []struct {
		scheme     fd.Scheme
		name       string
		order, tol float64
	}{{fd.Implicit, "implicit", 1, 0.1}, {fd.CrankNicolson, "Crank-Nicolson", 2, 0.3}, {fd.TRBDF2, "TR-BDF2", 2, 0.35}} {
		l := series{name: c.name, order: c.order, tol: c.tol, n: doubling(8, 64)}
		err := l.errors(ctx, limit.Value, call, world, func(n int) pricing.Engine {
			return fd.OneAsset{SpaceSteps: intervals, TimeSteps: n, Scheme: c.scheme, Single: true}
		})
		if err != nil {
			return s, err
		}
		s.lines = append(s.lines, l)
	}
	return s, nil
}

// inTimeADI does the same in two variables, on the first case of in 't Hout and Foulon (2010).
func inTimeADI(ctx context.Context) (study, error) {
	s := study{
		title: "Alternating directions under Heston: time steps",
		text:  "Douglas' scheme takes the mixed derivative, which the correlation brings, to first order only; the other three correct it to second order.",
		x:     "time steps",
	}
	world := model.Heston{Market: model.Market{Spot: 100, Discount: flat(0.025)}, V0: 0.04, Kappa: 1.5, Theta: 0.04, Sigma: 0.3, Rho: -0.9}
	call := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	at := func(scheme fd.ADIScheme, n int) fd.ADI {
		return fd.ADI{Scheme: scheme, TimeSteps: n, SpotSteps: 100, SecondSteps: 50, Damping: fd.DampAlways, Single: true}
	}
	limit, err := at(fd.ModifiedCraigSneyd, 3200).Price(ctx, call, world)
	if err != nil {
		return s, err
	}
	for _, scheme := range []fd.ADIScheme{fd.Douglas, fd.CraigSneyd, fd.ModifiedCraigSneyd, fd.HundsdorferVerwer} {
		l := series{name: scheme.String(), order: 2, tol: 0.4, n: doubling(40, 320)}
		if scheme == fd.Douglas {
			l.order, l.tol = 1, 0.3
		}
		if err := l.errors(ctx, limit.Value, call, world, func(n int) pricing.Engine { return at(scheme, n) }); err != nil {
			return s, err
		}
		s.lines = append(s.lines, l)
	}
	return s, nil
}

// squared is a contract of one's own: it pays the square of the price. Saying so is all that an engine needs.
type squared struct{ expiry float64 }

func (c squared) Validate() error         { return nil }
func (c squared) Assets() int             { return 1 }
func (c squared) Observations() []float64 { return []float64{c.expiry} }
func (c squared) PresentValueTo(dst []float64, p *pricing.Paths) {
	for j, s := range p.At(0, 0) {
		dst[j] = s * s
	}
	p.DiscountTo(dst, 0)
}

// weakly measures the error in a price that a scheme's time steps make, under geometric Brownian motion simulated in the price,
// where the exact value of a contract on the square of the price is known.
func weakly(ctx context.Context) (study, error) {
	s := study{
		title: "Simulation schemes: error of a price",
		text:  "The weak order: how the value of a contract that pays the square of the price depends on the time steps. Quasi-random points make the noise small beside it.",
		x:     "time steps",
	}
	world := lognormal()
	world.Vol = model.FlatVol(0.5)
	exact := world.Spot * world.Forward(1) * math.Exp(0.25-0.02)
	for _, c := range []struct {
		name       string
		order      mc.Order
		claim, tol float64
		n          []int
	}{{"Euler", mc.Euler, 1, 0.15, doubling(2, 16)}, {"Milstein", mc.Milstein, 1, 0.25, doubling(2, 16)}, {"Platen", mc.Platen, 2, 0.35, doubling(1, 4)}} {
		l := series{name: c.name, order: c.claim, tol: c.tol, n: c.n}
		err := l.errors(ctx, exact, squared{1}, world, func(n int) pricing.Engine {
			return mc.Engine{Paths: 1 << 20, Source: mc.Sobol{}, Seed: 1, Scheme: mc.Diffuse{Order: c.order, Scale: mc.Price}, MaxStep: 1 / float64(n)}
		})
		if err != nil {
			return s, err
		}
		s.lines = append(s.lines, l)
	}
	return s, nil
}

// strongly measures how far the paths themselves are off: the same Brownian motions, on coarser and finer steps.
func strongly(context.Context) (study, error) {
	s := study{
		title: "Simulation schemes: error of the paths",
		text:  "The strong order: the root mean square distance at expiry between a path made in few steps and the exact path of the same Brownian motion.",
		x:     "time steps",
	}
	const finest, paths = 64, 1 << 12
	world := lognormal()
	world.Vol = model.FlatVol(0.5)
	fine, noise := make([][]float64, finest), rand.New(rand.NewPCG(1, 2))
	for k := range fine {
		fine[k] = make([]float64, paths)
		for j := range fine[k] {
			fine[k][j] = noise.NormFloat64()
		}
	}
	exact, err := ends(mc.Exact{}, world, fine, finest)
	if err != nil {
		return s, err
	}
	for _, c := range []struct {
		name  string
		order mc.Order
		claim float64
	}{{"Euler", mc.Euler, 0.5}, {"Milstein", mc.Milstein, 1}} {
		l := series{name: c.name, order: c.claim, tol: 0.12, n: doubling(4, finest)}
		for _, n := range l.n {
			got, err := ends(mc.Diffuse{Order: c.order, Scale: mc.Price}, world, fine, n)
			if err != nil {
				return s, err
			}
			square := 0.0
			for j, v := range got {
				square += (v - exact[j]) * (v - exact[j])
			}
			l.err = append(l.err, math.Sqrt(square/paths))
		}
		s.lines = append(s.lines, l)
	}
	return s, nil
}

// ends returns the prices after a year of paths in n equal steps, driven by normals that belong to finer steps.
func ends(scheme mc.Scheme, m pricing.Model, fine [][]float64, n int) ([]float64, error) {
	times := make([]float64, n)
	for i := range times {
		times[i] = float64(i+1) / float64(n)
	}
	sim, err := scheme.Simulate(m, times, 1)
	if err != nil {
		return nil, err
	}
	paths, each := len(fine[0]), len(fine)/n
	columns := func(k int) [][]float64 {
		c := make([][]float64, k)
		for i := range c {
			c[i] = make([]float64, paths)
		}
		return c
	}
	b := model.PathBlock{Normals: columns(n), Spot: columns(n), Scratch: columns(sim.Layout().Scratch)}
	for k, z := range fine {
		for j, v := range z {
			b.Normals[k/each][j] += v / math.Sqrt(float64(each))
		}
	}
	sim.PathsTo(&b)
	return b.Spot[n-1], nil
}

// byPaths compares the error bars of pseudorandom and quasi-random numbers.
func byPaths(ctx context.Context) (study, error) {
	s := study{
		title: "Simulation: paths",
		text:  "The standard error of an Asian option on sixteen fixings. Plain Monte Carlo falls like the root of the number of paths; randomised quasi-random points fall faster, the more so the fewer dimensions matter: a bridge or principal components put most of a path into the first few.",
		x:     "paths",
	}
	for _, c := range []struct {
		name       string
		engine     mc.Engine
		order, tol float64
	}{
		{"pseudorandom", mc.Engine{}, 0.5, 0.15},
		{"Sobol', step by step", mc.Engine{Source: mc.Sobol{Replications: 32}, Construction: mc.Incremental}, 1, 0.35},
		{"Sobol', bridge", mc.Engine{Source: mc.Sobol{Replications: 32}, Construction: mc.Bridge}, 1, 0.35},
		{"Sobol', principal components", mc.Engine{Source: mc.Sobol{Replications: 32}, Construction: mc.PCA}, 1, 0.35},
	} {
		l := series{name: c.name, order: c.order, tol: c.tol, n: doubling(1<<12, 1<<17)}
		for _, n := range l.n {
			e := c.engine
			e.Paths, e.Seed = n, 1
			r, err := e.Price(ctx, average(16), lognormal())
			if err != nil {
				return s, err
			}
			l.err = append(l.err, r.StdErr)
		}
		s.lines = append(s.lines, l)
	}
	return s, nil
}

func (s study) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s\n%s\n\n", s.title, s.text)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "method\t%s\terror\torder\tclaimed\t\n", s.x)
	for _, row := range s.rows() {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t\n", row[0], row[1], row[2], row[3], row[4])
	}
	t.Flush()
}

// rows are the table of a study.
func (s study) rows() [][]string {
	var rows [][]string
	for _, l := range s.lines {
		last := len(l.n) - 1
		rows = append(rows, []string{l.name, fmt.Sprintf("%d to %d", l.n[0], l.n[last]), fmt.Sprintf("%.1e to %.1e", l.err[0], l.err[last]),
			fmt.Sprintf("%.2f", l.slope()), fmt.Sprintf("%.2g", l.order)})
	}
	return rows
}
