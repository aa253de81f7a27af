// Package taylor computes with the Taylor coefficients of functions of one variable up to the third, so that a formula
// written in its operations gives its derivatives along a line:
//
//	x := taylor.Line(2, 1) // 2 + h
//	y := x.Log().Mul(x)    // the coefficients of (2+h)·ln(2+h)
//
// Several directions give mixed derivatives.
package taylor

import "math"

// Series holds the coefficients c of c[0] + c[1]·h + c[2]·h² + c[3]·h³: the k-th derivative is k!·c[k].
type Series [4]float64

// Line returns value + slope·h.
func Line(value, slope float64) Series { return Series{value, slope} }

// Plus returns a + b.
func (a Series) Plus(b Series) Series {
	return Series{a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]}
}

// Minus returns a − b.
func (a Series) Minus(b Series) Series {
	return Series{a[0] - b[0], a[1] - b[1], a[2] - b[2], a[3] - b[3]}
}

// Scaled returns s·a.
func (a Series) Scaled(s float64) Series { return Series{s * a[0], s * a[1], s * a[2], s * a[3]} }

// Shifted returns a + s.
func (a Series) Shifted(s float64) Series { a[0] += s; return a }

// Mul returns a·b.
func (a Series) Mul(b Series) Series {
	return Series{
		a[0] * b[0],
		a[0]*b[1] + a[1]*b[0],
		a[0]*b[2] + a[1]*b[1] + a[2]*b[0],
		a[0]*b[3] + a[1]*b[2] + a[2]*b[1] + a[3]*b[0],
	}
}

// Div returns a/b.
func (a Series) Div(b Series) Series {
	var q Series
	for k := range q {
		sum := a[k]
		for j := range k {
			sum -= q[j] * b[k-j]
		}
		q[k] = sum / b[0]
	}
	return q
}

// Sqrt returns √a.
func (a Series) Sqrt() Series {
	r := math.Sqrt(a[0])
	c1 := a[1] / (2 * r)
	c2 := (a[2] - c1*c1) / (2 * r)
	return Series{r, c1, c2, (a[3] - 2*c1*c2) / (2 * r)}
}

// Log returns ln a.
func (a Series) Log() Series { return a.integrated(math.Log(a[0]), Series{1}.Div(a)) }

// Exp returns e^a.
func (a Series) Exp() Series {
	e := math.Exp(a[0])
	return a.Of(e, e, e, e)
}

// Of returns f(a) from the value of f and its derivatives at a[0].
func (a Series) Of(f0, f1, f2, f3 float64) Series {
	return Series{
		f0,
		f1 * a[1],
		f1*a[2] + 0.5*f2*a[1]*a[1],
		f1*a[3] + f2*a[1]*a[2] + f3*a[1]*a[1]*a[1]/6,
	}
}

// integrated returns the series with that value whose derivative is slope·a′.
func (a Series) integrated(value float64, slope Series) Series {
	return Integral(value, slope.Mul(a.Derivative()))
}

// Derivative returns the derivative, the last coefficient of which is unknown and left at zero.
func (a Series) Derivative() Series { return Series{a[1], 2 * a[2], 3 * a[3]} }

// Integral returns the series with that value and derivative.
func Integral(value float64, derivative Series) Series {
	return Series{value, derivative[0], derivative[1] / 2, derivative[2] / 3}
}

// Artanh returns artanh(a) for |a[0]| < 1.
func (a Series) Artanh() Series {
	return a.integrated(math.Atanh(a[0]), Series{1}.Div(Series{1}.Minus(a.Mul(a))))
}

// Polynomial returns Σ coefficient[i]·aⁱ.
func (a Series) Polynomial(coefficient []float64) Series {
	var sum Series
	for i := len(coefficient) - 1; i >= 0; i-- {
		sum = sum.Mul(a).Shifted(coefficient[i])
	}
	return sum
}
