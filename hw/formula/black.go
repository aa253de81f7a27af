package formula

// Market says what a lognormal formula is given beside the sign, the strike K, the time T and the volatility sigma.
type Market int

// The markets. Inputs are in the order sign, then F or S, K, T, sigma, then those named here.
const (
	// GivenForward is Black-76: the forward F, the discount factor D to the payment, and the rate r = −ln(D)/T for theta and rho.
	// Delta and gamma are by the forward; theta and rho leave it where it is.
	GivenForward Market = iota
	// GivenSpot is Black-Scholes: the spot S and the rate r.
	GivenSpot
	// GivenSpotYield is Black-Scholes-Merton: the spot S, the rate r and the dividend yield q.
	GivenSpotYield
)

// Greeks says how much a formula gives beside the price.
type Greeks int

// The sets of Greeks, each with those before it. All are raw derivatives; by time means by calendar time, which runs
// against T.
const (
	// PriceOnly is price.
	PriceOnly Greeks = iota
	// FirstOrder adds delta, gamma, vega, theta and rho.
	FirstOrder
	// AllGreeks adds vanna, volga, charm (delta by time), speed (gamma by spot), zomma (gamma by volatility) and
	// color (gamma by time).
	AllGreeks
)

// names are the outputs in order, and how many of them each set has.
var (
	greekNames = []string{
		"price", "delta", "gamma", "vega", "theta", "rho", "vanna", "volga", "charm", "speed", "zomma", "color",
	}
	greekCount = [...]int{PriceOnly: 1, FirstOrder: 6, AllGreeks: 12}
)

// European describes a formula for European options on a lognormal asset: what is given and what is wanted. The input sign
// is +1 for a call and −1 for a put; [Bind] fixes it.
type European struct {
	Market Market
	Greeks Greeks
	Format Format // of the numbers; the zero value is Float64
}

// market holds the inputs of a lognormal formula.
type market struct {
	sign, spot, strike, tau, vol Expr
	rate, yield, discount        Expr // the zero Expr if not given
}

// inputs declares the inputs.
func (e European) inputs(b *Builder) market {
	var m market
	asset := "S"
	if e.Market == GivenForward {
		asset = "F"
	}
	m.sign, m.spot, m.strike = b.Input("sign"), b.Input(asset), b.Input("K")
	m.tau, m.vol = b.Input("T"), b.Input("sigma")
	switch e.Market {
	case GivenForward:
		m.discount = b.Input("D")
		if e.Greeks > PriceOnly {
			m.rate = b.Input("r")
		}
	case GivenSpot:
		m.rate = b.Input("r")
	default:
		m.rate, m.yield = b.Input("r"), b.Input("q")
	}
	return m
}

// Black76 is the price of a European option on a forward, V = e^(−rT)·sign·(F·Φ(sign·d1) − K·Φ(sign·d2)), with
// d1 = ln(F/K)/(σ√T) + σ√T/2 and d2 = d1 − σ√T (Black, Journal of Financial Economics 3, 1976). The inputs are sign, F,
// K, T, sigma, r; the output is price. It is the formula as written, to be differentiated and to measure against; it is NaN
// at F = K where σ√T is zero. The form that is compiled is [European.Rows].
func Black76() *Graph {
	b := New("black76")
	sign, f, k := b.Input("sign"), b.Input("F"), b.Input("K")
	tau, vol, r := b.Input("T"), b.Input("sigma"), b.Input("r")
	s := vol.Mul(tau.Sqrt()).Named("s")
	d1 := f.Div(k).Log().Div(s).Add(s.Times(0.5)).Named("d1")
	d2 := d1.Sub(s).Named("d2")
	discount := r.Mul(tau).Neg().Exp().Named("discount")
	value := f.Mul(sign.Mul(d1).NormCDF()).Sub(k.Mul(sign.Mul(d2).NormCDF()))
	b.Output("price", discount.Mul(sign).Mul(value))
	return b.MustGraph()
}

// BSM is the price of a European option on a spot with a continuous yield, V = sign·(S·e^(−qT)·Φ(sign·d1) −
// K·e^(−rT)·Φ(sign·d2)), with d1 = (ln(S/K) + (r−q)T)/(σ√T) + σ√T/2 and d2 = d1 − σ√T (Merton, Bell Journal 4, 1973). The
// inputs are sign, S, K, T, sigma, r, q; the output is price. See [Black76] on its use.
func BSM() *Graph {
	b := New("bsm")
	sign, spot, k := b.Input("sign"), b.Input("S"), b.Input("K")
	tau, vol, r, q := b.Input("T"), b.Input("sigma"), b.Input("r"), b.Input("q")
	s := vol.Mul(tau.Sqrt()).Named("s")
	x := spot.Div(k).Log().Add(r.Sub(q).Mul(tau)).Named("x")
	d1 := x.Div(s).Add(s.Times(0.5)).Named("d1")
	d2 := d1.Sub(s).Named("d2")
	asset := spot.Mul(q.Mul(tau).Neg().Exp()).Named("asset")
	strike := k.Mul(r.Mul(tau).Neg().Exp()).Named("strike")
	value := asset.Mul(sign.Mul(d1).NormCDF()).Sub(strike.Mul(sign.Mul(d2).NormCDF()))
	b.Output("price", sign.Mul(value))
	return b.MustGraph()
}

// Black76Greeks is [Black76] with the set of Greeks, derived from the price by [Gradient].
func Black76Greeks(set Greeks) *Graph { return deriveGreeks(Black76(), "F", set) }

// BSMGreeks is [BSM] with the set of Greeks, derived from the price by [Gradient].
func BSMGreeks(set Greeks) *Graph { return deriveGreeks(BSM(), "S", set) }

// deriveGreeks differentiates a price by the asset, T, sigma and r, and names the results.
func deriveGreeks(g *Graph, asset string, set Greeks) *Graph {
	gradient := func(of string, wrt ...string) {
		var err error
		if g, err = Gradient(g, of, wrt...); err != nil {
			panic(err)
		}
	}
	if set > PriceOnly {
		gradient("price", asset, "T", "sigma", "r")
		gradient("price_"+asset, asset)
	}
	if set > FirstOrder {
		delta := "price_" + asset
		gradient(delta, "T", "sigma")
		gradient("price_sigma", "sigma")
		gradient(delta+"_"+asset, asset, "T", "sigma")
	}
	b := like(g, g.name+"Greeks")
	args := make([]Expr, len(g.inputs))
	for i, name := range g.InputNames() {
		args[i] = b.Input(name)
	}
	out := b.Call(g, args...)
	source := map[string]string{
		"price": "price", "delta": "price_A", "gamma": "price_A_A", "vega": "price_sigma", "theta": "price_T", "rho": "price_r",
		"vanna": "price_A_sigma", "volga": "price_sigma_sigma", "charm": "price_A_T", "speed": "price_A_A_A",
		"zomma": "price_A_A_sigma", "color": "price_A_A_T",
	}
	for _, name := range greekNames[:greekCount[set]] {
		from := ""
		for _, r := range source[name] {
			if r == 'A' {
				from += asset
			} else {
				from += string(r)
			}
		}
		x := out[g.Output(from)]
		if name == "theta" || name == "charm" || name == "color" {
			x = x.Neg() // calendar time runs against T
		}
		b.Output(name, x)
	}
	return b.MustGraph()
}
