package model

import "testing"

func TestCharThetaIsADerivative(t *testing.T) {
	const h, expiry = 1e-4, 0.8
	heston := Heston{mkt, 0.04, 1.5, 0.06, 0.5, -0.7}
	still := heston
	still.Sigma = 0
	j := Jumps{0.5, -0.1, 0.1}
	for _, m := range []CharTheta{
		BlackScholes{Spot: 100, Vol: FlatVol(0.2)}, heston, still, Bates{heston, j}, Bates{still, j}, Bates{heston, Jumps{}}, Merton{mkt, j, 0.2},
		Kou{mkt, 0.2, 1, 0.4, 10, 5}, VarianceGamma{mkt, 0.2, 0.3, -0.1}, NIG{mkt, 15, -5, 0.5}, CGMY{mkt, 0.3, 4, 9, 0.8}, CGMY{mkt, 0.3, 4, 9, 1.4},
		DoubleHeston{mkt, HestonFactor{0.02, 6, 0.03, 0.8, -0.9}, HestonFactor{0.03, 0.2, 0.05, 0.3, -0.4}},
		SteinStein{mkt, 0.2, 4, 0.15, 0.3, -0.7}, rateWorld, ThreeHalves{mkt, 0.06, 22.84, 0.218, 8.56, -0.9}, ThreeHalves{mkt, 0.06, 2, 0, 3, -0.5},
		PiecewiseHeston{mkt, 0.04, threePeriods}, PiecewiseHeston{mkt, 0.04, threePeriods[2:]},
		PiecewiseHeston{mkt, 0.04, []HestonPeriod{{0.2, 2, 0.1, 0, 0}, {0.5, 30, 0.2, 1e-9, -1}, {1, 0.01, 0, 2, -0.99}}},
		RoughHeston{Market: mkt, H: 0.12, V0: 0.04, Lambda: 0.5, Theta: 0.08, Nu: 0.33, Rho: -0.68},
		RoughHeston{Market: mkt, H: 0.2, Lambda: 0.5, Nu: 0.33, Rho: -0.68, Curve: roughCurve},
	} {
		u := []complex128{0.5, 3 - 0.5i, 12 - 0.5i}
		f, theta, vega := make([]complex128, len(u)), make([]complex128, len(u)), make([]complex128, len(u))
		m.CharThetaTo(f, nil, theta, u, expiry)
		for i := range u {
			want := (m.CharFunc(u[i], expiry+h) - m.CharFunc(u[i], expiry-h)) / (2 * h)
			if !near(theta[i], want, 1e-6) || !near(f[i], m.CharFunc(u[i], expiry), 1e-14) {
				t.Errorf("%T: ∂φ(%v)/∂t = %v, difference quotient %v", m, u[i], theta[i], want)
			}
		}
		v, ok := m.(CharVega)
		if !ok {
			continue
		}
		want := make([]complex128, len(u))
		v.CharVegaTo(f, want, u, expiry)
		again := make([]complex128, len(u))
		m.CharThetaTo(f, vega, again, u, expiry)
		for i := range u {
			if !near(vega[i], want[i], 1e-14) || !near(again[i], theta[i], 1e-14) {
				t.Errorf("%T: vega of φ(%v) = %v, want %v", m, u[i], vega[i], want[i])
			}
		}
	}
}
