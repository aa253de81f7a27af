package model

// Additive is a [Characteristic] whose X_t = ln(S_t/F_t) is a process of independent increments, as that of every
// exponential Lévy model: what happens between two dates does not depend on what happened before. Transform methods that
// step from date to date ask for it.
type Additive interface {
	Characteristic
	// IncrementTo writes the characteristic function of X at t1 less X at t0 <= t1 for every u to dst, as
	// CharFuncTo does.
	IncrementTo(dst, u []complex128, t0, t1 float64)
	// Stationary reports whether the law of an increment depends on t1−t0 alone.
	Stationary() bool
}

var (
	_ Additive = BlackScholes{}
	_ Additive = Merton{}
	_ Additive = Kou{}
	_ Additive = VarianceGamma{}
	_ Additive = NIG{}
	_ Additive = CGMY{}
)

// IncrementTo writes the characteristic function of X at t1 less X at t0 to dst. It is NaN for a smile, and no
// characteristic function if the total variance falls from t0 to t1.
func (m BlackScholes) IncrementTo(dst, u []complex128, t0, t1 float64) {
	v := m.term(t1)
	v *= v * t1
	if t0 > 0 {
		if f, ok := m.Vol.(FlatVol); ok {
			v = float64(f*f) * (t1 - t0)
		} else {
			v0 := m.term(t0)
			v -= v0 * v0 * t0
		}
	}
	exponentTo(dst, u, func(u complex128) complex128 { return brownian(v, u) })
}

// Stationary reports whether the volatility is a [FlatVol].
func (m BlackScholes) Stationary() bool {
	_, ok := m.Vol.(FlatVol)
	return ok
}

// IncrementTo writes the characteristic function of X at t1 less X at t0 to dst.
func (m Merton) IncrementTo(dst, u []complex128, t0, t1 float64) { m.CharFuncTo(dst, u, t1-t0) }

// Stationary is true.
func (m Merton) Stationary() bool { return true }

// IncrementTo writes the characteristic function of X at t1 less X at t0 to dst.
func (m Kou) IncrementTo(dst, u []complex128, t0, t1 float64) { m.CharFuncTo(dst, u, t1-t0) }

// Stationary is true.
func (m Kou) Stationary() bool { return true }

// IncrementTo writes the characteristic function of X at t1 less X at t0 to dst.
func (m VarianceGamma) IncrementTo(dst, u []complex128, t0, t1 float64) {
	m.CharFuncTo(dst, u, t1-t0)
}

// Stationary is true.
func (m VarianceGamma) Stationary() bool { return true }

// IncrementTo writes the characteristic function of X at t1 less X at t0 to dst.
func (m NIG) IncrementTo(dst, u []complex128, t0, t1 float64) { m.CharFuncTo(dst, u, t1-t0) }

// Stationary is true.
func (m NIG) Stationary() bool { return true }

// IncrementTo writes the characteristic function of X at t1 less X at t0 to dst.
func (m CGMY) IncrementTo(dst, u []complex128, t0, t1 float64) { m.CharFuncTo(dst, u, t1-t0) }

// Stationary is true.
func (m CGMY) Stationary() bool { return true }
