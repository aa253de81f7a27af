package calibrate

import (
	"bufio"
	"context"
	"errors"
	"maps"
	"math"
	"math/cmplx"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// nistModels are the 27 nonlinear regressions of the Statistical Reference Datasets of the National Institute of Standards and
// Technology, https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml, in complex arithmetic: the imaginary part of
// f(b + i·h) is h·∂f/∂b to all digits.
var nistModels = map[string]func(b []complex128, x []float64) complex128{
	"Bennett5": func(b []complex128, x []float64) complex128 { return b[0] * cmplx.Pow(b[1]+re(x[0]), -1/b[2]) },
	"BoxBOD":   func(b []complex128, x []float64) complex128 { return b[0] * (1 - cmplx.Exp(-b[1]*re(x[0]))) },
	"Chwirut1": chwirut,
	"Chwirut2": chwirut,
	"DanWood":  func(b []complex128, x []float64) complex128 { return b[0] * cmplx.Pow(re(x[0]), b[1]) },
	"ENSO": func(b []complex128, x []float64) complex128 {
		wave := func(period, c, s complex128) complex128 {
			angle := re(2*math.Pi*x[0]) / period
			return c*cmplx.Cos(angle) + s*cmplx.Sin(angle)
		}
		return b[0] + wave(12, b[1], b[2]) + wave(b[3], b[4], b[5]) + wave(b[6], b[7], b[8])
	},
	"Eckerle4": func(b []complex128, x []float64) complex128 {
		z := (re(x[0]) - b[2]) / b[1]
		return b[0] / b[1] * cmplx.Exp(-0.5*z*z)
	},
	"Gauss1":  twoPeaks,
	"Gauss2":  twoPeaks,
	"Gauss3":  twoPeaks,
	"Hahn1":   cubics,
	"Thurber": cubics,
	"Kirby2": func(b []complex128, x []float64) complex128 {
		return horner(b[:3], x[0]) / (1 + re(x[0])*horner(b[3:], x[0]))
	},
	"Lanczos1": threeExponentials,
	"Lanczos2": threeExponentials,
	"Lanczos3": threeExponentials,
	"MGH09": func(b []complex128, x []float64) complex128 {
		u := re(x[0])
		return b[0] * (u*u + u*b[1]) / (u*u + u*b[2] + b[3])
	},
	"MGH10": func(b []complex128, x []float64) complex128 { return b[0] * cmplx.Exp(b[1]/(re(x[0])+b[2])) },
	"MGH17": func(b []complex128, x []float64) complex128 {
		return b[0] + b[1]*decay(x[0], b[3]) + b[2]*decay(x[0], b[4])
	},
	"Misra1a": func(b []complex128, x []float64) complex128 { return b[0] * (1 - decay(x[0], b[1])) },
	"Misra1b": func(b []complex128, x []float64) complex128 { q := 1 + b[1]*re(x[0]/2); return b[0] * (1 - 1/(q*q)) },
	"Misra1c": func(b []complex128, x []float64) complex128 { return b[0] * (1 - 1/cmplx.Sqrt(1+2*b[1]*re(x[0]))) },
	"Misra1d": func(b []complex128, x []float64) complex128 { q := b[1] * re(x[0]); return b[0] * q / (1 + q) },
	"Nelson":  func(b []complex128, x []float64) complex128 { return b[0] - b[1]*re(x[0])*cmplx.Exp(-b[2]*re(x[1])) },
	"Rat42":   func(b []complex128, x []float64) complex128 { return b[0] / (1 + cmplx.Exp(b[1]-b[2]*re(x[0]))) },
	"Rat43": func(b []complex128, x []float64) complex128 {
		return b[0] / cmplx.Pow(1+cmplx.Exp(b[1]-b[2]*re(x[0])), 1/b[3])
	},
	"Roszman1": func(b []complex128, x []float64) complex128 {
		z := b[2] / (re(x[0]) - b[3])
		arctan := complex(math.Atan(real(z)), imag(z)/(1+real(z)*real(z))) // cmplx.Atan loses tiny imaginary parts
		return b[0] - b[1]*re(x[0]) - arctan/math.Pi
	},
}

func re(x float64) complex128                     { return complex(x, 0) }
func decay(x float64, rate complex128) complex128 { return cmplx.Exp(-rate * re(x)) }

func horner(b []complex128, x float64) complex128 {
	s := complex128(0)
	for j := len(b) - 1; j >= 0; j-- {
		s = s*re(x) + b[j]
	}
	return s
}

func chwirut(b []complex128, x []float64) complex128 {
	return decay(x[0], b[0]) / (b[1] + b[2]*re(x[0]))
}

func cubics(b []complex128, x []float64) complex128 {
	return horner(b[:4], x[0]) / (1 + re(x[0])*horner(b[4:], x[0]))
}

func threeExponentials(b []complex128, x []float64) complex128 {
	return b[0]*decay(x[0], b[1]) + b[2]*decay(x[0], b[3]) + b[4]*decay(x[0], b[5])
}

func twoPeaks(b []complex128, x []float64) complex128 {
	z, w := (re(x[0])-b[3])/b[4], (re(x[0])-b[6])/b[7]
	return b[0]*decay(x[0], b[1]) + b[2]*cmplx.Exp(-z*z) + b[5]*cmplx.Exp(-w*w)
}

// nist is one file of the datasets.
type nist struct {
	name              string
	start             [2][]float64
	want, deviation   []float64 // certified parameters and their standard deviations, to 11 digits
	squares, residual float64   // certified residual sum of squares and standard deviation
	x                 [][]float64
	y                 []float64
}

func readNIST(t testing.TB, name string) nist {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "nist", name+".dat"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := nist{name: name}
	parameter := regexp.MustCompile(`^\s*b\d+\s*=`)
	data := false
	number := func(s string) float64 {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return v
	}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		fields := strings.Fields(line[strings.IndexAny(line, "=:")+1:])
		switch {
		case parameter.MatchString(line):
			for k := range 2 {
				d.start[k] = append(d.start[k], number(fields[k]))
			}
			d.want, d.deviation = append(d.want, number(fields[2])), append(d.deviation, number(fields[3]))
		case strings.HasPrefix(line, "Residual Sum of Squares:"):
			d.squares = number(fields[0])
		case strings.HasPrefix(line, "Residual Standard Deviation:"):
			d.residual = number(fields[0])
		case strings.HasPrefix(line, "Data:") && fields[0] == "y":
			data = true
		case data && len(fields) > 1:
			y := number(fields[0])
			if name == "Nelson" { // the model is of its logarithm
				y = math.Log(y)
			}
			d.y = append(d.y, y)
			x := make([]float64, len(fields)-1)
			for i := range x {
				x[i] = number(fields[1+i])
			}
			d.x = append(d.x, x)
		}
	}
	if len(d.y) == 0 || len(d.want) == 0 {
		t.Fatalf("%s: nothing read", name)
	}
	return d
}

// problem returns the regression with derivatives to all digits.
func (d nist) problem() LeastSquares {
	f := nistModels[d.name]
	b := make([]complex128, len(d.want))
	return LeastSquares{Size: len(d.y), Residuals: func(r, jac, x []float64) error {
		n := len(x)
		for j, v := range x {
			b[j] = re(v)
		}
		for i, y := range d.y {
			r[i] = real(f(b, d.x[i])) - y
			for j := 0; jac != nil && j < n; j++ {
				h := 1e-60 * math.Max(math.Abs(x[j]), 1e-30)
				b[j] = complex(x[j], h)
				jac[i*n+j] = imag(f(b, d.x[i])) / h
				b[j] = re(x[j])
			}
		}
		return nil
	}}
}

// digits returns the number of digits in which two numbers agree, −log₁₀ of the relative error, at most the 11 that are
// certified: the LRE of McCullough, "Assessing the reliability of statistical software" (1998).
func digits(got, want float64) float64 {
	return math.Min(11, math.Max(0, -math.Log10(math.Abs(got-want)/math.Abs(want))))
}

func worstDigits(got, want []float64) float64 {
	worst := 11.0
	for j := range want {
		worst = math.Min(worst, digits(got[j], want[j]))
	}
	return worst
}

// Both starts of every regression lead to the certified parameters, standard deviations and sums of squares. Of Lanczos1 the
// sum of squares, 1.4e-25, is the rounding of its 14 digits of data, so that double precision has only three digits of it and
// of the deviations. MGH10 from its far start is lost in a side canyon, and said to be.
func TestNIST(t *testing.T) {
	const least = 9.5
	var found, sds []float64
	for _, name := range slices.Sorted(maps.Keys(nistModels)) {
		d := readNIST(t, name)
		for k, start := range d.start {
			sol, err := LevenbergMarquardt{}.Minimize(context.Background(), d.problem(), start)
			if name == "MGH10" && k == 0 {
				if !errors.Is(err, ErrNotConverged) {
					t.Errorf("MGH10 from start 1: %v at %g", err, sol.X)
				}
				continue
			}
			g, failed := sol.Diagnostics()
			if err != nil || failed != nil {
				t.Errorf("%s from start %d: %v, %v", name, k+1, err, failed)
				continue
			}
			x, sd, squares := worstDigits(sol.X, d.want), worstDigits(g.StdErr, d.deviation), digits(2*sol.Cost, d.squares)
			residual := digits(math.Sqrt(2*sol.Cost/float64(len(d.y)-len(d.want))), d.residual)
			t.Logf("%-9s start %d: %3d evaluations; digits: parameters %4.1f, deviations %4.1f, sum of squares %4.1f", name, k+1,
				sol.Evaluations, x, sd, squares)
			rest := float64(least)
			if name == "Lanczos1" {
				rest = 2.5
			}
			if x < least || sd < rest || squares < rest || residual < rest {
				t.Errorf("%s from start %d: digits of the parameters %.1f, of the deviations %.1f, of the squares %.1f, of the residuals %.1f",
					name, k+1, x, sd, squares, residual)
			}
			found, sds = append(found, x), append(sds, sd)
		}
	}
	slices.Sort(found)
	slices.Sort(sds)
	t.Logf("%d fits: digits of parameters at least %.1f, median %.1f; of deviations median %.1f", len(found), found[0], found[len(found)/2],
		sds[len(sds)/2])
}

// From the start near the solution differences are enough, to the digits that they have.
func TestNISTByDifferences(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(nistModels)) {
		d := readNIST(t, name)
		exact := d.problem().Residuals
		scale := make([]float64, len(d.want))
		p := d.problem()
		p.Residuals = Differences(func(r, x []float64) error { return exact(r, nil, x) }, scale)
		sol, err := LevenbergMarquardt{Tolerance: 1e-8}.Minimize(context.Background(), p, d.start[1])
		if got := worstDigits(sol.X, d.want); got < 4 || err != nil {
			t.Errorf("%s: %.1f digits after %d evaluations: %v", name, got, sol.Evaluations, err)
		}
	}
}
