package lazy

// Handle stands for another node and can be relinked to a different one: valuations built on a handle to a curve follow it
// from one curve to the next. Make one with [NewHandle].
type Handle[T any] struct {
	to *Var[Node[T]]
}

// NewHandle makes a handle that stands for target.
func NewHandle[T any](target Node[T]) *Handle[T] {
	return &Handle[T]{to: NewVar(target.market(), target)}
}

// Relink makes the handle stand for another node of the same market, or returns [ErrCycle] if that node is derived from
// the handle.
func (h *Handle[T]) Relink(target Node[T]) error {
	return h.to.m.Update(func(tx *Tx) error {
		h.RelinkIn(tx, target)
		return nil
	})
}

// RelinkIn is [Handle.Relink] as a part of an update. The whole update fails if it leaves a cycle.
func (h *Handle[T]) RelinkIn(tx *Tx, target Node[T]) {
	check(target.market(), tx.next)
	h.to.SetIn(tx, target)
	tx.relinked = append(tx.relinked, h)
}

// Target returns the node that the handle stands for now.
func (h *Handle[T]) Target() Node[T] { return h.to.cell(h.to.m.now.Load()).value }

// Value returns the value of the target now.
func (h *Handle[T]) Value() (T, error) { return h.At(h.to.m.now.Load()) }

// At returns the value, in a snapshot, of what the handle stood for then.
func (h *Handle[T]) At(s *Snapshot) (T, error) {
	target, err := h.to.At(s)
	if err != nil {
		var zero T
		return zero, err
	}
	return target.At(s)
}

// Version returns the later of the last relinking and the last change of the target.
func (h *Handle[T]) Version() uint64 { return newest(h.to.m.now.Load(), h, ^uint64(0)) }

func (h *Handle[T]) market() *Market { return h.to.m }

func (h *Handle[T]) settle(s *Snapshot) uint64 {
	if s.epoch < h.to.born {
		return 0
	}
	c := h.to.cell(s)
	return max(c.changed, c.value.settle(s))
}

func (h *Handle[T]) known(s *Snapshot) (uint64, []Source) {
	if s.epoch < h.to.born {
		return 0, nil
	}
	c := h.to.cell(s)
	return c.changed, []Source{c.value}
}
