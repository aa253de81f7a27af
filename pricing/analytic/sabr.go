package analytic

import (
	"math"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/internal/special"
	"github.com/volgaquant/volga/internal/special/taylor"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
	"github.com/volgaquant/volga/pricing/model"
)

// sabr prices by the volatility of the expansion. The Greeks are those of the price as a function of forward, α and time with
// the other parameters held, so that the volatility moves with them: Taylor coefficients along lines, of which mixed
// derivatives are combinations.
func sabr(opt pricing.Vanilla, m *model.SABR) (pricing.Result, error) {
	f := m.ForwardAt(opt.Expiry)
	o := sabrOption{m: m, opt: opt, forward: f.Value, discount: m.DiscountFactor(opt.Expiry)}
	t := opt.Expiry
	vol := m.QuotedVol(opt.Strike, t)
	if err := fault.First(
		fault.Positive(european, "forward and shift", f.Value+m.Shift), fault.Positive(european, "strike and shift", opt.Strike+m.Shift),
		fault.Positive(european, "discount factor", o.discount), fault.Positive(european, "volatility of the expansion", vol),
	); err != nil {
		return pricing.Result{}, refused(opt, err)
	}
	if t == 0 {
		b := black.Bachelier{Right: opt.Right, Forward: f.Value, Strike: opt.Strike, Discount: o.discount}
		value, g := b.Greeks()
		return onSpot(value, g, f), nil
	}
	line := func(forward, strike, alpha, time float64) taylor.Series {
		return o.along(model.SABRLine{Forward: forward, Strike: strike, Alpha: alpha, Time: time}, vol)
	}
	// Undiscounted, each variable as a fraction of itself; the second and third coefficients are derivatives over 2 and 6.
	byF, byA, byK, byT := line(1, 0, 0, 0), line(0, 0, 1, 0), line(0, 1, 0, 0), line(0, 0, 0, 1)
	upA, downA := line(1, 0, 1, 0), line(1, 0, -1, 0)
	upT, downT := line(1, 0, 0, 1), line(1, 0, 0, -1)
	bothAT := line(0, 0, 1, 1)

	df, dk, da := 1/(f.Value+m.Shift), 1/(opt.Strike+m.Shift), 1/m.Alpha
	dt := -1 / t // of calendar time
	d, rate := o.discount, -math.Log(o.discount)/t
	var g pricing.Greeks
	value := d * byF[0]
	g.Delta, g.Gamma, g.Speed = d*df*byF[1], 2*d*df*df*byF[2], 6*d*df*df*df*byF[3]
	g.Vega, g.Volga, g.Ultima = d*da*byA[1], 2*d*da*da*byA[2], 6*d*da*da*da*byA[3]
	g.DualDelta, g.DualGamma = d*dk*byK[1], 2*d*dk*dk*byK[2]
	g.Vanna = d * df * da * 0.5 * (upA[2] - downA[2])
	g.Zomma = d * df * df * da * ((upA[3] - downA[3]) - 2*byA[3])
	g.Theta = rate*value + d*dt*byT[1]
	g.Charm = rate*g.Delta + d*df*dt*0.5*(upT[2]-downT[2])
	g.Color = rate*g.Gamma + d*df*df*dt*((upT[3]-downT[3])-2*byT[3])
	g.Veta = rate*g.Vega + d*da*dt*(bothAT[2]-byA[2]-byT[2])
	g.Rho = -t * value
	return onSpot(value, g, f), nil
}

type sabrOption struct {
	m                 *model.SABR
	opt               pricing.Vanilla
	forward, discount float64
}

// along is the undiscounted price along a line.
func (o *sabrOption) along(line model.SABRLine, vol float64) taylor.Series {
	m, t := o.m, o.opt.Expiry
	f := taylor.Line(o.forward+m.Shift, line.Forward*(o.forward+m.Shift))
	k := taylor.Line(o.opt.Strike+m.Shift, line.Strike*(o.opt.Strike+m.Shift))
	sd := taylor.Series(m.QuotedVolAlong(o.opt.Strike, t, line)).Mul(taylor.Line(t, t*line.Time).Sqrt())
	phi := float64(o.opt.Right)
	var value float64
	var d1, d2, bySD taylor.Series
	if m.Expansion == model.HaganNormal {
		value = black.Bachelier{Right: o.opt.Right, Forward: f[0], Strike: k[0], Vol: vol, Tau: t, Discount: 1}.Price()
		d1 = f.Minus(k).Div(sd)
		d2 = d1
		bySD = density(d1)
	} else {
		value = black.Black76{Right: o.opt.Right, Forward: f[0], Strike: k[0], Vol: vol, Tau: t, Discount: 1}.Price()
		l := f.Log().Minus(k.Log())
		l[0], _ = special.LogRatio(f[0], k[0])
		d1 = l.Div(sd).Plus(sd.Scaled(0.5))
		d2 = d1.Minus(sd)
		bySD = f.Mul(density(d1))
	}
	// dU = φΦ(φd1)·df − φΦ(φd2)·dk + n·dσ√T: the coefficients of the slope give those of the price.
	slope := probability(d1, phi).Mul(f.Derivative()).Minus(probability(d2, phi).Mul(k.Derivative())).Scaled(phi).
		Plus(bySD.Mul(sd.Derivative()))
	return taylor.Integral(value, slope)
}

// density is that of the normal law.
func density(d taylor.Series) taylor.Series {
	n, x := special.NormPDF(d[0]), d[0]
	return d.Of(n, -x*n, (x*x-1)*n, x*(3-x*x)*n)
}

// probability is Φ(φd).
func probability(d taylor.Series, phi float64) taylor.Series {
	n, x := phi*special.NormPDF(d[0]), d[0]
	return d.Of(special.NormCDF(phi*x), n, -x*n, (x*x-1)*n)
}
