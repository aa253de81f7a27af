// Package curve holds discount curves and curves of forward prices.
//
//	zeros, err := curve.NewZeroCurve([]float64{0.25, 1, 5}, []float64{0.043, 0.041, 0.038}, curve.MonotoneCubicZero)
//	if err != nil {
//		return err
//	}
//	index := curve.SpotForward{Spot: 5000, Discount: zeros, Carry: curve.Flat(0.013)}
//	fmt.Println(zeros.DiscountFactor(0.5), index.Forward(0.5))
//
// A [Discount] is a [Flat] rate, a [DiscountCurve] through nodes by one of several [Interpolation]s, or a [Product] or
// [Ratio] of such. A [Forward] is a [ForwardCurve] through quoted or implied forwards, or a [SpotForward] made of spot,
// rate and yield. The bumped copies [DiscountCurve.WithShift] and [ForwardCurve.WithScale] are what scenarios are made of.
//
// # Conventions
//
// Time is in years from the valuation instant; package calendar turns dates into it. Rates are continuously compounded
// decimals per year. Curves are immutable, safe for concurrent use, and allocate nothing when they are read. At t = 0 a
// discount factor is exactly 1; a negative time or NaN gives NaN. Beyond its last node a curve holds its last
// instantaneous forward rate; what it does before its first node each [Interpolation] says. Where a rate jumps, its value
// is that after the jump.
package curve
