package lazy

// Source is any node of a market, whatever the type of its value: a [Var], a [Derived] or a [Handle].
type Source interface {
	// Version returns the epoch of the last change that the node depends on. It builds nothing.
	Version() uint64

	market() *Market

	// settle brings the node up to date at s and returns its version there.
	settle(s *Snapshot) uint64

	// known returns what the node can say of its version at s without building, and the inputs to ask for the rest.
	known(s *Snapshot) (version uint64, rest []Source)
}

// Node is a [Source] of values of one type.
type Node[T any] interface {
	Source
	// Value returns the value in the market as it is now.
	Value() (T, error)
	// At returns the value in a snapshot.
	At(s *Snapshot) (T, error)
}

// newest returns the version of n at s, or the first it meets that is above enough. It builds nothing.
func newest(s *Snapshot, n Source, enough uint64) uint64 {
	version, rest := n.known(s)
	if len(rest) == 0 || version > enough {
		return version
	}
	seen := map[Source]bool{n: true}
	stack := append([]Source(nil), rest...)
	for len(stack) > 0 && version <= enough {
		in := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[in] {
			continue
		}
		v, rest := in.known(s)
		version = max(version, v)
		if len(rest) > 0 {
			seen[in] = true
			stack = append(stack, rest...)
		}
	}
	return version
}

// reaches reports whether h depends on itself at s, which has not been published.
func reaches(s *Snapshot, h Source) bool {
	seen := map[Source]bool{}
	_, stack := h.known(s)
	for len(stack) > 0 {
		in := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if in == h {
			return true
		}
		if _, rest := in.known(s); len(rest) > 0 && !seen[in] {
			seen[in] = true
			stack = append(stack, rest...)
		}
	}
	return false
}

// check panics if a node is read at a snapshot of another market, which only a mistake in the source can cause.
func check(m *Market, s *Snapshot) {
	if s.m != m {
		panic("lazy: node and snapshot belong to different markets")
	}
}
