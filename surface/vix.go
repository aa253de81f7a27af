package surface

import (
	"fmt"
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
)

// VIXStrip is the quotes of one expiry as the Cboe's volatility index reads them, by column, in rising order of strike. A bid
// of zero is none.
type VIXStrip struct {
	Tau                                      float64 // years, by minutes
	Rate                                     float64 // continuously compounded
	Strike, CallBid, CallAsk, PutBid, PutAsk []float64
}

// VIXTerm is the variance of one expiry by the rules of the index.
type VIXTerm struct {
	Tau      float64
	Forward  float64 // from the strike at which call and put differ least
	K0       float64 // the strike at or next below the forward
	Variance float64 // annualised
	Strikes  int     // options in the strip, the two at K0 counted once
	Low      float64 // the least strike in it
	High     float64
}

// Term returns the variance of the strip by the Cboe's white paper on the VIX: out-of-the-money options by their mid, from K0
// outwards until two strikes in a row have no bid,
//
//	σ² = (2/T)·Σ ΔK/K²·e^{RT}·Q(K) − (F/K0 − 1)²/T.
func (s VIXStrip) Term() (VIXTerm, error) {
	const fn = "surface.VIXStrip"
	n := len(s.Strike)
	if len(s.CallBid) != n || len(s.CallAsk) != n || len(s.PutBid) != n || len(s.PutAsk) != n {
		return VIXTerm{}, fault.Arg(fn, "columns", [...]int{n, len(s.CallBid), len(s.CallAsk), len(s.PutBid), len(s.PutAsk)}, "of one length")
	}
	if err := fault.First(fault.Positive(fn, "Tau", s.Tau), fault.Finite(fn, "Rate", s.Rate)); err != nil {
		return VIXTerm{}, err
	}
	call, put := make([]float64, n), make([]float64, n)
	least := 0
	for i, k := range s.Strike {
		if !(k > 0) || math.IsInf(k, 1) || i > 0 && !(k > s.Strike[i-1]) {
			return VIXTerm{}, fault.Arg(fn, fmt.Sprintf("Strike[%d]", i), k, "finite, > 0 and rising")
		}
		for _, q := range [...]struct {
			name     string
			bid, ask float64
		}{{"Call", s.CallBid[i], s.CallAsk[i]}, {"Put", s.PutBid[i], s.PutAsk[i]}} {
			if !(q.bid >= 0) || !(q.ask >= 0) || math.IsInf(q.bid+q.ask, 1) {
				return VIXTerm{}, fault.Arg(fn, fmt.Sprintf("%sBid, %sAsk at %g", q.name, q.name, k), [...]float64{q.bid, q.ask}, "finite and >= 0")
			}
		}
		call[i], put[i] = 0.5*(s.CallBid[i]+s.CallAsk[i]), 0.5*(s.PutBid[i]+s.PutAsk[i])
		if math.Abs(call[i]-put[i]) < math.Abs(call[least]-put[least]) {
			least = i
		}
	}
	if n < 2 {
		return VIXTerm{}, fmt.Errorf("surface: %w: %d strikes, want at least 2", ErrTooFewQuotes, n)
	}
	growth := math.Exp(s.Rate * s.Tau)
	r := VIXTerm{Tau: s.Tau, Forward: s.Strike[least] + growth*(call[least]-put[least])}
	at := -1
	for i, k := range s.Strike {
		if k <= r.Forward {
			at = i
		}
	}
	if at < 0 {
		return VIXTerm{}, fault.Arg(fn, "Strike[0]", s.Strike[0], fmt.Sprintf("at most the forward, %g", r.Forward))
	}
	r.K0 = s.Strike[at]
	type option struct{ strike, price float64 }
	var lower, upper []option
	for i, zeros := at-1, 0; i >= 0 && zeros < 2; i-- {
		if zeros++; s.PutBid[i] > 0 {
			lower, zeros = append(lower, option{s.Strike[i], put[i]}), 0
		}
	}
	for i, zeros := at+1, 0; i < n && zeros < 2; i++ {
		if zeros++; s.CallBid[i] > 0 {
			upper, zeros = append(upper, option{s.Strike[i], call[i]}), 0
		}
	}
	all := make([]option, 0, len(lower)+len(upper)+1)
	for i := len(lower) - 1; i >= 0; i-- {
		all = append(all, lower[i])
	}
	all = append(append(all, option{r.K0, 0.5 * (call[at] + put[at])}), upper...)
	r.Strikes, r.Low, r.High = len(all), all[0].strike, all[len(all)-1].strike
	if len(all) < 2 {
		return r, fmt.Errorf("surface: %w: %d options with a bid, want at least 2", ErrTooFewQuotes, len(all))
	}
	sum := 0.0
	for i, o := range all {
		width := 0.5 * (all[min(i+1, len(all)-1)].strike - all[max(i-1, 0)].strike)
		if i == 0 || i == len(all)-1 {
			width *= 2
		}
		sum += width / (o.strike * o.strike) * growth * o.price
	}
	gap := r.Forward/r.K0 - 1
	r.Variance = (2*sum - gap*gap) / s.Tau
	return r, nil
}

// VIX returns the index, in points, from the variances of two expiries that straddle the horizon or lie to one side of it: the
// total variances interpolated linearly in minutes. Minutes are those to the two expiries, to the horizon (43200 for 30 days),
// and of the year (525600).
func VIX(near, next VIXTerm, minutes VIXMinutes) (float64, error) {
	const fn = "surface.VIX"
	if err := fault.First(
		fault.Positive(fn, "near.Tau", near.Tau), fault.Positive(fn, "next.Tau", next.Tau),
		fault.NonNegative(fn, "near.Variance", near.Variance), fault.NonNegative(fn, "next.Variance", next.Variance),
	); err != nil {
		return 0, err
	}
	m := minutes
	if m.Horizon == 0 {
		m.Horizon = 43200
	}
	if m.Year == 0 {
		m.Year = 525600
	}
	if m.Near == 0 && m.Next == 0 {
		m.Near, m.Next = near.Tau*m.Year, next.Tau*m.Year
	}
	if !(m.Next > m.Near && m.Near > 0 && m.Horizon > 0 && m.Year > 0) {
		return 0, fault.Arg(fn, "minutes", m, "positive, with Next after Near")
	}
	total := (near.Tau*near.Variance*(m.Next-m.Horizon) + next.Tau*next.Variance*(m.Horizon-m.Near)) / (m.Next - m.Near)
	if !(total >= 0) {
		return 0, fault.Arg(fn, "variance at the horizon", total, ">= 0")
	}
	return 100 * math.Sqrt(total*m.Year/m.Horizon), nil
}

// VIXMinutes are the times of [VIX]. The zero value is 30 days, a year of 365, and the times of the terms.
type VIXMinutes struct{ Near, Next, Horizon, Year float64 }

// VarianceStrip is the options that a variance swap is replicated with, by column: puts and calls with their implied
// volatilities, each in rising order of strike. The highest put strike and the lowest call strike are the same, S*.
type VarianceStrip struct {
	Tau, Forward        float64
	PutStrike, PutVol   []float64
	CallStrike, CallVol []float64
	EndStep             float64 // distance of a strike beyond either end up to which the last option serves
}

// Strike returns the fair strike of a variance swap, as an annualised variance, that the strip replicates: the log payoff
// f(K) = (2/τ)((K−S*)/S* − ln(K/S*)) by straight lines between strikes (Demeterfi, Derman, Kamal and Zou 1999, equations A4 to
// A8). The lines lie above the payoff, and beyond the ends they miss it.
func (s VarianceStrip) Strike() (float64, error) {
	const fn = "surface.VarianceStrip"
	if err := fault.First(
		fault.Positive(fn, "Tau", s.Tau), fault.Positive(fn, "Forward", s.Forward), fault.Positive(fn, "EndStep", s.EndStep),
	); err != nil {
		return 0, err
	}
	for _, w := range [...]struct {
		name        string
		strike, vol []float64
	}{{"Put", s.PutStrike, s.PutVol}, {"Call", s.CallStrike, s.CallVol}} {
		if len(w.strike) == 0 || len(w.strike) != len(w.vol) {
			return 0, fault.Arg(fn, w.name+"Strike and "+w.name+"Vol", [...]int{len(w.strike), len(w.vol)}, "of one length, not empty")
		}
		for i, k := range w.strike {
			if !(k > 0) || math.IsInf(k, 1) || i > 0 && !(k > w.strike[i-1]) {
				return 0, fault.Arg(fn, fmt.Sprintf("%sStrike[%d]", w.name, i), k, "finite, > 0 and rising")
			}
			if err := fault.NonNegative(fn, fmt.Sprintf("%sVol[%d]", w.name, i), w.vol[i]); err != nil {
				return 0, err
			}
		}
	}
	star := s.CallStrike[0]
	if top := s.PutStrike[len(s.PutStrike)-1]; top != star {
		return 0, fault.Arg(fn, "PutStrike, the highest", top, fmt.Sprintf("%g, the lowest call strike", star))
	}
	if !(s.PutStrike[0] > s.EndStep) {
		return 0, fault.Arg(fn, "EndStep", s.EndStep, fmt.Sprintf("below %g, the lowest strike", s.PutStrike[0]))
	}
	payoff := func(k float64) float64 { return (k-star)/star - math.Log(k/star) }
	sum := 0.0
	leg := func(right pricing.Right, n int, at func(i int) (strike, vol float64)) {
		before := 0.0
		for i := range n {
			k, vol := at(i)
			next := k + float64(right)*s.EndStep
			if i+1 < n {
				next, _ = at(i + 1)
			}
			slope := math.Abs((payoff(next) - payoff(k)) / (next - k))
			sum += (slope - before) * black.Black76{Right: right, Forward: s.Forward, Strike: k, Vol: vol, Tau: s.Tau, Discount: 1}.Price()
			before = slope
		}
	}
	leg(pricing.Call, len(s.CallStrike), func(i int) (float64, float64) { return s.CallStrike[i], s.CallVol[i] })
	last := len(s.PutStrike) - 1
	leg(pricing.Put, len(s.PutStrike), func(i int) (float64, float64) { return s.PutStrike[last-i], s.PutVol[last-i] })
	ratio := s.Forward / star
	return 2 / s.Tau * (math.Log(ratio) - (ratio - 1) + sum), nil
}
