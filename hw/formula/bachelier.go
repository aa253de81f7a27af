package formula

// Bachelier is the price of a European option on a forward that is normal at expiry, V = e^(−rT)·(sign·(F−K)·Φ(sign·d) +
// σ√T·φ(d)) with d = (F−K)/(σ√T). The inputs are sign, F, K, T, sigma, r, sigma in units of the forward; the output is
// price. It is the formula as written: NaN at F = K where σ√T is zero.
func Bachelier() *Graph {
	b := New("bachelier")
	sign, f, k := b.Input("sign"), b.Input("F"), b.Input("K")
	tau, vol, r := b.Input("T"), b.Input("sigma"), b.Input("r")
	s := vol.Mul(tau.Sqrt()).Named("s")
	m := f.Sub(k).Named("m")
	d := m.Div(s).Named("d")
	discount := r.Mul(tau).Neg().Exp().Named("discount")
	b.Output("price", discount.Mul(sign.Mul(m).Mul(sign.Mul(d).NormCDF()).Add(s.Mul(d.NormPDF()))))
	return b.MustGraph()
}

// BachelierGreeks is [Bachelier] with the set of Greeks, derived from the price by [Gradient]; those by the asset are by
// the forward.
func BachelierGreeks(set Greeks) *Graph { return deriveGreeks(Bachelier(), "F", set) }
