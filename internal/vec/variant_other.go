//go:build !amd64 || purego

package vec

// best returns the fastest variant that the processor has.
func best() Variant { return Generic }
