package rng

// variant names a set of kernels.
type variant int

const (
	portable variant = iota // plain Go: the definition
	avx2
	avx512
)

// String returns the name of the set.
func (v variant) String() string { return [...]string{"portable", "avx2", "avx512"}[v] }

// best is the fastest variant that the machine can run, active the one in use; only tests change it.
var (
	best   = detect()
	active = best
)
