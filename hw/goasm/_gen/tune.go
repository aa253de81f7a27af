package main

import (
	"bytes"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/volgaquant/volga/hw/goasm"
	"github.com/volgaquant/volga/hw/goasm/kernels"
)

// The candidates that tune measures.
var (
	tuneUnrolls   = []int{1, 2, 3, 4, 5, 6, 8}
	tunePressures = []int{4, 8, 12, 16, 20, 26, 30, 36, 44, 60}
)

// tune compiles the kernel in every candidate tuning into one program, runs it, and so prints what each takes. Arguments
// are drawn uniformly between low and high; columns of 1024 rows stay in the cache.
func tune(name string, m goasm.Machine, low, high float64) error {
	for _, p := range kernels.Packages() {
		for _, k := range p.Kernels {
			if k.Name == name {
				return tuneKernel(k, m, low, high)
			}
		}
	}
	return fmt.Errorf("no kernel is called %s", name)
}

func tuneKernel(k goasm.Kernel, m goasm.Machine, low, high float64) error {
	dir, err := os.MkdirTemp("", "tune")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var args []string
	for i := range k.Graph.OutputNames() {
		args = append(args, fmt.Sprintf("dst[%d]", i))
	}
	columns := len(k.Graph.InputNames()) - len(k.Uniform)
	for i := range columns {
		args = append(args, fmt.Sprintf("src[%d]", i))
	}
	for i := range k.Uniform {
		args = append(args, fmt.Sprintf("src[%d][0]", columns+i))
	}
	var declarations, table bytes.Buffer
	for _, u := range tuneUnrolls {
		for _, pressure := range tunePressures {
			c := k
			c.Name = fmt.Sprintf("k%dx%d", u, pressure)
			c.Wide, c.Narrow = goasm.Tuning{Unroll: u, Pressure: pressure}, goasm.Tuning{Unroll: u, Pressure: pressure}
			asm, err := assembly("main", []*goasm.Program{goasm.Compile(c, m)})
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, c.Name+"_amd64.s"), asm, 0o666); err != nil {
				return err
			}
			fmt.Fprintf(&declarations, "//go:noescape\nfunc %s%v(%s)\n\n", c.Name, m, c.Signature())
			fmt.Fprintf(&table, "\t{%d, %d, func() { %s%v(%s) }},\n", u, pressure, c.Name, m, strings.Join(args, ", "))
		}
	}
	source := fmt.Sprintf(tuneProgram, declarations.String(), table.String(), low, high)
	text, err := format.Source([]byte(source))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "main.go"), text, 0o666); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module tune\n\ngo 1.26\n"), 0o666); err != nil {
		return err
	}
	run := exec.Command("go", "run", ".")
	run.Dir, run.Stdout, run.Stderr = dir, os.Stdout, os.Stderr
	return run.Run()
}

const tuneProgram = `package main

import (
	"fmt"
	"math/rand/v2"
	"sort"
	"time"
)

%s

const rows = 1024

var dst, src [32][]float64

var list = []struct {
	unroll, pressure int
	run              func()
}{
%s
}

func main() {
	for j := range src {
		dst[j], src[j] = make([]float64, rows), make([]float64, rows)
		for i := range src[j] {
			low, high := float64(%v), float64(%v)
			src[j][i] = low + (high-low)*rand.Float64()
		}
	}
	best := make([]float64, len(list))
	for round := range 40 {
		for i, c := range list {
			start := time.Now()
			for range 20 {
				c.run()
			}
			d := float64(time.Since(start).Nanoseconds()) / 20 / rows
			if round == 0 || d < best[i] {
				best[i] = d
			}
		}
	}
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(a, b int) bool { return best[order[a]] < best[order[b]] })
	for _, i := range order[:20] {
		fmt.Printf("unroll %%d, pressure %%d: %%.3f ns/value\n", list[i].unroll, list[i].pressure, best[i])
	}
}
`
