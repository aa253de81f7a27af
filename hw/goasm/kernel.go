package goasm

import (
	"fmt"
	"slices"

	"github.com/volgaquant/volga/hw/formula"
)

// Kernel is a formula to be compiled into a map over columns.
type Kernel struct {
	// Name is the Go identifier of the compiled function; the variants append Generic, AVX2 and AVX512.
	Name string
	// Doc says what the kernel computes, in sentences that follow "Name ".
	Doc string
	// Graph is the formula. It is expanded if it has transcendental nodes. In [formula.Float32] the columns are of float32.
	Graph *formula.Graph
	// Uniform names the inputs that are one number for all rows. They become parameters after the columns, and what depends on them alone is computed once per call.
	Uniform []string
	// Wide and Narrow tune the AVX-512 and the AVX2 variant; their zero values let the emitter's model choose.
	Wide, Narrow Tuning
}

// Tuning overrides what [Compile] would choose.
type Tuning struct {
	Unroll   int // vectors that go through the body at once
	Pressure int // live values from which on the scheduler prefers operations that free one
}

// Package is the kernels of one Go package.
type Package struct {
	// Dir is the package's folder relative to the root of the module, Name its name.
	Dir, Name string
	// Active is a Go expression of type vec.Variant that says which variant to run, and Import the path that it needs.
	Active, Import string
	// Prefix is what the constants of Variant are qualified with: "vec." outside package vec.
	Prefix  string
	Kernels []Kernel
}

// Validate reports the first mistake in the list.
func (p Package) Validate() error {
	seen := map[string]bool{}
	for _, k := range p.Kernels {
		switch {
		case k.Name == "" || k.Graph == nil:
			return fmt.Errorf("goasm: package %s: kernel %q lacks a name or a graph", p.Name, k.Name)
		case seen[k.Name]:
			return fmt.Errorf("goasm: package %s: two kernels are called %s", p.Name, k.Name)
		}
		seen[k.Name] = true
		names := map[string]bool{}
		for _, n := range append(k.Graph.OutputNames(), k.Graph.InputNames()...) {
			if names[n] {
				return fmt.Errorf("goasm: kernel %s: %s is the name of two columns", k.Name, n)
			}
			if reserved[n] {
				return fmt.Errorf("goasm: kernel %s: a column must not be called %s", k.Name, n)
			}
			names[n] = true
		}
		for _, u := range k.Uniform {
			if k.Graph.Input(u) < 0 {
				return fmt.Errorf("goasm: kernel %s: no input %s to be uniform", k.Name, u)
			}
		}
		if len(k.inputs()) == 0 {
			return fmt.Errorf("goasm: kernel %s: every input is uniform", k.Name)
		}
	}
	return nil
}

// reserved holds names that generated Go needs for itself.
var reserved = map[string]bool{"math": true, "len": true, "float64": true, "float32": true, "i": true, "g": true, "SP": true, "FP": true, "SB": true, "PC": true, "asmRows": true}

// Columns returns the names of the columns in the order of the parameters: outputs, then inputs.
func (k Kernel) Columns() []string { return append(k.Graph.OutputNames(), k.inputs()...) }

// inputs returns the names of the inputs that are columns, in order.
func (k Kernel) inputs() []string {
	var c []string
	for _, n := range k.Graph.InputNames() {
		if !slices.Contains(k.Uniform, n) {
			c = append(c, n)
		}
	}
	return c
}

// Uniforms returns the names of the uniform inputs, in the graph's order.
func (k Kernel) Uniforms() []string {
	var c []string
	for _, n := range k.Graph.InputNames() {
		if slices.Contains(k.Uniform, n) {
			c = append(c, n)
		}
	}
	return c
}

// expanded returns the graph without transcendental nodes.
func (k Kernel) expanded() *formula.Graph {
	if k.Graph.Expanded() {
		return k.Graph
	}
	return formula.Expand(k.Graph)
}

// goType is the type of a number.
func (k Kernel) goType() string {
	if k.Graph.Format() == formula.Float32 {
		return "float32"
	}
	return "float64"
}

// Signature returns the parameters of the compiled function: output columns, input columns, uniform inputs.
func (k Kernel) Signature() string {
	s := ""
	for i, n := range k.Columns() {
		if i > 0 {
			s += ", "
		}
		s += n
	}
	s += " []" + k.goType()
	if u := k.Uniforms(); len(u) > 0 {
		for _, n := range u {
			s += ", " + n
		}
		s += " " + k.goType()
	}
	return s
}

// Arguments returns the parameters' names, to pass them on.
func (k Kernel) Arguments() string {
	s := ""
	for i, n := range append(k.Columns(), k.Uniforms()...) {
		if i > 0 {
			s += ", "
		}
		s += n
	}
	return s
}
