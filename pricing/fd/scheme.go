package fd

import (
	"fmt"

	"github.com/volgaquant/volga/internal/fault"
)

// Scheme is a way to step in time.
type Scheme int

// The schemes. A price model with coefficients that change in time is stepped with their means over each step.
const (
	// Recommended is TRBDF2 for contracts that may be exercised at any time, for the gamma of CrankNicolson is not smooth
	// there, and CrankNicolson for all others.
	Recommended Scheme = iota
	// CrankNicolson is of second order; the two steps after maturity and after each event that breaks the smoothness of the
	// value are replaced: after maturity by four implicit half steps (Rannacher 1984; Giles and Carter, Journal of
	// Computational Finance 9, 2006), at other dates, of which there may be many, by two of TRBDF2, and where a barrier is
	// looked at on dates by TRBDF2 throughout, in steps that grow from the date.
	CrankNicolson
	// TRBDF2 is of second order and damps by itself (Bank et al. 1985): a trapezoidal stage over a fraction 2−√2 of the step and
	// a backward difference over the whole, at twice the cost of a step of CrankNicolson.
	TRBDF2
	// Implicit is Euler's implicit scheme, of first order and monotone.
	Implicit
)

var schemeNames = [...]string{"Recommended", "CrankNicolson", "TRBDF2", "Implicit"}

// String returns the name of the constant.
func (s Scheme) String() string { return nameOf(schemeNames[:], int(s), "Scheme") }

// MarshalText writes the name of the constant.
func (s Scheme) MarshalText() ([]byte, error) { return textOf(schemeNames[:], int(s), "Scheme") }

// UnmarshalText reads the name of a constant.
func (s *Scheme) UnmarshalText(text []byte) error { return fromText(s, schemeNames[:], text, "Scheme") }

// Exercise is a way to solve the linear complementarity problem of a step with early exercise: the value is nowhere below the
// payoff, and where it is above, it obeys the equation of the model.
type Exercise int

// The ways. All solve the same discrete problem.
const (
	// PolicyIteration alternates between choosing the nodes that are exercised and solving for the others, starting from the
	// nodes of the step before (Forsyth and Labahn, Journal of Computational Finance 11, 2007). It ends with the exact
	// solution, for payoffs and exercise regions of any shape.
	PolicyIteration Exercise = iota
	// BrennanSchwartz is elimination towards the exercise region and substitution from there (1977): one pass, exact if the
	// region is one interval at an end of the grid. If it turns out not to be, the engine says so in an error.
	BrennanSchwartz
	// Penalty adds a large multiple of the shortfall below the payoff to the equation (Forsyth and Vetzal, SIAM Journal on
	// Scientific Computing 23, 2002): the value may be below the payoff by about 1e-8 of its size.
	Penalty
	// PSOR is projected successive over-relaxation (Cryer 1971), for comparison: it is slow.
	PSOR
)

var exerciseNames = [...]string{"PolicyIteration", "BrennanSchwartz", "Penalty", "PSOR"}

// String returns the name of the constant.
func (x Exercise) String() string { return nameOf(exerciseNames[:], int(x), "Exercise") }

// MarshalText writes the name of the constant.
func (x Exercise) MarshalText() ([]byte, error) { return textOf(exerciseNames[:], int(x), "Exercise") }

// UnmarshalText reads the name of a constant.
func (x *Exercise) UnmarshalText(text []byte) error {
	return fromText(x, exerciseNames[:], text, "Exercise")
}

func nameOf(names []string, i int, kind string) string {
	if i >= 0 && i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("%s(%d)", kind, i)
}

func textOf(names []string, i int, kind string) ([]byte, error) {
	if i < 0 || i >= len(names) {
		return nil, fault.Arg("fd."+kind, kind, i, "a constant of the package")
	}
	return []byte(names[i]), nil
}

func fromText[T ~int](dst *T, names []string, text []byte, kind string) error {
	for i, name := range names {
		if string(text) == name {
			*dst = T(i)
			return nil
		}
	}
	return fault.Arg("fd."+kind, kind, fmt.Sprintf("%q", text), "the name of a constant of the package")
}
