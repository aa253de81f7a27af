package formula

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// random32 draws float32 numbers of any bits, of moderate size, and with few bits, which make ties.
func random32(rng *rand.Rand) float32 {
	switch rng.IntN(4) {
	case 0:
		return math.Float32frombits(rng.Uint32())
	case 1:
		return float32(rng.NormFloat64())
	case 2:
		return math.Float32frombits(rng.Uint32() & 0xfff00000)
	}
	return float32(math.Ldexp(float64(rng.IntN(64)-32), rng.IntN(300)-150))
}

// exactFMA is x·y + z rounded once, by big.Float, zeros and subnormals included.
func exactFMA(x, y, z float32) float32 {
	s := math.FMA(float64(x), float64(y), float64(z)) // right for what is not finite, and for the sign of zero
	if s-s != 0 || s == 0 {
		return float32(s)
	}
	p := new(big.Float).SetPrec(1000).Mul(big.NewFloat(float64(x)), big.NewFloat(float64(y)))
	r, _ := p.Add(p, big.NewFloat(float64(z))).Float32()
	return r
}

func TestFMA32(t *testing.T) {
	check := func(x, y, z float32) {
		t.Helper()
		if got, want := FMA32(x, y, z), exactFMA(x, y, z); math.Float32bits(got) != math.Float32bits(want) && (got == got || want == want) {
			t.Errorf("FMA32(%x, %x, %x) = %x, want %x", x, y, z, got, want)
		}
	}
	// A product that is a tie of the sum but for what float64 cannot hold, above it, below it, and exactly.
	for _, tiny := range []float32{0x1p-60, -0x1p-60, 0} {
		check(1+tiny, 1, 0x1p-24)
		check(tiny, 1, 1+0x1p-23)
		check(0x1p-24, 1, 1)
	}
	check(0x1.000002p0, 0x1.fffffep-25, 1)
	check(0x1p-75, 0x1.000002p-75, 0x1p-139) // a tie of a subnormal sum
	check(-0x1p-75, 0x1.000002p-75, 0x1p-139)
	check(0x1p-140, 0x1p-140, 0x1p-149)
	check(0x1p100, 0x1p100, -0x1p100)
	check(math.MaxFloat32, 1, 0x1p103)
	twice, rng := 0, rand.New(rand.NewPCG(81, 82))
	for range points(t, 1_000_000) {
		x, y, z := random32(rng), random32(rng), random32(rng)
		if rng.IntN(2) == 0 && x != 0 && y == y { // z near a tie of x·y
			z = float32(-float64(x) * float64(y) * (1 + math.Ldexp(1, -rng.IntN(60))))
		} else if rng.IntN(2) == 0 {
			// x·y is a half unit of z and a little more or less.
			z = math.Float32frombits(rng.Uint32()&0x007fffff | uint32(60+rng.IntN(120))<<23)
			half := math.Ldexp(1, math.Ilogb(float64(z))-24)
			x = 1 + float32(rng.IntN(3)-1)*0x1p-23
			y = float32(half) * (1 + float32(rng.IntN(5)-2)*0x1p-23)
		}
		check(x, y, z)
		if v := float32(math.FMA(float64(x), float64(y), float64(z))); v == v && v != exactFMA(x, y, z) {
			twice++
		}
	}
	t.Logf("rounding twice would be wrong %d times", twice)
	if twice == 0 {
		t.Error("no case shows that rounding twice is wrong")
	}
}

// Every operation of the format gives a number of the format, and the one that is nearest to the exact result.
func TestFloat32Operations(t *testing.T) {
	rng := rand.New(rand.NewPCG(83, 84))
	for range 200_000 {
		x, y := random32(rng), random32(rng)
		for op := OpAdd; op < numOps; op++ {
			if op.Transcendental() || op == OpFMA || op == OpNearest || op.ArgType(0) == Bool {
				continue
			}
			a, b := float64(x), float64(y)
			if op == OpScale {
				b = float64(rng.IntN(507) - 252)
			}
			got := Float32.scalar(op, a, b, 0)
			if want := Float32.Round(scalar(op, a, b, 0)); !sameBits(got, want) { // float64 has digits enough for one operation
				t.Fatalf("%v(%v, %v) = %v, want %v", op, a, b, got, want)
			}
		}
	}
}

// ulpError32 is the error of a float32 in units of its last place.
func ulpError32(got float64, want *big.Float) float64 {
	w, _ := want.Float64()
	if float64(float32(w)) == got { // infinities and zeros too
		if math.IsInf(got, 0) || w == got {
			return 0
		}
	}
	ulp := math.Ldexp(1, max(math.Ilogb(w)-23, -149))
	d, _ := new(big.Float).SetPrec(200).Sub(big.NewFloat(got), want).Float64()
	return math.Abs(d) / ulp
}

func TestExpansionErrors32(t *testing.T) {
	uniform := func(lo, hi float64) func(*rand.Rand) float64 {
		return func(rng *rand.Rand) float64 { return lo + (hi-lo)*rng.Float64() }
	}
	binades := func(lo, hi int) func(*rand.Rand) float64 {
		return func(rng *rand.Rand) float64 { return math.Ldexp(1+rng.Float64(), lo+rng.IntN(hi-lo)) }
	}
	for _, c := range []struct {
		op    Op
		where string
		draw  func(*rand.Rand) float64
		bound float64 // in ulp
	}{
		{OpExp, "|x| < 1", uniform(-1, 1), 1},
		{OpExp, "normal results", uniform(-87.3, 88.7), 1},
		{OpExp, "subnormal results", uniform(-103.9, -87.4), 1.05},
		{OpLog, "x near 1", uniform(0.5, 2), 1},
		{OpLog, "all x > 0", binades(-149, 127), 1},
		{OpNormCDF, "[−1, 0]", uniform(-1, 0), 2},
		{OpNormCDF, "[−13, −1]", uniform(-13, -1), 4},
		{OpNormCDF, "[0, 6]", uniform(0, 6), 1.1},
		{OpNormPDF, "|x| < 13", uniform(-13, 13), 1.5},
		{OpSin, "to the bound", binades(-140, 12), 1},
		{OpCos, "to the bound", binades(-30, 12), 1},
		{OpSin, "|x| < 2π", uniform(-6.3, 6.3), 1},
		{OpCos, "|x| < 2π", uniform(-6.3, 6.3), 1},
	} {
		t.Run(c.op.String()+" "+c.where, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(uint64(c.op), uint64(len(c.where))))
			ev, exact := NewEvaluator(Narrow(Function(c.op))), NewBigEvaluator(Function(c.op), 80)
			y := make([]float64, 1)
			worst, at := 0.0, 0.0
			for range points(t, 1000) {
				x := Float32.Round(c.draw(rng))
				ev.Eval(y, []float64{x})
				if u := ulpError32(y[0], exact.Eval(big.NewFloat(x))[0]); u > worst {
					worst, at = u, x
				}
			}
			t.Logf("%.3f ulp at %v", worst, at)
			if !(worst <= c.bound) {
				t.Errorf("%.3f ulp at x = %v, want at most %v", worst, at, c.bound)
			}
		})
	}
}

func TestExpansionSpecialValues32(t *testing.T) {
	inf, nan, negZero := math.Inf(1), math.NaN(), math.Copysign(0, -1)
	tiny := float64(math.SmallestNonzeroFloat32)
	for _, c := range []struct {
		op   Op
		x, y float64
	}{
		{OpExp, 0, 1}, {OpExp, inf, inf}, {OpExp, -inf, 0}, {OpExp, nan, nan}, {OpExp, 88.73, inf}, {OpExp, -104, 0}, {OpExp, 1e30, inf}, {OpExp, -103, tiny},
		{OpLog, 1, 0}, {OpLog, 0, -inf}, {OpLog, negZero, -inf}, {OpLog, inf, inf}, {OpLog, -1, nan}, {OpLog, -inf, nan}, {OpLog, nan, nan},
		{OpLog, tiny, float64(float32(-103.27892990343184))}, {OpLog, math.MaxFloat32, float64(float32(88.72283905206835))},
		{OpNormCDF, 0, 0.5}, {OpNormCDF, inf, 1}, {OpNormCDF, -inf, 0}, {OpNormCDF, nan, nan}, {OpNormCDF, -14.5, 0}, {OpNormCDF, 6, 1}, {OpNormCDF, -1e30, 0},
		{OpNormPDF, 0, float64(float32(0.3989422804014327))}, {OpNormPDF, inf, 0}, {OpNormPDF, nan, nan}, {OpNormPDF, 14.6, 0},
		{OpSin, negZero, negZero}, {OpSin, inf, nan}, {OpSin, nan, nan}, {OpSin, TrigBound32 + 1, nan}, {OpCos, 0, 1}, {OpCos, -inf, nan}, {OpCos, tiny, 1},
	} {
		if got := Narrow(Function(c.op)).Eval(c.x)[0]; !sameBits(got, c.y) {
			t.Errorf("%v(%v) = %v, want %v", c.op, c.x, got, c.y)
		}
	}
}

// A graph of the format survives printing, hoisting and calling, and stays in its format.
func TestFloat32Graphs(t *testing.T) {
	g := European{Market: GivenSpotYield, Greeks: FirstOrder, Format: Float32}.Rows()
	again, err := Parse(g.String())
	if err != nil || again.Format() != Float32 || again.String() != g.String() {
		t.Fatalf("read back as %v with error %v", again, err)
	}
	once, each, err := Hoist(g, "S", "T", "r", "q")
	if err != nil || once.Format() != Float32 || each.Format() != Float32 {
		t.Fatalf("hoisted into %v and %v with error %v", once.Format(), each.Format(), err)
	}
	d, err := Derivative(Narrow(SVI()), "k", "w")
	if err != nil || d.Format() != Float32 {
		t.Fatalf("differentiated into %v with error %v", d, err)
	}
	for _, n := range g.nodes {
		if n.Op == OpConst && n.Value == n.Value && n.Value != Float32.Round(n.Value) {
			t.Errorf("the constant %v is no float32", n.Value)
		}
	}
	ev := NewEvaluator(g)
	in, out, one := make([][]float64, 7), make([][]float64, 6), make([]float64, 6)
	rng := rand.New(rand.NewPCG(85, 86))
	for i := range 100 {
		sign, s, k, tau, vol, r, q := randomOption(rng)
		for j, v := range []float64{sign, s, k, tau, vol, r, q} {
			in[j] = append(in[j], v) // no float32: rounded at the door
		}
		for j := range out {
			out[j] = append(out[j], float64(i))
		}
	}
	ev.EvalTo(out, in)
	for i := range in[0] {
		row := make([]float64, 7)
		for j := range row {
			row[j] = in[j][i]
		}
		ev.Eval(one, row)
		for j, v := range one {
			if v != out[j][i] || v != Float32.Round(v) {
				t.Errorf("row %d: %s is %v by column, %v alone", i, greekNames[j], out[j][i], v)
			}
		}
	}
	if b := NewFormat("x", 7); b.Err() == nil {
		t.Error("format 7 is taken")
	}
}

// Price and Greeks in Float32 against the derivatives of the definition at 100 bits, for inputs that are float32 numbers.
func TestRowsErrors32(t *testing.T) {
	rng := rand.New(rand.NewPCG(87, 88))
	rows := NewEvaluator(European{Market: GivenSpotYield, Greeks: FirstOrder, Format: Float32}.Rows())
	exact := NewBigEvaluator(BSMGreeks(FirstOrder), 100)
	normal, exactNormal := NewEvaluator(BachelierRows(FirstOrder, Float32)), NewBigEvaluator(BachelierGreeks(FirstOrder), 100)
	out, worst, worstNormal := make([]float64, 6), make([]float64, 6), make([]float64, 6)
	for range points(t, 2000) {
		sign, s, k, tau, vol, r, q := randomOption(rng)
		in := []float64{sign, s, k, tau, vol, r, q}
		for j := range in {
			in[j] = Float32.Round(in[j])
		}
		rows.Eval(out, in)
		for i, want := range exact.Eval(asBig(in)...) {
			w, _ := want.Float64()
			worst[i] = max(worst[i], math.Abs(out[i]-w)/(max(1, k/s)*scaleOf(greekNames[i], s, tau, vol)))
		}
		width := Float32.Round(in[4] * s)
		tau, d := in[3], Float32.Round(math.Exp(-r*in[3]))
		rate := -math.Log(d) / tau
		normal.Eval(out, []float64{sign, in[1], in[2], tau, width, d, rate})
		for i, want := range exactNormal.Eval(asBig([]float64{sign, in[1], in[2], tau, width, rate})...) {
			w, _ := want.Float64()
			worstNormal[i] = max(worstNormal[i], math.Abs(out[i]-w)/(max(1, k/s)*scaleOf(greekNames[i], s, tau, vol)))
		}
	}
	for i := range worst {
		t.Logf("%s: %.2g lognormal, %.2g normal", greekNames[i], worst[i], worstNormal[i])
		bound := 3e-6
		if i == 0 {
			bound = 3e-7
		}
		if !(worst[i] <= bound) || !(worstNormal[i] <= bound) {
			t.Errorf("%s: errors %.2g and %.2g of its size, want at most %v", greekNames[i], worst[i], worstNormal[i], bound)
		}
	}
}
