package calendar

import "time"

// Clock measures model time: the years between two instants under some convention. It is negative if to is before from,
// and additive: Years(a,b) + Years(b,c) = Years(a,c). Clocks are safe for concurrent use.
type Clock interface {
	Years(from, to time.Time) float64
}

// YearsToExpiry returns the model time from now to the settlement of an option that expires on a date. It is negative
// once the option has settled.
func YearsToExpiry(clock Clock, now time.Time, expiry Date, s Settlement) float64 {
	return clock.Years(now, s.On(expiry))
}

// seconds returns the elapsed seconds between two instants. Unlike time.Time.Sub it does not stop at 292 years.
func seconds(from, to time.Time) float64 {
	return float64(to.Unix()-from.Unix()) + 1e-9*float64(to.Nanosecond()-from.Nanosecond())
}
