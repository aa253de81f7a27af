package surface

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrCSV is what every [CSVError] unwraps to.
var ErrCSV = errors.New("malformed option chain")

// CSVError says where a file of option quotes could not be read, what stood there and what was expected. It is an
// [ErrCSV], and also the error that caused it, if any.
type CSVError struct {
	File   string // the name given to the reader
	Line   int    // counted from 1; 0 if the file as a whole is meant
	Column string // the header of the column, or what the column would have held
	Value  string // what stood there, cut to 40 bytes
	Want   string // what was expected
	Err    error  // the cause, if there is one, as io.ErrUnexpectedEOF
}

// Error gives the file, the line, the column, the value, and what was expected.
func (e *CSVError) Error() string {
	var b strings.Builder
	b.WriteString("surface: ")
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	b.WriteString(": ")
	if e.Column != "" {
		fmt.Fprintf(&b, "column %q is ", e.Column)
	}
	if e.Column != "" || e.Value != "" {
		fmt.Fprintf(&b, "%q, ", e.Value)
	}
	b.WriteString("want ")
	b.WriteString(e.Want)
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap returns [ErrCSV] and the cause.
func (e *CSVError) Unwrap() []error {
	if e.Err == nil {
		return []error{ErrCSV}
	}
	return []error{ErrCSV, e.Err}
}

// excerpt returns the start of a value, for messages.
func excerpt(b []byte) string {
	const most = 40
	if len(b) > most {
		return string(b[:most]) + "..."
	}
	return string(b)
}

const maxRecord = 1 << 20 // bytes of the longest record: a gzip bomb without a line end must not fill the memory

// csvScanner splits a stream into records and fields. It knows quoted fields, also with line ends inside, line ends of
// Unix and of Windows, a byte order mark and gzip, which it sees by its first bytes. The fields are valid until the next
// call of next.
type csvScanner struct {
	file   string
	r      *bufio.Reader
	comma  byte
	line   int // of the first byte of the record
	lines  int // read so far
	long   []byte
	fields [][]byte
}

func newCSVScanner(r io.Reader, file string) (*csvScanner, error) {
	s := &csvScanner{file: file, r: bufio.NewReaderSize(r, 1<<16), comma: ','}
	if head, _ := s.r.Peek(2); len(head) == 2 && head[0] == 0x1f && head[1] == 0x8b {
		z, err := gzip.NewReader(s.r)
		if err != nil {
			return nil, &CSVError{File: file, Want: "a complete gzip stream", Err: err}
		}
		s.r = bufio.NewReaderSize(z, 1<<16)
	}
	if head, _ := s.r.Peek(3); bytes.Equal(head, []byte("\xef\xbb\xbf")) {
		_, _ = s.r.Discard(3)
	}
	return s, nil
}

// physical returns the next line without its end. At the end of the stream it returns io.EOF.
func (s *csvScanner) physical() ([]byte, error) {
	line, err := s.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		long := append([]byte(nil), line...)
		for errors.Is(err, bufio.ErrBufferFull) && len(long) <= maxRecord {
			line, err = s.r.ReadSlice('\n')
			long = append(long, line...)
		}
		line = long
	}
	if len(line) > maxRecord {
		return nil, s.fail("a line of less than 1 MiB", nil)
	}
	switch {
	case errors.Is(err, io.EOF):
		if len(line) == 0 {
			return nil, io.EOF
		}
	case err != nil:
		return nil, s.fail("a stream that can be read to its end", err)
	}
	s.lines++
	line = bytes.TrimSuffix(line, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), nil
}

func (s *csvScanner) fail(want string, err error) error {
	return &CSVError{File: s.file, Line: s.lines + 1, Want: want, Err: err}
}

// next returns the fields of the next record that is not blank, or io.EOF.
func (s *csvScanner) next() ([][]byte, error) {
	for {
		line, err := s.physical()
		if err != nil {
			return nil, err
		}
		s.line = s.lines
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if bytes.IndexByte(line, '"') >= 0 {
			return s.quoted(line)
		}
		s.fields = s.fields[:0]
		for {
			i := bytes.IndexByte(line, s.comma)
			if i < 0 {
				break
			}
			s.fields = append(s.fields, line[:i])
			line = line[i+1:]
		}
		s.fields = append(s.fields, line)
		return s.fields, nil
	}
}

// quoted splits a record in which there are quotation marks. A mark opens a quoted field only at its start; within, two
// marks stand for one.
func (s *csvScanner) quoted(line []byte) ([][]byte, error) {
	s.fields = s.fields[:0]
	s.long = append(s.long[:0], line...)
	line = s.long
	for at := 0; ; {
		if at >= len(line) || line[at] != '"' {
			end := bytes.IndexByte(line[at:], s.comma)
			if end < 0 {
				s.fields = append(s.fields, line[at:])
				return s.fields, nil
			}
			s.fields = append(s.fields, line[at:at+end])
			at += end + 1
			continue
		}
		var field []byte
		for at++; ; {
			end := bytes.IndexByte(line[at:], '"')
			if end < 0 { // the field goes on in the next line
				more, err := s.physical()
				if errors.Is(err, io.EOF) {
					return nil, &CSVError{File: s.file, Line: s.line, Value: excerpt(line[at:]), Want: "a closing quotation mark"}
				}
				if err != nil {
					return nil, err
				}
				if len(line)+len(more) > maxRecord {
					return nil, s.fail("a record of less than 1 MiB", nil)
				}
				// Earlier fields keep the old array if append moves; both hold the same bytes.
				line = append(append(line, '\n'), more...)
				s.long = line
				continue
			}
			field = append(field, line[at:at+end]...)
			at += end + 1
			if at < len(line) && line[at] == '"' {
				field = append(field, '"')
				at++
				continue
			}
			break
		}
		s.fields = append(s.fields, field)
		if at >= len(line) {
			return s.fields, nil
		}
		if line[at] != s.comma {
			return nil, &CSVError{File: s.file, Line: s.line, Value: excerpt(line[at:]), Want: "a separator after the quotation mark"}
		}
		at++
	}
}

// header reads the first record and settles the separator: comma, semicolon, tab or bar, whichever is most frequent.
func (s *csvScanner) header() ([]string, error) {
	head, _ := s.r.Peek(1 << 12)
	if i := bytes.IndexByte(head, '\n'); i >= 0 {
		head = head[:i]
	}
	most := bytes.Count(head, []byte{','})
	for _, c := range []byte{';', '\t', '|'} {
		if n := bytes.Count(head, []byte{c}); n > most {
			s.comma, most = c, n
		}
	}
	fields, err := s.next()
	if errors.Is(err, io.EOF) {
		return nil, &CSVError{File: s.file, Want: "a header and rows, but the file is empty"}
	}
	if err != nil {
		return nil, err
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = string(bytes.TrimSpace(f))
	}
	return names, nil
}
