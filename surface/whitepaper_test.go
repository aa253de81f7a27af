package surface_test

import (
	"math"
	"testing"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/surface"
)

// The VIX of the Cboe white paper of 2009, computed from the chain as it is read, is 61.22: the rows, sides and times of
// the reader against a published number. Rate 0.38 %, forward from the strike at which call and put differ least, strips
// up to two missing bids in a row.
func TestVIXWhitePaper(t *testing.T) {
	c, _, err := surface.ReadChainFile(vendorFile(t, "equity_options/vix_whitepaper_2009_options.csv"), whitepaper)
	if err != nil {
		t.Fatal(err)
	}
	const rate, year, month = 0.0038, 525600.0, 43200.0
	var minutes, variance [2]float64
	for e := range c.Expiries {
		strip := c.Select(func(row int) bool { return int(c.Expiry[row]) == e })
		minutes[e] = c.Expiries[e].At.Sub(c.Asof).Minutes()
		tau := minutes[e] / year
		growth := math.Exp(rate * tau)
		mid := map[pricing.Right][]float64{}
		bid := map[pricing.Right][]float64{}
		var strike []float64
		for i := range strip.Len() {
			r := strip.Right[i]
			mid[r] = append(mid[r], 0.5*(strip.Bid[i]+strip.Ask[i]))
			bid[r] = append(bid[r], strip.Bid[i])
			if r == pricing.Call {
				strike = append(strike, strip.Strike[i])
			}
		}
		call, put := mid[pricing.Call], mid[pricing.Put]
		least := 0
		for i := range strike {
			if math.Abs(call[i]-put[i]) < math.Abs(call[least]-put[least]) {
				least = i
			}
		}
		forward := strike[least] + growth*(call[least]-put[least])
		at := 0 // the strike at or below the forward
		for i, k := range strike {
			if k <= forward {
				at = i
			}
		}
		price := map[int]float64{at: 0.5 * (call[at] + put[at])}
		for _, side := range []struct {
			right pricing.Right
			step  int
		}{{pricing.Put, -1}, {pricing.Call, 1}} {
			for i, zeros := at+side.step, 0; i >= 0 && i < len(strike) && zeros < 2; i += side.step {
				if bid[side.right][i] == 0 {
					zeros++
					continue
				}
				zeros = 0
				price[i] = mid[side.right][i]
			}
		}
		var used []int
		for i := range strike {
			if _, ok := price[i]; ok {
				used = append(used, i)
			}
		}
		sum := 0.0
		for j, i := range used {
			lo, hi := used[max(j-1, 0)], used[min(j+1, len(used)-1)]
			width := strike[hi] - strike[lo]
			if j > 0 && j < len(used)-1 {
				width /= 2
			}
			sum += width / (strike[i] * strike[i]) * growth * price[i]
		}
		gap := forward/strike[at] - 1
		variance[e] = 2/tau*sum - gap*gap/tau
	}
	near := minutes[0] / year * variance[0] * (minutes[1] - month) / (minutes[1] - minutes[0])
	next := minutes[1] / year * variance[1] * (month - minutes[0]) / (minutes[1] - minutes[0])
	if vix := 100 * math.Sqrt((near+next)*year/month); math.Abs(vix-61.22) > 0.005 {
		t.Errorf("VIX %.4f, the white paper has 61.22", vix)
	}
}
