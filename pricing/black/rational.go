package black

import "math"

// Shape-preserving rational cubic interpolation: Delbourgo and Gregory, "Shape preserving piecewise rational interpolation", SIAM J. Sci. Stat.
// Comput. 6, 1985, in the form used by Jäckel, "Let's Be Rational", section 4.

// rationalCubic interpolates between (0, y0) with slope d0 and (h, y1) with slope d1 at the fraction t of the interval, u = 1−t, with
// the control parameter r.
func rationalCubic(h, t, u, y0, y1, d0, d1, r float64) float64 {
	if math.IsInf(r, 1) {
		return y1*t + y0*u
	}
	num := y1*t*t*t + (r*y1-h*d1)*t*t*u + (r*y0+h*d0)*t*u*u + y0*u*u*u
	return num / (1 + (r-3)*t*u)
}

// left2 and right2 are the control parameters that give the interpolant the second derivative dd at its left or right
// end, not below the least one that preserves monotonicity and convexity.
func left2(x0, x1, y0, y1, d0, d1, dd float64, shape bool) float64 {
	h := x1 - x0
	slope := (y1 - y0) / h
	return math.Max(control(0.5*h*dd+(d1-d0), slope-d0), leastControl(d0, d1, slope, shape))
}

func right2(x0, x1, y0, y1, d0, d1, dd float64, shape bool) float64 {
	h := x1 - x0
	slope := (y1 - y0) / h
	return math.Max(control(0.5*h*dd+(d1-d0), d1-slope), leastControl(d0, d1, slope, shape))
}

// control is num/den, +Inf (the straight line) or the least legal value where that is not finite.
func control(num, den float64) float64 {
	if r := num / den; !math.IsNaN(r) && !math.IsInf(r, 0) {
		return r
	}
	if num > 0 {
		return math.Inf(1)
	}
	return minControl
}

// minControl is just above −1, where the denominator of the interpolant would vanish at the middle.
const minControl = -(1 - 0x1p-26)

// leastControl is the least control parameter that keeps the interpolant monotone and convex (or concave) if the data are; shape asks for the
// straight line where no finite one does.
func leastControl(d0, d1, slope float64, shape bool) float64 {
	monotone := d0*slope >= 0 && d1*slope >= 0
	convex, concave := d0 <= slope && slope <= d1, d0 >= slope && slope >= d1
	r := minControl
	if monotone {
		if slope != 0 {
			r = math.Max(r, (d1+d0)/slope)
		} else if shape {
			return math.Inf(1)
		}
	}
	if convex || concave {
		if slope != d0 && slope != d1 {
			r = math.Max(r, math.Max(math.Abs((d1-d0)/(d1-slope)), math.Abs((d1-d0)/(slope-d0))))
		} else if shape {
			return math.Inf(1)
		}
	}
	return r
}
