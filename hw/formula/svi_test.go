package formula

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/volgaquant/volga/internal/golden"
)

func TestGoldenSVI(t *testing.T) {
	g, err := Durrleman(SVI())
	if err != nil {
		t.Fatal(err)
	}
	golden.Run(t, "svi", func(t *testing.T, c golden.Case) {
		if !c.Has("a") {
			t.Skip("not raw SVI")
		}
		out, err := g.EvalMap(map[string]float64{
			"k": math.Log(c.Float(t, "strike") / c.Float(t, "forward")), "a": c.Float(t, "a"), "b": c.Float(t, "b"),
			"rho": c.Float(t, "rho"), "m": c.Float(t, "m"), "sigma": c.Float(t, "sigma"),
		})
		if err != nil {
			t.Fatal(err)
		}
		c.Check(t, "total_variance", out["w"])
		c.Check(t, "butterfly_density_g", out["g"])
	})
}

// Derivatives of raw SVI in closed form.
func TestSVIDerivatives(t *testing.T) {
	g, err := SmileDerivatives(SVI())
	if err != nil {
		t.Fatal(err)
	}
	const a, b, rho, m, sigma = 0.04, 0.2, -0.4, 0.05, 0.15
	for _, k := range []float64{-1, -0.2, 0, 0.05, 0.3, 2} {
		out, err := g.EvalMap(map[string]float64{"k": k, "a": a, "b": b, "rho": rho, "m": m, "sigma": sigma})
		if err != nil {
			t.Fatal(err)
		}
		root := math.Sqrt((k-m)*(k-m) + sigma*sigma)
		for name, want := range map[string]float64{
			"w": a + b*(rho*(k-m)+root), "w_k": b * (rho + (k-m)/root), "w_k_k": b * sigma * sigma / (root * root * root),
			"w_a": 1, "w_b": rho*(k-m) + root, "w_rho": b * (k - m), "w_m": -b * (rho + (k-m)/root), "w_sigma": b * sigma / root,
		} {
			if math.Abs(out[name]-want) > 1e-15 {
				t.Errorf("k = %v: %s is %v, want %v", k, name, out[name], want)
			}
		}
	}
}

// SSVI is eSSVI with ψ = θφ, is raw SVI in other letters, and its power law is SSVI with φ(θ).
func TestSmilesAgree(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 5))
	for range 100 {
		k, theta, rho, phi := rng.NormFloat64(), 0.01+0.2*rng.Float64(), 1.8*rng.Float64()-0.9, 0.2+2*rng.Float64()
		w := SSVI().Eval(k, theta, rho, phi)[0]
		e := ESSVI().Eval(k, theta, rho, theta*phi)[0]
		// Gatheral and Jacquier 2014, natural to raw: eq. 3.2 with Δ = μ = 0.
		r := math.Sqrt(1 - rho*rho)
		raw := SVI().Eval(k, theta/2*(1-rho*rho), theta*phi/2, rho, -rho/phi, r/phi)[0]
		gamma := 0.1 + 0.8*rng.Float64()
		eta := phi * math.Pow(theta, gamma) * math.Pow(1+theta, 1-gamma)
		p := SSVIPower().Eval(k, theta, rho, eta, gamma)[0]
		for name, v := range map[string]float64{"eSSVI": e, "raw SVI": raw, "power law": p} {
			if math.Abs(v/w-1) > 1e-13 {
				t.Errorf("k=%v θ=%v ρ=%v φ=%v: %s is %v, SSVI %v", k, theta, rho, phi, name, v, w)
			}
		}
		if atm := SSVI().Eval(0, theta, rho, phi)[0]; math.Abs(atm/theta-1) > 1e-15 {
			t.Errorf("at the money %v, want %v", atm, theta)
		}
	}
}

func TestSmileDerivativesErrors(t *testing.T) {
	for want, g := range map[string]*Graph{"output w": VanillaPayoff.Graph(), "input k": mustRename(t, BSM(), "w=price")} {
		if _, err := SmileDerivatives(g); err == nil || !strings.Contains(err.Error(), want+": no such") {
			t.Errorf("%s: %v", g.Name(), err)
		}
		if _, err := Durrleman(g); err == nil {
			t.Errorf("Durrleman took %s", g.Name())
		}
	}
}

func mustRename(t *testing.T, g *Graph, outputs ...string) *Graph {
	t.Helper()
	p, err := Pick(g, outputs...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
