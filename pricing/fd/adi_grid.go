package fd

import (
	"math"
	"slices"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
)

const (
	// assetReach is the half width of the grid in the asset, in standard deviations of the logarithm of its distance from the
	// floor, or of the price if there is no floor, along the mean path of the second variable; what is beyond is taken for linear.
	assetReach = 7.0
	// wildReach is the half width in the deviations that a second variable two of its own above its mean would make, on the side to
	// which the correlation leans.
	wildReach = 4.5
	// kinkReach is by how many of them the grid goes beyond the last kink of the payoff.
	kinkReach = 2
	// secondTail is the probability with which the second variable may leave its grid.
	secondTail = 1e-6
	// densePart is the width about a kink, in standard deviations of the price, within which the grid is about even.
	densePart = 1
	// farthest bounds the logarithm of the reach.
	farthest = 20
	// nearFloor is how near to its floor, as a part of the forward's distance, a grid begins at the floor itself.
	nearFloor = 0.02
	// spotWeight is the share of nodes that the spot attracts beside the kinks.
	spotWeight = 0.5
	// noisePart bounds how dense the grid is where the noise of the second variable vanishes: noise below this part of the largest
	// along the mean path counts as this part.
	noisePart = 0.3
)

// grid lays the nodes for n intervals in the asset and m in the second variable.
func (w *adiSpace) grid(c *claim2, n, m int) error {
	w.lay(n+1, m+1)
	w.paired = c.pair != nil
	low, high := c.world.SecondRange(c.expiry, secondTail)
	if err := w.secondGrid(c, low, high); err != nil {
		return err
	}
	if err := w.assetGrid(c, low, high); err != nil {
		return err
	}
	w.differences()
	return nil
}

// assetGrid lays the nodes of the asset.
func (w *adiSpace) assetGrid(c *claim2, secondLow, secondHigh float64) error {
	forward := c.spot * c.world.Growth(c.expiry)
	floor := c.world.PriceFloor(c.expiry)
	size := forward - floor // what deviations are in proportion to
	if math.IsInf(floor, -1) {
		size = math.Max(math.Abs(forward), 1e-8)
	}
	path := c.path(secondLow, secondHigh)
	width := math.Max(path.deviation/size, 1e-4) // where next to nothing is random, any grid will do
	rho := c.world.Correlation(0, c.expiry)
	wild := wildReach / assetReach * path.wild / size
	down := math.Max(width, wild*math.Sqrt(math.Min(1, 1-rho)))
	up := math.Max(width, wild*math.Sqrt(math.Min(1, 1+rho)))
	at := []float64{c.spot / c.scale(0)}
	if !c.moving() {
		at = append(at, forward)
	}
	var kinks []float64
	if c.terminal != nil {
		kinks = c.terminal.Kinks()
	} else if k, ok := c.pair.(pricing.KinkedPair); ok {
		kinks, _ = k.KinksPair()
	}
	reach := func(s, deviations float64) (low, high float64) {
		if math.IsInf(floor, -1) {
			return s - deviations*down*size, s + deviations*up*size
		}
		return floor + (s-floor)*math.Exp(-deviations*down), floor + (s-floor)*math.Exp(math.Min(deviations*up, farthest))
	}
	low, high := math.Inf(1), math.Inf(-1)
	cover := func(s, deviations float64) {
		l, h := reach(s, deviations)
		low, high = math.Min(low, l), math.Max(high, h)
	}
	for _, s := range at {
		cover(s, assetReach)
	}
	dense := densePart * width * size
	axis := Axis{Intervals: w.n - 1}
	for _, k := range kinks {
		// A kink out of reach adds nothing but a domain.
		if l, h := reach(at[0], 3*assetReach); !(k >= l && k <= h) {
			continue
		}
		cover(k, kinkReach)
		axis.Focus = append(axis.Focus, Focus{At: k, Width: dense, Place: Midway})
	}
	here := Focus{At: at[0], Width: dense, Weight: spotWeight}
	if c.law {
		here.Place = OnNode
	}
	axis.Focus = append(axis.Focus, here)
	for _, b := range c.barriers {
		if b.Dates != nil {
			cover(b.Level, kinkReach)
			axis.Focus = append(axis.Focus, Focus{At: b.Level, Width: dense, Place: Midway})
			continue
		}
		switch {
		case b.Up && b.Level < high:
			high, w.fixedHigh = b.Level, true
		case !b.Up && b.Level > low:
			low, w.fixedLow = b.Level, true
		default: // out of reach
			continue
		}
		axis.Focus = append(axis.Focus, Focus{At: b.Level, Width: dense, Weight: spotWeight})
	}
	if low < floor+nearFloor*size && !w.fixedLow {
		low, w.absorbed = floor, true
	}
	axis.Low, axis.High = low, high
	axis.Focus = slices.DeleteFunc(axis.Focus, func(f Focus) bool {
		return f.Place != Anywhere && (f.At <= axis.Low || f.At >= axis.High)
	})
	return axis.NodesTo(w.x)
}

// meanPath is what is known of a world along the mean of its second variable: the standard deviation of the price at maturity,
// with the diffusion at the forward, the same with the second variable two of its own standard deviations above its mean, and
// the largest noise of the second variable.
type meanPath struct{ deviation, wild, noise float64 }

func (c *claim2) path(low, high float64) meanPath {
	const steps = 64
	dt := c.expiry / steps
	var s, g [1]float64
	var y, drift, vol, scale [3]float64 // the mean, two deviations above it, and just beside it
	y[0] = c.second.Start
	variance := 0.0
	var p meanPath
	for k := range steps {
		t0, t1 := dt*float64(k), dt*float64(k+1)
		carry := c.world.Growth(0.5 * (t0 + t1))
		s[0] = c.spot * carry
		y[1] = math.Min(y[0]+2*math.Sqrt(variance), high)
		y[2] = y[0] + 1e-3*(high-low)
		c.world.AssetTo(g[:], s[:], t0, t1)
		c.world.SecondTo(drift[:], vol[:], scale[:], y[:], t0, t1)
		unit := g[0] * c.world.Growth(c.expiry) / carry
		p.deviation += unit * unit * scale[0] * scale[0] * dt
		p.wild += unit * unit * scale[1] * scale[1] * dt
		p.noise = math.Max(p.noise, math.Abs(vol[0]))
		slope := 0.0
		if y[2] > y[0] {
			slope = (drift[2] - drift[0]) / (y[2] - y[0])
		}
		variance = variance*math.Exp(2*slope*dt) + vol[0]*vol[0]*dt
		y[0] = math.Min(math.Max(y[0]+drift[0]*dt, low), high)
	}
	p.deviation, p.wild = math.Sqrt(p.deviation), math.Sqrt(p.wild)
	return p
}

// secondGrid lays the nodes of the second variable evenly in ∫dy/s(y), the coordinate in which its noise is the same
// everywhere, and its start on a node if that is more than half a node from the lower end.
func (w *adiSpace) secondGrid(c *claim2, low, high float64) error {
	const fn = "fd.ADI"
	start := c.second.Start
	if err := fault.First(fault.Finite(fn, "start of the second variable", start), fault.Finite(fn, "lower bound of the second variable", low),
		fault.Finite(fn, "upper bound of the second variable", high)); err != nil {
		return err
	}
	if least := 1e-3*math.Abs(start) + 1e-8; high-low < least {
		low, high = low-least, high+least
	}
	if floor := c.second.Floor; low < floor+0.05*(high-floor) {
		low = math.Max(floor, math.Min(low, start))
	}
	if c.second.Asset && low > 0 && low < start && start < high {
		return w.secondAssetGrid(c, low, high)
	}
	const samples = 1024
	if w.sample == nil {
		w.sample = new([5][samples + 1]float64)
	}
	y, drift, vol, scale, index := &w.sample[0], &w.sample[1], &w.sample[2], &w.sample[3], &w.sample[4]
	for k := range y {
		z := float64(k) / samples
		y[k] = low + (high-low)*z*z
	}
	c.world.SecondTo(drift[:], vol[:], scale[:], y[:], 0, c.expiry)
	size := noisePart * c.path(low, high).noise
	if size *= size; !(size > 0) {
		size = 1
	}
	// index is the coordinate at the samples.
	index[0] = 0
	density := func(k int) float64 { return 1 / math.Sqrt(vol[k]*vol[k]+size) }
	for k := 1; k <= samples; k++ {
		index[k] = index[k-1] + 0.5*(density(k-1)+density(k))*(y[k]-y[k-1])
	}
	lookup := func(from, to []float64, at float64) float64 {
		k, _ := slices.BinarySearch(from, at)
		k = min(max(k, 1), samples)
		return to[k-1] + (to[k]-to[k-1])*(at-from[k-1])/(from[k]-from[k-1])
	}
	last := len(w.y) - 1
	step := index[samples] / float64(last)
	if begin := lookup(y[:], index[:], start); begin > 0.5*step {
		step = begin / math.Round(begin/step)
	}
	for j := range w.y {
		w.y[j] = lookup(index[:], y[:], step*float64(j))
	}
	w.y[0] = low
	// The node of the start is the start to the last bit.
	if j, _ := slices.BinarySearch(w.y, start); j <= last && math.Abs(w.y[j]-start) < 1e-9*math.Abs(high-low) {
		w.y[j] = start
	} else if j > 0 && math.Abs(w.y[j-1]-start) < 1e-9*math.Abs(high-low) {
		w.y[j-1] = start
	}
	return nil
}

// secondAssetGrid lays the nodes of a second asset as those of the first: dense about its spot and its kinks.
func (w *adiSpace) secondAssetGrid(c *claim2, low, high float64) error {
	start := c.second.Start
	width := start * math.Log(high/low) / (2 * math.Sqrt(-2*math.Log(secondTail))) // about a standard deviation
	axis := Axis{Low: low, High: high, Intervals: w.m - 1, Focus: []Focus{{At: start, Width: width, Place: OnNode}}}
	if k, ok := c.pair.(pricing.KinkedPair); ok {
		_, kinks := k.KinksPair()
		for _, k := range kinks {
			if k > low && k < high && math.Abs(k-start) > 0.1*width {
				axis.Focus = append(axis.Focus, Focus{At: k, Width: width, Weight: spotWeight, Place: Midway})
			}
		}
	}
	return axis.NodesTo(w.y)
}

// convection is how many times drift may outweigh noise from node to node before a scheme is asked to be stable without noise.
const convection = 4

// convective reports whether the drift of the second variable outweighs its noise somewhere inside the grid: |m|·Δy > 4s².
func (w *adiSpace) convective(c *claim2) bool {
	c.world.SecondTo(w.drift, w.vol, w.scale, w.y, 0, c.expiry)
	for j := 1; j < w.m-1; j++ {
		if math.Abs(w.drift[j])*0.5*(w.y[j+1]-w.y[j-1]) > convection*w.vol[j]*w.vol[j] {
			return true
		}
	}
	return false
}

// mature fills the values at maturity: the payoff discounted to now, averaged over the cells that hold a kink.
func (w *adiSpace) mature(c *claim2) {
	d := c.world.DiscountFactor(c.expiry)
	if c.pair != nil {
		w.maturePair(c, d)
		return
	}
	c.terminal.PayoffTo(w.floor, w.x)
	edges := slices.Clone(c.terminal.Kinks())
	for _, b := range c.barriers {
		if slices.Contains(b.Dates, c.expiry) {
			edges = append(edges, b.Level)
		}
	}
	for i := range w.x {
		low, high := w.cell(i)
		value := w.floor[i]
		for _, k := range edges {
			if k > low && k < high {
				value = c.average(low, high, edges)
				break
			}
		}
		value = d * (value - c.less)
		row := w.row(w.u, i, 0)
		for j := range row {
			row[j] = value
		}
	}
	w.knock(c, c.expiry)
	low, high := c.rebates(c.expiry)
	if w.fixedLow {
		fill(w.row(w.u, 0, 0), low)
	}
	if w.fixedHigh {
		fill(w.row(w.u, w.n-1, 0), high)
	}
}

func fill(dst []float64, v float64) {
	for i := range dst {
		dst[i] = v
	}
}

// The nodes and weights of Gauss and Legendre's rule of three points on [0, 1].
var (
	gaussAt     = [3]float64{0.5 - 0.3872983346207417, 0.5, 0.5 + 0.3872983346207417}
	gaussWeight = [3]float64{5. / 18, 8. / 18, 5. / 18}
)

// average is the mean of the payoff over a cell, by parts between the edges.
func (c *claim2) average(low, high float64, edges []float64) float64 {
	bounds := split(low, high, edges)
	slices.Sort(bounds)
	total := 0.0
	for i := 1; i < len(bounds); i++ {
		a, b := bounds[i-1], bounds[i]
		var v [3]float64
		for k, z := range gaussAt {
			v[k] = a + (b-a)*z
		}
		c.terminal.PayoffTo(v[:], v[:])
		for k, wt := range gaussWeight {
			total += wt * v[k] * (b - a)
		}
	}
	return total / (high - low)
}

// maturePair averages the payoff over the cells in which it bends.
func (w *adiSpace) maturePair(c *claim2, d float64) {
	var first, second []float64
	if k, ok := c.pair.(pricing.KinkedPair); ok {
		first, second = k.KinksPair()
	}
	var one, price [1]float64
	for i := range w.x {
		low, high := w.cell(i)
		row := w.row(w.u, i, 0)
		rows := split(low, high, first)
		for j := range row {
			a, b := w.y[j], w.y[j]
			if j > 0 {
				a = 0.5 * (w.y[j-1] + w.y[j])
			}
			if j < len(w.y)-1 {
				b = 0.5 * (w.y[j] + w.y[j+1])
			}
			columns := split(a, b, second)
			price[0] = w.x[i]
			c.pair.PayoffPairTo(one[:], price[:], w.y[j:j+1])
			value := one[0]
			if len(rows) > 2 || len(columns) > 2 || c.bends(low, high, a, b) {
				value = 0
				for p := 1; p < len(rows); p++ {
					for q := 1; q < len(columns); q++ {
						part := (rows[p] - rows[p-1]) * (columns[q] - columns[q-1]) / ((high - low) * (b - a))
						value += part * c.averagePair(rows[p-1], rows[p], columns[q-1], columns[q])
					}
				}
			}
			row[j] = d * (value - c.less)
		}
	}
}

// split returns an interval's bounds with the points inside it.
func split(low, high float64, at []float64) []float64 {
	bounds := []float64{low}
	for _, k := range at {
		if k > low && k < high {
			bounds = append(bounds, k)
		}
	}
	return append(bounds, high)
}

// bends reports whether the payoff is other than linear at four by four points inside a rectangle.
func (c *claim2) bends(low, high, a, b float64) bool {
	const k = 4
	var s, y, v [k * k]float64
	for p := range k {
		for q := range k {
			s[p*k+q] = low + (high-low)*(float64(p)+0.5)/k
			y[p*k+q] = a + (b-a)*(float64(q)+0.5)/k
		}
	}
	c.pair.PayoffPairTo(v[:], s[:], y[:])
	right, up := (v[k*k-k]-v[0])/(k-1), (v[k-1]-v[0])/(k-1)
	size := math.Abs(right) + math.Abs(up)
	for p := range k {
		for q := range k {
			if math.Abs(v[0]+float64(p)*right+float64(q)*up-v[p*k+q]) > 1e-9*(size+math.Abs(v[0])) {
				return true
			}
		}
	}
	return false
}

// averagePair is the mean of the payoff over a rectangle, by 16 by 16 points.
func (c *claim2) averagePair(low, high, a, b float64) float64 {
	const k = 16
	var s, y, v [k * k]float64
	for p := range k {
		for q := range k {
			s[p*k+q] = low + (high-low)*(float64(p)+0.5)/k
			y[p*k+q] = a + (b-a)*(float64(q)+0.5)/k
		}
	}
	c.pair.PayoffPairTo(v[:], s[:], y[:])
	mean := 0.0
	for _, x := range v {
		mean += x
	}
	return mean / (k * k)
}
