package rng

import "unsafe"

// alignment returns the index in s of the first word at a multiple of 64 bytes.
func alignment(s []uint64) int {
	return int(-uintptr(unsafe.Pointer(unsafe.SliceData(s))) & 63 / 8)
}
