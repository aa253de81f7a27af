package calibrate

import "math"

// lineSearch finds a step that satisfies the strong Wolfe conditions: Moré and Thuente, "Line search algorithms with guaranteed
// sufficient decrease", ACM TOMS 20 (1994).
type lineSearch struct {
	decrease, curvature, width float64 // μ, η, and the relative width of an interval at which the search ends
	evaluations                int     // at most
}

// trial is a step, and the function and its derivative there.
type trial struct{ t, f, g float64 }

// along returns the step found from f and its derivative g < 0 at zero, and whether it lowers f sufficiently. It tries first
// the step t and none above most. phi evaluates at a step; where it is not finite, the search stays below.
func (ls lineSearch) along(phi func(t float64) (f, g float64), f, g, t, most float64) (trial, bool) {
	const (
		growMin, growMax = 1.1, 4
		bisect           = 0.66
	)
	start := trial{0, f, g}
	slope := ls.decrease * g
	x, y := start, start
	bracketed, second := false, false
	low, high := 0.0, t+growMax*t
	width, before := most, 2*most
	t = math.Min(t, most)
	for range ls.evaluations {
		at := trial{t: t}
		at.f, at.g = phi(t)
		if math.IsNaN(at.f+at.g) || math.IsInf(at.f+at.g, 0) {
			most = t
			t = x.t + 0.1*(t-x.t)
			if bracketed && y.t > most {
				y, bracketed = x, false
			}
			low, high = 0, most
			if !(t > x.t) {
				break
			}
			continue
		}
		enough := at.f <= f+t*slope
		if !second && enough && at.g >= 0 {
			second = true
		}
		switch {
		case enough && math.Abs(at.g) <= ls.curvature*-g:
			return at, true
		case bracketed && (t <= low || t >= high || high-low <= ls.width*high):
			return at, enough // at is x: rounding, or a narrow interval
		case t == most && enough && at.g <= slope:
			return at, true
		}
		if !second && at.f <= x.f && !enough {
			// Of the function less its slope, which has its minimum where the decrease is sufficient.
			lean := func(p trial) trial { return trial{p.t, p.f - p.t*slope, p.g - slope} }
			back := func(p trial) trial { return trial{p.t, p.f + p.t*slope, p.g + slope} }
			mx, my := lean(x), lean(y)
			t = nextTrial(&mx, &my, lean(at), &bracketed, low, high)
			x, y = back(mx), back(my)
		} else {
			t = nextTrial(&x, &y, at, &bracketed, low, high)
		}
		if bracketed {
			w := math.Abs(y.t - x.t)
			if w >= bisect*before {
				t = x.t + (y.t-x.t)/2
			}
			before, width = width, w
			low, high = math.Min(x.t, y.t), math.Max(x.t, y.t)
		} else {
			low, high = t+growMin*(t-x.t), t+growMax*(t-x.t)
		}
		t = math.Max(0, math.Min(t, most))
		if bracketed && (t <= low || t >= high || high-low <= ls.width*high) {
			t = x.t
		}
		if t == 0 {
			break
		}
	}
	if x.t > 0 && x.f <= f+x.t*slope {
		x.f, x.g = phi(x.t) // the caller keeps what was evaluated last
		return x, true
	}
	return start, false
}

// nextTrial updates the interval that x, its best end, and y bound by what was found at p, and returns the next step: section 4
// of the paper.
func nextTrial(x, y *trial, p trial, bracketed *bool, low, high float64) float64 {
	cubic := func(a, b trial) (theta, gamma float64) { // of the cubic through a and b
		theta = 3*(a.f-b.f)/(b.t-a.t) + a.g + b.g
		s := math.Max(math.Abs(theta), math.Max(math.Abs(a.g), math.Abs(b.g)))
		return theta, s * math.Sqrt(math.Max(0, theta/s*(theta/s)-a.g/s*(b.g/s)))
	}
	opposite := (p.g < 0) != (x.g < 0)
	var t float64
	switch {
	case p.f > x.f: // higher: a minimum lies between
		theta, gamma := cubic(*x, p)
		if p.t < x.t {
			gamma = -gamma
		}
		r := (gamma - x.g + theta) / (gamma - x.g + gamma + p.g)
		c := x.t + r*(p.t-x.t)
		q := x.t + x.g/((x.f-p.f)/(p.t-x.t)+x.g)/2*(p.t-x.t)
		if math.Abs(c-x.t) < math.Abs(q-x.t) {
			t = c
		} else {
			t = c + (q-c)/2
		}
		*bracketed = true
	case opposite: // lower, beyond a minimum
		theta, gamma := cubic(*x, p)
		if p.t > x.t {
			gamma = -gamma
		}
		r := (gamma - p.g + theta) / (gamma - p.g + gamma + x.g)
		c := p.t + r*(x.t-p.t)
		q := p.t + p.g/(p.g-x.g)*(x.t-p.t)
		if math.Abs(c-p.t) > math.Abs(q-p.t) {
			t = c
		} else {
			t = q
		}
		*bracketed = true
	case math.Abs(p.g) < math.Abs(x.g): // lower and flatter: extrapolate
		theta, gamma := cubic(*x, p)
		if p.t > x.t {
			gamma = -gamma
		}
		r := (gamma - p.g + theta) / (gamma + x.g - p.g + gamma)
		c := low
		switch {
		case r < 0 && gamma != 0:
			c = p.t + r*(x.t-p.t)
		case p.t > x.t:
			c = high
		}
		q := p.t + p.g/(p.g-x.g)*(x.t-p.t)
		nearer := math.Abs(c-p.t) < math.Abs(q-p.t)
		if nearer == *bracketed {
			t = c
		} else {
			t = q
		}
		if *bracketed {
			edge := p.t + bisectEdge*(y.t-p.t)
			if p.t > x.t {
				t = math.Min(edge, t)
			} else {
				t = math.Max(edge, t)
			}
		} else {
			t = math.Max(low, math.Min(high, t))
		}
	case *bracketed: // lower and steeper
		theta, gamma := cubic(p, *y)
		if p.t > y.t {
			gamma = -gamma
		}
		r := (gamma - p.g + theta) / (gamma - p.g + gamma + y.g)
		t = p.t + r*(y.t-p.t)
	case p.t > x.t:
		t = high
	default:
		t = low
	}
	if p.f > x.f {
		*y = p
	} else {
		if opposite {
			*y = *x
		}
		*x = p
	}
	return t
}

const bisectEdge = 0.66 // of the way to the other end that an extrapolation may go
