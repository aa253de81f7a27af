package lazy

import (
	"errors"
	"sync"
	"sync/atomic"
)

var (
	// ErrCycle is returned by an update that would link a handle to a node derived from that handle.
	ErrCycle = errors.New("lazy: the handle would depend on itself")

	// ErrTooNew is the result of reading, in a snapshot, a node whose variable or handle was made after it.
	ErrTooNew = errors.New("lazy: the variable was made after the snapshot")
)

// Market is a set of variables that change together. All nodes over them belong to it.
type Market struct {
	now atomic.Pointer[Snapshot] // what a live read sees; replaced whole by every update

	writing sync.Mutex // one update at a time
	ids     uint32     // slots ever used; under writing
	free    []uint32   // slots among them that are empty; under writing

	dropping sync.Mutex
	dropped  []uint32 // slots of collected variables, not yet emptied; under dropping
}

// NewMarket returns a market without variables.
func NewMarket() *Market {
	m := &Market{}
	m.now.Store(&Snapshot{m: m, live: true, changed: make(chan struct{})})
	return m
}

// Snapshot is a view of a market that does not change. Any number of goroutines may read nodes at it, and in it every
// node is built at most once. It remembers what was read from it until it is dropped.
type Snapshot struct {
	m     *Market
	epoch uint64
	cells trie

	// memo maps a *Derived[T] to the *entry[T] that holds here. A pinned snapshot records all that is read from it; the
	// view that live reads share records only what the node itself did not keep, because it has a newer value already.
	memo  sync.Map
	noted atomic.Bool // whether memo holds anything; an empty sync.Map allocates when it is asked
	live  bool

	changed chan struct{} // closed when this is no longer the newest view; nil in a pinned snapshot
}

// Snapshot pins the market as it is now. The cost is one small allocation, whatever the size of the market.
func (m *Market) Snapshot() *Snapshot {
	now := m.now.Load()
	return &Snapshot{m: m, epoch: now.epoch, cells: now.cells}
}

func (s *Snapshot) recall(node any) (entry any, ok bool) {
	if !s.noted.Load() {
		return nil, false
	}
	return s.memo.Load(node)
}

func (s *Snapshot) note(node, entry any) {
	s.memo.Store(node, entry)
	s.noted.Store(true)
}

// Epoch returns the number of the update that the snapshot sees last.
func (s *Snapshot) Epoch() uint64 { return s.epoch }

// Epoch returns the number of the last update.
func (m *Market) Epoch() uint64 { return m.now.Load().epoch }

// Tx is an update in progress. It is valid until the function that received it returns, and on that goroutine only.
type Tx struct {
	m        *Market
	next     *Snapshot // what will be published
	relinked []Source
	written  bool
	done     bool
}

// Update calls f and then publishes all that f set and relinked at once, so that no reader sees a part of it. If f returns
// an error or panics, or if a relinked handle would depend on itself ([ErrCycle]), nothing is changed. Updates run one
// after the other; f must not call Update or make variables, and sees its own changes through In alone.
func (m *Market) Update(f func(tx *Tx) error) error {
	m.writing.Lock()
	defer m.writing.Unlock()
	tx := m.begin()
	defer func() { tx.done = true }()
	if err := f(tx); err != nil {
		return err
	}
	for _, h := range tx.relinked {
		if reaches(tx.next, h) {
			return ErrCycle
		}
	}
	if tx.written {
		tx.publish()
	}
	return nil
}

// begin starts an update. The caller holds m.writing.
func (m *Market) begin() *Tx {
	now := m.now.Load()
	return &Tx{m: m, next: &Snapshot{m: m, epoch: now.epoch + 1, cells: now.cells, live: true}}
}

// publish makes the update what readers see. It also takes out the values of variables that have been collected, which
// no one can read any more.
func (tx *Tx) publish() {
	tx.m.dropping.Lock()
	for _, id := range tx.m.dropped {
		tx.next.cells.set(id, tx.next.epoch, nil)
		tx.m.free = append(tx.m.free, id)
	}
	tx.m.dropped = tx.m.dropped[:0]
	tx.m.dropping.Unlock()
	tx.next.changed = make(chan struct{})
	old := tx.m.now.Swap(tx.next)
	close(old.changed)
}

func (tx *Tx) set(m *Market, id uint32, cell any) {
	if tx.done {
		panic("lazy: Tx used after its Update returned")
	}
	if tx.m != m {
		panic("lazy: Tx of another market")
	}
	tx.next.cells.set(id, tx.next.epoch, cell)
	tx.written = true
}

// grow publishes a new variable, whose cell is made for its first epoch, and returns its slot.
func (m *Market) grow(cell func(epoch uint64) any) (id uint32, born uint64) {
	m.writing.Lock()
	defer m.writing.Unlock()
	if n := len(m.free); n > 0 {
		id, m.free = m.free[n-1], m.free[:n-1]
	} else {
		id = m.ids
		m.ids++
	}
	tx := m.begin()
	born = tx.next.epoch
	tx.set(m, id, cell(born))
	tx.publish()
	return id, born
}

// drop is called by the runtime once a variable has been collected. Its value goes with the next update.
func (m *Market) drop(id uint32) {
	m.dropping.Lock()
	m.dropped = append(m.dropped, id)
	m.dropping.Unlock()
}
