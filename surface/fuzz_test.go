package surface_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/volgaquant/volga/surface"
)

// FuzzReadChain holds of any bytes: the reader and the smiles return; what is read is a valid chain, whose rows are all
// accounted for; an error is a CSVError that names the file; and every volatility is a number above zero.
func FuzzReadChain(f *testing.F) {
	for _, seed := range []string{
		"", "\n", tidy, inline, inline[:len(inline)/2], "\ufeff" + inline, zipped(f, inline), zipped(f, inline)[:60],
		strings.ReplaceAll(inline, "\n", "\r\n"), strings.ReplaceAll(inline, ",", ";"),
		strings.ReplaceAll(inline, "6.9", "NaN"), strings.ReplaceAll(inline, "6.9", "-1e308"), strings.ReplaceAll(inline, "7.1", "1e400"),
		strings.ReplaceAll(inline, "95,", "1e-320,"), strings.ReplaceAll(inline, "1.9,2.1", "1e-320,2e-320"),
		strings.ReplaceAll(inline, "100,ABC", "100000,ABC"), strings.ReplaceAll(inline, "2023-10-20", "9999-12-31"),
		strings.ReplaceAll(inline, "2023-09-14", "0001-01-01"), strings.ReplaceAll(inline, "ABC", "\"A,\n\"\"B\"\"\""),
		"Expiration,Days,Strike,Call Bid,Call Ask,Put Bid,Put Ask\n20231020,36,95,6.9,7.1,1.9,2.1\n20231020,36,100,3.9,4.1,3.9,4.1\n",
		"snapshot_utc,instrument,bid,ask,mark_price,underlying_price\n2020-05-21 23:20:17,BTC-5JUN20-9750-P,0.1,0.11,0.1,9000\n2020-05-21 23:20:17,BTC-5JUN20-9750-C,0.02,0.03,0.02,9000\n",
		"date,symbol,bid,ask\n2023-09-14,SPXW  230915C04500000,5,6\n2023-09-14,SPXW  230915P04500000,4,5\n",
		"quote_date,expiry,type,strike,bid,ask\n2023-09-14,2023-10-21,C,95000,6.9,7.1\n",
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, data []byte, lenient bool) {
		opt := surface.ReadOptions{Lenient: lenient}
		if lenient {
			opt.Asof = time.Date(2023, 9, 14, 21, 0, 0, 0, time.UTC)
		}
		c, read, err := surface.ReadChain(bytes.NewReader(data), "fuzz.csv", opt)
		if err != nil {
			var e *surface.CSVError
			if c != nil || !errors.As(err, &e) || e.File != "fuzz.csv" || err.Error() == "" {
				t.Fatalf("chain %v, error %v", c, err)
			}
			return
		}
		if read.Rows != read.Kept+read.Rejected.Total() || read.Kept != c.Len() || c.Len() == 0 {
			t.Fatalf("%d rows, %d kept, rejected %v", read.Rows, read.Kept, read.Rejected)
		}
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		for _, c := range []*surface.Chain{c, c.Marks(), c.Select(func(row int) bool { return row%3 != 0 })} {
			smiles, report, err := c.Smiles(surface.SmileOptions{})
			if err != nil && !errors.Is(err, surface.ErrNoSmile) {
				t.Fatal(err)
			}
			checkSmiles(t, c, smiles, report)
		}
	})
}

// FuzzParity holds of any finite pairs: the fits return, and a forward that is not NaN is a number.
func FuzzParity(f *testing.F) {
	f.Add(100.0, 5.0, 3.0, 0.1, 1.0)
	f.Add(1e308, 1e308, 0.0, 1e-320, 0.0)
	f.Add(1e-300, 1e300, 1e300, 0.0, -1.0)
	f.Fuzz(func(t *testing.T, strike, call, put, half, step float64) {
		for _, v := range []float64{strike, call, put, half, step} {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Skip()
			}
		}
		var p surface.Pairs
		for i := range 12 {
			x := float64(i)
			p.Strike = append(p.Strike, math.Abs(strike)+x*math.Abs(step))
			p.Call, p.Put = append(p.Call, call-x*step), append(p.Put, put)
			p.Half = append(p.Half, math.Abs(half))
		}
		for _, fit := range []surface.Parity{surface.FitParity(p), surface.FitForward(p, 0.9), surface.FitInverse(p)} {
			if math.IsInf(fit.Forward, 0) || math.IsInf(fit.Discount, 0) {
				t.Fatalf("%+v", fit)
			}
		}
	})
}
