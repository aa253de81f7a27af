//go:build amd64 && !purego

package vec

import "golang.org/x/sys/cpu"

// best returns the fastest variant that the processor has.
func best() Variant {
	switch {
	case cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL:
		return AVX512
	case cpu.X86.HasAVX2 && cpu.X86.HasFMA:
		return AVX2
	}
	return Generic
}
