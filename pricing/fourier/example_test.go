package fourier_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/volgaquant/volga/pricing"
	"github.com/volgaquant/volga/pricing/fourier"
	"github.com/volgaquant/volga/pricing/model"
	"github.com/volgaquant/volga/rates/curve"
)

// The parameters are those of Fang and Oosterlee (2008), eq. (53); the exact value is 5.78515543.
func ExampleCOS() {
	world := model.Heston{
		Market: model.Market{Spot: 100},
		V0:     0.0175, Kappa: 1.5768, Theta: 0.0398, Sigma: 0.5751, Rho: -0.5711,
	}
	ratio, ok := world.Feller()
	fmt.Printf("Feller %.2f %v\n", ratio, ok)

	call := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	r, err := fourier.COS{Tol: 1e-10}.Price(context.Background(), call, world)
	fmt.Printf("%.8f delta %.4f gamma %.4f %v\n", r.Value, r.Delta, r.Gamma, err)
	// Output:
	// Feller 0.38 false
	// 5.78515543 delta 0.6249 gamma 0.0306 <nil>
}

func ExampleCOS_PriceStrip() {
	world := model.Bates{
		Heston: model.Heston{
			Market: model.Market{Spot: 100, Discount: curve.Flat(0.0319)},
			V0:     0.008836, Kappa: 3.99, Theta: 0.014, Sigma: 0.27, Rho: -0.79,
		},
		Jumps: model.Jumps{Lambda: 0.11, MuJ: -0.1391, SigmaJ: 0.15},
	}
	strip := []pricing.Instrument{
		pricing.Vanilla{Right: pricing.Call, Strike: 80, Expiry: 1},
		pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1},
		pricing.Vanilla{Right: pricing.Call, Strike: 110, Expiry: 1},
	}
	results := make([]pricing.Result, len(strip))
	err := fourier.COS{}.PriceStrip(context.Background(), results, strip, world)
	for _, r := range results {
		fmt.Printf("%.6f\n", r.Value)
	}
	fmt.Println(err)
	// Output:
	// 22.924071
	// 6.757830
	// 1.967539
	// <nil>
}

// Short-dated variance gamma is out of reach for a fast Fourier transform, which says so; the bent contour has no trouble.
func ExampleLewis() {
	world := model.VarianceGamma{
		Market: model.Market{Spot: 100, Discount: curve.Flat(0.02)},
		Sigma:  0.2, Nu: 0.5, Theta: -0.2,
	}
	call := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 7. / 365}
	_, err := fourier.CarrMadan{}.Price(context.Background(), call, world)
	fmt.Println(errors.Is(err, fourier.ErrAccuracy))

	r, err := fourier.Lewis{}.Price(context.Background(), call, world)
	fmt.Printf("%.8f %v\n", r.Value, err)
	// Output:
	// true
	// 0.54485007 <nil>
}

func ExampleCarrMadan() {
	world := model.Merton{
		Market: model.Market{Spot: 100, Discount: curve.Flat(0.05)},
		Jumps:  model.Jumps{Lambda: 1, MuJ: -0.1, SigmaJ: 0.2},
		Sigma:  0.2,
	}
	call := pricing.Vanilla{Right: pricing.Call, Strike: 100, Expiry: 1}
	r, err := fourier.CarrMadan{}.Price(context.Background(), call, world)
	fmt.Printf("%.6f %v\n", r.Value, err)
	// Output: 13.688681 <nil>
}

// The Bermudan put is that of Fang and Oosterlee (2009), section 5.1, whose value is 10.479520123; the American one has no
// closed form.
func ExampleCOS_early() {
	world := model.BlackScholes{Spot: 100, Discount: curve.Flat(0.1), Vol: model.FlatVol(0.2)}
	dates := make([]float64, 10)
	for i := range dates {
		dates[i] = float64(i+1) / 10
	}
	for _, put := range []pricing.Instrument{
		pricing.Bermudan{Right: pricing.Put, Strike: 110, Dates: dates},
		pricing.American{Right: pricing.Put, Strike: 110, Expiry: 1},
	} {
		r, err := fourier.COS{}.Price(context.Background(), put, world)
		fmt.Printf("%.5f delta %.4f %v\n", r.Value, r.Delta, err)
	}
	// Output:
	// 10.47952 delta -0.6992 <nil>
	// 10.71919 delta -0.7311 <nil>
}

// The value of an engine of another kind, as a check: Merton's jumps, exercise every month.
func ExampleCONV() {
	world := model.Merton{
		Market: model.Market{Spot: 100, Discount: curve.Flat(0.05)},
		Jumps:  model.Jumps{Lambda: 1, MuJ: -0.1, SigmaJ: 0.2},
		Sigma:  0.2,
	}
	dates := make([]float64, 12)
	for i := range dates {
		dates[i] = float64(i+1) / 12
	}
	put := pricing.Bermudan{Right: pricing.Put, Strike: 100, Dates: dates}
	for _, engine := range []pricing.Engine{fourier.CONV{}, fourier.COS{}} {
		r, err := engine.Price(context.Background(), put, world)
		fmt.Printf("%.6f %v\n", r.Value, err)
	}
	// Output:
	// 9.343140 <nil>
	// 9.343140 <nil>
}
