package kinesisfake

import "time"

const (
	readCalls    = 5
	readBytes    = 2 << 20
	writeBytes   = 1 << 20
	writeRecords = 1000
)

// callMeter admits readCalls calls in any second.
type callMeter struct {
	at   [readCalls]time.Time
	next int
}

func (m *callMeter) full(now time.Time) bool {
	oldest := m.at[m.next]
	return !oldest.IsZero() && now.Sub(oldest) < time.Second
}

func (m *callMeter) count(now time.Time) {
	m.at[m.next] = now
	m.next = (m.next + 1) % readCalls
}

// debt is an amount that drains at a steady rate.
type debt struct {
	amount float64
	at     time.Time
}

func (d *debt) drain(now time.Time, perSecond float64) float64 {
	if now.After(d.at) {
		d.amount = max(0, d.amount-perSecond*now.Sub(d.at).Seconds())
		d.at = now
	}
	return d.amount
}

// readMeter holds a shard to 5 GetRecords and 2 MiB a second. An answer larger than that blocks the calls after
// it for as long as its bytes are worth: 10 MiB for 5 s.
type readMeter struct {
	calls   callMeter
	bytes   debt
	blocked time.Time
}

func (m *readMeter) admit(now time.Time) bool {
	return !m.calls.full(now) && !now.Before(m.blocked) && m.bytes.drain(now, readBytes) < readBytes
}

func (m *readMeter) charge(now time.Time, n int) {
	m.calls.count(now)
	m.bytes.drain(now, readBytes)
	m.bytes.amount += float64(n)
	if n > readBytes {
		m.blocked = now.Add(time.Duration(float64(n) / readBytes * float64(time.Second)))
	}
}

// writeMeter holds a shard to 1 MiB and 1,000 records a second. A larger record passes when nothing is owed.
type writeMeter struct {
	bytes, records debt
}

func (m *writeMeter) admit(now time.Time, n int) bool {
	owed := m.bytes.drain(now, writeBytes)
	if owed > 0 && owed+float64(n) > writeBytes || m.records.drain(now, writeRecords)+1 > writeRecords {
		return false
	}
	m.bytes.amount += float64(n)
	m.records.amount++
	return true
}
