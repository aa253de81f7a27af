package surface

import (
	"bytes"
	"math"
	"strconv"
	"time"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/rates/calendar"
)

// The values of a field. Each parser returns false for text that it does not understand.

var pow10 = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// parseNumber reads a decimal. Up to 15 digits are read in one pass: an integer below 2⁵³ over a power of ten up to 10²²
// is one exact division, hence the nearest double. The rest goes to strconv.
func parseNumber(b []byte) (float64, bool) {
	i, negative := 0, false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		negative = b[0] == '-'
		i = 1
	}
	mantissa, digits, decimals := uint64(0), 0, 0
	point := false
	for ; i < len(b); i++ {
		c := b[i]
		if c == '.' && !point {
			point = true
			continue
		}
		if c < '0' || c > '9' {
			return parseSlow(b)
		}
		if mantissa != 0 || c != '0' {
			digits++
		}
		if digits > 15 {
			return parseSlow(b)
		}
		mantissa = 10*mantissa + uint64(c-'0')
		if point {
			decimals++
		}
	}
	if decimals > 22 || (digits == 0 && !hasDigit(b)) {
		return parseSlow(b)
	}
	v := float64(mantissa) / pow10[decimals]
	if negative {
		v = -v
	}
	return v, true
}

func hasDigit(b []byte) bool {
	return bytes.IndexFunc(b, func(r rune) bool { return '0' <= r && r <= '9' }) >= 0
}

func parseSlow(b []byte) (float64, bool) {
	for _, c := range b { // strconv would also take hexadecimal and underscores
		if c == 'x' || c == 'X' || c == '_' {
			return 0, false
		}
	}
	v, err := strconv.ParseFloat(string(b), 64)
	if err != nil && !math.IsInf(v, 0) {
		return 0, false
	}
	return v, true
}

// notGiven says whether a field is empty. The words that vendors write for an unknown value are taken for NaN instead,
// which is counted as not a number where it matters.
func notGiven(b []byte) bool { return len(b) == 0 }

func isNull(b []byte) bool {
	switch len(b) {
	case 1:
		return b[0] == '-'
	case 3:
		return bytes.EqualFold(b, []byte("n/a")) || bytes.EqualFold(b, []byte("#na"))
	case 4:
		return bytes.EqualFold(b, []byte("null")) || bytes.EqualFold(b, []byte("none")) || bytes.EqualFold(b, []byte("#n/a"))
	}
	return false
}

func parseRight(b []byte) (pricing.Right, bool) {
	if len(b) == 1 {
		switch b[0] {
		case 'C', 'c':
			return pricing.Call, true
		case 'P', 'p':
			return pricing.Put, true
		}
		return 0, false
	}
	switch {
	case bytes.EqualFold(b, []byte("call")) || bytes.EqualFold(b, []byte("calls")):
		return pricing.Call, true
	case bytes.EqualFold(b, []byte("put")) || bytes.EqualFold(b, []byte("puts")):
		return pricing.Put, true
	}
	return 0, false
}

func parseSettlement(b []byte) (calendar.Settlement, bool) {
	switch string(b) {
	case "1":
		return calendar.AM, true
	case "0", "":
		return calendar.PM, true
	}
	s, err := calendar.ParseSettlement(string(b))
	return s, err == nil
}

// parseExercise reports whether the style is American.
func parseExercise(b []byte) (american, ok bool) {
	switch {
	case len(b) == 0 || bytes.EqualFold(b, []byte("european")) || bytes.EqualFold(b, []byte("e")):
		return false, true
	case bytes.EqualFold(b, []byte("american")) || bytes.EqualFold(b, []byte("a")):
		return true, true
	}
	return false, false
}

// parseDate reads YYYY-MM-DD, YYYY/MM/DD or YYYYMMDD. Day-and-month orders are not taken: 05/06 may mean either.
func parseDate(b []byte) (calendar.Date, bool) {
	var buf [8]byte
	switch {
	case len(b) == 10 && b[4] == b[7] && (b[4] == '-' || b[4] == '/'):
		copy(buf[:], b[:4])
		copy(buf[4:], b[5:7])
		copy(buf[6:], b[8:])
	case len(b) == 8:
		copy(buf[:], b)
	default:
		return 0, false
	}
	d, err := calendar.ParseDate(string(buf[:]))
	return d, err == nil
}

// parseDateTime reads a date, or a date and a time of day separated by a space or T; utc tells that the text says so, by
// Z or +00:00. Other zones are not taken.
func parseDateTime(b []byte) (d calendar.Date, clock time.Duration, timed, utc, ok bool) {
	i := bytes.IndexAny(b, " T")
	if i < 0 {
		d, ok = parseDate(b)
		return d, 0, false, false, ok
	}
	if d, ok = parseDate(b[:i]); !ok {
		return 0, 0, false, false, false
	}
	b = b[i+1:]
	for _, zone := range []string{"Z", "+00:00", " UTC"} {
		if rest, found := bytes.CutSuffix(b, []byte(zone)); found {
			b, utc = rest, true
			break
		}
	}
	clock, ok = parseClock(b)
	return d, clock, true, utc, ok
}

// parseClock reads HH:MM, HH:MM:SS or HH:MM:SS.fraction.
func parseClock(b []byte) (time.Duration, bool) {
	two := func(b []byte, most int) (int, bool) {
		if len(b) != 2 || b[0] < '0' || b[0] > '9' || b[1] < '0' || b[1] > '9' {
			return 0, false
		}
		n := 10*int(b[0]-'0') + int(b[1]-'0')
		return n, n <= most
	}
	if len(b) < 5 || b[2] != ':' {
		return 0, false
	}
	h, ok1 := two(b[:2], 23)
	m, ok2 := two(b[3:5], 59)
	if !ok1 || !ok2 {
		return 0, false
	}
	t := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
	if len(b) == 5 {
		return t, true
	}
	if len(b) < 8 || b[5] != ':' {
		return 0, false
	}
	s, ok := two(b[6:8], 59)
	if !ok {
		return 0, false
	}
	t += time.Duration(s) * time.Second
	if len(b) == 8 {
		return t, true
	}
	f, ok := parseNumber(b[8:])
	if !ok || b[8] != '.' || !(f >= 0 && f < 1) {
		return 0, false
	}
	return t + time.Duration(f*float64(time.Second)), true
}

// parseQuoteTime reads a time of day with its zone: "16:31 ET", "18:01-19:01 ET", of which the first is taken, "16:31
// UTC", or "close", "eod" and nothing, which mean the close of New York and are reported by ok with closing true.
func parseQuoteTime(b []byte) (t time.Duration, utc, closing, ok bool) {
	if len(b) == 0 || bytes.EqualFold(b, []byte("close")) || bytes.EqualFold(b, []byte("eod")) {
		return 0, false, true, true
	}
	for _, zone := range []string{" ET", " EST", " EDT", " UTC", "Z"} {
		if rest, found := bytes.CutSuffix(b, []byte(zone)); found {
			b, utc = rest, zone == " UTC" || zone == "Z"
			break
		}
	}
	if i := bytes.IndexByte(b, '-'); i >= 0 {
		if _, ok := parseClock(b[i+1:]); !ok {
			return 0, false, false, false
		}
		b = b[:i]
	}
	t, ok = parseClock(b)
	return t, utc, false, ok
}

// instrument is what the name of an option says.
type instrument struct {
	root   []byte
	expiry calendar.Date
	strike float64
	right  pricing.Right
}

var months = [...]string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}

// parseInstrument reads the names of crypto venues: BTC-25DEC20-36000-P, BTC-USD-260715-57000-C. A decimal point in a
// strike is written "d" by Deribit: XRP_USDC-30JUN23-0d5-C.
func parseInstrument(b []byte) (instrument, bool) {
	var part [5][]byte
	n := 0
	for rest := b; n < len(part); n++ {
		i := bytes.IndexByte(rest, '-')
		if i < 0 {
			part[n] = rest
			n++
			break
		}
		part[n], rest = rest[:i], rest[i+1:]
	}
	if n != 4 && n != 5 {
		return instrument{}, false
	}
	tail := part[n-3 : n]
	x := instrument{root: b[:len(b)-len(tail[0])-len(tail[1])-len(tail[2])-3]}
	var ok1, ok2, ok3 bool
	x.expiry, ok1 = parseVenueDate(tail[0])
	if i := bytes.IndexByte(tail[1], 'd'); i > 0 {
		point := append([]byte(nil), tail[1]...)
		point[i] = '.'
		tail[1] = point
	}
	x.strike, ok2 = parseNumber(tail[1])
	x.right, ok3 = parseRight(tail[2])
	return x, ok1 && ok2 && ok3 && len(x.root) > 0
}

// parseVenueDate reads 25DEC20, 5JUN20 and 260715.
func parseVenueDate(b []byte) (calendar.Date, bool) {
	digits := func(b []byte) int {
		n := 0
		for _, c := range b {
			if c < '0' || c > '9' {
				return -1
			}
			n = 10*n + int(c-'0')
		}
		return n
	}
	var y, m, d int
	switch {
	case len(b) == 6 && digits(b) >= 0:
		y, m, d = digits(b[:2]), digits(b[2:4]), digits(b[4:])
	case len(b) == 6 || len(b) == 7:
		at := len(b) - 5
		y, d = digits(b[at+3:]), digits(b[:at])
		for i, name := range months {
			if bytes.EqualFold(b[at:at+3], []byte(name)) {
				m = i + 1
			}
		}
	}
	if y < 0 || d < 1 || m < 1 || m > 12 {
		return 0, false
	}
	date := calendar.NewDate(2000+y, time.Month(m), d)
	return date, date.Day() == d
}

// parseSymbol reads OCC symbols: SPXW230915C04500000, also with spaces after the root and a vendor's prefix "O:".
func parseSymbol(b []byte) (instrument, bool) {
	b = bytes.TrimPrefix(b, []byte("O:"))
	const tail = 15 // yymmdd C 00000000
	if len(b) <= tail {
		return instrument{}, false
	}
	t := b[len(b)-tail:]
	x := instrument{root: bytes.TrimRight(b[:len(b)-tail], " ")}
	var ok1, ok2, ok3 bool
	x.expiry, ok1 = parseVenueDate(t[:6])
	x.right, ok2 = parseRight(t[6:7])
	x.strike, ok3 = parseNumber(t[7:])
	x.strike /= 1000
	return x, ok1 && ok2 && ok3 && len(x.root) > 0
}
