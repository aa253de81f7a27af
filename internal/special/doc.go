// Package special holds scalar special functions that the standard library and gonum lack, or that they do not give to
// full relative accuracy in the tails: the normal distribution and its inverse, the Mills ratio, the scaled
// complementary error function, an exponential and a logarithm that carry the rounding error of their argument, the
// noncentral χ² law, and the modified Bessel function of the first kind.
//
//	p := special.NormCDF(-30)    // 4.906713927148187e-198
//	x := special.InvNormCDF(p)   // -30
//	m := special.Mills(30)       // Φ(−30)/φ(30) = 0.03329641...
//	_, tail := special.NoncentralChi2(400, 5, 150) // 1.2110310265319e-14
//
// # Conventions
//
// φ and Φ are the density and the distribution function of the standard normal law, M(z) = Φ(−z)/φ(z) is the Mills
// ratio. ε is 2⁻⁵³, half a unit in the last place of 1. NaN in gives NaN out, nothing panics and nothing allocates. The
// stated errors hold on machines with and without fused multiply-add, for the result is asked for by [math.FMA] where
// it matters.
//
// The core is [Mills]: everything else about the normal law is a product of it and an exponential whose argument −x²/2
// is kept with the rounding error of the square, without which a tail of 1e-300 would be right to 13 digits only.
package special
