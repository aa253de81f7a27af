package mm

import (
	"math"

	"github.com/volgaquant/volga/internal/fault"
)

// TopOfBook is the best bid and offer with their sizes.
type TopOfBook struct {
	Bid, Ask         float64
	BidSize, AskSize float64
}

// Validate returns an error unless the prices are finite with Bid < Ask, the sizes finite and not negative, and at least
// one of them positive.
func (b TopOfBook) Validate() error {
	const fn = "mm.TopOfBook"
	if err := fault.First(
		fault.Finite(fn, "Bid", b.Bid),
		fault.Finite(fn, "Ask", b.Ask),
		fault.NonNegative(fn, "BidSize", b.BidSize),
		fault.NonNegative(fn, "AskSize", b.AskSize),
	); err != nil {
		return err
	}
	if b.Bid >= b.Ask {
		return fault.Arg(fn, "Ask", b.Ask, "> Bid")
	}
	if b.BidSize+b.AskSize == 0 {
		return fault.Arg(fn, "BidSize", b.BidSize, "> 0, or AskSize > 0")
	}
	return nil
}

// FairValue estimates fair value from the top of the book. [TopOfBook.Mid], [TopOfBook.WeightedMid] and the method value
// [MicroPrice.Price] are such functions.
type FairValue func(TopOfBook) float64

var _ = []FairValue{TopOfBook.Mid, TopOfBook.WeightedMid, (*MicroPrice)(nil).Price}

// Mid is (Bid+Ask)/2.
func (b TopOfBook) Mid() float64 { return (b.Bid + b.Ask) / 2 }

// Spread is Ask−Bid.
func (b TopOfBook) Spread() float64 { return b.Ask - b.Bid }

// Imbalance is BidSize/(BidSize+AskSize): 1 if all the size is on the bid. It is NaN if there is no size.
func (b TopOfBook) Imbalance() float64 { return b.BidSize / (b.BidSize + b.AskSize) }

// WeightedMid is the mid moved towards the thinner side: I·Ask + (1−I)·Bid with the imbalance I. It is NaN if there is no
// size.
func (b TopOfBook) WeightedMid() float64 {
	return b.Mid() + b.Spread()*(b.Imbalance()-0.5)
}

// Level is one price of one side of a book.
type Level struct {
	Price, Size float64
}

// Depth is a book of several levels, each side from the best price outwards.
type Depth struct {
	Bids, Asks []Level
}

// Top returns the best levels; a side without levels has price and size 0.
func (d Depth) Top() TopOfBook {
	var b TopOfBook
	if len(d.Bids) > 0 {
		b.Bid, b.BidSize = d.Bids[0].Price, d.Bids[0].Size
	}
	if len(d.Asks) > 0 {
		b.Ask, b.AskSize = d.Asks[0].Price, d.Asks[0].Size
	}
	return b
}

// Decay says how the weight of a level falls with its distance from the top of the book.
type Decay struct {
	Rate    float64 // c >= 0; 0 weighs all levels alike
	ByPrice bool    // weight exp(−c·|p−mid|) instead of exp(−c·(l−1)) for level l = 1, 2, ...
}

// Imbalance is the imbalance over the first n levels of each side: Σ w·Qb / Σ w·(Qb+Qa). n beyond the depth takes what
// there is. It is NaN if there is no size.
func (d Depth) Imbalance(n int, decay Decay) float64 {
	mid := d.Top().Mid()
	bids, asks := weighted(d.Bids, n, mid, decay), weighted(d.Asks, n, mid, decay)
	return bids / (bids + asks)
}

// WeightedMid is I·Ask + (1−I)·Bid of the best prices with the imbalance I over n levels.
func (d Depth) WeightedMid(n int, decay Decay) float64 {
	top := d.Top()
	return top.Mid() + top.Spread()*(d.Imbalance(n, decay)-0.5)
}

func weighted(side []Level, n int, mid float64, decay Decay) float64 {
	sum := 0.0
	for l, level := range side[:min(n, len(side))] {
		distance := float64(l)
		if decay.ByPrice {
			distance = math.Abs(level.Price - mid)
		}
		sum += math.Exp(-decay.Rate*distance) * level.Size
	}
	return sum
}

// TailPrice is the volume-in-tail price: the middle of the average prices at which market orders of the given size would
// fill on each side. It is false if either side is too thin for the size, or the size is not positive.
func (d Depth) TailPrice(size float64) (float64, bool) {
	bid, okB := fillPrice(d.Bids, size)
	ask, okA := fillPrice(d.Asks, size)
	return (bid + ask) / 2, okB && okA
}

func fillPrice(side []Level, size float64) (float64, bool) {
	if !(size > 0) {
		return 0, false
	}
	left, cash := size, 0.0
	for _, level := range side {
		take := math.Min(left, level.Size)
		cash += take * level.Price
		if left -= take; left <= 0 {
			return cash / size, true
		}
	}
	return 0, false
}
