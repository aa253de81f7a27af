package special_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
	"github.com/volgaquant/volga/internal/special"
)

func TestGoldenNoncentralChi2(t *testing.T) {
	golden.Run(t, "papers/noncentral_chi2", func(t *testing.T, c golden.Case) {
		if !c.Has("df") {
			t.Skip("a price, checked in pricing/analytic")
		}
		cdf, sf := special.NoncentralChi2(c.Float(t, "x"), c.Float(t, "df"), c.Float(t, "noncentrality"))
		c.Check(t, "cdf", cdf)
		c.Check(t, "sf", sf)
	})
}

// The smaller tail against the Poisson mixture at 30 digits, and for the last rows the integral of the density at 30 digits.
func TestNoncentralChi2Tails(t *testing.T) {
	worst := 0.0
	for _, c := range []struct {
		x, df, nc float64
		upper     bool
		want, tol float64
	}{
		{86.38941399812632, 4.788019738577103, 13.04684055427611, true, 4.0094667191457854373e-8, 1e-13},
		{23.452956543478884, 12.292635710415531, 74.77647457826463, false, 1.5022667858325932138e-6, 1e-13},
		{0.5164497339337658, 63.3502757326282, 5.31732399057345, false, 1.5524391430589590255e-55, 1e-13},
		{0.0015846590664918812, 0.2306773290388565, 1.9221868807454148, false, 0.17766283123753746545, 1e-13},
		{10.9417109021799, 0.30073798187852174, 70.57494714966846, false, 2.468691283517618841e-7, 1e-13},
		{1.2288780678116102, 0.09675779537215251, 3.920131052057273, false, 0.29420240610038033263, 1e-13},
		{9.796994498258648, 0.17103986250003195, 0.0803564811909182, true, 0.00051823526372773042947, 1e-13},
		{206.3073098876279, 0.3255128122163738, 109.1962071146221, true, 0.000040546679594609221112, 1e-13},
		{223.22279534678705, 0.16471316065096367, 89.55693143652066, true, 1.7733613008730375824e-8, 1e-13},
		{0.01632069736524071, 42.471331005028524, 0.17985121289167144, false, 3.8761330184492437307e-65, 1e-13},
		{0.0122464039810776, 0.05345508159688455, 0.18437762787750145, false, 0.80803729072110528472, 1e-13},
		{12.765118408546586, 0.4815473704660719, 0.20036566989076213, true, 0.00045371285653869658243, 1e-13},
		{1.1550577259851496, 0.40297292757791064, 1.0498257531645891, false, 0.64361736488466029586, 1e-13},
		{2.001068937463837, 0.038021519698933234, 14.097402305433363, false, 0.016448200574709240744, 1e-13},
		{0.0017439543434046528, 0.604847187358947, 2.690166015700988, false, 0.03451705877048386687, 1e-13},
		{165.36854040656118, 69.68345068825283, 0.06689459306271944, true, 9.9113047550571649208e-10, 1e-13},
		{81.82004637533895, 62.68352384808433, 0.279514031906867, true, 0.055714220715436535187, 1e-13},
		{62.15672722436092, 16.391192527304405, 0.028432958429026427, true, 3.1244321872549747583e-7, 1e-13},
		{0.07448759533189618, 32.27974662664393, 0.014251239403441187, false, 2.6760534488934803931e-37, 1e-13},
		{100.87240231131024, 4.344065683885376, 71.77383950896424, true, 0.0822328927031708308, 1e-13},
		{0.000567938913615445, 2.5586102174252243, 0.2052539630482072, false, 0.000022719406097880804945, 1e-13},
		{0.0012431252675291105, 0.10496346432490639, 7.843922008571522, false, 0.013855390685853993557, 1e-13},
		{2.175827258230043, 89.83527068893639, 1.7411216416764694, false, 7.4345936908167987994e-56, 1e-13},
		{11.762944629966702, 24.662340599973458, 0.8199614339402975, false, 0.010550696133691775386, 1e-13},
		{10403.029998875085, 3.0, 10000.0, true, 0.02355314618993190684, 2e-12},
		{97036.14159608872, 200.0, 100000.0, false, 2.3454882140171933267e-7, 2e-12},
		{4018001.9998750156, 2000.0, 4000000.0, true, 0.000032175731019743680939, 2e-12},
		{99959997.000075, 20000.0, 100000000.0, false, 0.001348125938572387259, 2e-12},
	} {
		cdf, sf := special.NoncentralChi2(c.x, c.df, c.nc)
		got := cdf
		if c.upper {
			got = sf
		}
		off := math.Abs(got-c.want) / c.want
		worst = math.Max(worst, off)
		if !(off <= c.tol) || cdf+sf != 1 {
			t.Errorf("x=%g df=%g nc=%g: %.17g, want %.17g, off by %.2g; tails add to %g", c.x, c.df, c.nc, got, c.want, off, cdf+sf)
		}
	}
	t.Logf("worst relative error %.2g", worst)
}

func TestNoncentralChi2Edges(t *testing.T) {
	for _, c := range [][5]float64{
		{0, 2, 1, 0, 1}, {-1, 2, 1, 0, 1}, {math.Inf(1), 2, 1, 1, 0},
		{1, 0, 1, math.NaN(), math.NaN()}, {1, 2, -1, math.NaN(), math.NaN()}, {math.NaN(), 2, 1, math.NaN(), math.NaN()},
	} {
		cdf, sf := special.NoncentralChi2(c[0], c[1], c[2])
		if !(cdf == c[3] && sf == c[4] || math.IsNaN(c[3]) && math.IsNaN(cdf) && math.IsNaN(sf)) {
			t.Errorf("%v: %g and %g", c, cdf, sf)
		}
	}
	// The lower tail at the edge of the doubles: x^(df/2)·e^(−nc/2)/(2^(df/2)·Γ(df/2+1)).
	for _, x := range []float64{1e-12, 1e-17, 1e-60, 1e-150} {
		want := x * x * math.Exp(-2.75) / 8
		if cdf, _ := special.NoncentralChi2(x, 4, 5.5); math.Abs(cdf-want) > 1e-11*want {
			t.Errorf("x=%g: %.15g, want %.15g", x, cdf, want)
		}
	}
	// Two degrees of freedom and no noncentrality: exponential.
	for _, x := range []float64{1e-6, 0.1, 1.9, 2.1, 50, 1000} {
		cdf, sf := special.NoncentralChi2(x, 2, 0)
		if math.Abs(sf-math.Exp(-0.5*x)) > 1e-13*sf || math.Abs(cdf+math.Expm1(-0.5*x)) > 1e-13*cdf {
			t.Errorf("x=%g: %g and %g of an exponential law", x, cdf, sf)
		}
	}
}

func TestLogBesselI(t *testing.T) {
	worst, worstSlope := 0.0, 0.0
	for _, c := range []struct{ nu, z, log, slope float64 }{ // mpmath, 40 digits
		{0.8220822874287705, 721919.2419386914, -7.663773107300772638378, -6.925978364770648900467e-7},
		{0.5228656524716874, 19.607458199872188, -2.4075060059316115598, -0.02546839930881628011788},
		{53.717987429974386, 9.799608007242366, -87.18748599469798130366, 4.570498603579223932677},
		{0, 27621.53026990553, -6.032109422588562693281, -0.00001810198496366064297416},
		{15.681511108010996, 0.2911310826852416, -60.29221823484078417082, 52.87281645569835291508},
		{491.4093664490344, 0.16253303240482447, -3791.619048869689024102, 3022.443210296366165351},
		{0.08483868650444097, 793280.6063672968, -7.710904526271975501963, -6.302941847107001711635e-7},
		{44.48622412714142, 18.69316443005363, -44.54849210211910179703, 1.57742975593880571832},
		{41.98772499350473, 4912.008912676149, -5.348104395582114209604, -0.00006525582512973620662469},
		{365.0833916675588, 0.5084026794523054, -2293.360674541786885434, 717.0995684087124248262},
		{1.0392735490359666, 0.4692448267426339, -1.966183191729322146256, 1.328822488228424479373},
		{6.1097078450399875, 1.7756380603972448, -9.178125325640986960879, 2.56405953019111632906},
		{35.061313532988095, 0.00212745421041036, -332.3861436647067574007, 16479.40809723480488733},
		{5.416045887732089, 177483.90611655, -6.962338073376367336951, -0.000002816695200970401449598},
		{18.77386638792856, 0.0013522115700124306, -175.7042905513323655043, 13882.82324963440470547},
		{3.6845902610850128, 151.62683718371807, -3.473737569517041522169, -0.003005864515829802797061},
		{62.14584158488009, 21.72258759079055, -69.11945825811548998253, 2.028148097085606252839},
		{2.0551281285179157, 3.3634983269364542, -2.199763590259561470671, 0.06874947567582499475153},
		{0.1509416012382078, 0.4656261830993346, -0.5693991810458655814229, -0.4778508037654683710727},
		{0.02490724405909157, 33613.032140567804, -6.130269389621380489945, -0.00001487529323706852338744},
		{3.9529434885458903, 0.3777893639678141, -10.06585661928113480745, 9.501444841971252491484},
		{2911.0770761054214, 0.019237897220895615, -33832.51160412846263784, 151318.9204020616026909},
		{19.704800192636664, 30.139587704952955, -8.945862995807781799721, 0.1831739841708159725783},
		{0.08340008316541636, 187.35710031745003, -3.534796391359555043452, -0.002672181107733926889114},
		{0.025734508466884472, 0.117536654808685, -0.1727915138342895330538, -0.7238523312504423744134},
		{0, 938.4532645058522, -4.340921792618794014347, -0.0005329336675378032625643},
		{216.56661788953198, 642945.1348759027, -7.642319344140075977205, -7.209425387057162658051e-7},
		{161.24598193375178, 0.002754459001678475, -1724.057056508697450177, 58538.98257330212014406},
		{0.2067248358666031, 648.0922209631955, -4.155795007087124087741, -0.0007717422535920130836718},
		{188.21758432802025, 0.016279197941093428, -1706.662544307828169715, 11560.84633354625304246},
	} {
		log, slope, curvature := special.LogBesselI(c.nu, c.z)
		off, offSlope := math.Abs(log-c.log)/(1+math.Abs(c.log)), math.Abs(slope-c.slope)/math.Abs(c.slope)
		worst, worstSlope = math.Max(worst, off), math.Max(worstSlope, offSlope)
		if !(off < 1e-14 && offSlope < 1e-12) {
			t.Errorf("nu=%g z=%g: %.17g and %.17g, want %.17g and %.17g", c.nu, c.z, log, slope, c.log, c.slope)
		}
		h := 1e-3 * c.z
		d := func(h float64) float64 {
			_, up, _ := special.LogBesselI(c.nu, c.z+h)
			_, down, _ := special.LogBesselI(c.nu, c.z-h)
			return (up - down) / (2 * h)
		}
		if want := (4*d(h/2) - d(h)) / 3; math.Abs(curvature-want) > 1e-8*math.Abs(want) {
			t.Errorf("nu=%g z=%g: curvature %.12g, difference quotient %.12g", c.nu, c.z, curvature, want)
		}
	}
	t.Logf("worst error %.2g of the logarithm, %.2g of its slope", worst, worstSlope)
	for _, z := range []float64{0.01, 1, 19.9, 20.1, 500} { // I_½(z) = √(2/(πz))·sinh z
		log, slope, _ := special.LogBesselI(0.5, z)
		want := math.Log(-math.Expm1(-2*z)) - 0.5*math.Log(2*math.Pi*z)
		if wantSlope := 1/math.Tanh(z) - 1 - 0.5/z; math.Abs(log-want) > 2e-15*(1+math.Abs(want)) || math.Abs(slope-wantSlope) > 1e-13*math.Abs(wantSlope) {
			t.Errorf("z=%g: %.17g, want %.17g; slope %.17g, want %.17g", z, log, want, slope, wantSlope)
		}
	}
	for _, c := range [][2]float64{{-1, 1}, {1, 0}, {1, math.NaN()}, {math.Inf(1), 1}} {
		if log, _, _ := special.LogBesselI(c[0], c[1]); !math.IsNaN(log) {
			t.Errorf("%v: %g", c, log)
		}
	}
}

func TestNoncentralAllocatesNothing(t *testing.T) {
	if n := testing.AllocsPerRun(20, func() {
		special.NoncentralChi2(80, 4, 100)
		special.LogBesselI(2, 100)
	}); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

func BenchmarkNoncentralChi2(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		special.NoncentralChi2(80, 4, 100)
	}
}

// F(x; df, nc) − F(x; df+2, nc) = 2·f(x; df+2, nc), where the density f = ½(x/nc)^(df/4)·e^(−(√x−√nc)²/2)·e^(−z)I_{df/2}(z), z = √(x·nc), is
// computed without any integral of the distribution; in the lower tail and the upper, for parameters up to 1e8.
func TestNoncentralChi2Recurrence(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	worst, deepest := 0.0, 0.0
	for range 4000 {
		df, nc := math.Pow(10, -1.3+6*rng.Float64()), math.Pow(10, -3+11*rng.Float64())
		sd := math.Sqrt(2*df + 4*nc)
		x := df + nc + sd*(-30+60*rng.Float64())
		if !(x > 0) {
			x = (df + nc) * math.Pow(10, -3*rng.Float64())
		}
		apart := (x - nc) / (math.Sqrt(x) + math.Sqrt(nc))
		log, _, _ := special.LogBesselI(0.5*df, math.Sqrt(x)*math.Sqrt(nc))
		twice := math.Exp(0.25*df*math.Log(x/nc) - 0.5*apart*apart + log)
		cdf, sf := special.NoncentralChi2(x, df, nc)
		cdf2, sf2 := special.NoncentralChi2(x, df+2, nc)
		off, tail := cdf-cdf2-twice, cdf
		if x > df+nc+2 {
			off, tail = sf2-sf-twice, sf2
		}
		if tail < 1e-290 {
			continue
		}
		deepest = math.Min(deepest, math.Log10(tail))
		worst = math.Max(worst, math.Abs(off)/tail)
		// The exponent of the density, of a few hundred and of parts of up to 1e8, is rounded too.
		if tol := 2e-12 + 2e-16*(df*math.Abs(math.Log(x/nc))+apart*apart); math.Abs(off) > tol*tail {
			t.Errorf("x=%g df=%g nc=%g: the tail %g is off by %.2g of itself", x, df, nc, tail, off/tail)
		}
	}
	t.Logf("worst relative error %.2g, deepest tail 1e%.0f", worst, deepest)
}
