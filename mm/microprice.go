package mm

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/volgaquant/volga/internal/fault"
)

// ErrNoLimit is what the estimation of a micro-price returns if the data do not determine one: the book gets into states
// from which its mid never moves, or the sum over future moves does not settle.
var ErrNoLimit = errors.New("the expected future mid has no limit")

// MicroPriceSettings are the classes into which [EstimateMicroPrice] sorts the states of a book. The zero value of every
// field but Tick is ready.
type MicroPriceSettings struct {
	Tick    float64 // of the price grid, > 0
	Buckets int     // classes of imbalance; 0 means 10
	Spreads int     // classes of spread: 1 tick, 2 ticks, ...; wider books are left out. 0 means 4
	MaxMove int     // greatest move of the mid between two states, in half-ticks; larger moves are left out. 0 means 4
}

func (s MicroPriceSettings) withDefaults() (MicroPriceSettings, error) {
	const fn = "mm.EstimateMicroPrice"
	if err := fault.Positive(fn, "Tick", s.Tick); err != nil {
		return s, err
	}
	for _, f := range []struct {
		name string
		v    *int
		def  int
	}{{"Buckets", &s.Buckets, 10}, {"Spreads", &s.Spreads, 4}, {"MaxMove", &s.MaxMove, 4}} {
		if *f.v < 0 {
			return s, fault.Arg(fn, f.name, *f.v, ">= 0")
		}
		if *f.v == 0 {
			*f.v = f.def
		}
	}
	return s, nil
}

// MicroPrice is Stoikov's micro-price: the mid plus the limit of the expected future mid given imbalance and spread, as a
// table. It never changes once made and is safe for concurrent use.
type MicroPrice struct {
	settings MicroPriceSettings
	adjust   []float64 // [bucket*Spreads + spread class]
	pairs    int
	terms    int
}

// The sum Σ B^j G1 ends when a term is below microSettled ticks, six terms being usual; microTerms is the most it may take.
const (
	microSettled = 1e-10
	microTerms   = 10_000
)

// EstimateMicroPrice estimates the micro-price from consecutive states of one book (S. Stoikov, "The micro-price", 2018).
// The states are a Markov chain on imbalance bucket and spread class; each observed step is counted together with its
// mirror image, so that the table is odd under exchange of the sides and the sum over future moves converges. Steps that
// start or end outside the classes, or move the mid by more than MaxMove, are left out.
//
// An invalid book is an [fault.ArgError] that names its index. Data that determine no limit are an [ErrNoLimit].
func EstimateMicroPrice(states []TopOfBook, settings MicroPriceSettings) (*MicroPrice, error) {
	s, err := settings.withDefaults()
	if err != nil {
		return nil, err
	}
	if len(states) < 2 {
		return nil, fault.Arg("mm.EstimateMicroPrice", "states", len(states), "at least 2")
	}
	for i, b := range states {
		if err := b.Validate(); err != nil {
			return nil, fmt.Errorf("mm: state %d: %w", i, err)
		}
	}
	chain, pairs := countMoves(states, s)
	if pairs == 0 {
		return nil, fmt.Errorf("mm: no step of %d lies within the classes: %w", len(states)-1, ErrNoLimit)
	}
	m := &MicroPrice{settings: s, pairs: pairs}
	if m.adjust, m.terms, err = chain.limit(); err != nil {
		return nil, err
	}
	for x := range m.adjust {
		m.adjust[x] *= s.Tick
	}
	return m, nil
}

// microChain holds probabilities by state x = bucket*Spreads + class.
type microChain struct {
	n        int
	q, t     *mat.Dense // transient steps; steps that move the mid, by the state they lead to
	drift    []float64  // R·k: expected move of the mid in the next step, in ticks
	moveProb []float64  // row sums of R
	seen     []bool
}

func countMoves(states []TopOfBook, s MicroPriceSettings) (*microChain, int) {
	n := s.Buckets * s.Spreads
	c := &microChain{
		n: n, q: mat.NewDense(n, n, nil), t: mat.NewDense(n, n, nil),
		drift: make([]float64, n), moveProb: make([]float64, n), seen: make([]bool, n),
	}
	total := make([]float64, n)
	mirror := func(x int) int { return (s.Buckets-1-x/s.Spreads)*s.Spreads + x%s.Spreads }
	count := func(x, y, move int) {
		total[x]++
		c.seen[x] = true
		if move == 0 {
			c.q.Set(x, y, c.q.At(x, y)+1)
			return
		}
		c.t.Set(x, y, c.t.At(x, y)+1)
		c.moveProb[x]++
		c.drift[x] += float64(move) / 2
	}
	pairs := 0
	for i := 1; i < len(states); i++ {
		x, okX := s.state(states[i-1])
		y, okY := s.state(states[i])
		halfTicks := math.Round(2 * (states[i].Mid() - states[i-1].Mid()) / s.Tick)
		if !okX || !okY || math.Abs(halfTicks) > float64(s.MaxMove) {
			continue
		}
		pairs++
		count(x, y, int(halfTicks))
		count(mirror(x), mirror(y), -int(halfTicks))
	}
	for x, sum := range total {
		if sum == 0 {
			continue
		}
		for y := range n {
			c.q.Set(x, y, c.q.At(x, y)/sum)
			c.t.Set(x, y, c.t.At(x, y)/sum)
		}
		c.drift[x] /= sum
		c.moveProb[x] /= sum
	}
	return c, pairs
}

// state returns the class of a book, false if its spread is outside the classes.
func (s MicroPriceSettings) state(b TopOfBook) (int, bool) {
	class := math.Round(b.Spread()/s.Tick) - 1
	if !(class >= 0 && class < float64(s.Spreads)) {
		return 0, false
	}
	return s.bucket(b.Imbalance())*s.Spreads + int(class), true
}

func (s MicroPriceSettings) bucket(imbalance float64) int {
	return max(0, min(s.Buckets-1, int(imbalance*float64(s.Buckets))))
}

// limit returns, in ticks, G* = Σ B^j G1 with G1 = (I−Q)⁻¹ R·k and B = (I−Q)⁻¹ T.
func (c *microChain) limit() ([]float64, int, error) {
	if x := c.stuck(); x >= 0 {
		return nil, 0, fmt.Errorf("mm: from state %d the mid never moves: %w", x, ErrNoLimit)
	}
	iq := mat.NewDense(c.n, c.n, nil)
	for x := range c.n {
		for y := range c.n {
			iq.Set(x, y, -c.q.At(x, y))
		}
		iq.Set(x, x, 1-c.q.At(x, x))
	}
	var lu mat.LU
	lu.Factorize(iq)
	g, b := mat.NewVecDense(c.n, nil), mat.NewDense(c.n, c.n, nil)
	if err := errors.Join(lu.SolveVecTo(g, false, mat.NewVecDense(c.n, c.drift)), lu.SolveTo(b, false, c.t)); err != nil {
		return nil, 0, fmt.Errorf("mm: %w: %w", ErrNoLimit, err)
	}
	sum, next := mat.VecDenseCopyOf(g), mat.NewVecDense(c.n, nil)
	for term := 1; term <= microTerms; term++ {
		next.MulVec(b, g)
		g, next = next, g
		sum.AddVec(sum, g)
		if mat.Norm(g, math.Inf(1)) < microSettled {
			return sum.RawVector().Data, term + 1, nil
		}
	}
	return nil, 0, fmt.Errorf("mm: %d terms leave %.3g ticks: %w", microTerms, mat.Norm(g, math.Inf(1)), ErrNoLimit)
}

// stuck returns a state that was seen and from which no move of the mid, nor a state without further data, can be
// reached; -1 if there is none. For such a state I−Q is singular.
func (c *microChain) stuck() int {
	free := make([]bool, c.n)
	for x := range free {
		free[x] = c.moveProb[x] > 0 || !c.seen[x]
	}
	for changed := true; changed; {
		changed = false
		for x := range free {
			for y := 0; y < c.n && !free[x]; y++ {
				if free[y] && c.q.At(x, y) > 0 {
					free[x], changed = true, true
				}
			}
		}
	}
	for x, ok := range free {
		if !ok {
			return x
		}
	}
	return -1
}

// Adjust returns what the micro-price adds to the mid at an imbalance (in [0,1]) and a spread in price. A spread outside
// the estimated classes takes the nearest class; states never seen add 0. NaN gives NaN.
func (m *MicroPrice) Adjust(imbalance, spread float64) float64 {
	if math.IsNaN(imbalance) || math.IsNaN(spread) {
		return math.NaN()
	}
	s := m.settings
	class := int(math.Max(0, math.Min(float64(s.Spreads-1), math.Round(spread/s.Tick)-1)))
	return m.adjust[s.bucket(imbalance)*s.Spreads+class]
}

// Price returns the micro-price of a book.
func (m *MicroPrice) Price(b TopOfBook) float64 {
	return b.Mid() + m.Adjust(b.Imbalance(), b.Spread())
}

// Settings returns the classes of the table, defaults filled in.
func (m *MicroPrice) Settings() MicroPriceSettings { return m.settings }

// Pairs is the number of steps that the estimate rests on, mirror images not counted.
func (m *MicroPrice) Pairs() int { return m.pairs }
