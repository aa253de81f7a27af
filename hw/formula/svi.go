package formula

// SVI is raw SVI, w(k) = a + b(ρ(k−m) + √((k−m)² + σ²)) (Gatheral, "A parsimonious arbitrage-free implied volatility
// parameterization", 2004). The inputs are k, a, b, rho, m, sigma; the output is w, the total variance.
func SVI() *Graph {
	f := New("svi")
	k, a, b := f.Input("k"), f.Input("a"), f.Input("b")
	rho, m, sigma := f.Input("rho"), f.Input("m"), f.Input("sigma")
	y := k.Sub(m)
	root := y.FMA(y, sigma.Square()).Sqrt()
	f.Output("w", b.FMA(rho.FMA(y, root), a))
	return f.MustGraph()
}

// SSVI is one slice of surface SVI, w(k) = θ/2·(1 + ρφk + √((φk+ρ)² + 1 − ρ²)) (Gatheral and Jacquier, Quantitative Finance
// 14, 2014, eq. 4.1), with φ given. The inputs are k, theta, rho, phi; the output is w.
func SSVI() *Graph {
	b := New("ssvi")
	k, theta, rho, phi := b.Input("k"), b.Input("theta"), b.Input("rho"), b.Input("phi")
	b.Output("w", ssvi(k, theta, rho, phi))
	return b.MustGraph()
}

// SSVIPower is [SSVI] with the power law φ(θ) = η/(θ^γ(1+θ)^(1−γ)) (the same, eq. 4.5). The inputs are k, theta, rho, eta,
// gamma; the output is w. Its derivative by theta goes through φ.
func SSVIPower() *Graph {
	b := New("ssviPower")
	k, theta, rho := b.Input("k"), b.Input("theta"), b.Input("rho")
	eta, gamma := b.Input("eta"), b.Input("gamma")
	l := theta.Plus(1).Log()
	power := gamma.FMA(theta.Log().Sub(l), l) // γ ln θ + (1−γ) ln(1+θ)
	b.Output("w", ssvi(k, theta, rho, eta.Mul(power.Neg().Exp())))
	return b.MustGraph()
}

func ssvi(k, theta, rho, phi Expr) Expr {
	x := phi.Mul(k)
	y := x.Add(rho)
	root := y.FMA(y, rho.Neg().FMA(rho, rho.lit(1))).Sqrt()
	return theta.Times(0.5).Mul(rho.FMA(x, root.Plus(1)))
}

// ESSVI is one slice of extended surface SVI, w(k) = (θ + ρψk + √((ψk+θρ)² + θ²(1−ρ²)))/2 with ψ = θφ and a ρ of its own
// per slice (Hendriks and Martini, Journal of Computational Finance 22, 2019). The inputs are k, theta, rho, psi; the
// output is w.
func ESSVI() *Graph {
	b := New("essvi")
	k, theta, rho, psi := b.Input("k"), b.Input("theta"), b.Input("rho"), b.Input("psi")
	x := psi.Mul(k)
	y := theta.FMA(rho, x)
	root := y.FMA(y, theta.Square().Mul(rho.Neg().FMA(rho, b.Const(1)))).Sqrt()
	b.Output("w", rho.FMA(x, theta.Add(root)).Times(0.5))
	return b.MustGraph()
}

// SmileDerivatives returns a smile w(k), a graph with an input k and an output w, with outputs added for its derivatives: w_k,
// w_k_k, and w_p for every parameter p.
func SmileDerivatives(smile *Graph) (*Graph, error) {
	g, err := Gradient(smile, "w")
	if err != nil {
		return nil, err
	}
	if smile.Input("k") < 0 {
		return nil, &NodeError{Graph: smile.name, Node: "input k", Problem: "no such input, want one of " + list(smile.InputNames())}
	}
	return Derivative(g, "k", "w_k")
}

// Durrleman returns a smile w(k) with outputs w and g = (1 − kw'/(2w))² − w'²/4·(1/w + 1/4) + w”/2, which is positive
// exactly where the smile is free of butterfly arbitrage (Gatheral and Jacquier 2014, eq. 2.1).
func Durrleman(smile *Graph) (*Graph, error) {
	d, err := SmileDerivatives(smile)
	if err != nil {
		return nil, err
	}
	b := like(smile, smile.name+"Durrleman")
	args := make([]Expr, len(d.inputs))
	for i, name := range d.InputNames() {
		args[i] = b.Input(name)
	}
	out := b.Call(d, args...)
	k, w, w1, w2 := args[d.Input("k")], out[d.Output("w")], out[d.Output("w_k")], out[d.Output("w_k_k")]
	inv := b.Const(1).Div(w)
	first := k.Mul(w1).Mul(inv).FMA(b.Const(-0.5), b.Const(1))
	second := w1.Square().Times(0.25).Mul(inv.Plus(0.25))
	b.Output("w", w)
	b.Output("g", first.FMA(first, w2.FMA(b.Const(0.5), second.Neg())))
	return b.Graph()
}
