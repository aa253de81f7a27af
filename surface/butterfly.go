package surface

import (
	"math"
	"slices"

	"github.com/volgaquant/volga/pricing"
)

// wing is the out-of-the-money options of one right of an expiry, in rising order of strike, with prices that may be
// discounted or not but are all in one unit.
type wing struct {
	right            pricing.Right
	row              []int // of the chain
	strike, bid, ask []float64
	mid, top         []float64 // total volatilities of mid and ask
}

func (w *wing) add(row int, strike, bid, ask float64) {
	w.row = append(w.row, row)
	w.strike = append(w.strike, strike)
	w.bid = append(w.bid, bid)
	w.ask = append(w.ask, ask)
	w.mid, w.top = append(w.mid, 0), append(w.top, 0)
}

func (w *wing) remove(i int) {
	w.row = slices.Delete(w.row, i, i+1)
	for _, column := range []*[]float64{&w.strike, &w.bid, &w.ask, &w.mid, &w.top} {
		*column = slices.Delete(*column, i, i+1)
	}
}

// dropArbitrage removes the quotes that allow a butterfly to be bought for less than nothing, its wings at the ask and
// its body at the bid, and returns their rows. Wings are the next two neighbours on either side; beyond the end of the
// strikes stand those at which an option is worth nothing, zero for puts and infinity for calls, so that prices which
// rise away from the money are found too. Of all quotes in any such butterfly the one in the most of them goes first,
// then the others are looked at anew.
func (w *wing) dropArbitrage(slack float64) []int {
	var dropped []int
	for {
		count, size := w.blame(slack)
		worst := -1
		for i, n := range count {
			if n > 0 && (worst < 0 || n > count[worst] || (n == count[worst] && size[i] > size[worst])) {
				worst = i
			}
		}
		if worst < 0 {
			return dropped
		}
		dropped = append(dropped, w.row[worst])
		w.remove(worst)
	}
}

// blame counts for each quote the butterflies that it makes executable, and adds up their gains.
func (w *wing) blame(slack float64) (count []int, size []float64) {
	n := len(w.row)
	count, size = make([]int, n), make([]float64, n)
	for m := range n {
		for a := 1; a <= 2; a++ {
			for b := 1; b <= 2; b++ {
				l, r := m-a, m+b
				cost := math.NaN()
				switch {
				case l >= 0 && r < n:
					u := (w.strike[r] - w.strike[m]) / (w.strike[r] - w.strike[l])
					cost = u*w.ask[l] + (1-u)*w.ask[r]
				case l < 0 && r < n && w.right == pricing.Put && a == m+1:
					cost = w.ask[r] * w.strike[m] / w.strike[r]
				case l >= 0 && w.right == pricing.Call && b == n-m:
					cost = w.ask[l]
				}
				gain := w.bid[m] - cost
				if !(gain > slack) { // NaN too: there is no such butterfly
					continue
				}
				for _, i := range [3]int{l, m, r} {
					if i >= 0 && i < n {
						count[i]++
						size[i] += gain
					}
				}
			}
		}
	}
	return count, size
}
