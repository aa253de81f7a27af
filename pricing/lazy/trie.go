package lazy

const (
	fanBits = 5
	fan     = 1 << fanBits
)

// trie is a persistent vector of cells: setting one copies the path to it and shares the rest, so that a snapshot is a
// copy of the struct. The zero value is empty.
type trie struct {
	top   *branch
	shift uint // of the index bits that choose a child of top
}

// branch holds *branch children above, cells at the bottom.
type branch struct {
	owner uint64 // the epoch in which the branch was made; in that epoch it may still be written
	kids  [fan]any
}

// get returns the cell at id, which must have been set.
func (t trie) get(id uint32) any {
	b := t.top
	for sh := t.shift; sh > 0; sh -= fanBits {
		b = b.kids[id>>sh&(fan-1)].(*branch)
	}
	return b.kids[id&(fan-1)]
}

// set stores a cell on behalf of epoch, leaving every branch that older epochs can see as it is.
func (t *trie) set(id uint32, epoch uint64, cell any) {
	if t.top == nil {
		t.top = &branch{owner: epoch}
	}
	for id>>t.shift >= fan {
		up := &branch{owner: epoch}
		up.kids[0] = t.top
		t.top, t.shift = up, t.shift+fanBits
	}
	t.top = t.top.own(epoch)
	b := t.top
	for sh := t.shift; sh > 0; sh -= fanBits {
		slot := &b.kids[id>>sh&(fan-1)]
		below, _ := (*slot).(*branch)
		below = below.own(epoch)
		*slot = below
		b = below
	}
	b.kids[id&(fan-1)] = cell
}

// own returns b if epoch made it, else a copy that epoch may write.
func (b *branch) own(epoch uint64) *branch {
	if b == nil {
		return &branch{owner: epoch}
	}
	if b.owner == epoch {
		return b
	}
	c := *b
	c.owner = epoch
	return &c
}
