package surface

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/rates/calendar"
)

// compareRows puts rows into the order of a chain. NaN strikes come first.
func compareRows(a, b *row) int {
	if a.expiry != b.expiry {
		return cmp.Compare(a.expiry, b.expiry)
	}
	if c := cmp.Compare(a.strike, b.strike); c != 0 {
		return c
	}
	if a.right != b.right {
		return cmp.Compare(b.right, a.right) // calls, +1, first
	}
	if a.at != b.at {
		return cmp.Compare(a.at, b.at)
	}
	return cmp.Compare(a.line, b.line)
}

// chain makes the chain of one group, and counts what it leaves out.
func (t *table) chain(index int, opt ReadOptions) (*Chain, error) {
	g := t.groups[index]
	c := &Chain{Source: t.report.File, Underlying: g.underlying, Asof: g.last, Spot: math.NaN()}
	rows := g.rows
	if !opt.Asof.IsZero() {
		c.Asof = opt.Asof
		limit := opt.Asof.UnixMilli()
		kept := make([]row, 0, len(rows))
		for _, x := range rows {
			if x.at > limit {
				t.report.Rejected.add(OtherSnapshot, int(x.line))
				continue
			}
			kept = append(kept, x)
		}
		rows = kept
	}
	t.localExpiries(c, rows)
	order := make([]*row, len(rows))
	for i := range rows {
		order[i] = &rows[i]
	}
	if !slices.IsSortedFunc(order, compareRows) {
		slices.SortFunc(order, compareRows)
	}
	t.fill(c, order)
	t.settleSpot(c, order, opt)
	if err := t.settleUnits(c, opt); err != nil {
		return nil, err
	}
	return c, nil
}

// localExpiries gives the chain the expiries that its rows use, in order, and renumbers the rows.
func (t *table) localExpiries(c *Chain, rows []row) {
	local := make([]int32, len(t.expiries))
	for i := range rows {
		local[rows[i].expiry] = 1
	}
	var used []int32
	for i, n := range local {
		if n > 0 {
			used = append(used, int32(i))
		}
	}
	slices.SortFunc(used, func(a, b int32) int { return compareExpiry(t.expiries[a], t.expiries[b]) })
	saturdays := 0
	for i, e := range used {
		local[e] = int32(i)
		x := t.expiries[e]
		c.Expiries = append(c.Expiries, x)
		if x.Date.Weekday() == time.Saturday && x.Settlement != calendar.UTC8 && !t.opt.KeepSaturday {
			saturdays++
		}
	}
	for i := range rows {
		rows[i].expiry = local[rows[i].expiry]
	}
	if saturdays > 0 {
		t.note("%d expiries are dated on a Saturday and taken to settle on the Friday before", saturdays)
	}
	if !t.cols.has(FieldSettlement) && len(c.Expiries) > 0 {
		t.note("no settlement column: expiries settle %v", c.Expiries[0].Settlement)
	}
}

func (t *table) note(format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	if !slices.Contains(t.report.Notes, s) {
		t.report.Notes = append(t.report.Notes, s)
	}
}

// fill writes the rows into the columns of the chain.
func (t *table) fill(c *Chain, order []*row) {
	n := len(order)
	c.Expiry, c.Line, c.Right = make([]int32, n), make([]int32, n), make([]pricing.Right, n)
	type column struct {
		dst *[]float64
		has bool
		of  func(x *row) float64
	}
	asof := c.Asof.UnixMilli()
	aged := slices.ContainsFunc(order, func(x *row) bool { return x.at != asof })
	for _, col := range []column{
		{&c.Strike, true, func(x *row) float64 { return x.strike }},
		{&c.Bid, true, func(x *row) float64 { return x.bid }},
		{&c.Ask, true, func(x *row) float64 { return x.ask }},
		{&c.BidSize, t.cols.has(FieldBidSize), func(x *row) float64 { return x.bidSize }},
		{&c.AskSize, t.cols.has(FieldAskSize), func(x *row) float64 { return x.askSize }},
		{&c.Last, t.cols.has(FieldLast), func(x *row) float64 { return x.last }},
		{&c.Mark, t.cols.has(FieldMark), func(x *row) float64 { return x.mark }},
		{&c.Volume, t.cols.has(FieldVolume), func(x *row) float64 { return x.volume }},
		{&c.OpenInterest, t.cols.has(FieldOpenInterest), func(x *row) float64 { return x.openInterest }},
		{&c.ExpiryForward, t.cols.has(FieldUnderlyingPrice), func(x *row) float64 { return x.underlyingPrice }},
		{&c.Age, aged, func(x *row) float64 { return float64(asof-x.at) / 1000 }},
	} {
		if !col.has {
			continue
		}
		v := make([]float64, n)
		for i, x := range order {
			v[i] = col.of(x)
		}
		*col.dst = v
	}
	for i, x := range order {
		c.Expiry[i], c.Line[i], c.Right[i] = x.expiry, x.line, x.right
	}
}

// settleSpot finds the spot: as given, from the spot column, from the index column, or from the underlying price. That
// is the spot in files of equities, and where it is the same for all of several expiries; else it is their forward. Of
// several values the latest counts.
func (t *table) settleSpot(c *Chain, order []*row, opt ReadOptions) {
	latest := func(of func(x *row) float64) float64 {
		var last *row
		for _, x := range order {
			if v := of(x); v > 0 && !math.IsInf(v, 1) && (last == nil || x.at > last.at || (x.at == last.at && x.line > last.line)) {
				last = x
			}
		}
		if last == nil {
			return math.NaN()
		}
		return of(last)
	}
	c.Spot = latest(func(x *row) float64 { return x.spot })
	if math.IsNaN(c.Spot) {
		c.Spot = latest(func(x *row) float64 { return x.indexSpot })
	}
	if c.ExpiryForward != nil && !t.crypto && !strings.HasPrefix(headerKey(t.cols.name(FieldUnderlyingPrice)), "forward") {
		c.ExpiryForward = nil
		if math.IsNaN(c.Spot) {
			c.Spot = latest(func(x *row) float64 { return x.underlyingPrice })
		}
	}
	if c.ExpiryForward != nil && len(c.Expiries) > 1 {
		first := c.ExpiryForward[0]
		if !slices.ContainsFunc(c.ExpiryForward, func(v float64) bool { return v != first }) {
			c.ExpiryForward = nil
			if math.IsNaN(c.Spot) {
				c.Spot = first
			}
			t.note("the underlying price is the same for every expiry: taken for the spot, not for a forward")
		}
	}
	if opt.Spot > 0 {
		c.Spot = opt.Spot
	}
}

// settleUnits finds the unit of prices and refuses strikes in another unit than that of the underlying. Two witnesses
// are asked: the strikes against the spot or forward, and the slope of call minus put over the strike, which is −1 times
// a discount factor for prices in money and −1/F for prices in coins.
func (t *table) settleUnits(c *Chain, opt ReadOptions) error {
	level := c.Spot
	if m := medianOf(c.ExpiryForward); math.IsNaN(level) && m > 0 {
		level = m
	}
	slope, pairs := paritySlope(c)
	ratio := medianOf(c.Strike) / level
	c.Inverse = opt.Margin == MarginCoin
	if opt.Margin == MarginByShape {
		c.Inverse = t.crypto
		for _, e := range c.Expiries {
			if strings.Contains(e.Root, "USDC") || strings.Contains(e.Root, "USDT") {
				c.Inverse = false
			}
		}
		inCoins := pairs >= minSlopes && near(ratio) && near(slope*level) && !near(slope)
		inMoney := pairs >= minSlopes && near(ratio) && near(slope) && !near(slope*level)
		switch {
		case c.Inverse && inMoney:
			c.Inverse = false
			t.note("prices are in money, as call minus put shows, though the file looks like one of coin-margined options")
		case !c.Inverse && inCoins:
			c.Inverse = true
			t.note("prices are in coins, as call minus put shows")
		}
	}
	if opt.Scale != 0 && opt.Scale != 1 {
		t.note("strikes were multiplied by %g", opt.Scale)
	}
	if opt.Scale != 0 {
		return nil
	}
	scale, witness := 1.0, ""
	switch {
	case pairs >= minSlopes && !c.Inverse:
		scale, witness = 1/slope, fmt.Sprintf("call minus put falls by %.3g per unit of strike", slope)
	case pairs >= minSlopes && c.Inverse && level > 0:
		scale, witness = 1/(slope*level), fmt.Sprintf("call minus put falls by %.3g per unit of strike at an underlying of %g", slope, level)
	case level > 0:
		scale, witness = ratio, fmt.Sprintf("the underlying is at %g", level)
	}
	if !(scale > 0) || (scale > 1.0/maxOff && scale < maxOff) {
		return nil
	}
	power := math.Pow(10, math.Round(math.Log10(scale)))
	return &CSVError{
		File: t.report.File, Line: 1, Column: t.cols.name(FieldStrike), Value: fmt.Sprintf("%g (median)", medianOf(c.Strike)),
		Want: fmt.Sprintf("strikes in the unit of the prices: they look %g times too large, as %s; set ReadOptions.Scale to %g, or to 1 to take them as they are", power, witness, 1/power),
	}
}

const (
	minSlopes = 3  // pairs of strikes that make the slope a witness
	maxOff    = 12 // the factor by which strikes may be off before they are refused: below 1000, 100 and nearly 10
)

// near reports whether x is 1 within what discounting, noise and a lopsided range of strikes can do.
func near(x float64) bool { return x > 0.2 && x < 5 }

// paritySlope returns minus the median slope of call minus put over the strike, between neighbouring strikes with
// two-sided quotes, and the number of slopes.
func paritySlope(c *Chain) (slope float64, n int) {
	const most = 4000
	var slopes []float64
	lastExpiry, lastK, lastY := int32(-1), 0.0, 0.0
	for i := 0; i+1 < c.Len() && len(slopes) < most; i++ {
		j := i + 1
		if c.Expiry[i] != c.Expiry[j] || c.Strike[i] != c.Strike[j] || c.Right[i] != pricing.Call || c.Right[j] != pricing.Put {
			continue
		}
		if !(c.Bid[i] > 0 && c.Ask[i] >= c.Bid[i] && c.Bid[j] > 0 && c.Ask[j] >= c.Bid[j]) {
			continue
		}
		y := 0.5*(c.Bid[i]+c.Ask[i]) - 0.5*(c.Bid[j]+c.Ask[j])
		if lastExpiry == c.Expiry[i] && c.Strike[i] > lastK {
			if s := (lastY - y) / (c.Strike[i] - lastK); !math.IsNaN(s) && !math.IsInf(s, 0) {
				slopes = append(slopes, s)
			}
		}
		lastExpiry, lastK, lastY = c.Expiry[i], c.Strike[i], y
	}
	return medianInPlace(slopes), len(slopes)
}
