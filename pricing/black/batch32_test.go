package black

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/volgaquant/volga/internal/vec"
	"github.com/volgaquant/volga/pricing"
)

// batcher32 is what the six layouts in float32 share.
type batcher32 interface {
	PriceTo(dst []float32) int
	GreeksTo(dst Columns32) int
	StatusTo(dst []Status) int
}

// batchOf32 makes the batch in float32 of the kind with rows that float32 holds.
func batchOf32(k kindOf, o []row) batcher32 {
	column := func(f func(r row) float64) []float32 { return narrow(gather(o, f)) }
	k0 := row{}
	if len(o) > 0 {
		k0 = o[0]
	}
	forward, tau, discount := float32(k0.forward), float32(k0.tau), float32(k0.discount)
	forwards, taus := column(func(r row) float64 { return r.forward }), column(func(r row) float64 { return r.tau })
	discounts := column(func(r row) float64 { return r.discount })
	rates, yields := column(func(r row) float64 { return r.rate }), column(func(r row) float64 { return r.yield })
	strike, vol := narrow(strikes(o)), narrow(vols(o))
	switch k.name {
	case "Black76Rows":
		return Black76Rows32{rights(o), forwards, strike, vol, taus, discounts}
	case "Black76Strip":
		return Black76Strip32{forward, tau, discount, rights(o), strike, vol}
	case "BSMRows":
		return BSMRows32{rights(o), forwards, strike, rates, yields, vol, taus}
	case "BSMStrip":
		return BSMStrip32{forward, float32(k0.rate), float32(k0.yield), tau, rights(o), strike, vol}
	case "BachelierRows":
		return BachelierRows32{rights(o), forwards, strike, vol, taus, discounts}
	}
	return BachelierStrip32{forward, tau, discount, rights(o), strike, vol}
}

// rounded returns the rows with every number rounded to float32.
func rounded(o []row) []row {
	for i := range o {
		for _, v := range []*float64{&o[i].forward, &o[i].strike, &o[i].vol, &o[i].tau, &o[i].discount, &o[i].rate, &o[i].yield} {
			*v = float64(float32(*v))
		}
	}
	return o
}

func sameBits32(x, y float32) bool {
	return math.Float32bits(x) == math.Float32bits(y) || x != x && y != y
}

// wildRow32 is wildRow, and now and then a row at the edges of the range of float32.
func wildRow32(rng *rand.Rand, normal bool) row {
	o := wildRow(rng, normal)
	if rng.IntN(4) == 0 {
		edges := []float64{1e-45, 1e-38, 0.9e-9, 1.1e-9, 1e-8, 0.9e9, 1.1e9, 1e20, math.MaxFloat32}
		v := edges[rng.IntN(len(edges))]
		switch rng.IntN(5) {
		case 0:
			o.forward, o.strike = v, v*math.Exp(0.1*rng.NormFloat64())
		case 1:
			o.strike = v
		case 2:
			o.vol = v
		case 3:
			o.tau = v
		default:
			o.discount = v
		}
	}
	return o
}

func TestBatch32VariantsGiveTheSameBits(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(71, 1))
			const chunk = 2000
			for range points() / 2 / chunk {
				rows := rounded(randomBatch(k, rng, chunk, wildRow32))
				b := batchOf32(k, rows)
				for _, priceOnly := range []bool{true, false} {
					want, got := columns32(chunk), columns32(chunk)
					if priceOnly {
						want, got = Columns32{Price: want.Price}, Columns32{Price: got.Price}
					}
					restore := vec.Force(vec.Generic)
					bad := b.GreeksTo(want)
					restore()
					under(func(v vec.Variant) {
						if n := b.GreeksTo(got); n != bad {
							t.Fatalf("%v counts %d bad rows, generic %d", v, n, bad)
						}
						w := want.list()
						for j, c := range got.list() {
							for i := range c {
								if !sameBits32(c[i], w[j][i]) {
									t.Fatalf("%v: %s of %+v is %v, generic gives %v", v, columnNames[j], rows[i], c[i], w[j][i])
								}
							}
						}
					})
				}
			}
		})
	}
}

// TestBatch32Edges runs every variant over all lengths to beyond its longest body and about the block, at all alignments, with
// guard bands of NaN around the columns.
func TestBatch32Edges(t *testing.T) {
	const margin = 140
	lengths := []int{blockRows32 - 1, blockRows32, blockRows32 + 1, 2*blockRows32 + 3}
	for n := range 260 {
		lengths = append(lengths, n)
	}
	guard := math.Float32frombits(0x7fc0beef)
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(72, 1))
			rows := rounded(randomBatch(k, rng, slices.Max(lengths), wildRow32))
			want := columns32(len(rows))
			batchOf32(k, rows).GreeksTo(want)
			w := want.list()
			for _, n := range lengths {
				b := batchOf32(k, rows[:n])
				under(func(v vec.Variant) {
					var framed, got [6][]float32
					at := func(j int) int { return margin + (5*j+n)%16 }
					for j := range got {
						framed[j] = make([]float32, n+2*margin)
						for i := range framed[j] {
							framed[j][i] = guard
						}
						got[j] = framed[j][at(j) : at(j)+n : at(j)+n]
					}
					b.GreeksTo(Columns32{got[0], got[1], got[2], got[3], got[4], got[5]})
					for j := range got {
						for i, x := range framed[j] {
							if r := i - at(j); r >= 0 && r < n {
								if !sameBits32(x, w[j][r]) {
									t.Fatalf("%v n=%d: %s of row %d is %v, want %v", v, n, columnNames[j], r, x, w[j][r])
								}
							} else if math.Float32bits(x) != math.Float32bits(guard) {
								t.Fatalf("%v n=%d: %s was written at %d", v, n, columnNames[j], r)
							}
						}
					}
				})
			}
		})
	}
}

// A row of a strip and the same row among general ones have the same bits, and so has the price alone.
func TestLayoutsAgree32(t *testing.T) {
	for i := 0; i < len(kinds); i += 2 {
		rng := rand.New(rand.NewPCG(73, 1))
		for range 60 {
			rows := rounded(randomBatch(kinds[i+1], rng, 600, wildRow32))
			a, b, price := columns32(len(rows)), columns32(len(rows)), make([]float32, len(rows))
			general, strip := batchOf32(kinds[i], rows), batchOf32(kinds[i+1], rows)
			if m, n := general.GreeksTo(a), strip.GreeksTo(b); m != n {
				t.Fatalf("%s: %d bad rows, %s: %d", kinds[i].name, m, kinds[i+1].name, n)
			}
			strip.PriceTo(price)
			x, y := a.list(), b.list()
			for r := range rows {
				for j := range x {
					if !sameBits32(x[j][r], y[j][r]) {
						t.Fatalf("%s of %+v: %v in rows, %v in a strip", columnNames[j], rows[r], x[j][r], y[j][r])
					}
				}
				if v, _ := kinds[i].alone(rows[r]).Greeks(); sameBits(v, kinds[i].alone(rows[r]).Price()) && !sameBits32(price[r], x[0][r]) {
					t.Fatalf("price of %+v: %v alone, %v with Greeks", rows[r], price[r], x[0][r])
				}
			}
		}
	}
	// A batch without a yield is one with yields of zero, but for the last digit.
	rng := rand.New(rand.NewPCG(74, 1))
	rows := rounded(randomBatch(kinds[2], rng, 500, randomRow))
	for i := range rows {
		rows[i].yield = 0
	}
	with := batchOf32(kinds[2], rows).(BSMRows32)
	without := with
	without.Yield = nil
	a, b := columns32(len(rows)), columns32(len(rows))
	with.GreeksTo(a)
	without.GreeksTo(b)
	for i, r := range rows {
		if d := math.Abs(float64(a.Price[i] - b.Price[i])); d > 1e-7*(r.forward+r.strike) {
			t.Errorf("%+v: price %v with a yield of zero, %v without a yield", r, a.Price[i], b.Price[i])
		}
	}
}

// The errors that the comments state, over what desks have: maturities of half a day to ten years, volatilities of 2 % to 100 %,
// strikes to eight standard deviations.
func TestBatch32Errors(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(75, 1))
			var worst [6]float64
			relative, where := 0.0, ""
			const chunk = 50
			for range points() / chunk {
				rows := rounded(randomBatch(k, rng, chunk, randomRow))
				got := columns32(chunk)
				if bad := batchOf32(k, rows).GreeksTo(got); bad != 0 {
					t.Fatalf("%d bad rows", bad)
				}
				for i, r := range rows {
					o := k.alone(r)
					v, g := o.Greeks()
					for j, e := range errors32(o, v, g, got.list(), i) {
						worst[j] = math.Max(worst[j], e)
					}
					if e := relative32(o, v, float64(got.Price[i])); e > relative {
						relative, where = e, fmt.Sprintf("%+v: %v, scalar %v", o, got.Price[i], v)
					}
				}
			}
			for j, e := range worst {
				t.Logf("%-6s %.2g", columnNames[j], e)
				if bound := map[bool]float64{true: price32Error, false: greek32Error}[j == 0]; !(e <= bound) {
					t.Errorf("%s: error %.3g of its greatest size, stated is %v", columnNames[j], e, bound)
				}
			}
			t.Logf("relative %.3g of the bound", relative)
			if !(relative <= 1) {
				t.Errorf("relative error %.3g of the bound at %s", relative, where)
			}
		})
	}
}

// What the comment of Black76Rows32 states.
const (
	price32Error = 4e-7
	greek32Error = 1e-6
)

// errors32 returns the errors of row i in units of what they are stated in: the greater leg for the price, and the greatest
// sizes of the Greeks over strikes, a Greek that grows with the in-the-money leg included.
func errors32(o option, v float64, g pricing.Greeks, got [6][]float32, i int) (e [6]float64) {
	var tau, vol, spot, a, b, r, q float64
	switch o := o.(type) {
	case Black76:
		tau, vol, spot, a, b, r = o.Tau, o.Vol, o.Forward, o.Discount*o.Forward, o.Discount*o.Strike, math.Abs(math.Log(o.Discount)/o.Tau)
		q = r
	case BSM:
		tau, vol, spot, r, q = o.Tau, o.Vol, o.Spot, math.Abs(o.Rate), math.Abs(o.Yield)
		a, b = o.Spot*math.Exp(-o.Yield*o.Tau), o.Strike*math.Exp(-o.Rate*o.Tau)
	case Bachelier:
		tau, vol, r = o.Tau, o.Vol, math.Abs(math.Log(o.Discount)/o.Tau)
		s := vol * math.Sqrt(tau)
		spot, a, b, q = s, o.Discount*s, o.Discount*math.Abs(o.Forward-o.Strike), r
	}
	root := math.Sqrt(tau)
	most := math.Max(a, b)
	size := [6]float64{
		most, a / spot, a / (spot * spot), a * root, a*vol/root + (r+q)*most, tau * most,
	}
	if _, normal := o.(Bachelier); normal {
		size[3], size[4] = a/vol, a/tau+r*most
	} else {
		size[2] /= vol * root
	}
	for j, x := range [6]float64{v, g.Delta, g.Gamma, g.Vega, g.Theta, g.Rho} {
		e[j] = math.Abs(float64(got[j][i])-x) / size[j]
	}
	return e
}

// relative32 is the relative error of a price out of the money in units of the bound that is stated.
func relative32(o option, v, got float64) float64 {
	var m, s, a float64
	switch o := o.(type) {
	case Black76:
		s, a = o.Vol*math.Sqrt(o.Tau), o.Discount*o.Forward
		m = math.Log(o.Forward/o.Strike) / s * float64(o.Right)
	case BSM:
		s, a = o.Vol*math.Sqrt(o.Tau), o.Spot*math.Exp(-o.Yield*o.Tau)
		m = (math.Log(o.Spot/o.Strike) + (o.Rate-o.Yield)*o.Tau) / s * float64(o.Right)
		if (math.Abs(o.Rate)+math.Abs(o.Yield))*o.Tau > 1 {
			return 0
		}
	case Bachelier:
		s = o.Vol * math.Sqrt(o.Tau)
		a = o.Discount * s
		m = (o.Forward - o.Strike) / s * float64(o.Right)
	}
	if m > -0.5 || v < 1e-35*a {
		return 0
	}
	d := math.Abs(m)
	if _, normal := o.(Bachelier); !normal {
		d += s / 2
		a *= 0.5 * math.Erfc(math.Abs(m+s/2)/math.Sqrt2)
	} else {
		a = 0
	}
	return math.Abs(got-v) / (3e-7*(4+2*d+2*d*d)*v + 5e-7*a)
}

// Rows that the kernel does not take have the numbers of the scalar options, rounded, and bad rows are NaN, counted and
// explained; NaN stays in its row.
func TestBatch32EdgesAreTheScalarOptions(t *testing.T) {
	for _, k := range kinds {
		if k.strip {
			continue
		}
		rng := rand.New(rand.NewPCG(76, 1))
		var rows []row
		normal := k.name == "BachelierRows"
		for _, edit := range []func(o *row){
			func(o *row) { o.vol = 0 }, func(o *row) { o.tau = 0 }, func(o *row) { o.vol, o.tau = 0, 0 },
			func(o *row) { o.vol, o.forward, o.rate, o.yield = 0, o.strike, 0, 0 }, func(o *row) { o.strike = -1 }, func(o *row) { o.forward = -1 },
			func(o *row) { o.right = 0 }, func(o *row) { o.vol = 1e-20 }, func(o *row) { o.tau = 1e-30 }, func(o *row) { o.vol = nan },
			func(o *row) { o.forward = nan }, func(o *row) { o.tau = -1 }, func(o *row) { o.strike = inf }, func(o *row) { o.vol = -0.1 },
			func(o *row) { o.discount, o.rate = nan, nan }, func(o *row) { o.discount, o.yield = -1, inf },
		} {
			o := randomRow(rng, normal)
			edit(&o)
			if normal && (o.strike == -1 || o.forward == -1) {
				continue // an option like any other
			}
			rows = append(rows, o, randomRow(rng, normal))
		}
		rows = rounded(rows)
		b, n := batchOf32(k, rows), len(rows)
		under(func(v vec.Variant) {
			price, all, status := make([]float32, n), columns32(n), make([]Status, n)
			bad := b.PriceTo(price)
			if m := b.GreeksTo(all); m != bad {
				t.Errorf("%v %s: %d bad prices, %d rows of bad Greeks", v, k.name, bad, m)
			}
			if m := b.StatusTo(status); m != bad {
				t.Errorf("%v %s: %d bad prices, %d bad statuses", v, k.name, bad, m)
			}
			for i, r := range rows {
				o := k.alone(r)
				want, g := o.Greeks()
				if (want != want) != (status[i] != StatusOK) || !sameBits32(price[i], all.Price[i]) || (price[i] != price[i]) != (want != want) {
					t.Errorf("%v %+v: price %v and %v, scalar %v, status %v", v, o, price[i], all.Price[i], want, status[i])
				}
				if i%2 == 1 {
					continue
				}
				for j, x := range [6]float64{want, g.Delta, g.Gamma, g.Vega, g.Theta, g.Rho} {
					if y := all.list()[j][i]; !sameBits32(y, float32(x)) {
						t.Errorf("%v %s of %+v: %v, scalar %v", v, columnNames[j], o, y, x)
					}
				}
			}
		})
	}
}

func TestColumnsOfUnequalLengthPanic32(t *testing.T) {
	three, four := make([]float32, 3), make([]float32, 4)
	calls := make([]pricing.Right, 3)
	for want, f := range map[string]func(){
		"black.Black76Rows32.PriceTo: dst has length 3, Discount has length 4": func() {
			Black76Rows32{calls, three, three, three, three, four}.PriceTo(three)
		},
		"black.BSMRows32.GreeksTo: Right has length 3, Yield has length 0": func() {
			BSMRows32{Right: calls, Spot: three, Strike: three, Rate: three, Yield: four[:0], Vol: three, Tau: three}.GreeksTo(Columns32{Price: three})
		},
		"black.BSMStrip32.GreeksTo: Right has length 3, Rho has length 4": func() {
			BSMStrip32{Right: calls, Strike: three, Vol: three}.GreeksTo(Columns32{Rho: four})
		},
		"black.BachelierRows32.StatusTo: dst has length 2, Right has length 3": func() {
			BachelierRows32{calls, three, three, three, three, three}.StatusTo(make([]Status, 2))
		},
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); got != want {
					t.Errorf("panic %q, want %q", got, want)
				}
			}()
			f()
		}()
	}
}

func TestBatch32AllocatesNothing(t *testing.T) {
	for _, k := range kinds {
		rng := rand.New(rand.NewPCG(77, 1))
		b := batchOf32(k, rounded(randomBatch(k, rng, 600, wildRow32)))
		price, all, status := make([]float32, 600), columns32(600), make([]Status, 600)
		under(func(v vec.Variant) {
			if n := testing.AllocsPerRun(5, func() {
				b.PriceTo(price)
				b.GreeksTo(all)
				b.StatusTo(status)
			}); n != 0 {
				t.Errorf("%v %s: %v allocations", v, k.name, n)
			}
		})
	}
}
