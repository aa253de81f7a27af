package lazy

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Derived is a value that a function makes from other nodes. It is built when it is read, and again only if it is read
// after an input has changed. Make one with [Derive], [Derive2], [Derive3] or [DeriveAll].
type Derived[T any] struct {
	m      *Market
	inputs []Source
	build  func(s *Snapshot) (T, error)

	last atomic.Pointer[entry[T]] // the result of the highest version built so far

	mu      sync.Mutex
	pending []*entry[T] // under mu: the versions being built, each by one goroutine
}

// entry is a result, value or error, of one version.
//
// A version names the result at every epoch from the version itself on, until an input changes; upTo is the last epoch
// for which this has been checked. Versions are functions of the epoch alone and never fall, even over a relinking, since
// a relinking is itself a change of the handle.
type entry[T any] struct {
	version uint64
	upTo    atomic.Uint64
	value   T
	err     error

	building sync.Mutex // held by the builder until the result is there
	built    bool       // false if the build panicked
}

func (e *entry[T]) holds(epoch uint64) bool { return e.version <= epoch && epoch <= e.upTo.Load() }

func (e *entry[T]) extend(epoch uint64) {
	for {
		upTo := e.upTo.Load()
		if epoch <= upTo || e.upTo.CompareAndSwap(upTo, epoch) {
			return
		}
	}
}

// Derive makes a node whose value is f of the value of a. f runs on the goroutine of a reader, at most once per version
// unless readers pin older snapshots, and not at all while a is an error.
func Derive[A, T any](a Node[A], f func(A) (T, error)) *Derived[T] {
	mustBuild(f == nil)
	return derive([]Source{a}, a.market(), func(s *Snapshot) (t T, err error) {
		x, err := a.At(s)
		if err != nil {
			return t, err
		}
		return f(x)
	})
}

// Derive2 is [Derive] for two inputs. If both are errors the first is the result.
func Derive2[A, B, T any](a Node[A], b Node[B], f func(A, B) (T, error)) *Derived[T] {
	mustBuild(f == nil)
	return derive([]Source{a, b}, a.market(), func(s *Snapshot) (t T, err error) {
		x, err := a.At(s)
		if err != nil {
			return t, err
		}
		y, err := b.At(s)
		if err != nil {
			return t, err
		}
		return f(x, y)
	})
}

// Derive3 is [Derive] for three inputs.
func Derive3[A, B, C, T any](a Node[A], b Node[B], c Node[C], f func(A, B, C) (T, error)) *Derived[T] {
	mustBuild(f == nil)
	return derive([]Source{a, b, c}, a.market(), func(s *Snapshot) (t T, err error) {
		x, err := a.At(s)
		if err != nil {
			return t, err
		}
		y, err := b.At(s)
		if err != nil {
			return t, err
		}
		z, err := c.At(s)
		if err != nil {
			return t, err
		}
		return f(x, y, z)
	})
}

// DeriveAll is [Derive] for any number of inputs of one type, also none. f receives the values in the order of in, in a
// slice that it may keep; the first error in that order is the result in its place.
func DeriveAll[N Node[A], A, T any](m *Market, in []N, f func([]A) (T, error)) *Derived[T] {
	mustBuild(f == nil)
	in = slices.Clone(in)
	inputs := make([]Source, len(in))
	for i, n := range in {
		inputs[i] = n
	}
	return derive(inputs, m, func(s *Snapshot) (t T, err error) {
		values := make([]A, len(in))
		for i, n := range in {
			if values[i], err = n.At(s); err != nil {
				return t, err
			}
		}
		return f(values)
	})
}

func mustBuild(missing bool) {
	if missing {
		panic("lazy: a derived value needs a function")
	}
}

func derive[T any](inputs []Source, m *Market, build func(*Snapshot) (T, error)) *Derived[T] {
	for _, in := range inputs {
		if in.market() != m {
			panic("lazy: inputs of different markets")
		}
	}
	return &Derived[T]{m: m, inputs: inputs, build: build}
}

// Value returns the value, or the error of the build, in the market as it is now. If nothing has changed since the last
// read it costs a few nanoseconds and allocates nothing.
func (d *Derived[T]) Value() (T, error) {
	e := d.fetch(d.m.now.Load())
	return e.value, e.err
}

// At returns the value, or the error of the build, in a snapshot.
func (d *Derived[T]) At(s *Snapshot) (T, error) {
	check(d.m, s)
	e := d.fetch(s)
	return e.value, e.err
}

// Version returns the largest version among the inputs.
func (d *Derived[T]) Version() uint64 { return newest(d.m.now.Load(), d, ^uint64(0)) }

func (d *Derived[T]) market() *Market { return d.m }

func (d *Derived[T]) settle(s *Snapshot) uint64 { return d.fetch(s).version }

func (d *Derived[T]) known(s *Snapshot) (uint64, []Source) {
	if e := d.last.Load(); e != nil && e.holds(s.epoch) {
		return e.version, nil
	}
	return 0, d.inputs
}

// fetch returns the result at s. A pinned snapshot looks first into what it remembers, so that a build is never repeated
// in it; a live read looks first into the node.
func (d *Derived[T]) fetch(s *Snapshot) *entry[T] {
	if s.live {
		if e := d.last.Load(); e != nil && e.holds(s.epoch) {
			return e
		}
	}
	if e, ok := s.recall(d); ok {
		return e.(*entry[T])
	}
	if !s.live {
		if e := d.last.Load(); e != nil && e.holds(s.epoch) {
			s.note(d, e)
			return e
		}
	}
	return d.refresh(s)
}

// refresh asks the inputs for their versions, which brings them up to date, and builds the result if it is not there.
// Bringing the inputs up to date is never wasted: if one of them changed, the build needs them all.
func (d *Derived[T]) refresh(s *Snapshot) *entry[T] {
	version := uint64(0)
	for _, in := range d.inputs {
		version = max(version, in.settle(s))
	}
	for {
		e, mine := d.claim(s, version)
		if mine {
			d.construct(s, e)
			return e
		}
		// Two goroutines cannot wait for each other here, even when they read epochs between which handles were relinked:
		// equal versions of a node have equal graphs below them, and each of those graphs is free of cycles.
		e.building.Lock()
		built := e.built
		e.building.Unlock()
		if built {
			e.extend(s.epoch)
			if !s.live {
				s.note(d, e)
			}
			return e
		}
	}
}

// claim returns the result of a version if it is there or being built, else a new entry, locked, for the caller to build.
func (d *Derived[T]) claim(s *Snapshot, version uint64) (e *entry[T], mine bool) {
	if e := d.last.Load(); e != nil && e.version == version {
		return e, false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if e := d.last.Load(); e != nil && e.version == version {
		return e, false
	}
	if e, ok := s.recall(d); ok {
		return e.(*entry[T]), false
	}
	for _, e := range d.pending {
		if e.version == version {
			return e, false
		}
	}
	e = &entry[T]{version: version}
	e.upTo.Store(s.epoch)
	e.building.Lock()
	d.pending = append(d.pending, e)
	return e, true
}

// construct builds the result of a claimed entry. A panic of the build function passes to the reader and leaves the node
// as it was.
func (d *Derived[T]) construct(s *Snapshot, e *entry[T]) {
	defer func() {
		d.mu.Lock()
		i := slices.Index(d.pending, e)
		d.pending = slices.Delete(d.pending, i, i+1)
		last := d.last.Load()
		keep := e.built && (last == nil || last.version < e.version)
		if keep {
			d.last.Store(e)
		}
		if e.built && !(keep && s.live) {
			s.note(d, e)
		}
		d.mu.Unlock()
		e.building.Unlock()
	}()
	e.value, e.err = d.build(s)
	e.built = true
}
