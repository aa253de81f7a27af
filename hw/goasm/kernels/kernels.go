// Package kernels lists the formulas that are compiled into array kernels, by the Go package that holds the code.
//
// To add a kernel, write its formula as a [formula.Graph], add it to the list of its package here and run go generate in
// that package. To give a package its first kernels, add a list to [Packages].
package kernels

import "github.com/volgaquant/volga/hw/goasm"

// Packages returns all packages that have generated kernels.
func Packages() []goasm.Package {
	return []goasm.Package{Vec(), Black(), FiniteDifferences(), Ops()}
}
