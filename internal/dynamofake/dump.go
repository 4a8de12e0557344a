package dynamofake

// Dump is every item of a table, in the order of a Scan, as plain Go values: strings, numbers as strings,
// []byte, bool, nil, []string, [][]byte, []any and map[string]any. It costs no units; an unknown table has none.
func (s *Server) Dump(table string) []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[table]
	if t == nil {
		return nil
	}
	out := make([]map[string]any, 0, len(t.order))
	for _, p := range t.order {
		out = append(out, plainItem(t.rows[p.key].item))
	}
	return out
}

func plainItem(it item) map[string]any {
	out := make(map[string]any, len(it))
	for name, v := range it {
		out[name] = v.plain()
	}
	return out
}

func (v value) plain() any {
	switch v.kind {
	case kindNull:
		return nil
	case kindSS, kindNS:
		return append([]string(nil), v.set...)
	case kindL:
		out := make([]any, len(v.list))
		for i, e := range v.list {
			out[i] = e.plain()
		}
		return out
	case kindM:
		return plainItem(v.m)
	}
	return v.wire()
}
