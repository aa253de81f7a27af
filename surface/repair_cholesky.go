package surface

// sparseLDL factors a sparse symmetric positive definite matrix as LDLᵀ, one pattern many times: the columns are put in
// an order of least degree, and the factor is computed row by row along the elimination tree (Davis 2005, Algorithm 849).
type sparseLDL struct {
	n              int
	order, place   []int32 // order[k] is the variable eliminated at step k, place its inverse
	colPtr, rowIdx []int32 // upper triangle of the permuted matrix by column, the diagonal included
	value          []float64
	diagonal       []int32 // where in value the diagonal entry of each variable stands
	parent, count  []int32
	lp, li         []int32
	lx, d          []float64
	y              []float64
	flag, pattern  []int32
}

// newSparseLDL analyses the pattern of a matrix of n variables coupled as the groups say: all variables of a group meet.
// It returns, for each group, where the entry of each pair of its members stands in value, in the order (0,0), (1,0),
// (1,1), (2,0) ....
func newSparseLDL(n int, groups [][]int32) (*sparseLDL, [][]int32) {
	f := &sparseLDL{n: n}
	f.order = leastDegree(n, groups)
	f.place = make([]int32, n)
	for k, v := range f.order {
		f.place[v] = int32(k)
	}
	columns := make([][]int32, n)
	for k := range columns {
		columns[k] = append(columns[k], int32(k))
	}
	seen := make(map[int64]int32, 4*n)
	key := func(i, k int32) int64 { return int64(k)<<32 | int64(i) }
	for k := range n {
		seen[key(int32(k), int32(k))] = 0
	}
	for _, g := range groups {
		for a := range g {
			for b := range a {
				i, k := f.place[g[a]], f.place[g[b]]
				if i > k {
					i, k = k, i
				}
				if _, ok := seen[key(i, k)]; !ok {
					seen[key(i, k)] = int32(len(columns[k]))
					columns[k] = append(columns[k], i)
				}
			}
		}
	}
	f.colPtr = make([]int32, n+1)
	for k, c := range columns {
		f.colPtr[k+1] = f.colPtr[k] + int32(len(c))
		f.rowIdx = append(f.rowIdx, c...)
	}
	f.value = make([]float64, len(f.rowIdx))
	f.diagonal = make([]int32, n)
	for v, k := range f.place {
		f.diagonal[v] = f.colPtr[k]
	}
	slots := make([][]int32, len(groups))
	for r, g := range groups {
		s := make([]int32, 0, len(g)*(len(g)+1)/2)
		for a := range g {
			for b := range a + 1 {
				i, k := f.place[g[a]], f.place[g[b]]
				if i > k {
					i, k = k, i
				}
				s = append(s, f.colPtr[k]+seen[key(i, k)])
			}
		}
		slots[r] = s
	}
	f.analyse()
	return f, slots
}

// leastDegree orders variables so that each is the one with the fewest neighbours when it is eliminated.
func leastDegree(n int, groups [][]int32) []int32 {
	adjacent := make([][]int32, n)
	mark := make([]int32, n)
	for i := range mark {
		mark[i] = -1
	}
	for _, g := range groups {
		for _, i := range g {
			for _, j := range g {
				if i != j {
					adjacent[i] = append(adjacent[i], j)
				}
			}
		}
	}
	for i := range adjacent {
		kept := adjacent[i][:0]
		for _, j := range adjacent[i] {
			if mark[j] != int32(i) {
				mark[j] = int32(i)
				kept = append(kept, j)
			}
		}
		adjacent[i] = kept
	}
	buckets := make([][]int32, n) // by degree; entries whose degree has changed since are stale
	for i := n - 1; i >= 0; i-- {
		d := len(adjacent[i])
		buckets[d] = append(buckets[d], int32(i))
	}
	done := make([]bool, n)
	stamp := int32(n)
	order := make([]int32, 0, n)
	for low := 0; len(order) < n; {
		b := buckets[low]
		if len(b) == 0 {
			low++
			continue
		}
		p := b[len(b)-1]
		buckets[low] = b[:len(b)-1]
		if done[p] || len(adjacent[p]) != low {
			continue
		}
		done[p] = true
		order = append(order, p)
		for _, u := range adjacent[p] {
			stamp++
			mark[u] = stamp
			kept := adjacent[u][:0]
			for _, v := range adjacent[u] {
				if v != p {
					mark[v] = stamp
					kept = append(kept, v)
				}
			}
			for _, v := range adjacent[p] {
				if mark[v] != stamp {
					kept = append(kept, v)
				}
			}
			adjacent[u] = kept
			d := len(kept)
			buckets[d] = append(buckets[d], u)
			low = min(low, d)
		}
		adjacent[p] = nil
	}
	return order
}

// analyse finds the elimination tree and the length of each column of the factor.
func (f *sparseLDL) analyse() {
	n := f.n
	f.parent, f.count, f.flag = make([]int32, n), make([]int32, n), make([]int32, n)
	f.pattern = make([]int32, n)
	f.d, f.y = make([]float64, n), make([]float64, n)
	for k := range n {
		f.parent[k], f.flag[k] = -1, int32(k)
		for _, i := range f.rowIdx[f.colPtr[k]:f.colPtr[k+1]] {
			for ; f.flag[i] != int32(k); i = f.parent[i] {
				if f.parent[i] < 0 {
					f.parent[i] = int32(k)
				}
				f.count[i]++
				f.flag[i] = int32(k)
			}
		}
	}
	f.lp = make([]int32, n+1)
	for k := range n {
		f.lp[k+1] = f.lp[k] + f.count[k]
	}
	f.li, f.lx = make([]int32, f.lp[n]), make([]float64, f.lp[n])
}

// factor factors the matrix in value. A pivot lost to rounding belongs to a direction that the others already fix: it is
// made so large that the direction is left alone.
func (f *sparseLDL) factor() {
	const lost, huge = 1e-30, 1e128
	top := 0.0
	for _, slot := range f.diagonal {
		top = max(top, f.value[slot])
	}
	clear(f.count)
	for k := range f.n {
		f.y[k] = 0
		f.flag[k] = int32(k)
		at := f.n
		for p := f.colPtr[k]; p < f.colPtr[k+1]; p++ {
			i := f.rowIdx[p]
			f.y[i] += f.value[p]
			length := 0
			for ; f.flag[i] != int32(k); i = f.parent[i] {
				f.pattern[length] = i
				length++
				f.flag[i] = int32(k)
			}
			for length > 0 {
				length--
				at--
				f.pattern[at] = f.pattern[length]
			}
		}
		dk := f.y[k]
		f.y[k] = 0
		for ; at < f.n; at++ {
			i := f.pattern[at]
			yi := f.y[i]
			f.y[i] = 0
			from, to := f.lp[i], f.lp[i]+f.count[i]
			rows, values := f.li[from:to], f.lx[from:to]
			for p, r := range rows {
				f.y[r] -= values[p] * yi
			}
			l := yi / f.d[i]
			dk -= l * yi
			f.li[to], f.lx[to] = int32(k), l
			f.count[i]++
		}
		if !(dk > lost*top) {
			dk = huge
		}
		f.d[k] = dk
	}
}

// solve overwrites x, by variable, with the solution for the right side x.
func (f *sparseLDL) solve(x []float64) {
	y := f.y
	for k, v := range f.order {
		y[k] = x[v]
	}
	for k := range f.n {
		yk := y[k]
		for p := f.lp[k]; p < f.lp[k+1]; p++ {
			y[f.li[p]] -= f.lx[p] * yk
		}
	}
	for k := f.n - 1; k >= 0; k-- {
		sum := y[k] / f.d[k]
		for p := f.lp[k]; p < f.lp[k+1]; p++ {
			sum -= f.lx[p] * y[f.li[p]]
		}
		y[k] = sum
	}
	for k, v := range f.order {
		x[v] = y[k]
	}
	clear(y)
}
