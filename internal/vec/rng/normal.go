package rng

import "github.com/volgaquant/volga/internal/special"

// normalBlock is the length of the pieces in which uniforms become normals, so that they stay in the first-level cache.
const normalBlock = 1024

// quantile writes the normal quantile of every u of x over it.
func quantile(x []float64) {
	for i, u := range x {
		x[i] = special.InvNormCDF(u)
	}
}
