package surface_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/rates/calendar"
	"github.com/volgaquant/volga/surface"
)

const tidy = "quote_date,quote_time,underlying,spot,root,expiry,settlement,exercise,type,strike,bid,ask\n"

// inline is a chain of one expiry: forward 100, discount factor 1, C − P = 100 − K.
const inline = tidy +
	"2023-09-14,16:31 ET,ABC,100,ABC,2023-10-20,PM,European,C,95,6.9,7.1\n" +
	"2023-09-14,16:31 ET,ABC,100,ABC,2023-10-20,PM,European,P,95,1.9,2.1\n" +
	"2023-09-14,16:31 ET,ABC,100,ABC,2023-10-20,PM,European,C,100,3.9,4.1\n" +
	"2023-09-14,16:31 ET,ABC,100,ABC,2023-10-20,PM,European,P,100,3.9,4.1\n" +
	"2023-09-14,16:31 ET,ABC,100,ABC,2023-10-20,PM,European,C,105,1.9,2.1\n" +
	"2023-09-14,16:31 ET,ABC,100,ABC,2023-10-20,PM,European,P,105,6.9,7.1\n" +
	"2023-09-14,16:31 ET,ABC,100,ABC,2023-10-20,PM,European,C,110,0.9,1.1\n" +
	"2023-09-14,16:31 ET,ABC,100,ABC,2023-10-20,PM,European,P,110,10.9,11.1\n"

func read(t *testing.T, text string, opt surface.ReadOptions) (*surface.Chain, surface.ReadReport) {
	t.Helper()
	c, report, err := surface.ReadChain(strings.NewReader(text), "inline.csv", opt)
	if err != nil {
		t.Fatal(err)
	}
	if report.Rows != report.Kept+report.Rejected.Total() || report.Kept != c.Len() {
		t.Fatalf("%d rows, %d kept, rejected %v", report.Rows, report.Kept, report.Rejected)
	}
	return c, report
}

func TestReadChainSmall(t *testing.T) {
	c, report := read(t, inline, surface.ReadOptions{})
	if c.Len() != 8 || report.Lines != 8 || c.Underlying != "ABC" || c.Spot != 100 || len(c.Expiries) != 1 {
		t.Fatalf("%+v", c)
	}
	if got := c.Asof.UTC().Format(time.DateTime); got != "2023-09-14 20:31:00" {
		t.Errorf("valued at %s", got)
	}
	e := c.Expiries[0]
	if e.Label() != "ABC 2023-10-20 PM" || e.American || !e.At.Equal(time.Date(2023, 10, 20, 20, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", e)
	}
	if c.Right[0] != pricing.Call || c.Right[1] != pricing.Put || c.Strike[1] != 95 || c.Bid[1] != 1.9 || c.Ask[1] != 2.1 || c.Line[1] != 3 {
		t.Errorf("row 1: %v %g %g %g line %d", c.Right[1], c.Strike[1], c.Bid[1], c.Ask[1], c.Line[1])
	}
}

// What vendors do differently must not change what is read.
func TestReadChainShapes(t *testing.T) {
	want, _ := read(t, inline, surface.ReadOptions{})
	lines := strings.Split(strings.TrimSuffix(inline, "\n"), "\n")
	reversed := slices.Clone(lines[1:])
	slices.Reverse(reversed)
	quoted := strings.ReplaceAll(inline, "ABC", `"ABC"`)
	for name, text := range map[string]string{
		"windows line ends":     strings.ReplaceAll(inline, "\n", "\r\n"),
		"no last line end":      strings.TrimSuffix(inline, "\n"),
		"byte order mark":       "\ufeff" + inline,
		"unsorted":              lines[0] + "\n" + strings.Join(reversed, "\n") + "\n",
		"blank lines":           strings.ReplaceAll(inline, "\n", "\n\n"),
		"spaces":                strings.ReplaceAll(inline, ",", " , "),
		"semicolons":            strings.ReplaceAll(inline, ",", ";"),
		"tabs":                  strings.ReplaceAll(inline, ",", "\t"),
		"quoted fields":         quoted,
		"upper case headers":    strings.ToUpper(lines[0]) + "\n" + strings.Join(lines[1:], "\n"),
		"other headers":         strings.NewReplacer("expiry", "Expiration Date", "type", "cp_flag", "bid,ask", "best_bid,best_offer", "strike", "Strike Price").Replace(inline),
		"compact dates":         strings.NewReplacer("2023-09-14", "20230914", "2023-10-20", "2023/10/20").Replace(inline),
		"words for the right":   strings.NewReplacer(",C,", ",call,", ",P,", ",PUT,").Replace(inline),
		"signs and exponents":   strings.NewReplacer(",100,", ",+1e2,").Replace(inline),
		"time with the date":    strings.NewReplacer("2023-09-14,16:31 ET", "2023-09-14 16:31:00,ignored").Replace(inline),
		"UTC with the date":     strings.NewReplacer("2023-09-14,16:31 ET", "2023-09-14T20:31:00Z,ignored").Replace(inline),
		"underlying price":      strings.NewReplacer("spot", "underlying_price").Replace(inline),
		"time in UTC":           strings.NewReplacer("16:31 ET", "20:31 UTC").Replace(inline),
		"a range of times":      strings.NewReplacer("16:31 ET", "16:31-17:31 ET").Replace(inline),
		"a long quoted field":   strings.NewReplacer("settlement,", "settlement,comment,", "PM,", "PM,\""+strings.Repeat("long, ", 20000)+"\n and \"\"quoted\"\"\",").Replace(inline),
		"gzip":                  zipped(t, inline),
		"gzip in several parts": zipped(t, inline[:200]) + zipped(t, inline[200:]),
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := read(t, text, surface.ReadOptions{})
			for _, column := range [][2][]float64{{got.Strike, want.Strike}, {got.Bid, want.Bid}, {got.Ask, want.Ask}} {
				if !slices.Equal(column[0], column[1]) {
					t.Errorf("read %v, want %v", column[0], column[1])
				}
			}
			if !slices.Equal(got.Right, want.Right) || !got.Asof.Equal(want.Asof) || got.Expiries[0].Label() != want.Expiries[0].Label() || got.Spot != 100 {
				t.Errorf("read %+v", got)
			}
		})
	}
}

func zipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := io.WriteString(z, text)
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestReadChainErrors(t *testing.T) {
	good := "2023-09-14,16:31 ET,ABC,100,ABC,2023-10-20,PM,European,C,95,6.9,7.1\n"
	row := func(old, text string) string { return tidy + good + strings.Replace(good, old, text, 1) }
	truncated := zipped(t, inline+strings.Repeat(good, 1000))
	for _, c := range []struct {
		name, text string
		opt        surface.ReadOptions
		line       int
		column     string
		says       string
	}{
		{"empty file", "", surface.ReadOptions{}, 0, "", "empty"},
		{"blank file", "\n \r\n\n", surface.ReadOptions{}, 0, "", "empty"},
		{"header only", tidy, surface.ReadOptions{}, 1, "", "there are none"},
		{"missing column", strings.Replace(inline, "strike", "strik", 1), surface.ReadOptions{}, 1, "", `no column "strike"`},
		{"missing date", strings.NewReplacer("quote_date", "x", "quote_time", "y").Replace(inline), surface.ReadOptions{}, 1, "", "quote_date or snapshot_utc"},
		{"a given column is missing", inline, surface.ReadOptions{Columns: surface.Columns{surface.FieldBid: "bidd"}}, 1, "", `"bidd", which was given for bid`},
		{"a column twice", strings.Replace(inline, "spot", "bid", 1), surface.ReadOptions{}, 1, "bid", "only one column"},
		{"text for a number", row("6.9", "n.a. today"), surface.ReadOptions{}, 3, "bid", `"n.a. today", want a number`},
		{"text for a strike", row("95", "9x5"), surface.ReadOptions{}, 3, "strike", "a number"},
		{"two points", row("6.9", "6.9.1"), surface.ReadOptions{}, 3, "bid", "a number"},
		{"hexadecimal", row("6.9", "0x10"), surface.ReadOptions{}, 3, "bid", "a number"},
		{"decimal comma", row("6.9", `"6,9"`), surface.ReadOptions{}, 3, "bid", "a number"},
		{"no right", row(",C,", ",,"), surface.ReadOptions{}, 3, "type", "C, P"},
		{"a wrong right", row(",C,", ",straddle,"), surface.ReadOptions{}, 3, "type", `"straddle"`},
		{"a wrong expiry", row("2023-10-20", "2023-10-32"), surface.ReadOptions{}, 3, "expiry", "YYYY-MM-DD"},
		{"an ambiguous expiry", row("2023-10-20", "10/11/2023"), surface.ReadOptions{}, 3, "expiry", "YYYY-MM-DD"},
		{"a wrong date", row("2023-09-14", "yesterday"), surface.ReadOptions{}, 3, "quote_date", "YYYY-MM-DD"},
		{"a wrong time", row("16:31 ET", "25:31 ET"), surface.ReadOptions{}, 3, "quote_time", "16:31 ET"},
		{"a wrong settlement", row("PM", "noon"), surface.ReadOptions{}, 3, "settlement", "AM, PM"},
		{"a wrong exercise", row("European", "Bermudan"), surface.ReadOptions{}, 3, "exercise", "American"},
		{"a short row", row(",6.9,7.1", ",6.9"), surface.ReadOptions{}, 3, "", "12 fields as in the header, not 11"},
		{"a long row", row(",6.9,7.1", ",6.9,7.1,8"), surface.ReadOptions{}, 3, "", "12 fields as in the header, not 13"},
		{"an open quotation mark", row("European", `"European`), surface.ReadOptions{}, 3, "", "closing quotation mark"},
		{"text after a quotation mark", row("European", `"European"x`), surface.ReadOptions{}, 3, "", "separator"},
		{"truncated gzip", truncated[:len(truncated)/2], surface.ReadOptions{}, -1, "", "unexpected EOF"},
		{"damaged gzip", truncated[:40] + "\xff\xff\xff" + truncated[43:], surface.ReadOptions{}, -1, "", "flate"},
		{"no gzip header", "\x1f\x8b", surface.ReadOptions{}, 0, "", "gzip"},
		{"a line without end", tidy + strings.Repeat("9", 3<<20), surface.ReadOptions{}, 2, "", "1 MiB"},
		{"another underlying", inline, surface.ReadOptions{Underlying: "XYZ"}, 0, "", "a snapshot of XYZ; the file has ABC 2023-09-14"},
		{"another date", inline, surface.ReadOptions{Date: calendar.NewDate(2023, 9, 15)}, 0, "", "on 2023-09-15"},
		{"before the first quote", inline, surface.ReadOptions{Asof: time.Date(2023, 9, 14, 0, 0, 0, 0, time.UTC)}, 0, "", "not after"},
	} {
		t.Run(c.name, func(t *testing.T) {
			chain, _, err := surface.ReadChain(strings.NewReader(c.text), "inline.csv", c.opt)
			var e *surface.CSVError
			if chain != nil || !errors.As(err, &e) || !errors.Is(err, surface.ErrCSV) {
				t.Fatalf("%v, want a CSVError", err)
			}
			if e.File != "inline.csv" || (c.line >= 0 && e.Line != c.line) || e.Column != c.column || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v\nwant line %d, column %q, %q", err, c.line, c.column, c.says)
			}
		})
	}
	_, _, err := surface.ReadChain(strings.NewReader(truncated[:len(truncated)/2]), "x.gz", surface.ReadOptions{})
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a truncated gzip: %v", err)
	}
	if _, _, err := surface.ReadChainFile(filepath.Join(t.TempDir(), "none.csv"), surface.ReadOptions{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	for _, opt := range []surface.ReadOptions{{Scale: math.NaN()}, {Scale: -1}, {Spot: math.Inf(1)}} {
		if _, _, err := surface.ReadChain(strings.NewReader(inline), "x", opt); !errors.Is(err, pricing.ErrDomain) {
			t.Errorf("%+v: %v", opt, err)
		}
	}
}

func TestLenient(t *testing.T) {
	text := strings.Replace(inline, "3.9,4.1", "3.9,oops", 1) + "a,b\n"
	c, report := read(t, text, surface.ReadOptions{Lenient: true})
	if c.Len() != 7 || report.Rejected.Count(surface.Malformed) != 2 || report.Rejected.Line(surface.Malformed) != 4 {
		t.Errorf("%d rows, rejected %v", c.Len(), report.Rejected)
	}
	_, _, err := surface.ReadChain(strings.NewReader(tidy+"a,b\n"), "x", surface.ReadOptions{Lenient: true})
	if err == nil || !strings.Contains(err.Error(), "malformed 1") {
		t.Errorf("nothing but bad rows: %v", err)
	}
}

func TestStrikesInThousandths(t *testing.T) {
	var pairs []string
	for _, k := range []string{"95", "100", "105", "110"} {
		pairs = append(pairs, ",C,"+k+",", ",C,"+k+"000,", ",P,"+k+",", ",P,"+k+"000,")
	}
	text := strings.NewReplacer(pairs...).Replace(inline)
	noSpot := strings.ReplaceAll(text, "ABC,100,", "ABC,,")
	lines := strings.SplitAfter(text, "\n")
	for name, text := range map[string]string{
		"with spot": text, "without spot": noSpot, "too few pairs": strings.Join(lines[:4], ""),
	} {
		_, _, err := surface.ReadChain(strings.NewReader(text), "occ.csv", surface.ReadOptions{})
		var e *surface.CSVError
		if !errors.As(err, &e) || e.Column != "strike" || !strings.Contains(err.Error(), "set ReadOptions.Scale to 0.001") {
			t.Errorf("%s: %v", name, err)
		}
		c, report := read(t, text, surface.ReadOptions{Scale: 0.001})
		if c.Strike[0] != 95 || !slices.ContainsFunc(report.Notes, func(s string) bool { return strings.Contains(s, "0.001") }) {
			t.Errorf("%s: strike %g, notes %q", name, c.Strike[0], report.Notes)
		}
		if c, _ := read(t, text, surface.ReadOptions{Scale: 1}); c.Strike[0] != 95000 {
			t.Errorf("%s: a scale of 1 made %g of 95000", name, c.Strike[0])
		}
	}
}

func TestWideShape(t *testing.T) {
	text := "Expiration,Days,Strike,Call Bid,Call Ask,Put Bid,Put Ask\n20231020,36,95,6.9,7.1,1.9,2.1\n20231020,36,100,3.9,4.1,3.9,4.1\n"
	c, report := read(t, text, surface.ReadOptions{Asof: time.Date(2023, 9, 14, 20, 0, 0, 0, time.UTC)})
	if c.Len() != 4 || report.Lines != 2 || c.Right[0] != pricing.Call || c.Bid[0] != 6.9 || c.Right[1] != pricing.Put || c.Ask[1] != 2.1 {
		t.Errorf("%+v", c)
	}
}

func TestNamesOfInstruments(t *testing.T) {
	crypto := "snapshot_utc,instrument,bid,ask,underlying_price\n"
	for _, f := range []struct {
		name, text, label string
		strike            float64
		right             pricing.Right
		inverse           bool
	}{
		{"Deribit", crypto + "2020-05-21 23:20:17,BTC-5JUN20-9750-P,0.1,0.11,9000\n", "BTC 2020-06-05 UTC8", 9750, pricing.Put, true},
		{"OKX", crypto + "2026-07-15 03:38:42,BTC-USD-260715-57000-C,0.1,0.11,64000\n", "BTC-USD 2026-07-15 UTC8", 57000, pricing.Call, true},
		{"Deribit linear", crypto + "2023-05-21T23:20:17Z,XRP_USDC-30JUN23-0d5-C,0.1,0.11,0.5\n", "XRP_USDC 2023-06-30 UTC8", 0.5, pricing.Call, false},
		{"OCC", "date,symbol,bid,ask\n2023-09-14,SPXW  230915C04500000,5,6\n", "SPXW 2023-09-15 PM", 4500, pricing.Call, false},
		{"OCC with prefix", "date,contractSymbol,bid,ask\n2023-09-14,O:AAPL230915P00172500,5,6\n", "AAPL 2023-09-15 PM", 172.5, pricing.Put, false},
	} {
		c, _ := read(t, f.text, surface.ReadOptions{})
		if c.Expiries[0].Label() != f.label || c.Strike[0] != f.strike || c.Right[0] != f.right || c.Inverse != f.inverse {
			t.Errorf("%s: %s, strike %g, %v, inverse %v", f.name, c.Expiries[0].Label(), c.Strike[0], c.Right[0], c.Inverse)
		}
	}
	for _, name := range []string{"BTC", "BTC-5JUN20-9750", "BTC-31JUN20-9750-P", "BTC-5JUN20-x-P", "-5JUN20-1-P", "BTC-5JUN20-9750-X", "BTC-5FOO20-9750-P"} {
		if _, _, err := surface.ReadChain(strings.NewReader(crypto+"2020-05-21 23:20:17,"+name+",0.1,0.11,9000\n"), "x", surface.ReadOptions{}); !errors.Is(err, surface.ErrCSV) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestColumnsGiven(t *testing.T) {
	text := strings.NewReplacer("bid,ask", "b,a", "root", "bid").Replace(inline)
	c, _ := read(t, text, surface.ReadOptions{Columns: surface.Columns{surface.FieldBid: "b", surface.FieldAsk: "a", surface.FieldSpot: ""}})
	if c.Bid[0] != 6.9 || c.Ask[0] != 7.1 || !math.IsNaN(c.Spot) {
		t.Errorf("bid %g, ask %g, spot %g", c.Bid[0], c.Ask[0], c.Spot)
	}
}

// Of rows at several instants of one day the latest of each option counts, and Asof goes back to an earlier state.
func TestInstantsOfOneDay(t *testing.T) {
	head := "snapshot_utc,underlying,expiry,strike,type,bid,ask\n"
	text := head +
		"2023-09-14 10:00:00,ABC,2023-10-20,100,C,3.0,3.2\n" +
		"2023-09-14 10:30:00,ABC,2023-10-20,100,C,4.0,4.2\n" +
		"2023-09-14 10:05:00,ABC,2023-10-20,105,C,2.0,2.2\n" +
		"2023-09-13 10:00:00,ABC,2023-10-20,100,C,1.0,1.2\n"
	c, report := read(t, text, surface.ReadOptions{})
	if c.Len() != 3 || report.Rejected.Count(surface.OtherSnapshot) != 1 || len(report.Snapshots) != 2 || c.Asof.Hour() != 10 || c.Asof.Minute() != 30 {
		t.Fatalf("%d rows at %v, rejected %v", c.Len(), c.Asof, report.Rejected)
	}
	clean, rejected := c.Clean(surface.CleanOptions{})
	if clean.Len() != 1 || clean.Bid[0] != 4 || rejected.Count(surface.Duplicate) != 1 || rejected.Count(surface.Stale) != 1 {
		t.Errorf("kept %v, rejected %v", clean.Bid, rejected)
	}
	early, report := read(t, text, surface.ReadOptions{Asof: time.Date(2023, 9, 14, 10, 10, 0, 0, time.UTC)})
	if early.Len() != 2 || report.Rejected.Count(surface.OtherSnapshot) != 2 {
		t.Errorf("%d rows, rejected %v", early.Len(), report.Rejected)
	}
	if clean, _ := early.Clean(surface.CleanOptions{}); clean.Len() != 2 || clean.Bid[0] != 3 {
		t.Errorf("kept %v", clean.Bid)
	}
}

// Coin-margined prices are told from prices in money by call minus put, whatever the file looks like.
func TestUnitOfPrices(t *testing.T) {
	var coins, money strings.Builder
	coins.WriteString("quote_date,underlying,spot,expiry,strike,type,bid,ask\n")
	money.WriteString("snapshot_utc,underlying,index_price,expiry,strike,type,bid,ask\n")
	for k := 8000; k <= 12000; k += 500 {
		call, put := 0.1, 0.1-(1-float64(k)/10000)
		fmt.Fprintf(&coins, "2023-09-14,BTC,10000,2023-12-29,%d,C,%.4f,%.4f\n2023-09-14,BTC,10000,2023-12-29,%d,P,%.4f,%.4f\n", k, call+0.3, call+0.302, k, put+0.3, put+0.302)
		fmt.Fprintf(&money, "2023-09-14 10:00:00,BTC,10000,2023-12-29,%d,C,%.1f,%.1f\n2023-09-14 10:00:00,BTC,10000,2023-12-29,%d,P,%.1f,%.1f\n", k, 1e4*call+3000, 1e4*call+3010, k, 1e4*put+3000, 1e4*put+3010)
	}
	for _, c := range []struct {
		name, text string
		opt        surface.ReadOptions
		inverse    bool
		says       string
	}{
		{"coins in a file like one of equities", coins.String(), surface.ReadOptions{}, true, "in coins"},
		{"money in a file like one of crypto", money.String(), surface.ReadOptions{}, false, "in money"},
		{"money, as told", money.String(), surface.ReadOptions{Margin: surface.MarginMoney}, false, ""},
		{"coins, as told", coins.String(), surface.ReadOptions{Margin: surface.MarginCoin}, true, ""},
	} {
		chain, report := read(t, c.text, c.opt)
		if chain.Inverse != c.inverse || (c.says != "" && !slices.ContainsFunc(report.Notes, func(s string) bool { return strings.Contains(s, c.says) })) {
			t.Errorf("%s: inverse %v, notes %q", c.name, chain.Inverse, report.Notes)
		}
		_, smiles, err := chain.Smiles(surface.SmileOptions{})
		if err != nil || math.Abs(smiles.Expiries[0].Forward-10000) > 1e-6 {
			t.Errorf("%s: %v, forward %g", c.name, err, smiles.Expiries[0].Forward)
		}
	}
	if _, _, err := surface.ReadChain(strings.NewReader(coins.String()), "x", surface.ReadOptions{Margin: surface.MarginMoney}); err == nil || !strings.Contains(err.Error(), "10000 times too large") {
		t.Errorf("coins taken for money: %v", err)
	}
}

func TestReadChains(t *testing.T) {
	other := strings.NewReplacer("ABC", "XYZ").Replace(inline[len(tidy):])
	next := strings.NewReplacer("2023-09-14", "2023-09-15").Replace(inline[len(tidy):])
	text := next + other + inline[len(tidy):] // not in order of date
	for _, c := range []struct {
		opt      surface.ReadOptions
		chains   int
		rejected string
	}{
		{surface.ReadOptions{}, 3, "none"},
		{surface.ReadOptions{Underlying: "abc"}, 2, "other underlying 8"},
		{surface.ReadOptions{Date: calendar.NewDate(2023, 9, 15)}, 1, "other snapshot 16"},
		{surface.ReadOptions{Asof: time.Date(2023, 9, 14, 23, 0, 0, 0, time.UTC)}, 2, "other snapshot 8"},
	} {
		chains, report, err := surface.ReadChains(strings.NewReader(tidy+text), "x", c.opt)
		if err != nil || len(chains) != c.chains || report.Rejected.String() != c.rejected || report.Rows != 24 || report.Kept != 8*c.chains {
			t.Errorf("%+v: %d chains, %+v, %v", c.opt, len(chains), report, err)
		}
		for i := 1; i < len(chains); i++ {
			if chains[i].Asof.Before(chains[i-1].Asof) {
				t.Error("not in order of date")
			}
		}
	}
	if _, _, err := surface.ReadChains(strings.NewReader(tidy+text), "x", surface.ReadOptions{Underlying: "DEF"}); !errors.Is(err, surface.ErrCSV) {
		t.Errorf("%v", err)
	}
	c, report := read(t, tidy+text, surface.ReadOptions{}) // the latest date of the first underlying
	if c.Underlying != "ABC" || c.Asof.Day() != 15 || report.Rejected.String() != "other underlying 8, other snapshot 8" {
		t.Errorf("%s at %v, rejected %v", c.Underlying, c.Asof, report.Rejected)
	}
}

// A 20 000-row chain, in memory.
func largeChain() []byte {
	var b bytes.Buffer
	b.WriteString("quote_date,quote_time,underlying,spot,root,expiry,settlement,exercise,type,strike,bid,ask,last,volume,open_interest,iv_vendor,delta_vendor\n")
	day := calendar.NewDate(2023, 9, 15)
	for e := range 50 {
		for k := range 200 {
			strike := 2500 + 20*k
			call, put := math.Max(4505.1-float64(strike), 0)+30, math.Max(float64(strike)-4505.1, 0)+30
			for _, o := range []struct {
				right string
				price float64
			}{{"C", call}, {"P", put}} {
				fmt.Fprintf(&b, "2023-09-14,16:31 ET,SPX,4505.1,SPXW,%v,PM,European,%s,%d,%.2f,%.2f,%.2f,%d,%d,0.%d,0.5\n",
					day+calendar.Date(7*e), o.right, strike, o.price-0.5, o.price+0.5, o.price, k, 3*k, 1000+k)
			}
		}
	}
	return b.Bytes()
}

func BenchmarkReadChain(b *testing.B) {
	text := largeChain()
	for _, f := range []struct {
		name string
		data []byte
	}{{"plain", text}, {"gzip", []byte(zipped(b, string(text)))}} {
		b.Run(f.name, func(b *testing.B) {
			b.ReportAllocs()
			rows := 0
			for b.Loop() {
				c, _, err := surface.ReadChain(bytes.NewReader(f.data), "large.csv", surface.ReadOptions{})
				if err != nil {
					b.Fatal(err)
				}
				rows += c.Len()
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
