//go:build !race

// Package race tells whether the race detector is on. It is for tests only: under the detector a sync.Pool drops what it
// is given at random, so that code which otherwise allocates nothing does.
package race

// Enabled reports whether the race detector is on.
const Enabled = false
