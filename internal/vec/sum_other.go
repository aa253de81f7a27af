//go:build !amd64 || purego

package vec

func sum(acc *[sumLanes]float64, x []float64)    { sumGeneric(acc, x) }
func dot(acc *[sumLanes]float64, x, y []float64) { dotGeneric(acc, x, y) }

func sumPair(acc, low *[pairLanes]float64, x []float64)    { sumPairGeneric(acc, low, x) }
func dotPair(acc, low *[pairLanes]float64, x, y []float64) { dotPairGeneric(acc, low, x, y) }
