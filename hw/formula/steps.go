package formula

// GBMStep is the exact step of geometric Brownian motion, S' = S·e^((μ − σ²/2)dt + σ√dt·z). The inputs are S, mu, sigma, dt,
// z (standard normal); the output is S_next. Its [Adjoint] is the pathwise backward step.
func GBMStep() *Graph {
	b := New("gbmStep")
	s, mu, sigma, dt, z := b.Input("S"), b.Input("mu"), b.Input("sigma"), b.Input("dt"), b.Input("z")
	drift := sigma.Mul(sigma).FMA(b.Const(-0.5), mu)
	b.Output("S_next", s.Mul(drift.FMA(dt, sigma.Mul(dt.Sqrt()).Mul(z)).Exp()))
	return b.MustGraph()
}

// The constants of Andersen's scheme: the switch of ψ between its two branches, and central weights of the variance.
const (
	qePsi    = 1.5
	qeWeight = 0.5
)

// HestonStep is one step of Heston's model by Andersen's quadratic-exponential scheme (Journal of Computational Finance 11,
// 2008), without martingale correction: dX = (μ − V/2)dt + √V dW, dV = κ(θ−V)dt + ξ√V dB, d⟨W,B⟩ = ρ dt. The inputs are X
// (the logarithm of the asset), V, mu, kappa, theta, xi, rho, dt, and two independent standard normals: zv drives the
// variance and zx the asset; the outputs are X_next and V_next. kappa, theta, xi and dt must be positive.
//
// The exponential branch takes its uniform number as Φ(zv), so both branches are monotone in zv. The argument of each
// branch is kept within its domain where the other is chosen, so the step has a finite [Adjoint] everywhere but at V =
// V_next = 0.
func HestonStep() *Graph {
	b := New("hestonStep")
	x, v, mu := b.Input("X"), b.Input("V"), b.Input("mu")
	kappa, theta, xi, rho := b.Input("kappa"), b.Input("theta"), b.Input("xi"), b.Input("rho")
	dt, zv, zx := b.Input("dt"), b.Input("zv"), b.Input("zx")
	one := b.Const(1)

	// The conditional mean and variance of V_next, eq. 17 and 18.
	e := kappa.Neg().Mul(dt).Exp().Named("decay")
	left := one.Sub(e)
	mean := v.Sub(theta).FMA(e, theta).Named("mean")
	variance := xi.Square().Mul(left).Div(kappa).Mul(theta.Times(0.5).FMA(left, v.Mul(e))).Named("variance")
	psi := variance.Div(mean.Square()).Named("psi")

	// ψ below the switch: V_next = a(b + zv)², eq. 23, 27, 28.
	p := b.Const(2).Div(b.Const(qePsi).Min(psi))
	b2 := p.Sqrt().FMA(p.Plus(-1).Sqrt(), p.Plus(-1))
	quadratic := mean.Div(b2.Plus(1)).Mul(b2.Sqrt().Add(zv).Square())

	// Above it: mass at zero and an exponential tail, eq. 25, 29, 30. (1−p)/(1−u) <= 1 is the mass.
	q := b.Const(qePsi).Max(psi)
	tail := b.Const(2).Div(q.Plus(1)).Named("tail") // 1 − p
	exponential := tail.Div(zv.Neg().NormCDF()).Log()
	exponential = b.Const(0).Max(exponential).Mul(mean).Div(tail)

	next := psi.Le(b.Const(qePsi)).Select(quadratic, exponential).Named("V_next")
	b.Output("X_next", hestonAsset(x, v, next, mu, kappa, theta, xi, rho, dt, zx))
	b.Output("V_next", next)
	return b.MustGraph()
}

// hestonAsset is the log-asset given both ends of the variance, eq. 33.
func hestonAsset(x, v, next, mu, kappa, theta, xi, rho, dt, zx Expr) Expr {
	ratio := rho.Div(xi)
	share := kappa.FMA(ratio, x.lit(-0.5)).Mul(dt).Times(qeWeight)
	k0 := ratio.Mul(kappa).Mul(theta).Neg().Add(mu).Mul(dt)
	k1, k2 := share.Sub(ratio), share.Add(ratio)
	k3 := rho.Neg().FMA(rho, x.lit(1)).Mul(dt).Times(qeWeight)
	drift := k2.FMA(next, k1.FMA(v, x.Add(k0)))
	return k3.Mul(v.Add(next)).Sqrt().FMA(zx, drift)
}

// BinomialStep is one node of a tree, V = max(D(p·up + (1−p)·down), exercise). The inputs are up, down, p, D, exercise; the
// output is V. A European option passes an exercise of −Inf.
func BinomialStep() *Graph {
	b := New("binomialStep")
	up, down, p, d, exercise := b.Input("up"), b.Input("down"), b.Input("p"), b.Input("D"), b.Input("exercise")
	hold := d.Mul(p.FMA(up.Sub(down), down))
	b.Output("V", exercise.Max(hold))
	return b.MustGraph()
}

// BinomialTree gives the numbers of a tree of Cox, Ross and Rubinstein (Journal of Financial Economics 7, 1979). The inputs
// are sigma, r, q, dt; the outputs are up and down, the factors of the spot; p, the probability of up; and D, the discount
// factor of a step.
func BinomialTree() *Graph {
	b := New("binomialTree")
	sigma, r, q, dt := b.Input("sigma"), b.Input("r"), b.Input("q"), b.Input("dt")
	up := sigma.Mul(dt.Sqrt()).Exp()
	down := b.Const(1).Div(up)
	p := r.Sub(q).Mul(dt).Exp().Sub(down).Div(up.Sub(down))
	b.Output("up", up)
	b.Output("down", down)
	b.Output("p", p)
	b.Output("D", r.Neg().Mul(dt).Exp())
	return b.MustGraph()
}
