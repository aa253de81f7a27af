// Package ops holds kernels that test the emitter: every operation of the expression language, many columns, uniform
// inputs, more values than registers.
package ops

//go:generate sh -c "cd ../../_gen && go run . -only hw/goasm/internal/ops"
