package surface_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/black"
	"github.com/volgaquant/volga/rates/calendar"
	"github.com/volgaquant/volga/rates/curve"
	"github.com/volgaquant/volga/surface"
)

// undiscounted is Black's formula, written out to be independent of the library.
func undiscounted(right pricing.Right, forward, strike, dev float64) float64 {
	cdf := func(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }
	d := math.Log(forward/strike)/dev + 0.5*dev
	phi := right.Sign()
	return phi * (forward*cdf(phi*d) - strike*cdf(phi*(d-dev)))
}

// world is a market whose forwards, rates and volatilities are known.
type world struct {
	spot, rate, carry, vol, spread float64
	inverse                        bool
	days                           []int
}

var asof = time.Date(2023, 9, 14, 20, 0, 0, 0, time.UTC) // 16:00 in New York

func (w world) forward(tau float64) float64 { return w.spot * math.Exp(w.carry*tau) }

func (w world) quotes() []surface.Quote {
	var out []surface.Quote
	for _, n := range w.days {
		e := surface.Expiry{Root: "W", Date: calendar.NewDate(2023, 9, 14) + calendar.Date(n)}
		tau := calendar.Act365F.Years(asof, e.Settlement.On(e.Date))
		f, d := w.forward(tau), math.Exp(-w.rate*tau)
		if w.inverse {
			d = 1 / f
		}
		for i := -8; i <= 8; i++ {
			k := math.Round(w.spot*math.Exp(0.3*float64(i)*w.vol*math.Sqrt(tau))*10) / 10
			for _, r := range []pricing.Right{pricing.Call, pricing.Put} {
				price := d * undiscounted(r, f, k, w.vol*math.Sqrt(tau))
				half := 0.5 * w.spread * d
				out = append(out, surface.Quote{Expiry: e, Right: r, Strike: k, Bid: price - half, Ask: price + half})
			}
		}
	}
	return out
}

func TestSmilesOfAKnownWorld(t *testing.T) {
	for _, w := range []world{
		{spot: 4500, rate: 0.05, carry: 0.035, vol: 0.2, spread: 0.02, days: []int{30, 91, 182, 365}},
		{spot: 100, rate: -0.005, carry: -0.02, vol: 0.4, spread: 1e-4, days: []int{91, 182}},
		{spot: 30000, carry: 0.08, vol: 0.6, spread: 1, inverse: true, days: []int{1, 8, 91}},
	} {
		quotes := w.quotes()
		slices.Reverse(quotes) // any order will do
		c := surface.NewChain("W", asof, math.NaN(), w.inverse, quotes)
		smiles, report, err := c.Smiles(surface.SmileOptions{})
		if err != nil || len(smiles) != len(w.days) {
			t.Fatalf("%d smiles: %v", len(smiles), err)
		}
		checkSmiles(t, c, smiles, report)
		for _, s := range smiles {
			if f := w.forward(s.Tau); math.Abs(s.Forward/f-1) > 1e-8 { // the smoothed rate enters
				t.Errorf("%s: forward %.9g, want %.9g", s.Label, s.Forward, f)
			}
			// The curve is smoothed: it may be off by a fraction of a basis point.
			if r := -math.Log(s.Discount) / s.Tau; math.Abs(r-w.rate) > 1e-6 {
				t.Errorf("%s: rate %.9g, want %.9g", s.Label, r, w.rate)
			}
			for i := range s.Len() {
				if math.Abs(s.Mid[i]-w.vol) > 1e-7 || !(s.Bid[i] < w.vol && s.Ask[i] > w.vol) {
					t.Errorf("%s %g: vols %.9g %.9g %.9g", s.Label, s.Strike[i], s.Bid[i], s.Mid[i], s.Ask[i])
				}
			}
		}
		for _, x := range report.Expiries {
			if x.ForwardFrom != surface.ParityForward || x.Parity.Outliers != 0 || x.Parity.RMS > 1e-9*w.spot {
				t.Errorf("%s: %+v", x.Expiry.Label(), x)
			}
		}
	}
}

// Wrong quotes near the money move the forward by little and are told apart as outliers.
func TestParityWithstandsWrongQuotes(t *testing.T) {
	w := world{spot: 4500, rate: 0.05, carry: 0.035, vol: 0.2, spread: 2, days: []int{91}}
	quotes := w.quotes()
	for i := range quotes { // every fifth call is 40 points off
		if i%10 == 2 {
			quotes[i].Bid += 40
			quotes[i].Ask += 40
		}
	}
	c := surface.NewChain("W", asof, math.NaN(), false, quotes)
	_, report, err := c.Smiles(surface.SmileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	x := report.Expiries[0]
	if math.Abs(x.Forward-w.forward(x.Tau)) > 0.01 || x.Parity.Outliers < 3 {
		t.Errorf("forward %g, want %g; %d outliers", x.Forward, w.forward(x.Tau), x.Parity.Outliers)
	}
}

func TestFitParityFewPairs(t *testing.T) {
	one := surface.Pairs{Strike: []float64{100}, Call: []float64{5}, Put: []float64{3}, Half: []float64{0.1}}
	if p := surface.FitParity(surface.Pairs{}); !math.IsNaN(p.Forward) || p.Pairs != 0 {
		t.Errorf("no pair: %+v", p)
	}
	if p := surface.FitParity(one); p.Forward != 102 || !math.IsNaN(p.Discount) {
		t.Errorf("one pair: %+v", p)
	}
	if p := surface.FitForward(one, 0.5); p.Forward != 104 || p.Discount != 0.5 {
		t.Errorf("one pair, discount given: %+v", p)
	}
	two := surface.Pairs{Strike: []float64{90, 110}, Call: []float64{12, 3}, Put: []float64{2, 12}, Half: []float64{0.1, 0.1}}
	if p := surface.FitParity(two); math.Abs(p.Discount-0.95) > 1e-12 || math.Abs(p.Forward-(90+10/0.95)) > 1e-9 || p.RMS > 1e-9 {
		t.Errorf("two pairs: %+v", p)
	}
	inverse := surface.Pairs{Strike: []float64{100}, Call: []float64{0.3}, Put: []float64{0.1}, Half: []float64{0}}
	if p := surface.FitInverse(inverse); math.Abs(p.Forward-125) > 1e-12 || p.Discount != 1 {
		t.Errorf("inverse: %+v", p)
	}
}

// A short expiry takes its rate from the longer ones, whose regression is sharper.
func TestShortRateComesFromLongExpiries(t *testing.T) {
	w := world{spot: 4500, rate: 0.05, carry: 0.035, vol: 0.2, spread: 2, days: []int{2, 9, 91, 182, 365}}
	quotes := w.quotes()
	for i := range quotes {
		if quotes[i].Right == pricing.Call { // ticks of 0.5 on the calls: noise that ruins the short regressions
			quotes[i].Bid, quotes[i].Ask = math.Round(2*quotes[i].Bid)/2, math.Round(2*quotes[i].Ask)/2
		}
	}
	_, report, err := surface.NewChain("W", asof, math.NaN(), false, quotes).Smiles(surface.SmileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range report.Expiries {
		if math.Abs(x.Rate-0.05) > 0.004 {
			t.Errorf("%s: rate %.4f, alone %.4f", x.Expiry.Label(), x.Rate, -math.Log(x.Parity.Discount)/x.Tau)
		}
	}
}

func TestForwardsWithoutPairs(t *testing.T) {
	w := world{spot: 4500, rate: 0.05, carry: 0.035, vol: 0.2, spread: 2, days: []int{30, 60, 90}}
	bare := func(day int) []surface.Quote { // no put at all on one expiry
		quotes := w.quotes()
		return slices.DeleteFunc(quotes, func(q surface.Quote) bool {
			return q.Expiry.Date == calendar.NewDate(2023, 9, 14)+calendar.Date(day) && q.Right == pricing.Put
		})
	}
	for _, c := range []struct {
		name string
		day  int
		spot float64
		want surface.ForwardSource
	}{
		{"between its neighbours", 60, math.NaN(), surface.BetweenForward},
		{"between spot and the first", 30, 4500, surface.BetweenForward},
		{"before the first without spot", 30, math.NaN(), surface.NoForward},
		{"beyond the last", 90, 4500, surface.NoForward},
	} {
		chain := surface.NewChain("W", asof, c.spot, false, bare(c.day))
		smiles, report, err := chain.Smiles(surface.SmileOptions{})
		if err != nil {
			t.Fatal(err)
		}
		checkSmiles(t, chain, smiles, report)
		x := report.Expiries[c.day/30-1]
		if x.ForwardFrom != c.want {
			t.Errorf("%s: forward from %v", c.name, x.ForwardFrom)
		}
		if c.want == surface.BetweenForward && math.Abs(x.Forward/w.forward(x.Tau)-1) > 1e-6 {
			t.Errorf("%s: forward %g, want %g", c.name, x.Forward, w.forward(x.Tau))
		}
		if c.want == surface.NoForward && (x.Rejected.Count(surface.ExpirySkipped) == 0 || !strings.Contains(x.Skipped, "no forward")) {
			t.Errorf("%s: skipped %q, rejected %v", c.name, x.Skipped, x.Rejected)
		}
	}
	chain := surface.NewChain("W", asof, math.NaN(), false, bare(90))
	chain.ExpiryForward = make([]float64, chain.Len())
	for i := range chain.ExpiryForward {
		chain.ExpiryForward[i] = 4600
	}
	_, report, err := chain.Smiles(surface.SmileOptions{})
	if err != nil || report.Expiries[2].ForwardFrom != surface.VenueForward || report.Expiries[2].Forward != 4600 {
		t.Errorf("the venue's forward: %+v, %v", report.Expiries[2], err)
	}
}

func TestCleanCountsEveryReason(t *testing.T) {
	var b strings.Builder
	b.WriteString("snapshot_utc,underlying,expiry,settlement,strike,type,bid,ask\n")
	for _, row := range []string{
		"10:30:00,ABC,2023-10-20,PM,100,C,4.0,4.2",
		"10:30:00,ABC,2023-10-20,PM,100,C,4.0,4.2", // the same again
		"10:30:00,ABC,2023-09-13,PM,100,C,4.0,4.2",
		"10:30:00,ABC,2023-10-20,PM,101,C,NaN,4.2",
		"10:30:00,ABC,2023-10-20,PM,102,C,4.0,Inf",
		"10:30:00,ABC,2023-10-20,PM,nan,C,4.0,4.2",
		"10:30:00,ABC,2023-10-20,PM,,C,4.0,4.2",
		"10:30:00,ABC,2023-10-20,PM,103,C,-1,4.2",
		"10:30:00,ABC,2023-10-20,PM,104,C,1,-4.2",
		"10:30:00,ABC,2023-10-20,PM,-105,C,4.0,4.2",
		"10:30:00,ABC,2023-10-20,PM,0,C,4.0,4.2",
		"10:30:00,ABC,2023-10-20,PM,106,C,,4.2",
		"10:30:00,ABC,2023-10-20,PM,107,C,0,4.2",
		"10:30:00,ABC,2023-10-20,PM,108,C,4.0,",
		"10:30:00,ABC,2023-10-20,PM,109,C,4.3,4.2",
		"10:10:00,ABC,2023-10-20,PM,110,C,4.0,4.2",
		"10:30:00,ABC,2023-10-20,PM,111,C,1.0,3.1",
		"10:30:00,ABC,2023-10-20,PM,112,C,1.0,3.0", // at the limit
		"10:30:00,ABC,2023-10-20,PM,113,C,4.0,4.0", // locked
		"10:30:00,ABC,2023-10-20,PM,114,C,null,4.2",
	} {
		b.WriteString("2023-09-14 " + row + "\n")
	}
	c, _ := read(t, b.String(), surface.ReadOptions{})
	clean, rejected := c.Clean(surface.CleanOptions{})
	want := map[surface.Reason]int{
		surface.Duplicate: 1, surface.Expired: 1, surface.NotANumber: 5, surface.Negative: 4, surface.NoBid: 2,
		surface.NoAsk: 1, surface.Crossed: 1, surface.Stale: 1, surface.Wide: 1,
	}
	for _, why := range surface.Reasons() {
		if rejected.Count(why) != want[why] {
			t.Errorf("%v: %d, want %d", why, rejected.Count(why), want[why])
		}
	}
	if rejected.Line(surface.Crossed) != 16 || clean.Len() != 3 || c.Len() != clean.Len()+rejected.Total() {
		t.Errorf("crossed on line %d; kept %v; rejected %v", rejected.Line(surface.Crossed), clean.Strike, rejected)
	}
	if got := rejected.String(); got != "expired 1, not a number 5, negative 4, duplicate 1, no bid 2, no ask 1, crossed 1, stale 1, wide 1" {
		t.Errorf("%s", got)
	}
	if _, rejected := c.Clean(surface.CleanOptions{MinBid: 3, MaxSpread: 2, MaxAge: 7200}); rejected.Count(surface.NoBid) != 4 || rejected.Count(surface.Stale)+rejected.Count(surface.Wide) != 0 {
		t.Errorf("with other limits: %v", rejected)
	}
	if _, _, err := c.Smiles(surface.SmileOptions{Clean: surface.CleanOptions{MaxAge: math.NaN()}}); !errors.Is(err, pricing.ErrDomain) {
		t.Errorf("a limit of NaN: %v", err)
	}
}

func TestBoundsAndButterflies(t *testing.T) {
	w := world{spot: 4500, rate: 0.05, carry: 0.035, vol: 0.2, spread: 0.2, days: []int{91, 182}}
	clean := w.quotes()
	spoil := func(index int, change func(q *surface.Quote)) surface.SmileReport {
		quotes := slices.Clone(clean)
		change(&quotes[index])
		c := surface.NewChain("W", asof, math.NaN(), false, quotes)
		smiles, report, err := c.Smiles(surface.SmileOptions{})
		if err != nil {
			t.Fatal(err)
		}
		checkSmiles(t, c, smiles, report)
		return report
	}
	row := func(i int, right pricing.Right) int { // of the first expiry
		n := 2 * i
		if right == pricing.Put {
			n++
		}
		return n
	}
	line := func(n int) int { return n + 1 }
	for _, c := range []struct {
		name   string
		index  int
		change func(q *surface.Quote)
		why    surface.Reason
	}{
		{"a put dearer than its neighbours", row(3, pricing.Put), func(q *surface.Quote) { q.Bid *= 1.5; q.Ask *= 1.5 }, surface.ButterflyArbitrage},
		{"a put far too cheap", row(4, pricing.Put), func(q *surface.Quote) { q.Bid *= 0.3; q.Ask *= 0.3 }, surface.ButterflyArbitrage},
		{"the last call dearer than the one before", row(16, pricing.Call), func(q *surface.Quote) { q.Bid = 400; q.Ask = 401 }, surface.ButterflyArbitrage},
		{"a call above the forward", row(16, pricing.Call), func(q *surface.Quote) { q.Bid = 4600; q.Ask = 4601 }, surface.OutsideBounds},
		{"a put with an ask above its strike", row(2, pricing.Put), func(q *surface.Quote) { q.Bid = 2500; q.Ask = 7000 }, surface.OutsideBounds},
	} {
		report := spoil(c.index, c.change)
		if report.Rejected.Count(c.why) != 1 || report.Rejected.Line(c.why) != line(c.index) {
			t.Errorf("%s: rejected %v, line %d", c.name, report.Rejected, report.Rejected.Line(c.why))
		}
	}
}

func TestNoSmile(t *testing.T) {
	lines := strings.SplitAfter(inline, "\n")
	for _, c := range []struct{ name, text, says string }{
		{"a single strike", strings.Join(lines[:3], ""), "no forward"},
		{"two strikes", strings.Join(lines[:5], ""), "2 usable options, want 3"},
		{"expired options", strings.ReplaceAll(inline, "2023-10-20", "2023-09-13"), "expired 8"},
		{"expiring at the close", strings.ReplaceAll(inline, "2023-10-20", "2023-09-14"), "expired 8"},
		{"calls only", strings.ReplaceAll(inline, ",P,", ",C,"), "duplicate 4"},
		{"no bids", strings.NewReplacer(",6.9,", ",0,", ",1.9,", ",,", ",3.9,", ",0.0,", ",0.9,", ",0,", ",10.9,", ",0,").Replace(inline), "no bid 8"},
		{"all crossed", strings.NewReplacer(",6.9,", ",60,", ",1.9,", ",60,", ",3.9,", ",60,", ",0.9,", ",60,", ",10.9,", ",60,").Replace(inline), "crossed 8"},
	} {
		chain, _ := read(t, c.text, surface.ReadOptions{})
		smiles, report, err := chain.Smiles(surface.SmileOptions{})
		if smiles != nil || !errors.Is(err, surface.ErrNoSmile) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
		checkSmiles(t, chain, smiles, report)
	}
}

func TestSmilesRefuses(t *testing.T) {
	good, _ := read(t, inline, surface.ReadOptions{})
	if _, _, err := good.Smiles(surface.SmileOptions{MinStrikes: -1}); !errors.Is(err, pricing.ErrDomain) {
		t.Errorf("%v", err)
	}
	for name, spoil := range map[string]func(c *surface.Chain){
		"a short column":    func(c *surface.Chain) { c.Ask = c.Ask[:3] },
		"a short age":       func(c *surface.Chain) { c.Age = []float64{1} },
		"no instant":        func(c *surface.Chain) { c.Asof = time.Time{} },
		"no such expiry":    func(c *surface.Chain) { c.Expiry = slices.Repeat([]int32{7}, c.Len()) },
		"rows out of order": func(c *surface.Chain) { c.Strike = []float64{95, 95, 100, 100, 99, 105, 110, 110} },
		"puts before calls": func(c *surface.Chain) { c.Right = slices.Repeat([]pricing.Right{pricing.Put, pricing.Call}, 4) },
		"expiries reordered": func(c *surface.Chain) {
			c.Expiries = append([]surface.Expiry{{At: asof.AddDate(9, 0, 0)}}, c.Expiries...)
		},
	} {
		c := *good
		spoil(&c)
		if _, _, err := c.Smiles(surface.SmileOptions{}); !errors.Is(err, pricing.ErrDomain) {
			t.Errorf("%s: %v", name, err)
		}
	}
	empty := &surface.Chain{Asof: asof}
	if _, _, err := empty.Smiles(surface.SmileOptions{}); !errors.Is(err, surface.ErrNoSmile) {
		t.Errorf("an empty chain: %v", err)
	}
	if _, report, err := good.Smiles(surface.SmileOptions{Discount: curve.Flat(math.NaN())}); !errors.Is(err, surface.ErrNoSmile) || !strings.Contains(report.Expiries[0].Skipped, "discount") {
		t.Errorf("a curve of NaN: %v", err)
	}
}

func TestAmericanNeedsACurve(t *testing.T) {
	chain, _ := read(t, strings.ReplaceAll(inline, "European", "American"), surface.ReadOptions{})
	_, report, err := chain.Smiles(surface.SmileOptions{})
	if err != nil || len(report.Notes) != 2 || report.Expiries[0].Rate < 0 || !chain.American() {
		t.Errorf("%v, notes %q, rate %g", err, report.Notes, report.Expiries[0].Rate)
	}
	_, report, err = chain.Smiles(surface.SmileOptions{Discount: curve.Flat(0.05)})
	if err != nil || len(report.Notes) != 1 || math.Abs(report.Expiries[0].Rate-0.05) > 1e-12 {
		t.Errorf("%v, notes %q", err, report.Notes)
	}
}

func BenchmarkSmiles(b *testing.B) {
	c, _, err := surface.ReadChainFile(vendorFile(b, "equity_options/spx_2023-09-14.csv.gz"), surface.ReadOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := c.Smiles(surface.SmileOptions{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(c.Len())*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// Two classes that settle at one instant cannot both be on a surface: the one with more options stays, the rows of the
// other are counted.
func TestClassesThatSettleTogether(t *testing.T) {
	asof := time.Date(2026, time.January, 5, 21, 0, 0, 0, time.UTC)
	date := calendar.NewDate(2026, time.March, 20)
	for _, order := range [][2]string{{"A", "B"}, {"B", "A"}} {
		var quotes []surface.Quote
		for i, root := range order {
			for k := 80.0; k <= 120; k += 2 + 3*float64(i) { // the second class has fewer strikes
				for _, right := range []pricing.Right{pricing.Call, pricing.Put} {
					mid := black.Black76{Right: right, Forward: 100, Strike: k, Vol: 0.3, Tau: 0.2, Discount: 1}.Price()
					quotes = append(quotes, surface.Quote{Expiry: surface.Expiry{Root: root, Date: date}, Right: right, Strike: k, Bid: mid - 0.01, Ask: mid + 0.01})
				}
			}
		}
		smiles, report, err := surface.NewChain("X", asof, 100, false, quotes).Smiles(surface.SmileOptions{})
		if err != nil || len(smiles) != 1 {
			t.Fatalf("%d smiles, %v", len(smiles), err)
		}
		if want := order[0] + " 2026-03-20 PM"; smiles[0].Label != want {
			t.Errorf("kept %s, want %s", smiles[0].Label, want)
		}
		if report.Used != smiles[0].Len() || report.Used+report.Rejected.Total() != report.Rows || report.Rejected.Count(surface.ExpirySkipped) == 0 {
			t.Errorf("rows %d, used %d, rejected %v", report.Rows, report.Used, report.Rejected)
		}
		if _, _, err := surface.FitESSVI(smiles, surface.FitSettings{}); err != nil {
			t.Error(err)
		}
	}
}
