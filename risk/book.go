package risk

import (
	"errors"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
)

// Fill is a trade: Qty contracts, positive when bought and negative when sold, at Price per unit of the underlying.
type Fill struct {
	Contract Contract
	Qty      float64
	Price    float64
}

const (
	// A position whose quantity falls below this part of the trade is flat: what is left of 0.1 + 0.2 − 0.3. No lot is so
	// small a part of a position.
	flatPart = 1e-9

	// Beyond these, products and their sums could overflow and poison a bucket.
	maxQty    = 1e15
	maxColumn = 1e250
)

// Book is a set of positions and their ladder. It is safe for concurrent use: writers (Apply, Revalue) run one after the
// other, and readers get copies, each of the state between two writes. A fill holds readers up for about
// a microsecond, a revaluation only while its finished result is put in place. Make one with [NewBook].
type Book struct {
	buckets Buckets

	writing sync.Mutex // held for the whole of a write; a writer may read what follows without mu

	mu    sync.RWMutex // held by readers, and by a writer while it changes what follows
	marks Marks
	now   time.Time // the instant of marks
	held  map[Contract]*position
	order []*position // all positions ever held, in the order of their contracts
	rungs []*rung     // in the order of their keys

	unmarked int // open positions without a rung
}

// position is what a book holds of a contract.
type position struct {
	contract Contract
	qty      float64
	average  float64 // price per unit; 0 if flat
	realised float64 // in money
	carry    float64 // what rounding left out of realised

	rung  *rung // nil if the position has no mark, or was flat when the marks came
	value float64
	unit  [columns]float64 // what one contract contributes to the sums
}

// rung is a bucket with its sums.
type rung struct {
	key  key
	open int
	sums sums
}

// NewBook returns an empty book, or an error about the buckets.
func NewBook(b Buckets, marks Marks) (*Book, error) {
	if err := b.Validate(); err != nil {
		return nil, err
	}
	if marks == nil {
		return nil, fault.Arg("risk.NewBook", "marks", nil, "marks")
	}
	b.Days, b.Strikes = slices.Clone(b.Days), slices.Clone(b.Strikes)
	return &Book{buckets: b, marks: marks, now: marks.Instant(), held: map[Contract]*position{}}, nil
}

// Apply books a fill. A fill that makes no sense is refused with a [pricing.ArgError] and changes nothing: a quantity that
// is zero or NaN, a price that is not finite, a contract with a multiplier of zero.
//
// A [MarkError] is different: the fill is booked, since it did happen, and counts in positions and realised profit, but the
// marks do not know the contract, and the ladder lists it as unmarked.
//
// For a contract that is open already the cost does not depend on the size of the book, and nothing is allocated; for any
// other the marks are asked once.
func (b *Book) Apply(f Fill) error {
	if err := f.validate(); err != nil {
		return err
	}
	c := f.Contract.canonical()
	b.writing.Lock()
	defer b.writing.Unlock()
	p, held := b.held[c]
	if !held {
		if err := c.Validate(); err != nil {
			return err
		}
		p = &position{contract: c}
	}
	var k Mark
	var err error
	marked := p.rung != nil
	if !marked {
		if k, err = mark(b.marks, c, b.buckets.Axis == ByLogMoneyness); err == nil {
			marked = true
		}
	}

	b.mu.Lock()
	defer b.mu.Unlock()
	if !held {
		b.held[c] = p
		at, _ := slices.BinarySearchFunc(b.order, c, func(p *position, c Contract) int { return p.contract.Compare(c) })
		b.order = slices.Insert(b.order, at, p)
	}
	if p.unmarked() {
		b.unmarked--
	}
	if marked && p.rung == nil {
		p.value, p.unit = k.Value, unitOf(c, &k)
		p.rung = rungOf(&b.rungs, b.buckets.keyOf(c, b.now, k.Forward))
		p.rung.move(&p.unit, 0, p.qty) // not zero if earlier fills found no mark
	}
	before := p.qty
	p.trade(f.Qty, f.Price)
	if marked {
		p.rung.move(&p.unit, before, p.qty)
	}
	if p.unmarked() {
		b.unmarked++
	}
	return err
}

func (f *Fill) validate() error {
	const fn = "risk.Fill"
	if !(math.Abs(f.Qty) <= maxQty) || f.Qty == 0 {
		return fault.Arg(fn, "Qty", f.Qty, "not 0 and at most 1e15 either way")
	}
	return fault.Finite(fn, "Price", f.Price)
}

func (p *position) unmarked() bool { return p.qty != 0 && p.rung == nil }

// unitOf returns what one contract contributes to the sums.
func unitOf(c Contract, k *Mark) [columns]float64 {
	unit := k.columns(c.Multiplier)
	if c.IsFuture() {
		unit[0] = 0
	}
	return unit
}

// rungOf returns the rung of a key, which it adds if it is not there.
func rungOf(rungs *[]*rung, k key) *rung {
	at, found := slices.BinarySearchFunc(*rungs, k, func(r *rung, k key) int { return r.key.compare(k) })
	if !found {
		*rungs = slices.Insert(*rungs, at, &rung{key: k})
	}
	return (*rungs)[at]
}

// trade changes quantity, average price and realised profit.
func (p *position) trade(qty, price float64) {
	before := p.qty
	after := before + qty
	if math.Abs(after) <= flatPart*max(math.Abs(before), math.Abs(qty)) {
		after = 0
	}
	p.qty = after
	switch {
	case before == 0:
		p.average = price
	case before > 0 == (qty > 0):
		p.average += (price - p.average) * (qty / after)
	case after == 0:
		p.realise(before, price)
		p.average = 0
	case after > 0 == (before > 0):
		p.realise(-qty, price)
	default:
		p.realise(before, price)
		p.average = price
	}
}

// realise books the profit of closing qty contracts, positive if they were held long.
func (p *position) realise(qty, price float64) {
	gain := qty * p.contract.Multiplier * (price - p.average)
	sum, e := twoSum(p.realised, gain)
	p.realised, p.carry = sum, p.carry+e
}

// move changes the quantity of one position in the rung. The last position to close leaves exact zeros.
func (r *rung) move(unit *[columns]float64, from, to float64) {
	if from == 0 && to != 0 {
		r.open++
	}
	if from != 0 && to == 0 {
		r.open--
		if r.open == 0 {
			r.sums = sums{}
			return
		}
	}
	r.sums.move(unit, from, to)
}

// Revalue marks every open position again and builds the ladder anew, also its buckets, which may depend on the instant and
// the forwards. If some contracts have no mark the others are revalued, and the errors of all that have none are joined,
// each a [MarkError]. The marks are asked without keeping readers from the book.
func (b *Book) Revalue(marks Marks) error {
	if marks == nil {
		return fault.Arg("risk.Book.Revalue", "marks", nil, "marks")
	}
	b.writing.Lock()
	defer b.writing.Unlock()
	type news struct {
		rung  *rung
		value float64
		unit  [columns]float64
	}
	now := marks.Instant()
	fresh := make([]news, len(b.order))
	var rungs []*rung
	var errs []error
	for i, p := range b.order {
		if p.qty == 0 {
			continue
		}
		k, err := mark(marks, p.contract, b.buckets.Axis == ByLogMoneyness)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		n := &fresh[i]
		n.value, n.unit = k.Value, unitOf(p.contract, &k)
		n.rung = rungOf(&rungs, b.buckets.keyOf(p.contract, now, k.Forward))
		n.rung.move(&n.unit, 0, p.qty)
	}

	b.mu.Lock()
	defer b.mu.Unlock()
	b.marks, b.now, b.rungs, b.unmarked = marks, now, rungs, len(errs)
	for i, p := range b.order {
		p.rung, p.value, p.unit = fresh[i].rung, fresh[i].value, fresh[i].unit
	}
	return errors.Join(errs...)
}

// Marks returns the marks that the book is valued at.
func (b *Book) Marks() Marks {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.marks
}

// Ladder returns the Greeks by bucket.
func (b *Book) Ladder() Ladder {
	b.mu.RLock()
	defer b.mu.RUnlock()
	l := Ladder{Instant: b.now, Lines: make([]Line, 0, len(b.rungs))}
	for _, r := range b.rungs {
		if r.open == 0 {
			continue
		}
		line := Line{
			Underlying: r.key.underlying, Expiry: r.key.expiry, Strike: interval(b.buckets.Strikes, r.key.strike),
			Axis: b.buckets.Axis, Open: r.open, sums: r.sums,
		}
		if len(b.buckets.Days) > 0 {
			line.Days = interval(b.buckets.Days, r.key.tenor)
		}
		line.fill()
		l.Lines = append(l.Lines, line)
	}
	for i := 0; len(l.Unmarked) < b.unmarked; i++ {
		if p := b.order[i]; p.unmarked() {
			l.Unmarked = append(l.Unmarked, p.contract)
		}
	}
	return l
}

// Position is what a book holds of one contract. A contract that was closed is still there, with its realised profit.
type Position struct {
	Contract Contract
	Qty      float64
	Average  float64 // average price paid or received for what is open; 0 if flat
	Marked   bool    // whether the fields below hold; false if the position is flat or the marks have no answer
	Mark     float64 // value of one unit
	Greeks   pricing.Greeks
	PnL
}

// PnL is profit and loss in money.
type PnL struct {
	Realised   float64 // by fills that reduced a position
	Unrealised float64 // open positions at their marks against their average price; those without a mark count nothing
}

// Total is realised and unrealised profit together.
func (p PnL) Total() float64 { return p.Realised + p.Unrealised }

func (p *position) unrealised() float64 {
	if p.rung == nil || p.qty == 0 {
		return 0
	}
	return p.qty * p.contract.Multiplier * (p.value - p.average)
}

func (p *position) view() Position {
	v := Position{Contract: p.contract, Qty: p.qty, Average: p.average, PnL: PnL{p.realised + p.carry, p.unrealised()}}
	if p.rung != nil && p.qty != 0 {
		v.Marked = true
		v.Mark = p.value
		v.Greeks = greeksOf(&p.unit).Scaled(p.qty)
	}
	return v
}

// Position returns what the book holds of a contract, and false if it never held any.
func (b *Book) Position(c Contract) (Position, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	p, ok := b.held[c.canonical()]
	if !ok {
		return Position{}, false
	}
	return p.view(), true
}

// Positions returns all contracts that the book has ever held, in the order of [Contract.Compare].
func (b *Book) Positions() []Position {
	b.mu.RLock()
	defer b.mu.RUnlock()
	out := make([]Position, len(b.order))
	for i, p := range b.order {
		out[i] = p.view()
	}
	return out
}

// PnL returns the profit and loss of the whole book. [Ladder.Unmarked] lists what its unrealised part leaves out.
func (b *Book) PnL() PnL {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var realised, unrealised, rLow, uLow float64
	for _, p := range b.order {
		var e float64
		realised, e = twoSum(realised, p.realised)
		rLow += e + p.carry
		unrealised, e = twoSum(unrealised, p.unrealised())
		uLow += e
	}
	return PnL{realised + rLow, unrealised + uLow}
}
