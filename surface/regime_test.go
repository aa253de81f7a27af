package surface

import (
	"encoding/csv"
	"errors"
	"io/fs"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/volgaquant/volga/internal/fault"
)

func TestRegimeHysteresis(t *testing.T) {
	f, err := NewRegimeFlag(RegimeSettings{MinDwell: 2})
	if err != nil {
		t.Fatal(err)
	}
	if _, seen := f.Regime(); seen || f.Advice() != (RegimeAdvice{1.25, 1.25, 1}) {
		t.Error("nothing seen yet")
	}
	for i, c := range []struct {
		now, ratio float64
		want       Regime
	}{
		{0, 0.9, Contango}, {1, 0.955, Contango}, {2, 0.96, Level}, {3, 0.93, Level}, // the dwell holds it
		{4, 0.945, Level}, {5, 0.939, Contango}, {6, 1.2, Backwardation}, {6.5, 0.8, Backwardation}, {8, 0.995, Backwardation},
		{9, 0.985, Level}, {10, 1.005, Level}, {11, 1.01, Backwardation}, {13, 0.8, Contango},
	} {
		f, err = f.Step(c.now, VIXTermStructure(20*c.ratio, 20))
		if got, _ := f.Regime(); got != c.want || err != nil {
			t.Errorf("%d: ratio %g: %v, want %v, %v", i, c.ratio, got, c.want, err)
		}
	}
	if f.Since() != 13 {
		t.Errorf("since %g", f.Since())
	}
	s := f.Apply(TrackerSettings{RefitEvery: 4})
	if s.Motion != (Motion{SkewStickiness, 1}) || s.RefitEvery != 4 || s.StaleAfter != 40 {
		t.Errorf("%+v", s)
	}
	before := f
	for _, bad := range []TermStructure{{}, VIXTermStructure(math.NaN(), 1), VIXTermStructure(1, 0), {1, 20, 0.5, 20}} {
		if same, err := f.Step(20, bad); !errors.Is(err, fault.ErrDomain) || same != before {
			t.Errorf("%v: %v", bad, err)
		}
	}
	if _, err := f.Step(1, VIXTermStructure(20, 20)); !errors.Is(err, fault.ErrDomain) {
		t.Error(err)
	}
}

func TestTermStructure(t *testing.T) {
	power := func(tau float64) float64 { return 0.2 * math.Pow(tau, -0.15) }
	for _, s := range []TermStructure{{0.1, power(0.1), 0.3, power(0.3)}, {0.02, power(0.02), 2, power(2)}} {
		if math.Abs(s.Slope()+0.15) > 1e-14 {
			t.Errorf("slope %g", s.Slope())
		}
	}
	e := index(t)
	s := TermStructureOf(e, 0.1, 0.5)
	if v := s.ForwardVol(); math.Abs(v*v-ForwardVariance(e, 0, 0.1, 0.5)) > 1e-14 {
		t.Errorf("forward volatility %g", v)
	}
	for _, bad := range []RegimeSettings{
		{LevelAt: -1}, {Band: math.NaN()}, {LevelAt: 0.99}, {MinDwell: -1}, {BackwardAt: math.Inf(1)}, {Advice: [3]RegimeAdvice{{1, 1, 1}}},
	} {
		if _, err := NewRegimeFlag(bad); !errors.Is(err, fault.ErrDomain) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// VIX and VIX3M, 2009 to 2026.
func TestRegimesOfHistory(t *testing.T) {
	file, err := os.Open("../../shared/data/history/us_equity_vol_daily.csv")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no history here")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	col := map[string]int{}
	for i, h := range rows[0] {
		col[h] = i
	}
	number := func(row []string, name string) float64 {
		v, err := strconv.ParseFloat(row[col[name]], 64)
		if err != nil {
			return math.NaN()
		}
		return v
	}
	var f RegimeFlag
	var days, changes, raw [4]int
	var last Regime
	var square [3]float64
	var counted [3]int
	on := map[string]Regime{}
	previous, rawLast := math.NaN(), Regime(0)
	for i, row := range rows[1:] {
		spx := number(row, "spx_close")
		if r, seen := f.Regime(); seen && spx > 0 && previous > 0 { // the move of the day after the flag
			m := math.Log(spx / previous)
			square[r] += m * m
			counted[r]++
		}
		if spx > 0 {
			previous = spx
		}
		s := VIXTermStructure(number(row, "vix_close"), number(row, "vix3m_close"))
		if s.Validate() != nil {
			continue
		}
		_, seen := f.Regime()
		f, err = f.Step(float64(i), s)
		if err != nil {
			t.Fatal(err)
		}
		r, _ := f.Regime()
		on[row[col["date"]]] = r
		days[r]++
		if seen && r != last {
			changes[r]++
		}
		last = r
		now := Contango
		if s.Ratio() >= 0.95 {
			now = Level
		}
		if s.Ratio() >= 1 {
			now = Backwardation
		}
		if seen && now != rawLast {
			raw[0]++
		}
		rawLast = now
	}
	total := days[0] + days[1] + days[2]
	moves := changes[0] + changes[1] + changes[2]
	var vol [3]float64
	for i := range vol {
		vol[i] = math.Sqrt(252 * square[i] / float64(counted[i]))
	}
	t.Logf("%d days: contango %d, level %d, backwardation %d; %d changes, %d without hysteresis; volatility of the next day %.3f, %.3f, %.3f",
		total, days[0], days[1], days[2], moves, raw[0], vol[0], vol[1], vol[2])
	if total < 4000 || float64(days[Contango])/float64(total) < 0.7 || float64(days[Backwardation])/float64(total) > 0.15 {
		t.Error("most days are in contango and few in backwardation")
	}
	if moves*4 > raw[0]*3 {
		t.Error("the band does not save a quarter of the changes")
	}
	if !(vol[Backwardation] > 1.5*vol[Contango]) {
		t.Error("the flag does not tell of volatility to come")
	}
	for date, want := range map[string]Regime{
		"2011-08-08": Backwardation, "2020-03-16": Backwardation, "2018-02-06": Backwardation, "2017-06-15": Contango, "2024-08-05": Backwardation, "2013-12-20": Contango,
	} {
		if got, ok := on[date]; !ok || got != want {
			t.Errorf("%s: %v, want %v", date, got, want)
		}
	}
}
