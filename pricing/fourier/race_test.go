//go:build race

package fourier

const raceEnabled = true
