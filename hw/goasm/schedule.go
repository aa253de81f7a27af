package goasm

// schedule returns the varying operations in the order of one vector; the body interleaves unroll vectors step by step.
// It goes from the loads down and takes the operation with the longest way still to go among those whose operands are
// there, as a machine that starts two vector operations a cycle would see it. Where unroll vectors would hold more than
// limit values it takes the operation that frees most.
func (l *lowered) schedule(unroll, limit int) []int {
	n := len(l.nodes)
	varies := func(i int) bool { return !l.nodes[i].inMemory() && !l.nodes[i].invariant }
	height := make([]int, n)
	users := make([][]int, n)
	waiting := make([]int, n)
	left := make([]int, n) // uses to come
	var loads int
	for i := range l.nodes {
		if !varies(i) {
			continue
		}
		if l.nodes[i].form == formLoad {
			loads++
		}
		for j, a := range l.nodes[i].args {
			if !varies(a) || contains(l.nodes[i].args[:j], a) {
				continue
			}
			users[a] = append(users[a], i)
			waiting[i]++
			left[a]++
		}
	}
	for i := n - 1; i >= 0; i-- {
		h := 0
		for _, u := range users[i] {
			h = max(h, height[u])
		}
		height[i] = h + l.nodes[i].latency()
	}
	var ready, order []int
	for i := range l.nodes {
		if varies(i) && waiting[i] == 0 {
			ready = append(ready, i)
		}
	}
	at := make([]float64, n)
	now, live := 0.0, 0
	for len(ready) > 0 {
		best, bestKey := -1, [4]float64{}
		for k, i := range ready {
			node := &l.nodes[i]
			if node.form == formStore && loads > 0 {
				continue // an output column may be an input column
			}
			delta := 0
			if node.form != formStore && !node.mask {
				delta++
			}
			for j, a := range node.args {
				if varies(a) && !l.nodes[a].mask && left[a] == 1 && !contains(node.args[:j], a) {
					delta--
				}
			}
			late := 0.0
			if at[i] > now {
				late = at[i] - now
			}
			var key [4]float64
			if (live+delta)*unroll > limit {
				key = [4]float64{1, float64(delta), late, -float64(height[i])}
			} else {
				key = [4]float64{0, late, -float64(height[i]), float64(delta)}
			}
			if best < 0 || less(key, bestKey) {
				best, bestKey = k, key
			}
		}
		i := ready[best]
		ready = append(ready[:best], ready[best+1:]...)
		order = append(order, i)
		node := &l.nodes[i]
		if node.form == formLoad {
			loads--
		}
		if node.form != formStore && !node.mask {
			live++
		}
		if at[i] > now {
			now = at[i]
		}
		for j, a := range node.args {
			if varies(a) && !contains(node.args[:j], a) {
				if left[a]--; left[a] == 0 && !l.nodes[a].mask {
					live--
				}
			}
		}
		done := now + float64(node.latency())
		now += float64(unroll*node.uops()) / 2
		for _, u := range users[i] {
			at[u] = max(at[u], done)
			if waiting[u]--; waiting[u] == 0 {
				ready = append(ready, u)
			}
		}
	}
	return order
}

func less(x, y [4]float64) bool {
	for i := range x {
		if x[i] != y[i] {
			return x[i] < y[i]
		}
	}
	return false
}

func contains(s []int, v int) bool {
	for _, x := range s {
		if x == v {
			return true
		}
	}
	return false
}
