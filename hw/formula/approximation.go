package formula

// approximation holds what the expansions are made of in one format: how arguments are reduced, and polynomials that are as good
// as the format's digits and no longer.
type approximation struct {
	expLow, expHigh  float64 // beyond these e^x rounds to zero and to infinity
	ln2Hi, ln2Lo     float64 // ln 2 in two parts, products of the first with an exponent exact
	expPoly, logPoly []float64
	bellPoly         []float64 // expPoly for e^(−y/2) by y: −½, and the coefficients times (−½)^i

	cdfK, cdfC, cdfClamp float64 // Φ(−cdfClamp) and φ(cdfClamp) round to zero
	cdfPoly              []float64

	trigBound           float64
	pio2A, pio2B, pio2C float64 // π/2 in three parts
	sinFirst            float64
	sinPoly, cosPoly    []float64

	farOut            float64 // e^(−d²/2) is zero there, so that nothing that is multiplied by it may overflow
	rowsLow, rowsHigh float64
}

var approximations = [...]approximation{
	Float64: {
		expLow: -746, expHigh: 710, ln2Hi: ln2Hi, ln2Lo: ln2Lo, expPoly: expPoly, logPoly: logPoly,
		bellPoly: halved(expPoly),
		cdfK:     5.75, cdfC: 1.25, cdfClamp: 38.6, cdfPoly: cdfPoly,
		trigBound: TrigBound, pio2A: 0x1.921fb54442d18p+0, pio2B: 0x1.1a62633145c07p-54, pio2C: -0x1.f1976b7ed8fbcp-110,
		sinFirst: sinFirst, sinPoly: sinPoly, cosPoly: cosPoly,
		farOut: 40, rowsLow: RowsLow, rowsHigh: RowsHigh,
	},
	Float32: {
		expLow: -105, expHigh: 89, ln2Hi: 0x1.62e4p-1, ln2Lo: 0x1.7f7d1cp-20, expPoly: expPoly32, logPoly: logPoly32,
		bellPoly: halved(expPoly32),
		cdfK:     3.5625, cdfC: 0.75, cdfClamp: 14.5, cdfPoly: cdfPoly32,
		trigBound: TrigBound32, pio2A: 0x1.921fb6p+0, pio2B: -0x1.777a5cp-25, pio2C: -0x1.ee59dap-50,
		sinFirst: sinFirst32, sinPoly: sinPoly32, cosPoly: cosPoly32,
		farOut: 15, rowsLow: RowsLow32, rowsHigh: RowsHigh32,
	},
}

// halved returns −½ and c[i]·(−½)^(i+2).
func halved(c []float64) []float64 {
	d, power := []float64{-0.5}, 0.25
	for _, v := range c {
		d = append(d, v*power)
		power *= -0.5
	}
	return d
}

// approx returns the approximation of b's format.
func (b *Builder) approx() *approximation { return &approximations[b.format] }

// The polynomials of [Float32], of the forms of those of Float64, found by Remez's algorithm with the coefficients rounded one
// after the other and the rest fitted anew. Their relative errors: e^r 3.3e-9, ln(1+f) 8.2e-10, Φ(−a) for 0 <= a <= 14.6
// 1.1e-8, sin 3.7e-9, cos 1.5e-10. Half a unit in the last place is 3e-8 at least.
var (
	expPoly32 = []float64{0x1.fffffcp-2, 0x1.55548ap-3, 0x1.55584ep-5, 0x1.123f2ep-7, 0x1.6ad122p-10}
	logPoly32 = []float64{0x1.55557ap-1, 0x1.995eccp-2, 0x1.31e23ep-2}
	cdfPoly32 = []float64{
		-0x1.d95440p-3, -0x1.019b98p-7, 0x1.32321ep-4, -0x1.a13a9ap-5, 0x1.ee82bep-7, 0x1.e712e0p-11, -0x1.05bae2p-9, 0x1.02296cp-13,
		0x1.eaace8p-13,
	}
	sinFirst32 = -0x1.555546p-3
	sinPoly32  = []float64{0x1.11077ap-7, -0x1.9954a4p-13}
	cosPoly32  = []float64{0x1.55554ap-5, -0x1.6c0c1ap-10, 0x1.99e0eep-16}
)
