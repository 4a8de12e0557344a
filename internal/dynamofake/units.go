package dynamofake

import (
	"maps"
	"slices"
)

// Units are capacity units as AWS bills them: a write unit a KB, a read unit for 4 KB read consistently, half
// of it for an eventually consistent read, twice of either in a transaction. A write counts the larger of the item before and
// after it. A refused condition costs the write it would have been, a transaction that is canceled what it would have cost.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
type Units struct{ Read, Write float64 }

// Units is what each table has consumed, by the table's name, deleted tables included. The map is the caller's.
func (s *Server) Units() map[string]Units {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.units)
}

// usage adds up what one request consumes.
type usage struct {
	byTable       map[string]Units
	transactional bool
}

func (u *usage) add(table string, read, write float64) {
	if u.byTable == nil {
		u.byTable = map[string]Units{}
	}
	have := u.byTable[table]
	if u.transactional {
		read, write = 2*read, 2*write
	}
	u.byTable[table] = Units{have.Read + read, have.Write + write}
}

func writeUnits(bytes int) float64 { return float64(max(1, (bytes+1023)/1024)) }

// size is that of the item a write makes of old, or, where its condition refused it (after is nil then), would have made.
func (w *write) size(old, after item) int {
	if after != nil || w.op == "Delete" || w.op == "ConditionCheck" {
		return itemSize(after)
	}
	unconditional := *w
	unconditional.cond = nil
	after, _ = unconditional.effect(old) // none where the update itself can not be done
	return itemSize(after)
}

func readUnits(bytes int, consistent bool) float64 {
	n := float64(max(1, (bytes+4095)/4096))
	if !consistent {
		n /= 2
	}
	return n
}

type tableCapacity struct{ CapacityUnits float64 }

type consumedCapacity struct {
	TableName          string
	CapacityUnits      float64
	ReadCapacityUnits  float64        `json:",omitempty"`
	WriteCapacityUnits float64        `json:",omitempty"`
	Table              *tableCapacity `json:",omitempty"`
}

// consume books a request's units on the tables and returns what ReturnConsumedCapacity asked to see of
// them, one entry a table.
func (s *Server) consume(u usage, mode string) []consumedCapacity {
	var out []consumedCapacity
	for _, name := range slices.Sorted(maps.Keys(u.byTable)) {
		n, have := u.byTable[name], s.units[name]
		s.units[name] = Units{have.Read + n.Read, have.Write + n.Write}
		if mode != "TOTAL" && mode != "INDEXES" {
			continue
		}
		c := consumedCapacity{TableName: name, CapacityUnits: n.Read + n.Write}
		if u.transactional {
			c.ReadCapacityUnits, c.WriteCapacityUnits = n.Read, n.Write
		}
		if mode == "INDEXES" {
			c.Table = &tableCapacity{c.CapacityUnits}
		}
		out = append(out, c)
	}
	return out
}
