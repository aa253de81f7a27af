package calendar

import (
	"fmt"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // New York's clock changes must be known on machines that have no time zone files: containers, Windows

	"github.com/volgaquant/volga/internal/fault"
)

// Settlement says at what moment of its expiry date a listed option settles. The zero value is [PM].
type Settlement int8

// The moments of settlement.
const (
	PM   Settlement = iota // 16:00 New York, or 13:00 on days when the NYSE closes early
	AM                     // 09:30 New York: the opening prints
	UTC8                   // 08:00 UTC: crypto venues
)

var newYork = sync.OnceValue(func() *time.Location {
	loc, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic("calendar: the embedded time zones lack New York: " + err.Error())
	}
	return loc
})

// NewYork returns the time zone of the US exchanges. It is embedded: no time zone files are needed.
func NewYork() *time.Location { return newYork() }

// At returns the instant of settlement on a date. A PM settlement on a day when the NYSE is closed is taken to be at
// 16:00. An unknown settlement has the zero time.
func (s Settlement) At(year int, month time.Month, day int) time.Time {
	switch s {
	case PM:
		hour := 16
		if nyse.IsEarlyClose(NewDate(year, month, day)) {
			hour = 13
		}
		return time.Date(year, month, day, hour, 0, 0, 0, newYork())
	case AM:
		return time.Date(year, month, day, 9, 30, 0, 0, newYork())
	case UTC8:
		return time.Date(year, month, day, 8, 0, 0, 0, time.UTC)
	}
	return time.Time{}
}

// On is [Settlement.At] for a [Date].
func (s Settlement) On(d Date) time.Time { return s.At(d.Civil()) }

// String returns "PM", "AM" or "UTC8".
func (s Settlement) String() string {
	switch s {
	case PM:
		return "PM"
	case AM:
		return "AM"
	case UTC8:
		return "UTC8"
	}
	return fmt.Sprintf("Settlement(%d)", int8(s))
}

// MarshalText writes "PM", "AM" or "UTC8".
func (s Settlement) MarshalText() ([]byte, error) {
	if s < PM || s > UTC8 {
		return nil, fault.Arg("calendar.Settlement", "settlement", int8(s), "PM, AM or UTC8")
	}
	return []byte(s.String()), nil
}

// UnmarshalText reads PM, AM or UTC8 in any case.
func (s *Settlement) UnmarshalText(text []byte) error {
	v, err := ParseSettlement(string(text))
	if err != nil {
		return err
	}
	*s = v
	return nil
}

// ParseSettlement reads PM, AM or UTC8 in any case.
func ParseSettlement(s string) (Settlement, error) {
	for v := PM; v <= UTC8; v++ {
		if strings.EqualFold(s, v.String()) {
			return v, nil
		}
	}
	return 0, fault.Arg("calendar.ParseSettlement", "settlement", fmt.Sprintf("%q", s), "PM, AM or UTC8")
}
