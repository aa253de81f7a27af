package lazy

import "context"

// Wait returns once the version of n is above since, with a version that is, or once ctx is done, with since and the
// error of ctx. A change before the call is not missed, and changes that happen together or while the caller is busy
// are one. To follow a node:
//
//	for version := uint64(0); ; {
//		if version, err = lazy.Wait(ctx, node, version); err != nil {
//			return err
//		}
//		value, err := node.Value()
//		// ...
//	}
//
// The first round returns at once if the node depends on any variable. Waiting builds nothing; each update of the market
// wakes the waiter to look at versions, which costs as much as the node has inputs, directly and through others, that
// have not been read since the update before.
func Wait(ctx context.Context, n Source, since uint64) (uint64, error) {
	for {
		s := n.market().now.Load()
		if version := newest(s, n, since); version > since {
			return version, nil
		}
		select {
		case <-s.changed:
		case <-ctx.Done():
			return since, ctx.Err()
		}
	}
}
