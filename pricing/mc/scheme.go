package mc

import (
	"errors"
	"fmt"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/model"
)

// Scheme makes paths of a model: a law of motion in discrete time. The nil Scheme is the default of the model, see the package's
// comment.
type Scheme interface {
	// Simulate prepares the prices at the given times, as [model.Simulable] does. A model that the scheme does not serve is an
	// [ErrScheme].
	Simulate(m pricing.Model, times []float64, maxStep float64) (model.Simulation, error)
}

// ErrScheme is what the error of a [Scheme] unwraps to that does not serve the model.
var ErrScheme = errors.New("the scheme does not simulate this model")

// schemeError names scheme and model.
func schemeError(s Scheme, m pricing.Model, why string) error {
	if why != "" {
		why = ": " + why
	}
	return fmt.Errorf("mc: %T under %T%s: %w", s, m, why, ErrScheme)
}

// defaultScheme returns the scheme for a model, nil if there is none. A model that is [model.Simulable] knows best itself.
func defaultScheme(m pricing.Model) Scheme {
	switch m.(type) {
	case model.Simulable:
		return own{}
	case model.BlackScholes, model.Assets:
		return Exact{}
	case model.Heston, model.PiecewiseHeston, model.DoubleHeston, model.Bates:
		return Heston{}
	case model.RoughHeston:
		return Lifted{}
	case model.VarianceGamma, model.NIG:
		return Subordinated{}
	case model.Merton, model.Kou:
		return JumpDiffusion{}
	}
	if _, ok := m.(model.Diffusion); ok {
		return Diffuse{}
	}
	if _, ok := m.(model.Diffusion2); ok {
		return Diffuse2{}
	}
	return nil
}

// own is the scheme of a model that makes its own paths.
type own struct{}

func (own) Simulate(m pricing.Model, times []float64, maxStep float64) (model.Simulation, error) {
	return m.(model.Simulable).Simulate(times, maxStep)
}
