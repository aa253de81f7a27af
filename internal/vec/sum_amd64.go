//go:build amd64 && !purego

package vec

//go:noescape
func sumAVX512(acc *[sumLanes]float64, x []float64)

//go:noescape
func dotAVX512(acc *[sumLanes]float64, x, y []float64)

//go:noescape
func sumPairAVX512(acc, low *[pairLanes]float64, x []float64)

//go:noescape
func dotPairAVX512(acc, low *[pairLanes]float64, x, y []float64)

//go:noescape
func sumAVX2(acc *[sumLanes]float64, x []float64)

//go:noescape
func dotAVX2(acc *[sumLanes]float64, x, y []float64)

//go:noescape
func sumPairAVX2(acc, low *[pairLanes]float64, x []float64)

//go:noescape
func dotPairAVX2(acc, low *[pairLanes]float64, x, y []float64)

func sum(acc *[sumLanes]float64, x []float64) {
	switch active {
	case AVX512:
		sumAVX512(acc, x)
	case AVX2:
		sumAVX2(acc, x)
	default:
		sumGeneric(acc, x)
	}
}

func dot(acc *[sumLanes]float64, x, y []float64) {
	switch active {
	case AVX512:
		dotAVX512(acc, x, y)
	case AVX2:
		dotAVX2(acc, x, y)
	default:
		dotGeneric(acc, x, y)
	}
}

func sumPair(acc, low *[pairLanes]float64, x []float64) {
	switch active {
	case AVX512:
		sumPairAVX512(acc, low, x)
	case AVX2:
		sumPairAVX2(acc, low, x)
	default:
		sumPairGeneric(acc, low, x)
	}
}

func dotPair(acc, low *[pairLanes]float64, x, y []float64) {
	switch active {
	case AVX512:
		dotPairAVX512(acc, low, x, y)
	case AVX2:
		dotPairAVX2(acc, low, x, y)
	default:
		dotPairGeneric(acc, low, x, y)
	}
}
