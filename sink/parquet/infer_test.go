package parquet

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func proposed(records ...string) Proposal {
	var in Inference
	for _, r := range records {
		_ = in.Add([]byte(r)) // the proposal counts it
	}
	return in.Proposal()
}

func TestProposals(t *testing.T) {
	var wide, users []string
	for i := range 100 {
		users = append(users, fmt.Sprintf(`{"users":{"u%d":{"n":%d}}}`, i, i))
		wide = append(wide, fmt.Sprintf(`"k%d":%d`, i, i))
	}
	many := make([]string, maxMembers+1)
	for i := range many {
		many[i] = fmt.Sprintf(`"k%d":1`, i)
	}
	for _, test := range []struct {
		name    string
		records []string
		want    string // columns as name@key type rows, then notes
	}{
		{"access log", []string{accessLog}, "requestId string 1; ip string 1; user string 1; requestTime timestamp 1; httpMethod string 1; resourcePath string 1; status bigint 1; protocol string 1; responseLength bigint 1 | requestTime holds numbers that are times of the years 2000 to 2100; if they are none, its type is bigint."},
		{"rows and nulls", []string{`{"a":1}{"a":null}`, `{"b":true}`}, "a bigint 1; b boolean 1"},
		{"numbers", []string{`{"i":1,"f":1.5,"l":12345678901234567890,"m":1,"x":1e400}`, `{"i":2,"f":1,"l":1,"m":1e3,"x":1}`}, "i bigint 2; f double 2; l decimal(38,0) 2; m double 2; x string 2 | x has numbers that fit no type, so they are kept as text."},
		{"strings", []string{`{"d":"2026-09-07","t":"2026-09-07T12:00:00Z","s":"x","o":"2026-09-07T12:00:00+02:00","u":"2026-09-07"}`, `{"u":"2026-09-07 12:00:00"}`}, "d date 1; t timestamp 1; s string 1; o string 1; u string 2 | o is a time with an offset, which a timestamp takes in strict mode only."},
		{"nested", []string{`{"s":{"A":1,"b":[{"c":"x"},{"d":[true]}]},"e":[],"o":{}}`}, "s struct<a:bigint,b:array<struct<c:string,d:array<boolean>>>> 1; e array<string> 1; o map<string,string> 1 | e[] is always null or missing; its type is a guess. | o[] is always null or missing; its type is a guess."},
		{"conflicts", []string{`{"a":1,"b":{"c":1}}`, `{"a":"x","b":{"c":[1]}}`, `{"A":{}}`}, "a string 3; b struct<c:string> 2 | a is number 1 times, string 1 times and object 1 times; as a string it takes all of them. | b.c is number 1 times and array 1 times; as a string it takes all of them."},
		{"names", []string{`{"a.b":1,"a_b":2,"":3,"x y":{"p q":1,"r":2},"_rest":1}`}, `a_b@a.b bigint 1; a_b_2@a_b bigint 1; key@ bigint 1; x_y@x y struct<r:bigint> 1; key_rest@_rest bigint 1 | x y has a key that can be no field of a struct, so it is dropped: it "p q" has ' ' in it, which readers of Parquet refuse; rename it, and map its JSON key to the new name. As a string, x y keeps it.`},
		{"keys that are values", users, "users map<string,struct<n:bigint>> 100 | users has 100 different keys, each in few objects, so it is taken for a map."},
		{"wide but regular", []string{`{"w":{` + strings.Join(wide, ",") + `}}`}, "w struct<" + strings.NewReplacer(`"`, "").Replace(strings.Join(mapped(100, func(i int) string { return fmt.Sprintf("k%d:bigint", i) }), ",")) + "> 1"},
		{"more keys than are told apart", []string{`{"m":{` + strings.Join(many, ",") + `}}`}, "m map<string,string> 1 | m has too many different keys, so it is taken for a map."},
		{"deep", []string{`{"a":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`, `{"b":` + strings.Repeat(`{"c":`, 50) + "1" + strings.Repeat("}", 50) + `}`}, "?"},
	} {
		p := proposed(test.records...)
		var columns, notes []string
		for _, c := range p.Columns {
			name := c.Name
			if c.Key != "" || strings.HasPrefix(name, "key") && c.Name == "key" {
				name += "@" + c.Key
			}
			columns = append(columns, fmt.Sprintf("%s %s %d", name, c.Type, c.Rows))
			notes = append(notes, c.Notes...)
		}
		got := strings.Join(append([]string{strings.Join(columns, "; ")}, notes...), " | ")
		if test.want != "?" && got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
		fitsAll(t, p, test.records)
	}
}

func TestProposalsStayBelowTheLimitOfColumns(t *testing.T) {
	inner := "{" + strings.Join(mapped(900, func(i int) string { return fmt.Sprintf(`"k%d":1`, i) }), ",") + "}"
	record := "{" + strings.Join(mapped(12, func(i int) string { return fmt.Sprintf(`"c%d":%s`, i, inner) }), ",") + "}"
	p := proposed(record)
	fitsAll(t, p, []string{record})
	if last := p.Columns[11]; last.Type != "string" || len(last.Notes) != 1 || p.Columns[0].Type == "string" {
		t.Errorf("%s, %s", last.Type, last.Notes)
	}
}

func mapped(n int, f func(int) string) (all []string) {
	for i := range n {
		all = append(all, f(i))
	}
	return all
}

// fitsAll shreds the records under the proposal.
func fitsAll(t *testing.T, p Proposal, records []string) {
	t.Helper()
	var columns []Column
	for _, c := range p.Columns {
		columns = append(columns, c.Column)
	}
	schema, err := ParseSchema(columns, Options{Rest: true})
	if err != nil {
		t.Fatalf("%+v: %v", columns, err)
	}
	s, rows := schema.NewShredder(), &Rows{}
	for _, r := range records {
		if _, err := s.Append(rows, []byte(r)); err != nil {
			t.Fatalf("%+v: %.300s: %v", columns, r, err)
		}
	}
	if rows.N != p.Rows {
		t.Errorf("%d rows, the proposal counts %d", rows.N, p.Rows)
	}
	if _, err := assemble(schema, rows.Columns, rows.N); err != nil {
		t.Fatal(err)
	}
}

// Keys that never come again, in each other, do not take memory without end.
func TestProposalsOfEndlessKeys(t *testing.T) {
	unlessRaced(t)
	var in Inference
	for i := range 300 {
		var entries []string
		for k := range 1000 {
			entries = append(entries, fmt.Sprintf(`"k%d":{"x":[{"y":1}]}`, i*1000+k))
		}
		if err := in.Add([]byte(fmt.Sprintf(`{"a%d":{"b":{%s}}}`, i, strings.Join(entries, ",")))); err != nil {
			t.Fatal(err)
		}
	}
	if err := in.Add([]byte(`{"` + strings.Repeat("long", maxShapes*64) + `":1,"a0":{"b":{"k0":{"x":1}}}}`)); err != nil {
		t.Fatal(err)
	}
	var count func(s *shape) int
	count = func(s *shape) int {
		n := 1
		for _, m := range s.members {
			n += count(&m.shape)
		}
		if s.elem != nil {
			n += count(s.elem)
		}
		return n
	}
	if n := count(&in.root); n > 2*maxShapes || n < maxShapes/2 {
		t.Errorf("%d places are told apart", n)
	}
	if p := in.Proposal(); p.Rows != 301 || len(p.Columns) == 0 || !strings.Contains(strings.Join(p.Columns[0].Notes, " "), "too many different keys") {
		t.Errorf("%d rows, columns %+v", p.Rows, p.Columns)
	}
}

func TestProposalsCountWhatIsNoRow(t *testing.T) {
	p := proposed(``, ` `, `{"a":1`, `[1]`, `5`, `{"a":1}{"a":2}`, "\ufeff{}", `{"a":1} 5`, `{"a":1} x`)
	if p.Records != 9 || p.NotJSON != 4 || p.NotRows != 3 || p.Rows != 3 {
		t.Errorf("%+v", p)
	}
}

// TestProposalsFitTheirRecords draws records of many forms; every one of them has to fit the schema proposed for all.
func TestProposalsFitTheirRecords(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	for range 100 {
		schema, err := ParseSchema(randomColumns(r, false), Options{CaseSensitive: true})
		if err != nil {
			t.Fatal(err)
		}
		w := &writer{r, schema, pick(r, 0, 5, 30)}
		reference := mustSchema(t, "z string", "-")
		var records []string
		for range 20 {
			record := w.record()
			if _, err := (slow{reference, Options{}}).rows([]byte(record)); err == nil && !doubleKey(record) {
				records = append(records, record)
			}
		}
		if p := proposed(records...); len(p.Columns) > 0 {
			fitsAll(t, p, records)
		}
	}
}

// doubleKey says whether an object in the record has two keys that are equal without case.
func doubleKey(record string) bool {
	var walk func(raw []byte) bool
	walk = func(raw []byte) bool {
		switch raw[0] {
		case '{':
			seen := map[string]bool{}
			for _, m := range members(raw) {
				key := strings.ToLower(m.key)
				if seen[key] || walk(m.value) {
					return true
				}
				seen[key] = true
			}
		case '[':
			for _, e := range elements(raw) {
				if walk(e) {
					return true
				}
			}
		}
		return false
	}
	documents, err := documentsOf([]byte(record))
	if err != nil {
		return true
	}
	for _, d := range documents {
		if walk(d) {
			return true
		}
	}
	return false
}
