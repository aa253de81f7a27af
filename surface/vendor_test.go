package surface_test

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/rates/calendar"
	"github.com/volgaquant/volga/rates/curve"
	"github.com/volgaquant/volga/surface"
)

// vendorFile returns the path of a file of real chains, or skips the test if the data are not beside the checkout.
func vendorFile(t testing.TB, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Skip("no go.mod above the test: not run from a checkout")
		}
		dir = filepath.Dir(dir)
	}
	path := filepath.Join(dir, "..", "shared", "data", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the market data are not there: %v", err)
	}
	return path
}

// whitepaper reads the strip of the Cboe VIX white paper, which has no date: the paper values it at 8:30 in Chicago,
// nine days before the opening of the settlement day.
var whitepaper = surface.ReadOptions{
	Asof: time.Date(2009, 1, 1, 14, 30, 0, 0, time.UTC), Settle: surface.SettleAM, KeepSaturday: true,
}

// The rows and distinct expiry dates are those of ../shared/data/README.md.
var vendorFiles = []struct {
	name     string
	opt      surface.ReadOptions
	rows     int // of the file
	kept     int // of the snapshot
	dates    int // distinct expiry dates in the snapshot
	smiles   int
	used     int
	spot     float64
	inverse  bool
	european bool
}{
	{"equity_options/spx_2011-01-24.csv", surface.ReadOptions{}, 1910, 1910, 15, 15, 686, 1290.59, false, true},
	{"equity_options/spx_2022-02-04.csv.gz", surface.ReadOptions{}, 20502, 20502, 40, 45, 9151, 4500.53, false, true},
	{"equity_options/ndx_2022-02-04.csv.gz", surface.ReadOptions{}, 18382, 18382, 34, 33, 7674, 14694.35, false, true},
	{"equity_options/spx_2023-04-14.csv.gz", surface.ReadOptions{}, 17932, 17932, 50, 54, 7906, 4137.64, false, true},
	{"equity_options/spx_2023-04-17.csv.gz", surface.ReadOptions{}, 17653, 17653, 49, 54, 7722, 4151.32, false, true},
	{"equity_options/spx_2023-05-23.csv.gz", surface.ReadOptions{}, 17148, 17148, 48, 52, 7712, 4145.58, false, true},
	{"equity_options/spx_2023-05-26.csv.gz", surface.ReadOptions{}, 17161, 17161, 48, 52, 7752, 4205.45, false, true},
	{"equity_options/spx_2023-09-14.csv.gz", surface.ReadOptions{}, 19691, 19691, 53, 58, 8636, 4505.1, false, true},
	{"equity_options/xsp_2023-09-14.csv.gz", surface.ReadOptions{}, 10550, 10550, 51, 50, 4381, 450.51, false, true},
	{"equity_options/spy_2023-09-14.csv.gz", surface.ReadOptions{}, 7292, 7292, 31, 30, 2744, 450.81, false, false},
	{"equity_options/spx_2025-10-01.csv.gz", surface.ReadOptions{}, 1976, 1976, 13, 13, 985, 6711.2, false, true},
	{"equity_options/spx_2026-01-30.csv.gz", surface.ReadOptions{}, 16855, 16855, 54, 59, 9775, math.NaN(), false, true},
	{"equity_options/vix_2023-05-15.csv.gz", surface.ReadOptions{}, 1314, 1314, 13, 13, 521, 17.33, false, true},
	{"equity_options/aapl_2014-06-06_09.csv.gz", surface.ReadOptions{Date: calendar.NewDate(2014, 6, 6)}, 4532, 2352, 13, 12, 918, math.NaN(), false, false},
	{"equity_options/aapl_2014-06-06_09.csv.gz", surface.ReadOptions{}, 4532, 2180, 12, 12, 848, math.NaN(), false, false},
	{"equity_options/vix_whitepaper_2009_options.csv", whitepaper, 736, 736, 2, 2, 184, math.NaN(), false, true},
	{"crypto_options/deribit_options_2026-07.csv.gz", surface.ReadOptions{}, 44004, 940, 13, 13, 365, math.NaN(), true, true},
	{"crypto_options/deribit_options_2026-07.csv.gz", surface.ReadOptions{Underlying: "ETH", Date: calendar.NewDate(2026, 7, 4)}, 44004, 720, 13, 13, 313, math.NaN(), true, true},
	{"crypto_options/okx_options_2026-07-15.csv.gz", surface.ReadOptions{}, 1316, 674, 11, 11, 268, 64627.8, true, true},
	{"crypto_options/deribit_btc_options_2020-05-21.csv.gz", surface.ReadOptions{}, 326, 326, 7, 7, 133, 9081.63, true, true},
	{"crypto_options/deribit_options_2021-02-11.csv.gz", surface.ReadOptions{}, 1972, 976, 9, 1, 10, 47760.13, true, true},
}

func TestVendorFiles(t *testing.T) {
	for _, f := range vendorFiles {
		t.Run(filepath.Base(f.name), func(t *testing.T) {
			c, read, err := surface.ReadChainFile(vendorFile(t, f.name), f.opt)
			if err != nil {
				t.Fatal(err)
			}
			if read.Rows != f.rows || read.Kept != f.kept || c.Len() != f.kept || read.Rows != read.Kept+read.Rejected.Total() {
				t.Errorf("%d rows, kept %d, rejected %v; want %d rows, kept %d", read.Rows, read.Kept, read.Rejected, f.rows, f.kept)
			}
			dates := map[calendar.Date]bool{}
			for _, e := range c.Expiries {
				dates[e.Date] = true
			}
			if len(dates) != f.dates {
				t.Errorf("%d expiry dates, want %d", len(dates), f.dates)
			}
			if c.Spot != f.spot && !(math.IsNaN(c.Spot) && math.IsNaN(f.spot)) {
				t.Errorf("spot %g, want %g", c.Spot, f.spot)
			}
			if c.Inverse != f.inverse || c.American() == f.european {
				t.Errorf("inverse %v, american %v", c.Inverse, c.American())
			}
			if err := c.Validate(); err != nil {
				t.Error(err)
			}
			smiles, report, err := c.Smiles(surface.SmileOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if len(smiles) != f.smiles || report.Used != f.used {
				t.Errorf("%d smiles of %d options, want %d of %d; rejected %v", len(smiles), report.Used, f.smiles, f.used, report.Rejected)
			}
			checkSmiles(t, c, smiles, report)
			crossed := 0
			if strings.Contains(f.name, "2026-01-30") {
				crossed = 1
			}
			if n := report.Rejected.Count(surface.Crossed); n != crossed {
				t.Errorf("%d crossed rows, want %d", n, crossed)
			}
			if !f.european {
				return
			}
			for _, x := range report.Expiries { // the README found this of every expiry with six pairs or more
				if p := x.Parity; p.Pairs >= 6 && !(p.RMS < p.HalfSpread) {
					t.Errorf("%s: parity residual %g, half-spread %g", x.Expiry.Label(), p.RMS, p.HalfSpread)
				}
			}
		})
	}
}

// checkSmiles checks what holds of all smiles: the tallies, the order, and that the numbers are numbers.
func checkSmiles(t *testing.T, c *surface.Chain, smiles []surface.Smile, report surface.SmileReport) {
	t.Helper()
	if report.Rows != c.Len() || report.Rows != report.Used+report.Rejected.Total() {
		t.Errorf("%d rows, %d used, %d rejected", report.Rows, report.Used, report.Rejected.Total())
	}
	used, rows := 0, 0
	for _, x := range report.Expiries {
		rows += x.Rows
		used += x.Used
		if x.Rows != x.Used+x.Rejected.Total() || (x.Skipped == "") != (x.Used > 0) {
			t.Errorf("%s: %d rows, %d used, rejected %v, skipped %q", x.Expiry.Label(), x.Rows, x.Used, x.Rejected, x.Skipped)
		}
	}
	if rows != report.Rows || used != report.Used {
		t.Errorf("the expiries have %d rows, %d used; the report says %d, %d", rows, used, report.Rows, report.Used)
	}
	positive := func(v float64) bool { return v > 0 && !math.IsInf(v, 1) }
	for i, s := range smiles {
		if i > 0 && s.Tau < smiles[i-1].Tau {
			t.Errorf("%s: out of order", s.Label)
		}
		if !positive(s.Tau) || !positive(s.Forward) || !positive(s.Discount) || s.Len() < 3 {
			t.Errorf("%s: tau %g, forward %g, discount %g, %d options", s.Label, s.Tau, s.Forward, s.Discount, s.Len())
		}
		for j := range s.Len() {
			if j > 0 && s.Strike[j] <= s.Strike[j-1] {
				t.Errorf("%s: strike %g after %g", s.Label, s.Strike[j], s.Strike[j-1])
			}
			if s.Bid[j] > s.Mid[j]*(1+1e-9) || s.Mid[j] > s.Ask[j]*(1+1e-9) || !positive(s.Mid[j]) || !positive(s.Ask[j]) {
				t.Errorf("%s %g: vols %g %g %g", s.Label, s.Strike[j], s.Bid[j], s.Mid[j], s.Ask[j])
			}
		}
	}
}

func vendorSmiles(t *testing.T, name string, read surface.ReadOptions, opt surface.SmileOptions) (*surface.Chain, surface.SmileReport) {
	t.Helper()
	c, _, err := surface.ReadChainFile(vendorFile(t, name), read)
	if err != nil {
		t.Fatal(err)
	}
	_, report, err := c.Smiles(opt)
	if err != nil {
		t.Fatal(err)
	}
	return c, report
}

// The README gives the rates that parity implies beyond a month; its regression differs in weights and range of strikes,
// so that the bounds are a little wider here. Shorter expiries, where the README calls the regression noise, must be
// within them too: their rates are those of the longer ones.
func TestImpliedRates(t *testing.T) {
	for _, f := range []struct {
		name   string
		lo, hi float64
	}{
		{"spx_2011-01-24.csv", 0.003, 0.014},
		{"spx_2022-02-04.csv.gz", 0.004, 0.0165},
		{"spx_2023-04-14.csv.gz", 0.042, 0.059},
		{"spx_2023-04-17.csv.gz", 0.042, 0.059},
		{"spx_2023-05-23.csv.gz", 0.042, 0.059},
		{"spx_2023-05-26.csv.gz", 0.042, 0.059},
		{"spx_2023-09-14.csv.gz", 0.042, 0.059},
		{"xsp_2023-09-14.csv.gz", 0.042, 0.060},
		{"vix_2023-05-15.csv.gz", 0.042, 0.057},
		{"spx_2025-10-01.csv.gz", 0.036, 0.042},
		{"spx_2026-01-30.csv.gz", 0.036, 0.042},
	} {
		_, report := vendorSmiles(t, "equity_options/"+f.name, surface.ReadOptions{}, surface.SmileOptions{})
		for _, x := range report.Expiries {
			if !(x.Tau > 0) || x.Tau > 1.5 {
				continue
			}
			if !(x.Rate >= f.lo && x.Rate <= f.hi) {
				t.Errorf("%s %s: rate %.4f, want in [%g, %g]", f.name, x.Expiry.Label(), x.Rate, f.lo, f.hi)
			}
		}
	}
}

func TestFirstForwardNearSpot(t *testing.T) {
	for _, f := range vendorFiles {
		if !strings.Contains(f.name, "/spx_20") || math.IsNaN(f.spot) || strings.Contains(f.name, "2025") {
			continue
		}
		_, report := vendorSmiles(t, f.name, f.opt, surface.SmileOptions{})
		for _, x := range report.Expiries {
			if x.Tau > 0 && x.Expiry.Root == "SPXW" {
				if d := math.Abs(x.Forward/f.spot - 1); d > 0.002 {
					t.Errorf("%s %s: forward %g is %.2f%% off the spot", f.name, x.Expiry.Label(), x.Forward, 100*d)
				}
				break
			}
		}
	}
	_, report := vendorSmiles(t, "equity_options/spx_2026-01-30.csv.gz", surface.ReadOptions{}, surface.SmileOptions{})
	if x := report.Expiries[0]; math.Abs(x.Forward-6936.3) > 0.05 || x.Expiry.Label() != "SPXW 2026-02-02 PM" {
		t.Errorf("%s: forward %.3f, the README has 6936.3", x.Expiry.Label(), x.Forward)
	}
}

// The README counts 583 executable butterflies between neighbours in this file; nearly all are of options in the money.
// Out of the money there are those around the calls at 7160 and 7165, 7245 and 7305 of one expiry and the put at 4250 of
// another; the put at 7100 of a third stands against its second neighbours. The Cboe chains have none.
func TestButterfliesOfDirtyFile(t *testing.T) {
	_, report := vendorSmiles(t, "equity_options/spx_2026-01-30.csv.gz", surface.ReadOptions{}, surface.SmileOptions{})
	got := map[string]int{}
	for _, x := range report.Expiries {
		if n := x.Rejected.Count(surface.ButterflyArbitrage); n > 0 {
			got[x.Expiry.Label()] = n
		}
	}
	want := map[string]int{"SPXW 2026-09-30 PM": 4, "SPX 2027-06-17 AM": 1, "SPX 2029-12-21 AM": 1}
	if !maps.Equal(got, want) {
		t.Errorf("rejected %v, want %v", got, want)
	}
	for _, name := range []string{"spx_2011-01-24.csv", "spx_2022-02-04.csv.gz", "ndx_2022-02-04.csv.gz", "spx_2023-09-14.csv.gz", "spx_2025-10-01.csv.gz"} {
		_, report := vendorSmiles(t, "equity_options/"+name, surface.ReadOptions{}, surface.SmileOptions{})
		if n := report.Rejected.Count(surface.ButterflyArbitrage); n != 0 {
			t.Errorf("%s: %d executable butterflies", name, n)
		}
	}
}

// AM- and PM-settled options of one date settle six and a half hours apart: their forwards agree to a few hundredths of
// a percent, a check of two disjoint sets of quotes against each other.
func TestForwardsOfOneDateAgree(t *testing.T) {
	for _, name := range []string{"spx_2022-02-04.csv.gz", "spx_2023-05-23.csv.gz", "spx_2023-09-14.csv.gz"} {
		_, report := vendorSmiles(t, "equity_options/"+name, surface.ReadOptions{}, surface.SmileOptions{})
		n := 0
		for i := 1; i < len(report.Expiries); i++ {
			a, b := report.Expiries[i-1], report.Expiries[i]
			if a.Expiry.Date != b.Expiry.Date || !(a.Forward > 0) {
				continue
			}
			n++
			if d := math.Abs(a.Forward/b.Forward - 1); d > 2e-4 {
				t.Errorf("%s %s: forward %g, %s: %g", name, a.Expiry.Label(), a.Forward, b.Expiry.Label(), b.Forward)
			}
		}
		if n < 4 {
			t.Errorf("%s: only %d dates with two settlements", name, n)
		}
	}
}

// The README: over 650 expiry-days of July 2026 the parity forward differs from the venue's by 2.7e-4 in the median and
// by less than 1.2e-3 in 95 %.
func TestDeribitForwards(t *testing.T) {
	f, err := os.Open(vendorFile(t, "crypto_options/deribit_options_2026-07.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	chains, read, err := surface.ReadChains(f, "deribit", surface.ReadOptions{})
	if err != nil || len(chains) != 56 || read.Rows != 44004 || read.Kept != 44004 {
		t.Fatalf("%d chains, %d rows, %d kept: %v", len(chains), read.Rows, read.Kept, err)
	}
	days, near := 0, 0
	for _, c := range chains {
		smiles, report, err := c.Smiles(surface.SmileOptions{})
		if err != nil {
			t.Fatal(err)
		}
		checkSmiles(t, c, smiles, report)
		venue := map[int32]float64{}
		for i, e := range c.Expiry {
			venue[e] = c.ExpiryForward[i]
		}
		for e, x := range report.Expiries {
			if x.ForwardFrom != surface.ParityForward || x.Parity.Pairs < 4 {
				continue
			}
			days++
			if math.Abs(x.Forward/venue[int32(e)]-1) < 1.2e-3 {
				near++
			}
		}
	}
	if days < 600 || float64(near) < 0.95*float64(days) {
		t.Errorf("%d of %d parity forwards are within 1.2e-3 of the venue's", near, days)
	}
}

// On a day with empty books the venue's marks make smiles. Each of the 488 BTC instruments is in the file twice.
func TestDeribitEmptyBooks(t *testing.T) {
	c, _, err := surface.ReadChainFile(vendorFile(t, "crypto_options/deribit_options_2021-02-11.csv.gz"), surface.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Asof.Format(time.DateTime); got != "2021-02-11 18:44:14" {
		t.Errorf("the snapshot is of %s", got)
	}
	smiles, report, err := c.Marks().Smiles(surface.SmileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	checkSmiles(t, c, smiles, report)
	if report.Rejected.Count(surface.Duplicate) != 488 || len(smiles) < 8 {
		t.Errorf("%d smiles, rejected %v", len(smiles), report.Rejected)
	}
}

// The implied volatilities of the venue's marks are the venue's mark_iv, to a tenth of a point where the option is worth
// enough for its six decimals to tell.
func TestDeribitMarkVols(t *testing.T) {
	path := vendorFile(t, "crypto_options/deribit_options_2026-07.csv.gz")
	c, _, err := surface.ReadChainFile(path, surface.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	smiles, _, err := c.Marks().Smiles(surface.SmileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	type option struct {
		label  string
		strike float64
		right  pricing.Right
	}
	venue := map[option]float64{}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(z).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records[1:] { // snapshot_utc,underlying,instrument,expiry,strike,type,mark_price,bid,ask,mark_iv,...
		if !strings.HasPrefix(r[0], "2026-07-31") || r[1] != "BTC" {
			continue
		}
		strike, err1 := strconv.ParseFloat(r[4], 64)
		iv, err2 := strconv.ParseFloat(r[9], 64)
		right, err3 := pricing.ParseRight(r[5])
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		venue[option{"BTC " + r[3] + " UTC8", strike, right}] = iv / 100
	}
	n := 0
	for _, s := range smiles {
		for i := range s.Len() {
			if s.Tau < 3.0/365 || math.Abs(s.K[i]) > 2*s.Mid[i]*math.Sqrt(s.Tau) {
				continue
			}
			n++
			if want := venue[option{s.Label, s.Strike[i], s.Right[i]}]; math.Abs(s.Mid[i]-want) > 1e-3 {
				t.Errorf("%s %g: volatility %.4f, the venue has %.4f", s.Label, s.Strike[i], s.Mid[i], want)
			}
		}
	}
	if n < 200 {
		t.Errorf("only %d options were compared", n)
	}
}

// The split of AAPL, 7:1, lies between the two dates of the file.
func TestAppleSplit(t *testing.T) {
	name := "equity_options/aapl_2014-06-06_09.csv.gz"
	_, before := vendorSmiles(t, name, surface.ReadOptions{Date: calendar.NewDate(2014, 6, 6)}, surface.SmileOptions{Discount: curve.Flat(0.002)})
	_, after := vendorSmiles(t, name, surface.ReadOptions{Date: calendar.NewDate(2014, 6, 9)}, surface.SmileOptions{Discount: curve.Flat(0.002)})
	forward := func(r surface.SmileReport, y int, m time.Month, d int) float64 {
		for _, x := range r.Expiries {
			if x.Expiry.Date == calendar.NewDate(y, m, d) {
				return x.Forward
			}
		}
		return math.NaN()
	}
	ratio := forward(before, 2015, 1, 17) / forward(after, 2015, 1, 17)
	if !(math.Abs(ratio/7-1) < 0.03) { // the stock rose by 1.6 % that day
		t.Errorf("forward ratio %g over the split, want about 7", ratio)
	}
}

// SPY and XSP are of one index, one American and one European, within a minute: with the rate given, the forward of the
// American chain is near that of the European one. SPY goes ex dividend the day after, and again in December, while the
// index pays evenly; and the early-exercise premium of its puts is not removed. Together that is less than 0.9 %.
func TestAmericanForward(t *testing.T) {
	_, spy := vendorSmiles(t, "equity_options/spy_2023-09-14.csv.gz", surface.ReadOptions{}, surface.SmileOptions{Discount: curve.Flat(0.055)})
	_, xsp := vendorSmiles(t, "equity_options/xsp_2023-09-14.csv.gz", surface.ReadOptions{}, surface.SmileOptions{})
	european := map[calendar.Date]float64{}
	for _, x := range xsp.Expiries {
		european[x.Expiry.Date] = x.Forward
	}
	n := 0
	for _, x := range spy.Expiries {
		f, ok := european[x.Expiry.Date]
		if !ok || x.Tau < 0.02 || x.Tau > 0.8 {
			continue
		}
		n++
		if d := math.Abs(x.Forward/(f*450.81/450.51) - 1); d > 0.009 {
			t.Errorf("%s: forward %.3f, that of XSP %.3f", x.Expiry.Label(), x.Forward, f)
		}
	}
	if n < 10 || len(spy.Notes) != 1 {
		t.Errorf("%d common expiries, notes %q", n, spy.Notes)
	}
}
