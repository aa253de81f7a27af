package surface

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/volgaquant/volga/internal/fault"
	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/rates/calendar"
)

// ReadOptions says what to take from a file and what to suppose where the file is silent. The zero value reads the latest
// snapshot of the first underlying.
type ReadOptions struct {
	Columns    Columns       // where the headers are not among those that the reader knows
	Underlying string        // "" means that of the first row
	Date       calendar.Date // of the snapshot, as the file gives it: UTC for crypto; 0 means the latest
	Asof       time.Time     // if set, the valuation instant: later rows are left out. Needed if the file gives no date
	Spot       float64       // 0 means what the file says
	Scale      float64       // strikes are multiplied by it: 0.001 for strikes in thousandths. 0 means 1, and strikes that are plainly not in the unit of the prices are then an error
	Lenient    bool          // rows with text where a number or date should be are counted as Malformed, not an error

	Settle       Settle   // where the file has no settlement; the zero value is UTC8 for crypto and PM otherwise
	Exercise     Exercise // where the file has no exercise; the zero value is European
	Margin       Margin   // the unit of prices; the zero value is found from the columns and the prices
	KeepSaturday bool     // do not move expiries that are dated on a Saturday to the Friday before (crypto is never moved)
}

// Settle says when options settle in a file that does not say.
type Settle int8

// The moments of settlement, see [calendar.Settlement].
const (
	SettleByShape Settle = iota // UTC8 for files of crypto venues, PM for others
	SettlePM
	SettleAM
	SettleUTC8
)

// Exercise says what the exercise style is in a file that does not say.
type Exercise int8

// The exercise styles.
const (
	European Exercise = iota
	American
)

// Margin is the unit of option prices.
type Margin int8

// The units of prices.
const (
	MarginByShape Margin = iota // coins for files of crypto venues, unless the names or the prices speak against it
	MarginMoney                 // prices in the unit of the strikes
	MarginCoin                  // inverse options: prices in units of the underlying
)

// Snapshot is one underlying at one date of a file.
type Snapshot struct {
	Underlying string
	Date       calendar.Date
	Rows       int
	Last       time.Time // the latest instant of its rows
}

// ReadReport says what a file held and what became of its rows: Rows = Kept + Rejected.Total().
type ReadReport struct {
	File      string
	Lines     int // records below the header
	Rows      int // options; in the wide shape a record holds two
	Kept      int
	Rejected  Rejections
	Snapshots []Snapshot // in order of date and of first appearance
	Notes     []string   // what was supposed or converted
}

// ReadChainFile reads one snapshot of one underlying from a file of comma-separated values, compressed by gzip or not.
// See [ReadChain].
func ReadChainFile(path string, opt ReadOptions) (*Chain, ReadReport, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, ReadReport{}, fmt.Errorf("surface: %w", err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	return ReadChain(f, filepath.Base(path), opt)
}

// ReadChain reads one snapshot of one underlying; name stands for the source in messages. The headers decide what the
// columns mean. Empty fields of prices mean that there is none. Anything that cannot be understood is a [CSVError] that
// names line and column; the report then tells how far the reading came. A snapshot is all rows of one underlying and
// one calendar date (of UTC for crypto files); its instant is that of the latest row, and of several rows of one option
// the latest counts, which [Chain.Clean] sees to.
func ReadChain(r io.Reader, name string, opt ReadOptions) (*Chain, ReadReport, error) {
	t, err := readTable(r, name, opt)
	if err != nil {
		return nil, t.report, err
	}
	best := -1
	for i, s := range t.report.Snapshots {
		if s.Underlying != t.wanted || (!opt.Date.IsZero() && s.Date != opt.Date) {
			continue
		}
		if !opt.Asof.IsZero() && t.groups[t.order[i]].first.After(opt.Asof) {
			continue
		}
		best = i // the snapshots are in order of date
	}
	if best < 0 {
		return nil, t.report, t.noSnapshot(opt)
	}
	c, err := t.chain(t.order[best], opt)
	if err != nil {
		return nil, t.report, err
	}
	for g := range t.groups {
		if g != t.order[best] {
			why := OtherSnapshot
			if t.groups[g].underlying != t.wanted {
				why = OtherUnderlying
			}
			for _, row := range t.groups[g].rows {
				t.report.Rejected.add(why, int(row.line))
			}
		}
	}
	t.report.Kept = c.Len()
	return c, t.report, nil
}

// ReadChains reads every snapshot of a file, in order of date; Underlying and Date of the options narrow the choice. The
// report counts rows that were not asked for.
func ReadChains(r io.Reader, name string, opt ReadOptions) ([]*Chain, ReadReport, error) {
	t, err := readTable(r, name, opt)
	if err != nil {
		return nil, t.report, err
	}
	var out []*Chain
	for i, s := range t.report.Snapshots {
		g := t.order[i]
		why := Malformed
		switch {
		case opt.Underlying != "" && s.Underlying != t.wanted:
			why = OtherUnderlying
		case !opt.Date.IsZero() && s.Date != opt.Date, !opt.Asof.IsZero() && t.groups[g].first.After(opt.Asof):
			why = OtherSnapshot
		default:
			c, err := t.chain(g, opt)
			if err != nil {
				return nil, t.report, err
			}
			t.report.Kept += c.Len()
			out = append(out, c)
			continue
		}
		for _, row := range t.groups[g].rows {
			t.report.Rejected.add(why, int(row.line))
		}
	}
	if out == nil {
		return nil, t.report, t.noSnapshot(opt)
	}
	return out, t.report, nil
}

// row is one option as it is read.
type row struct {
	at                                                     int64 // milliseconds since 1970, UTC
	strike, bid, ask, bidSize, askSize, last, mark         float64
	volume, openInterest, underlyingPrice, spot, indexSpot float64
	expiry, line                                           int32
	right                                                  pricing.Right
}

// group is the rows of one underlying and one date.
type group struct {
	underlying  string
	date        calendar.Date
	rows        []row
	first, last time.Time
}

// table reads records into groups.
type table struct {
	opt      ReadOptions
	scan     *csvScanner
	cols     *layout
	crypto   bool
	groups   []*group
	order    []int // of groups by date
	expiries []Expiry
	wanted   string
	report   ReadReport

	// The last values of texts that repeat from row to row, and what they meant.
	seenWhen   [3][]byte
	when       time.Time
	date       calendar.Date
	seenExpiry [5][]byte
	expiry     int32
	expiryOf   map[Expiry]int32
	groupOf    map[groupKey]*group
	current    *group
}

type groupKey struct {
	underlying string
	date       calendar.Date
}

func readTable(r io.Reader, name string, opt ReadOptions) (*table, error) {
	t := &table{opt: opt, expiryOf: map[Expiry]int32{}, groupOf: map[groupKey]*group{}}
	t.report.File = name
	if !(opt.Scale >= 0) || math.IsInf(opt.Scale, 1) {
		return t, fault.Arg("surface.ReadChain", "ReadOptions.Scale", opt.Scale, "finite and > 0, or 0 for 1")
	}
	if !(opt.Spot >= 0) || math.IsInf(opt.Spot, 1) {
		return t, fault.Arg("surface.ReadChain", "ReadOptions.Spot", opt.Spot, "finite and > 0, or 0 for what the file says")
	}
	if t.opt.Scale == 0 {
		t.opt.Scale = 1
	}
	var err error
	if t.scan, err = newCSVScanner(r, name); err != nil {
		return t, err
	}
	header, err := t.scan.header()
	if err != nil {
		return t, err
	}
	if t.cols, err = newLayout(name, header, opt.Columns); err != nil {
		return t, err
	}
	if !t.cols.has(FieldDate) && !t.cols.has(FieldInstant) && opt.Asof.IsZero() {
		return t, &CSVError{File: name, Line: 1, Value: strings.Join(header, ","), Want: "a header with quote_date or snapshot_utc, or ReadOptions.Asof"}
	}
	t.crypto = t.cols.has(FieldInstant) || (t.cols.has(FieldInstrument) && t.cols.has(FieldUnderlyingPrice))
	for {
		fields, err := t.scan.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return t, err
		}
		if err := t.record(fields); err != nil {
			return t, err
		}
	}
	if t.report.Rows == t.report.Rejected.Total() {
		want := "rows below the header, but there are none"
		if t.report.Rows > 0 {
			want = fmt.Sprintf("rows that can be read, but all %d were rejected: %v", t.report.Rows, t.report.Rejected)
		}
		return t, &CSVError{File: name, Line: t.scan.lines, Want: want}
	}
	t.settleOrder()
	return t, nil
}

// settleOrder orders the snapshots by date and finds the underlying that is wanted.
func (t *table) settleOrder() {
	for i, g := range t.groups {
		t.order = append(t.order, i)
		if t.opt.Underlying != "" && strings.EqualFold(g.underlying, t.opt.Underlying) {
			t.wanted = g.underlying
		}
	}
	if t.opt.Underlying == "" {
		t.wanted = t.groups[0].underlying
	}
	slices.SortStableFunc(t.order, func(a, b int) int { return cmp.Compare(t.groups[a].date, t.groups[b].date) })
	for _, i := range t.order {
		g := t.groups[i]
		t.report.Snapshots = append(t.report.Snapshots, Snapshot{Underlying: g.underlying, Date: g.date, Rows: len(g.rows), Last: g.last})
	}
}

func (t *table) noSnapshot(opt ReadOptions) error {
	var have []string
	for _, s := range t.report.Snapshots {
		have = append(have, strings.TrimSpace(s.Underlying+" "+s.Date.String()))
	}
	const most = 6
	if len(have) > most {
		have = append(have[:most], fmt.Sprintf("and %d more", len(have)-most))
	}
	want := opt.Underlying
	if want == "" {
		want = "any underlying"
	}
	if !opt.Date.IsZero() {
		want += " on " + opt.Date.String()
	}
	if !opt.Asof.IsZero() {
		want += " not after " + opt.Asof.Format(time.RFC3339)
	}
	return &CSVError{File: t.report.File, Want: fmt.Sprintf("a snapshot of %s; the file has %s", want, strings.Join(have, ", "))}
}

// bad is the error for a value of the current record.
func (t *table) bad(f Field, value []byte, want string) error {
	return &CSVError{File: t.report.File, Line: t.scan.line, Column: t.cols.name(f), Value: excerpt(value), Want: want}
}

// record reads one record into one row, or into two in the wide shape.
func (t *table) record(fields [][]byte) error {
	t.report.Lines++
	n := 1
	if t.cols.wide {
		n = 2
	}
	t.report.Rows += n
	err := t.add(fields)
	if err == nil || !t.opt.Lenient {
		return err
	}
	for range n {
		t.report.Rejected.add(Malformed, t.scan.line)
	}
	return nil
}

func (t *table) add(fields [][]byte) error {
	if len(fields) != len(t.cols.header) {
		return &CSVError{
			File: t.report.File, Line: t.scan.line, Value: excerpt(bytes.Join(fields, []byte{t.scan.comma})),
			Want: fmt.Sprintf("%d fields as in the header, not %d", len(t.cols.header), len(fields)),
		}
	}
	text := func(f Field) []byte {
		i := t.cols.at[f]
		if i < 0 {
			return nil
		}
		b := fields[i]
		if len(b) > 0 && (b[0] <= ' ' || b[len(b)-1] <= ' ') {
			b = bytes.TrimSpace(b)
		}
		return b
	}
	if err := t.instant(text(FieldInstant), text(FieldDate), text(FieldTime)); err != nil {
		return err
	}
	x := row{at: t.when.UnixMilli(), line: int32(t.scan.line)}
	name, err := t.instrument(text)
	if err != nil {
		return err
	}
	if err := t.listing(text, name); err != nil {
		return err
	}
	x.expiry = t.expiry
	number := func(f Field, absent float64) float64 {
		b := text(f)
		if notGiven(b) {
			return absent
		}
		v, ok := parseNumber(b)
		if !ok {
			if isNull(b) {
				return math.NaN()
			}
			if err == nil {
				err = t.bad(f, b, "a number")
			}
		}
		return v
	}
	nan := math.NaN()
	x.strike = name.strike
	if t.cols.has(FieldStrike) {
		x.strike = number(FieldStrike, nan)
	}
	x.strike *= t.opt.Scale
	x.right = name.right
	if b := text(FieldType); t.cols.has(FieldType) {
		var ok bool
		if x.right, ok = parseRight(b); !ok {
			return t.bad(FieldType, b, "C, P, call or put")
		}
	}
	x.underlyingPrice, x.spot, x.indexSpot = number(FieldUnderlyingPrice, nan), number(FieldSpot, nan), number(FieldIndexPrice, nan)
	if t.cols.wide {
		c, p := x, x
		c.right, p.right = pricing.Call, pricing.Put
		c.bid, c.ask = number(FieldCallBid, 0), number(FieldCallAsk, 0)
		p.bid, p.ask = number(FieldPutBid, 0), number(FieldPutAsk, 0)
		if err != nil {
			return err
		}
		g := t.group(text(FieldUnderlying), name)
		g.rows = append(g.rows, c, p)
		return nil
	}
	x.bid, x.ask = number(FieldBid, 0), number(FieldAsk, 0)
	x.bidSize, x.askSize = number(FieldBidSize, nan), number(FieldAskSize, nan)
	x.last, x.mark = number(FieldLast, nan), number(FieldMark, nan)
	x.volume, x.openInterest = number(FieldVolume, nan), number(FieldOpenInterest, nan)
	if err != nil {
		return err
	}
	g := t.group(text(FieldUnderlying), name)
	g.rows = append(g.rows, x)
	return nil
}

// same reports whether the texts are those seen last.
func same(seen, now [][]byte) bool {
	for i := range seen {
		if !bytes.Equal(seen[i], now[i]) {
			return false
		}
	}
	return true
}

func remember(seen, now [][]byte) {
	for i := range seen {
		seen[i] = append(seen[i][:0], now[i]...)
	}
}

// instant settles date and instant of the current record.
func (t *table) instant(instant, date, clock []byte) error {
	now := [3][]byte{instant, date, clock}
	if !t.when.IsZero() && same(t.seenWhen[:], now[:]) {
		return nil
	}
	switch {
	case t.cols.has(FieldInstant):
		d, at, _, _, ok := parseDateTime(instant)
		if !ok {
			return t.bad(FieldInstant, instant, "a date and time as YYYY-MM-DD HH:MM:SS")
		}
		t.date, t.when = d, d.At(0, 0, time.UTC).Add(at)
	case t.cols.has(FieldDate):
		d, at, timed, utc, ok := parseDateTime(date)
		if !ok {
			return t.bad(FieldDate, date, "a date as YYYY-MM-DD")
		}
		closing := false
		if !timed {
			if at, utc, closing, ok = parseQuoteTime(clock); !ok {
				return t.bad(FieldTime, clock, `a time as "16:31 ET", "16:31 UTC" or "close"`)
			}
		}
		t.date = d
		switch {
		case closing:
			t.when = calendar.PM.On(d)
		case utc:
			t.when = d.At(0, 0, time.UTC).Add(at)
		default:
			hour := at / time.Hour
			t.when = d.At(int(hour), int((at-hour*time.Hour)/time.Minute), calendar.NewYork()).Add(at % time.Minute)
		}
	default:
		t.date, t.when = calendar.DateOf(t.opt.Asof), t.opt.Asof
	}
	t.current = nil
	remember(t.seenWhen[:], now[:])
	return nil
}

// instrument reads the name of the option, if its fields have to be read from it.
func (t *table) instrument(text func(Field) []byte) (instrument, error) {
	if t.cols.has(FieldExpiry) && t.cols.has(FieldStrike) && (t.cols.has(FieldType) || t.cols.wide) {
		return instrument{}, nil
	}
	if t.cols.has(FieldInstrument) {
		b := text(FieldInstrument)
		if x, ok := parseInstrument(b); ok {
			return x, nil
		}
		return instrument{}, t.bad(FieldInstrument, b, "a name as BTC-25DEC20-36000-P")
	}
	b := text(FieldSymbol)
	if x, ok := parseSymbol(b); ok {
		return x, nil
	}
	return instrument{}, t.bad(FieldSymbol, b, "an OCC symbol as SPXW230915C04500000")
}

// listing settles the expiry of the current record.
func (t *table) listing(text func(Field) []byte, name instrument) error {
	root := text(FieldRoot)
	if len(root) == 0 {
		root = text(FieldUnderlying)
	}
	if len(root) == 0 {
		root = name.root
	}
	date := text(FieldExpiry)
	now := [5][]byte{root, date, text(FieldSettlement), text(FieldExercise), nil}
	if !t.cols.has(FieldExpiry) {
		now[4] = []byte(name.expiry.String())
	}
	if len(t.expiries) > 0 && same(t.seenExpiry[:], now[:]) {
		return nil
	}
	e := Expiry{Root: string(root), Date: name.expiry, American: t.opt.Exercise == American}
	var ok bool
	if t.cols.has(FieldExpiry) {
		if e.Date, _, _, _, ok = parseDateTime(date); !ok {
			return t.bad(FieldExpiry, date, "a date as YYYY-MM-DD")
		}
	}
	if t.cols.has(FieldExercise) {
		if e.American, ok = parseExercise(now[3]); !ok {
			return t.bad(FieldExercise, now[3], "European or American")
		}
	}
	switch {
	case t.opt.Settle == SettleUTC8 || (t.opt.Settle == SettleByShape && t.crypto):
		e.Settlement = calendar.UTC8
	case t.opt.Settle == SettleAM:
		e.Settlement = calendar.AM
	}
	if t.cols.has(FieldSettlement) && len(now[2]) > 0 {
		if e.Settlement, ok = parseSettlement(now[2]); !ok {
			return t.bad(FieldSettlement, now[2], "AM, PM or UTC8")
		}
	}
	e.At = e.Settlement.On(e.Date)
	if e.Settlement != calendar.UTC8 && !t.opt.KeepSaturday && e.Date.Weekday() == time.Saturday {
		e.At = e.Settlement.On(e.Date - 1)
	}
	i, known := t.expiryOf[e]
	if !known {
		i = int32(len(t.expiries))
		t.expiries = append(t.expiries, e)
		t.expiryOf[e] = i
	}
	t.expiry = i
	remember(t.seenExpiry[:], now[:])
	return nil
}

// group returns the rows to which the current record belongs.
func (t *table) group(underlying []byte, name instrument) *group {
	if len(underlying) == 0 {
		underlying = name.root
	}
	g := t.current
	if g == nil || string(underlying) != g.underlying {
		key := groupKey{string(underlying), t.date}
		if g = t.groupOf[key]; g == nil {
			g = &group{underlying: key.underlying, date: key.date, first: t.when, last: t.when}
			t.groupOf[key] = g
			t.groups = append(t.groups, g)
		}
		t.current = g
	}
	if t.when.After(g.last) {
		g.last = t.when
	}
	if t.when.Before(g.first) {
		g.first = t.when
	}
	return g
}
