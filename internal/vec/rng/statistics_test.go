package rng

import (
	"math"
	"math/bits"
	"slices"
	"testing"
)

// Every test here has fixed seeds, so it cannot fail by chance twice: the bounds are those a good generator passes but
// for one seed in millions.
const sigmas = 5

// within fails unless x, a statistic of the given mean and standard deviation, is near its mean.
func within(t *testing.T, what string, x, mean, sd float64) {
	t.Helper()
	if !(math.Abs(x-mean) <= sigmas*sd) {
		t.Errorf("%s: %g, want %g ± %g (%.1f standard deviations off)", what, x, mean, sigmas*sd, math.Abs(x-mean)/sd)
	}
}

// chiSquare returns the statistic of counts against equal expectations, as a standard normal (Wilson and Hilferty
// 1931).
func chiSquare(counts []int, total int) float64 {
	expected, sum := float64(total)/float64(len(counts)), 0.0
	for _, c := range counts {
		sum += (float64(c) - expected) * (float64(c) - expected) / expected
	}
	k := float64(len(counts) - 1)
	return (math.Cbrt(sum/k) - (1 - 2/(9*k))) / math.Sqrt(2/(9*k))
}

func correlation(a, b []float64, mean, variance float64) float64 {
	sum := 0.0
	for i, x := range a {
		sum += (x - mean) * (b[i] - mean)
	}
	return sum / (float64(len(a)) * variance)
}

func TestPhiloxMoments(t *testing.T) {
	const n = 1 << 20
	x := make([]float64, n)
	for seed := range uint64(4) {
		p := NewPhilox(seed, 0)
		p.Uniforms(x)
		var m1, m2 float64
		for _, u := range x {
			m1 += u - 0.5
			m2 += (u - 0.5) * (u - 0.5)
			if !(u > 0 && u < 1) {
				t.Fatalf("uniform %v", u)
			}
		}
		within(t, "mean of uniforms", m1/n, 0, math.Sqrt(1/12./n))
		within(t, "variance of uniforms", m2/n, 1/12., math.Sqrt(1/180./n))

		p.Normals(x)
		var s [5]float64
		for _, z := range x {
			for k, power := 1, z; k <= 4; k, power = k+1, power*z {
				s[k] += power
			}
		}
		within(t, "mean of normals", s[1]/n, 0, math.Sqrt(1./n))
		within(t, "second moment of normals", s[2]/n, 1, math.Sqrt(2./n))
		within(t, "third moment of normals", s[3]/n, 0, math.Sqrt(15./n))
		within(t, "fourth moment of normals", s[4]/n, 3, math.Sqrt(96./n))
	}
}

func TestPhiloxChiSquare(t *testing.T) {
	const n, bins = 1 << 20, 1024
	x := make([]float64, n)
	for stream := range uint64(4) {
		p := NewPhilox(11, stream)
		p.Uniforms(x)
		var single [bins]int
		pairs, runs := make([]int, 32*32), make([]int, 16*16*16)
		for i, u := range x {
			single[int(u*bins)]++
			if i%2 == 1 {
				pairs[int(x[i-1]*32)*32+int(u*32)]++
			}
			if i%3 == 2 {
				runs[(int(x[i-2]*16)*16+int(x[i-1]*16))*16+int(u*16)]++
			}
		}
		within(t, "uniforms in 1024 bins", chiSquare(single[:], n), 0, 1)
		within(t, "pairs in 32×32 bins", chiSquare(pairs, n/2), 0, 1)
		within(t, "triples in 16×16×16 bins", chiSquare(runs, n/3), 0, 1)
	}
}

func TestPhiloxBits(t *testing.T) {
	const n = 1 << 18
	w := make([]uint64, n)
	p := NewPhilox(5, 6)
	p.Uint64s(w)
	var ones, changes [64]int
	for i, x := range w {
		for b := range 64 {
			ones[b] += int(x >> b & 1)
			changes[b] += int((x ^ bits.RotateLeft64(w[(i+1)%n], 1)) >> b & 1)
		}
	}
	for b := range 64 {
		within(t, "ones", float64(ones[b]), n/2, math.Sqrt(n)/2)
		within(t, "differences from the next number's neighbouring bit", float64(changes[b]), n/2, math.Sqrt(n)/2)
	}
}

// Neighbouring streams, neighbouring seeds, a seed and stream exchanged, and one stream against itself further on.
func TestPhiloxIndependence(t *testing.T) {
	const n = 1 << 18
	draw := func(seed, stream, skip uint64) []float64 {
		p := NewPhilox(seed, stream)
		p.Skip(skip)
		x := make([]float64, n)
		p.Uniforms(x)
		return x
	}
	base := draw(1, 2, 0)
	others := map[string][]float64{
		"next stream": draw(1, 3, 0), "far stream": draw(1, 2+1<<63, 0), "next seed": draw(2, 2, 0),
		"seed and stream exchanged": draw(2, 1, 0), "high half of the seed": draw(1+1<<32, 2, 0),
		"lag 1": draw(1, 2, 1), "lag 2": draw(1, 2, 2), "lag 3": draw(1, 2, 3), "lag 4": draw(1, 2, 4),
		"lag 17": draw(1, 2, 17), "lag 1000": draw(1, 2, 1000), "lag 2^40": draw(1, 2, 1<<40),
	}
	for name, other := range others {
		within(t, "correlation with "+name, correlation(base, other, 0.5, 1/12.), 0, 1/math.Sqrt(n))
		pairs := make([]int, 32*32)
		for i, u := range base {
			pairs[int(u*32)*32+int(other[i]*32)]++
		}
		within(t, "pairs with "+name, chiSquare(pairs, n), 0, 1)
	}
	// The first number of each of many streams is a sequence as good as a stream.
	first := make([]float64, n)
	var counts [1024]int
	for i := range first {
		p := NewPhilox(77, uint64(i))
		p.Uniforms(first[i : i+1])
		counts[int(first[i]*1024)]++
	}
	within(t, "first numbers of streams", chiSquare(counts[:], n), 0, 1)
	within(t, "correlation of neighbouring streams", correlation(first[1:], first[:n-1], 0.5, 1/12.), 0, 1/math.Sqrt(n))
}

// Marsaglia's birthday spacings: of m birthdays in a year of d days, the number of equal spacings is Poisson with
// mean m³/4d.
func TestPhiloxBirthdays(t *testing.T) {
	const m, trials, mean = 4096, 400, 4 // d = 2³²
	days, half := make([]uint32, m), make([]uint64, m)
	for name, draw := range map[string]func(p *Philox){
		"words":            func(p *Philox) { p.Uint32s(days) },
		"high halves":      func(p *Philox) { p.Uint64s(half); convert(days, half, 32) },
		"middle":           func(p *Philox) { p.Uint64s(half); convert(days, half, 16) },
		"across 4 streams": func(p *Philox) { acrossStreams(p, days) },
	} {
		p := NewPhilox(2024, 0)
		equal := 0
		for range trials {
			draw(&p)
			slices.Sort(days)
			for i := m - 1; i > 0; i-- {
				days[i] -= days[i-1]
			}
			spacings := days[1:]
			slices.Sort(spacings)
			for i := 1; i < len(spacings); i++ {
				if spacings[i] == spacings[i-1] {
					equal++
				}
			}
		}
		within(t, "equal spacings, "+name, float64(equal), mean*trials, math.Sqrt(mean*trials))
	}
}

func convert(days []uint32, from []uint64, shift int) {
	for i, w := range from {
		days[i] = uint32(w >> shift)
	}
}

func acrossStreams(p *Philox, days []uint32) {
	for s := range uint64(4) {
		q := *p
		q.stream += s
		q.Uint32s(days[int(s)*len(days)/4:][:len(days)/4])
	}
	p.stream += 4
}

// Distinct streams share no numbers: in 2²⁰ of 64 bits from 1024 streams a repetition has probability 3e-8.
func TestPhiloxStreamsDistinct(t *testing.T) {
	const streams, each = 1024, 1024
	all := make([]uint64, streams*each)
	for s := range streams {
		p := NewPhilox(9, uint64(s))
		p.Uint64s(all[s*each:][:each])
	}
	slices.Sort(all)
	for i := 1; i < len(all); i++ {
		if all[i] == all[i-1] {
			t.Fatalf("%016x comes twice", all[i])
		}
	}
}

// The Kolmogorov-Smirnov distance of the normals from their law.
func TestNormalsDistribution(t *testing.T) {
	const n = 1 << 18
	distance := func(z []float64) float64 {
		slices.Sort(z)
		d := 0.0
		for i, x := range z {
			c := 0.5 * math.Erfc(-x/math.Sqrt2)
			d = max(d, c-float64(i)/n, float64(i+1)/n-c)
		}
		return d * math.Sqrt(n)
	}
	z := make([]float64, n)
	p := NewPhilox(3, 3)
	p.Normals(z)
	if d := distance(z); d > 2.5 { // probability 2·exp(−2·2.5²) = 7e-6
		t.Errorf("Philox: distance %v", d)
	}
	mustSobol(t, 1, MatrixScramble, 3).Normals(z)
	if d := distance(z); d > 1/math.Sqrt(n)*1.01 { // one point in each of n intervals
		t.Errorf("Sobol: distance %v", d)
	}
}
