package lazy

import "runtime"

// Var is a variable: a quote, a parameter, a whole curve. Make one with [NewVar].
type Var[T any] struct {
	m    *Market
	id   uint32
	born uint64 // the first epoch that has it
}

// cell is a value with the epoch at which it was set. It never changes.
type cell[T any] struct {
	changed uint64
	value   T
}

// NewVar makes a variable of the market with its first value. It is an update of its own, at the cost of one [Var.Set].
func NewVar[T any](m *Market, value T) *Var[T] {
	v := &Var[T]{m: m}
	v.id, v.born = m.grow(func(epoch uint64) any { return &cell[T]{epoch, value} })
	runtime.AddCleanup(v, m.drop, v.id)
	return v
}

// Set changes the value, as an update of this variable alone.
func (v *Var[T]) Set(value T) {
	v.m.writing.Lock()
	defer v.m.writing.Unlock()
	tx := v.m.begin()
	v.SetIn(tx, value)
	tx.publish()
}

// SetIn changes the value as a part of an update.
func (v *Var[T]) SetIn(tx *Tx, value T) {
	tx.set(v.m, v.id, &cell[T]{tx.next.epoch, value})
}

// In returns the value inside an update: what the update set, else what was there before it.
func (v *Var[T]) In(tx *Tx) T {
	check(v.m, tx.next)
	return v.cell(tx.next).value
}

// Value returns the value now. The error is nil.
func (v *Var[T]) Value() (T, error) { return v.cell(v.m.now.Load()).value, nil }

// At returns the value in a snapshot; the error is nil unless the variable is newer than the snapshot ([ErrTooNew]).
func (v *Var[T]) At(s *Snapshot) (T, error) {
	check(v.m, s)
	if s.epoch < v.born {
		var zero T
		return zero, ErrTooNew
	}
	return v.cell(s).value, nil
}

// Version returns the epoch at which the variable was last set.
func (v *Var[T]) Version() uint64 { return v.settle(v.m.now.Load()) }

func (v *Var[T]) cell(s *Snapshot) *cell[T] { return s.cells.get(v.id).(*cell[T]) }

func (v *Var[T]) market() *Market { return v.m }

func (v *Var[T]) settle(s *Snapshot) uint64 {
	if s.epoch < v.born {
		return 0
	}
	return v.cell(s).changed
}

func (v *Var[T]) known(s *Snapshot) (uint64, []Source) { return v.settle(s), nil }
