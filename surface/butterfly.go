package surface

import (
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
	count, size := make([]int, len(w.row)), make([]float64, len(w.row))
	for i := range count {
		count[i], size[i] = w.blame(i, slack)
	}
	for {
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
		count, size = slices.Delete(count, worst, worst+1), slices.Delete(size, worst, worst+1)
		const reach = 4 // of a butterfly, from its one wing to the other
		for i := max(worst-reach, 0); i < min(worst+reach, len(count)); i++ {
			count[i], size[i] = w.blame(i, slack)
		}
	}
}

// blame counts the executable butterflies that quote i takes part in, and adds up their gains.
func (w *wing) blame(i int, slack float64) (count int, size float64) {
	n := len(w.row)
	for body := max(i-2, 0); body <= min(i+2, n-1); body++ {
		for a := 1; a <= 2; a++ {
			for b := 1; b <= 2; b++ {
				l, r := body-a, body+b
				if i != l && i != body && i != r {
					continue
				}
				var cost float64
				switch {
				case l >= 0 && r < n:
					u := (w.strike[r] - w.strike[body]) / (w.strike[r] - w.strike[l])
					cost = u*w.ask[l] + (1-u)*w.ask[r]
				case l == -1 && r < n && w.right == pricing.Put:
					cost = w.ask[r] * w.strike[body] / w.strike[r]
				case l >= 0 && r == n && w.right == pricing.Call:
					cost = w.ask[l]
				default:
					continue
				}
				if gain := w.bid[body] - cost; gain > slack {
					count++
					size += gain
				}
			}
		}
	}
	return count, size
}
