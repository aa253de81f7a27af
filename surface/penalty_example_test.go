package surface_test

import (
	"fmt"

	"github.com/volgaquant/volga/surface"
)

// A second expiry below the first shows in the calendar penalty, whose derivatives say what would mend it: less of the
// first θ, more of the second.
func ExamplePenaltyLattice() {
	lattice, err := surface.NewPenaltyLattice(surface.PenaltySettings{HardHinge: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	slices := []surface.Slice{
		{Tau: 0.25, Theta: 0.012, Rho: -0.4, Psi: 0.08},
		{Tau: 0.5, Theta: 0.010, Rho: -0.4, Psi: 0.09},
	}
	butterfly, calendar := make([]surface.SliceDerivative, 2), make([]surface.SliceDerivative, 2)
	p, err := lattice.Gradient(butterfly, calendar, slices)
	fmt.Printf("BF %.4f CAL %.4f %v\n", p.Butterfly, p.Calendar, err)
	fmt.Println(calendar[0].Theta > 0, calendar[1].Theta < 0)
	// Output:
	// BF 0.0000 CAL 0.0145 <nil>
	// true true
}
