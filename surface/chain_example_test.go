package surface_test

import (
	"fmt"
	"strings"

	"github.com/volgaquant/volga/surface"
)

// The strip below has C − P = 0.99·(101 − K): the forward is 101 and the discount factor 0.99. One row has no bid, and
// one is crossed.
func ExampleReadChain() {
	const file = `quote_date,quote_time,underlying,spot,root,expiry,settlement,exercise,type,strike,bid,ask
2023-09-14,16:00 ET,ABC,100,ABC,2023-12-15,PM,European,C,90,11.92,12.02
2023-09-14,16:00 ET,ABC,100,ABC,2023-12-15,PM,European,P,90,1.03,1.13
2023-09-14,16:00 ET,ABC,100,ABC,2023-12-15,PM,European,C,95,7.97,8.07
2023-09-14,16:00 ET,ABC,100,ABC,2023-12-15,PM,European,P,95,2.03,2.13
2023-09-14,16:00 ET,ABC,100,ABC,2023-12-15,PM,European,C,100,4.83,4.93
2023-09-14,16:00 ET,ABC,100,ABC,2023-12-15,PM,European,P,100,3.84,3.94
2023-09-14,16:00 ET,ABC,100,ABC,2023-12-15,PM,European,C,105,2.62,2.72
2023-09-14,16:00 ET,ABC,100,ABC,2023-12-15,PM,European,P,105,6.58,6.68
2023-09-14,16:00 ET,ABC,100,ABC,2023-12-15,PM,European,C,110,1.30,1.40
2023-09-14,16:00 ET,ABC,100,ABC,2023-12-15,PM,European,P,110,10.21,10.31
2023-09-14,16:00 ET,ABC,100,ABC,2023-12-15,PM,European,C,130,0,0.05
2023-09-14,16:00 ET,ABC,100,ABC,2023-12-15,PM,European,P,130,29.00,28.40
`
	chain, _, err := surface.ReadChain(strings.NewReader(file), "abc.csv", surface.ReadOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	smiles, report, err := chain.Smiles(surface.SmileOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	x := report.Expiries[0]
	fmt.Printf("%d rows: used %d; %v\n", report.Rows, report.Used, report.Rejected)
	fmt.Printf("%s: F = %.2f ± %.2f from %v, D = %.4f\n", x.Expiry.Label(), x.Forward, x.ForwardErr, x.ForwardFrom, x.Parity.Discount)
	s := smiles[0]
	for i := range s.Len() {
		fmt.Printf("%4.0f %-4v k = %+.3f  %.3f %.3f %.3f\n", s.Strike[i], s.Right[i], s.K[i], s.Bid[i], s.Mid[i], s.Ask[i])
	}
	// Output:
	// 12 rows: used 5; no bid 1, crossed 1, in the money 5
	// ABC 2023-12-15 PM: F = 101.00 ± 0.01 from parity, D = 0.9900
	//   90 put  k = -0.115  0.240 0.244 0.248
	//   95 put  k = -0.061  0.225 0.228 0.231
	//  100 put  k = -0.010  0.217 0.219 0.222
	//  105 call k = +0.039  0.211 0.214 0.217
	//  110 call k = +0.085  0.210 0.213 0.217
}
