package demo

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"
	"unicode/utf8"
)

func drafts(seed uint64, total int) []draft {
	s := newSource(newIdentities(seed), seed, total)
	var all []draft
	for d, ok := s.next(arrivalTime); ok; d, ok = s.next(arrivalTime) {
		all = append(all, d)
	}
	return all
}

// TestSourceMixesAllKinds counts what must be among the records of a demo.
func TestSourceMixesAllKinds(t *testing.T) {
	const total = 10_000
	ids := newIdentities(3)
	records, rejected, aggregates, several, pretty, escaped, anonymous := 0, 0, 0, 0, 0, 0, 0
	giants := map[int]int{}
	numbers := map[uint32]bool{}
	for _, d := range drafts(3, total) {
		records += len(d.records)
		if len(d.data)+len(d.key) > 10*mebibyte {
			t.Errorf("a record of %d bytes", len(d.data))
		}
		if len(d.data) >= mebibyte {
			giants[(len(d.data)+len(d.key))/mebibyte]++
		}
		if bytes.HasPrefix(d.data, []byte(kplMagic)) && !d.records[0].rejected {
			aggregates++
		}
		if bytes.Contains(d.data, []byte(`\/`)) {
			escaped++
		}
		for _, r := range d.records {
			if r.rejected {
				rejected++
				if len(d.records) > 1 || len(r.values) > 1 || json.Valid(d.data) && utf8.Valid(d.data) {
					t.Errorf("hostile record %q is not hostile alone", d.data[:min(80, len(d.data))])
				}
			}
			if len(r.values) > 1 {
				several++
			}
			if r.anonymous {
				anonymous++
			} else if n, ok := ids.find(d.data); !ok {
				t.Errorf("no id in %q", d.data[:min(80, len(d.data))])
			} else {
				numbers[n] = true
			}
		}
		if len(d.records) == 1 && !d.records[0].rejected && json.Valid(d.data) && bytes.Contains(bytes.TrimSpace(d.data), []byte("\n")) {
			pretty++
		}
	}
	if records != total {
		t.Errorf("%d records, want %d", records, total)
	}
	if rejected < total/hostileEach-1 || rejected > total/hostileEach+2 {
		t.Errorf("%d hostile records of %d", rejected, total)
	}
	if giants[1] != 3 || giants[10] != 1 {
		t.Errorf("giants by MiB: %v", giants)
	}
	for what, n := range map[string]int{"aggregates": aggregates, "several values": several, "pretty": pretty, "escaped slashes": escaped, "records without id": anonymous, "ids": len(numbers)} {
		if n < 5 {
			t.Errorf("%s: %d", what, n)
		}
	}
}

func TestSameSeedMakesSameRecords(t *testing.T) {
	if !reflect.DeepEqual(drafts(7, 500), drafts(7, 500)) {
		t.Error("two sources of a seed differ")
	}
	if reflect.DeepEqual(drafts(7, 500), drafts(8, 500)) {
		t.Error("two seeds make the same")
	}
	for seed := range uint64(50) {
		if only := drafts(seed, 1); len(only) != 1 || len(only[0].records) != 1 || only[0].records[0].rejected {
			t.Errorf("seed %d: one record is %+v", seed, only)
		}
	}
}

// TestHostileRecordsHaveNoLine proves the independence of the samples from the sink's idea of JSON: no prefix of a
// hostile record's values makes it whole JSON text for encoding/json, and the id is there where it should be.
func TestHostileRecordsHaveNoLine(t *testing.T) {
	s := newSource(newIdentities(1), 1, 1)
	for _, h := range hostile {
		id := s.id()
		data := h.data(s.rng, id)
		if got := bytes.Contains(data, []byte(id)); got == h.anonymous {
			t.Errorf("%s: id found is %v", h.name, got)
		}
		dec := json.NewDecoder(bytes.NewReader(data))
		var err error
		for err == nil {
			var v json.RawMessage
			err = dec.Decode(&v)
		}
		if err.Error() == "EOF" && utf8.Valid(data) && !h.anonymous {
			t.Errorf("%s: %q is JSON", h.name, data)
		}
	}
}

func TestIDsAreFoundOnlyWhole(t *testing.T) {
	ids := newIdentities(9)
	id := ids.id(0x1234)
	for text, want := range map[string]bool{
		id: true, "x" + id + "y": true, ids.tag + ids.tag + id: true,
		id[1:]: false, id[:len(id)-1]: false, newIdentities(10).id(0x1234): false, "1" + id[1:]: false, "": false,
	} {
		n, ok := ids.find([]byte(text))
		if ok != want || ok && n != 0x1234 {
			t.Errorf("%q: got %x %v", text, n, ok)
		}
	}
}

func TestLinesKeepValuesByteForByte(t *testing.T) {
	for value, want := range map[string]string{
		`{"a" : 1.10,  "b":"\/"}`:                              `{"a" : 1.10,  "b":"\/"}`,
		"{\n \"a\" : 1.10,\r\n \"b\":\"x  \\u00e9<>&\u2028\"}": "{\"a\":1.10,\"b\":\"x  \\u00e9<>&\u2028\"}",
	} {
		if got := string(lineOf([]byte(value))); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestKillsSpreadOverTheRun(t *testing.T) {
	for seed := range uint64(50) {
		at := moments(newSource(newIdentities(seed), seed, 10).rng, 15*time.Second)
		if len(at) < leastKills || len(at) > mostKills || at[0] < firstKill || at[len(at)-1] > firstKill+15*time.Second {
			t.Errorf("seed %d: %v", seed, at)
		}
	}
}
