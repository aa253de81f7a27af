package tree

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
)

// Scheme is a choice of the up and down moves of a lattice and their probabilities.
type Scheme int

// The schemes. All but Trinomial have two branches.
const (
	CRR          Scheme = iota // Cox, Ross and Rubinstein (1979): u = e^(σ√Δt) = 1/d
	JarrowRudd                 // Jarrow and Rudd (1983): probabilities of one half, the moves scaled to the forward
	Tian                       // Tian (1993): three moments matched
	LeisenReimer               // Leisen and Reimer (1996), Peizer-Pratt inversion 2: the strike in the middle; odd steps; no dividends
	Trinomial                  // Boyle (1988), Kamrad and Ritchken (1991): u = e^(σ√(2Δt)) and a middle branch
)

var schemeNames = [...]string{"CRR", "JarrowRudd", "Tian", "LeisenReimer", "Trinomial"}

// String returns the name of the constant.
func (s Scheme) String() string {
	if s >= 0 && int(s) < len(schemeNames) {
		return schemeNames[s]
	}
	return fmt.Sprintf("Scheme(%d)", int(s))
}

// MarshalText writes the name of the constant.
func (s Scheme) MarshalText() ([]byte, error) {
	if s < 0 || int(s) >= len(schemeNames) {
		return nil, fault.Arg("tree.Scheme", "scheme", int(s), "a scheme of the package")
	}
	return []byte(s.String()), nil
}

// moves are the branches of every step of a stretch: the asset grows by the step's growth, where grows is set, times up
// or down (or their geometric mean, in the middle).
type moves struct {
	up, down float64
	p        float64 // probability of up where it is the same for every step
	grows    bool    // the moves are those of the asset over its forward
}

// movesOf returns the moves for steps of dt years. Only Leisen-Reimer needs the number of steps and the moneyness
// x = ln(F/K).
func (s Scheme) movesOf(vol, dt float64, n int, x float64) moves {
	sd := vol * math.Sqrt(dt)
	switch s {
	case JarrowRudd:
		// e^(±sd − sd²/2) to the order of the scheme, and exact for the forward at any volatility.
		return moves{2 / (1 + math.Exp(-2*sd)), 2 / (1 + math.Exp(2*sd)), 0.5, true}
	case Tian:
		v1 := math.Expm1(sd * sd)
		v := 1 + v1
		root := math.Sqrt(v1 * (v + 3)) // √(V²+2V−3)
		up, down := 0.5*v*(v+1+root), 0.5*v*(v+1-root)
		return moves{up, down, (1 - down) / (up - down), true}
	case LeisenReimer:
		total := sd * math.Sqrt(float64(n))
		d2 := x/total - 0.5*total
		p, tilted := peizerPratt(d2, n), peizerPratt(d2+total, n)
		return moves{tilted / p, peizerPratt(-d2-total, n) / peizerPratt(-d2, n), p, true}
	case Trinomial:
		sd *= math.Sqrt2
	}
	return moves{up: math.Exp(sd), down: math.Exp(-sd)}
}

// peizerPratt is the second inversion of Peizer and Pratt, Leisen and Reimer (1996) eq. 11: the probability for which
// the binomial distribution of n steps is nearest to the normal one at z. It keeps its relative accuracy far below zero, as
// the ratios of two of them need, whose complement is that of −z.
func peizerPratt(z float64, n int) float64 {
	m := float64(n)
	a := z / (m + 1/3.0 + 0.1/(m+1))
	x := -a * a * (m + 1.0/6)
	root := math.Sqrt(-math.Expm1(x))
	if z < 0 {
		return 0.5 * math.Exp(x) / (1 + root)
	}
	return 0.5 + 0.5*root
}
