package surface

import (
	"fmt"
	"strings"
)

// Field is one thing that a row of a chain can say.
type Field int8

// The fields that the reader looks for. A file needs Expiry, Strike and Type, or an Instrument or Symbol that says all
// three; and Bid and Ask, or in the wide shape CallBid, CallAsk, PutBid and PutAsk. The others are optional.
const (
	FieldDate       Field = iota // date of the quote, in New York; may hold the time too, which is of UTC if it ends in Z
	FieldTime                    // time of the quote: "16:31 ET", "18:01-19:01 ET" (the first is taken), "close" or empty: the close of New York; without a zone: ET
	FieldInstant                 // date and time of the quote in UTC
	FieldUnderlying              // name of the underlying
	FieldSpot                    // spot price
	FieldRoot                    // class of the option: SPX, SPXW
	FieldInstrument              // name of the instrument that says expiry, strike and type: BTC-25DEC20-36000-P
	FieldSymbol                  // OCC symbol: SPXW230915C04500000
	FieldExpiry                  // expiry date
	FieldSettlement              // AM, PM or UTC8
	FieldExercise                // European or American
	FieldType                    // C, P, call, put
	FieldStrike
	FieldBid
	FieldAsk
	FieldBidSize
	FieldAskSize
	FieldLast
	FieldMark
	FieldVolume
	FieldOpenInterest
	FieldUnderlyingPrice // forward of the expiry (Deribit) or spot (OKX, equities), as printed on the row
	FieldIndexPrice      // spot index of a crypto venue
	FieldCallBid         // wide shape: a row holds the call and the put of a strike
	FieldCallAsk
	FieldPutBid
	FieldPutAsk
	numFields
)

// fieldNames are the headers by which vendors call each field, the library's own first. They are compared without case,
// spaces, underscores, dots and hyphens.
var fieldNames = [numFields][]string{
	FieldDate:            {"quote_date", "quotedate", "quote_datetime", "quote_unixtime_et", "trade_date", "data_date", "date", "quote_readtime"},
	FieldTime:            {"quote_time", "time"},
	FieldInstant:         {"snapshot_utc", "timestamp_utc", "time_utc", "datetime_utc", "snapshot_time_utc"},
	FieldUnderlying:      {"underlying", "underlying_symbol", "ticker", "base_currency", "act_symbol", "under"},
	FieldSpot:            {"spot", "spot_price", "underlying_last", "underlying_spot", "active_underlying_price", "stock_price", "close_underlying"},
	FieldRoot:            {"root", "option_root", "class"},
	FieldInstrument:      {"instrument", "instrument_name", "inst_id", "instid"},
	FieldSymbol:          {"symbol", "option_symbol", "contract_symbol", "contract", "osi", "occ_symbol", "optionroot_osi"},
	FieldExpiry:          {"expiry", "expiration", "expiration_date", "expiry_date", "expire_date", "exdate", "maturity"},
	FieldSettlement:      {"settlement", "settlement_type", "am_settlement"},
	FieldExercise:        {"exercise", "exercise_style", "style"},
	FieldType:            {"type", "option_type", "call_put", "cp_flag", "right", "put_call", "callput", "cp", "putcall"},
	FieldStrike:          {"strike", "strike_price", "k"},
	FieldBid:             {"bid", "best_bid", "bid_price", "best_bid_price", "bid_1545", "bid_eod"},
	FieldAsk:             {"ask", "best_ask", "best_offer", "offer", "ask_price", "best_ask_price", "ask_1545", "ask_eod"},
	FieldBidSize:         {"bid_size", "bid_amount", "best_bid_size", "best_bid_amount", "bid_size_1545"},
	FieldAskSize:         {"ask_size", "ask_amount", "best_ask_size", "best_ask_amount", "offer_size", "ask_size_1545"},
	FieldLast:            {"last", "last_price", "last_trade_price", "close"},
	FieldMark:            {"mark_price", "mark"},
	FieldVolume:          {"volume", "volume_24h", "trade_volume"},
	FieldOpenInterest:    {"open_interest", "openinterest", "oi"},
	FieldUnderlyingPrice: {"underlying_price", "forward", "forward_price"},
	FieldIndexPrice:      {"index_price"},
	FieldCallBid:         {"call_bid", "c_bid"},
	FieldCallAsk:         {"call_ask", "c_ask"},
	FieldPutBid:          {"put_bid", "p_bid"},
	FieldPutAsk:          {"put_ask", "p_ask"},
}

// String returns the library's own header of the field.
func (f Field) String() string {
	if f < 0 || f >= numFields {
		return fmt.Sprintf("Field(%d)", int8(f))
	}
	return fieldNames[f][0]
}

// Columns maps fields to the headers of a file, where the headers are not among those that the reader knows. An empty
// header says that the file does not have the field, whatever the headers look like.
type Columns map[Field]string

// headerKey strips what vendors write differently.
func headerKey(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '_' || r == '.' || r == '-':
			return -1
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// layout says at which index of a record each field stands; -1 if the file does not have it.
type layout struct {
	at     [numFields]int
	header []string
	wide   bool // a row holds the call and the put
}

func (l *layout) has(f Field) bool { return l.at[f] >= 0 }

// name returns the header of a field as the file writes it, or the library's own.
func (l *layout) name(f Field) string {
	if i := l.at[f]; i >= 0 {
		return l.header[i]
	}
	return f.String()
}

// newLayout finds the fields among the headers. A header that two columns share is an error if a field needs it.
func newLayout(file string, header []string, given Columns) (*layout, error) {
	l := &layout{header: header}
	missing := func(name, want string) error {
		return &CSVError{File: file, Line: 1, Value: strings.Join(header, ","), Want: want + ": there is no column " + name}
	}
	index := make(map[string]int, len(header))
	double := make(map[string]bool)
	for i, h := range header {
		key := headerKey(h)
		if _, seen := index[key]; seen {
			double[key] = true
			continue
		}
		index[key] = i
	}
	for f := range numFields {
		l.at[f] = -1
		names := fieldNames[f]
		if name, ok := given[f]; ok {
			if name == "" {
				continue
			}
			if _, ok := index[headerKey(name)]; !ok {
				return nil, missing(fmt.Sprintf("%q, which was given for %v", name, f), "a header with the given columns")
			}
			names = []string{name}
		}
		for _, name := range names {
			key := headerKey(name)
			if i, ok := index[key]; ok {
				if double[key] {
					return nil, &CSVError{File: file, Line: 1, Column: header[i], Value: header[i], Want: "a header that only one column has"}
				}
				l.at[f] = i
				break
			}
		}
	}
	l.wide = !l.has(FieldBid) && l.has(FieldCallBid)
	need := []Field{FieldExpiry, FieldStrike, FieldType, FieldBid, FieldAsk}
	switch {
	case l.wide:
		need = []Field{FieldExpiry, FieldStrike, FieldCallBid, FieldCallAsk, FieldPutBid, FieldPutAsk}
	case l.has(FieldInstrument) || l.has(FieldSymbol):
		need = []Field{FieldBid, FieldAsk}
	}
	for _, f := range need {
		if !l.has(f) {
			return nil, missing(fmt.Sprintf("%q or one of its other names; Columns can map one", f.String()), "a header with "+f.String())
		}
	}
	return l, nil
}
