package transform

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"standpipe/internal/faults"
	"standpipe/internal/lambdafake"
	"standpipe/sink"
)

// An error or a timeout of the function is worth so many more calls as retries says; then all of its records fail, with
// Firehose's code and how often they were tried.
func TestFunctionThatFailsForGood(t *testing.T) {
	slow := func([]byte) ([]byte, error) { time.Sleep(6 * time.Minute); return nil, nil }
	for name, c := range map[string]struct {
		f       lambdafake.Function
		code    string
		message string
		result  callResult
	}{
		"error":            {func([]byte) ([]byte, error) { return nil, &lambdafake.Failed{Type: "TypeError", Message: "x"} }, "Lambda.FunctionError", functionErrorText, callFailed},
		"timeout":          {func([]byte) ([]byte, error) { return nil, lambdafake.TimedOut() }, "Lambda.FunctionTimedOut", timedOutText, callTimedOut},
		"older timeout":    {func([]byte) ([]byte, error) { return nil, errors.New("8f50 Task timed out after 3.00 seconds") }, "Lambda.FunctionTimedOut", timedOutText, callTimedOut},
		"the step's own":   {slow, "Lambda.FunctionTimedOut", timedOutText, callTimedOut},
		"too large result": {func([]byte) ([]byte, error) { return make([]byte, maxResponse+1), nil }, "Lambda.FunctionError", functionErrorText, callFailed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, c.f)
				out := b.must(records("a", "b")...)
				if len(out) != 2 || b.count(c.result) != 4 {
					t.Fatalf("%d records, %d calls", len(out), b.count(c.result))
				}
				for i, rec := range out {
					f := rec.Failure
					if f.Type != "processing-failed" || f.Code != c.code || f.Message != c.message || f.Attempts != 4 || f.LambdaARN != arn || f.Step != "tidy" || string(rec.Data) != string("ab"[i]) || rec.Raw != nil {
						t.Errorf("%s: %+v", rec.Data, f)
					}
				}
				if !strings.Contains(b.log.String(), "a call has failed for good") {
					t.Errorf("the log says %s", &b.log)
				}
				time.Sleep(7 * time.Minute) // the slow ones end
			})
		})
	}
}

// Retries is the number of calls beside the first; one that succeeds makes the others good.
func TestFunctionThatFailsAtFirst(t *testing.T) {
	for _, c := range []struct{ fails, retries, attempts int }{{0, 0, 0}, {1, 0, 1}, {3, 3, 0}, {4, 3, 4}} {
		synctest.Test(t, func(t *testing.T) {
			n := 0
			b := newBench(t, func(p []byte) ([]byte, error) {
				if n++; n <= c.fails {
					return nil, errors.New("no")
				}
				return upper(p)
			}, func(o *Options) { o.Retries = c.retries })
			rec := b.must(records("a")...)[0]
			if c.attempts == 0 && (rec.Failure != nil || string(rec.Data) != "A") || c.attempts > 0 && (rec.Failure == nil || rec.Failure.Attempts != c.attempts) {
				t.Errorf("%+v: got %+v", c, rec.Failure)
			}
		})
	}
}

// That AWS Lambda is throttled, down, denies access or can not be reached is waited out, however long it takes, and is a
// trouble meanwhile; it costs the records none of their attempts.
func TestOutageIsWaitedOut(t *testing.T) {
	for name, c := range map[string]struct {
		answer error
		result callResult
	}{
		"throttled":       {lambdafake.Throttled(), callThrottled},
		"down":            {lambdafake.Down(), callUnavailable},
		"denied":          {lambdafake.Denied(), callDenied},
		"missing":         {&faults.Error{Status: http.StatusNotFound, Code: "ResourceNotFoundException", Message: "Function not found"}, callDenied},
		"being updated":   {&faults.Error{Status: http.StatusConflict, Code: "ResourceConflictException"}, callUnavailable},
		"no subnet":       {&faults.Error{Status: http.StatusBadGateway, Code: "SubnetIPAddressLimitReachedException"}, callUnavailable},
		"a proxy's page":  {&faults.Error{Status: http.StatusBadGateway, Body: []byte("<html>")}, callUnavailable},
		"connection lost": {faults.ErrLost, callUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, func([]byte) ([]byte, error) { return []byte(`{}`), nil }, func(o *Options) { o.Retries = 0 })
				began := time.Now()
				b.server.Control("Invoke", func(faults.Call, func()) error {
					if time.Since(began) < 3*time.Hour {
						return c.answer
					}
					return nil
				})
				go func() {
					time.Sleep(2 * time.Hour)
					list := b.Troubles()
					if len(list) != 1 || list[0].Count < 700 || time.Since(list[0].Since) < 2*time.Hour-time.Second || list[0].Op != "Invoke of function "+arn+" for record "+record(0, "").Sequence+" of shardId-000000000002" {
						t.Errorf("troubles: %+v", list)
					}
				}()
				out := b.must(records("a")...)
				if f := out[0].Failure; f == nil || f.Code != missing || f.Attempts != 1 {
					t.Errorf("got %+v", f)
				}
				if n := b.count(c.result); n < 1000 || n > 1200 || b.count(callOK) != 1 {
					t.Errorf("%d calls, %d answered", n, b.count(callOK))
				}
				if n := strings.Count(b.log.String(), "retrying"); n < 100 || n > 400 {
					t.Errorf("%d lines in the log for three hours", n)
				}
			})
		})
	}
}

// A network that takes no bytes is an outage; it is not taken for a slow function, whatever the timeout.
func TestNetworkThatSwallowsIsAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, upper, func(o *Options) { o.Timeout, o.Retries = time.Second, 0 })
		began := time.Now()
		b.connect(roundTripper(func(r *http.Request) (*http.Response, error) {
			if time.Since(began) < time.Minute {
				<-r.Context().Done() // nothing of the body was read
				return nil, r.Context().Err()
			}
			return faults.Transport(map[string]http.Handler{"lambda": b.server}).RoundTrip(r)
		}))
		if out := b.must(records("a")...); string(out[0].Data) != "A" || b.count(callUnavailable) < 5 || b.count(callTimedOut) != 0 {
			t.Errorf("got %s, %d calls", shown(out[0]), b.count(callUnavailable))
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Some requests AWS Lambda does not take whenever they are sent. Its message is not shown: it may quote them.
func TestRequestThatIsRefused(t *testing.T) {
	for _, answer := range []*faults.Error{
		{Status: http.StatusRequestEntityTooLarge, Code: "RequestTooLargeException", Message: "secret"},
		{Status: http.StatusBadRequest, Code: "InvalidRequestContentException", Message: "secret"},
	} {
		b := newBench(t, upper)
		b.server.Control("Invoke", func(faults.Call, func()) error { return answer })
		f := b.must(records("a")...)[0].Failure
		if f.Code != "Standpipe.LambdaRefused" || f.Message != "AWS Lambda does not take the request: "+answer.Code || f.Attempts != 1 || b.count(callRefused) != 1 {
			t.Errorf("got %+v", f)
		}
		if strings.Contains(b.log.String(), "secret") || !strings.Contains(b.log.String(), answer.Code) {
			t.Errorf("the log says %s", &b.log)
		}
	}
}

// What a function says of its error may hold what the record holds: only its type is logged, if it looks like one.
func TestErrorsOfFunctionsAreNotRepeated(t *testing.T) {
	for typ, shown := range map[string]bool{"Runtime.ExitError": true, "java.lang.NullPointerException": true, "secret secret": false, strings.Repeat("secret", 20): false} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, func([]byte) ([]byte, error) { return nil, &lambdafake.Failed{Type: typ, Message: "secret"} })
			b.must(records("a")...)
			if log := b.log.String(); strings.Contains(log, "secret") || strings.Contains(log, typ) != shown || !strings.Contains(log, "the function returned an error, see its own log") {
				t.Errorf("%s: the log says %s", typ, log)
			}
		})
	}
}

// A step that is cancelled comes back at once, wherever it stands, and leaves no call behind.
func TestCancelInTheMiddle(t *testing.T) {
	for name, f := range map[string]func(b *bench) lambdafake.Function{
		"while the function runs": func(*bench) lambdafake.Function {
			return func([]byte) ([]byte, error) { time.Sleep(time.Hour); return nil, nil }
		},
		"between attempts": func(b *bench) lambdafake.Function {
			b.server.Control("Invoke", func(faults.Call, func()) error { return lambdafake.Down() })
			return upper
		},
		"one call of several": func(*bench) lambdafake.Function {
			var n atomic.Int32
			return func(p []byte) ([]byte, error) {
				if n.Add(1) == 2 {
					time.Sleep(time.Hour)
				}
				return upper(p)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, nil, func(o *Options) { o.BufferSize, o.Parallel = 1, 2 })
				b.server.Put("tidy", f(b))
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Minute, cancel)
				began := time.Now()
				_, err := b.do(ctx, records("a", "b", "c", "d", "e"))
				if !errors.Is(err, context.Canceled) || time.Since(began) != time.Minute {
					t.Errorf("%v after %s", err, time.Since(began))
				}
				time.Sleep(2 * time.Hour) // the server's goroutines end
			})
		})
	}
}

// Records come out in their order, and no more calls are under way than the options allow.
func TestOrderAndParallelCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var now, most, n int
		b := newBench(t, func(p []byte) ([]byte, error) {
			mu.Lock()
			now++
			most = max(most, now)
			n++
			wait := time.Duration(7*n%5) * time.Second
			mu.Unlock()
			time.Sleep(wait)
			mu.Lock()
			now--
			mu.Unlock()
			return upper(p)
		}, func(o *Options) { o.BufferSize, o.Parallel = 3, 4 })
		var in []sink.Record
		var want []string
		for i := range 100 {
			r := record(i, string(rune('a'+i%26)))
			want = append(want, strings.ToUpper(string(r.Data)))
			if i%10 == 9 {
				r.Failure = &sink.Failure{}
				want[i] = string(r.Data)
			}
			in = append(in, r)
		}
		var got []string
		for _, rec := range b.must(in...) {
			got = append(got, string(rec.Data))
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %v", got)
		}
		if most != 4 || n != 30 {
			t.Errorf("%d calls, up to %d at once", n, most)
		}
	})
}

// Records that have failed before make no call, and an answer without records neither.
func TestNothingToSend(t *testing.T) {
	b := newBench(t, upper)
	bad := record(1, "x")
	bad.Failure = &sink.Failure{Code: "Standpipe.JQ"}
	if out := b.must(bad); len(out) != 1 || out[0].Failure.Code != "Standpipe.JQ" {
		t.Errorf("got %v", allShown(out))
	}
	if out := b.must(); len(out) != 0 {
		t.Errorf("got %v", allShown(out))
	}
	if n := b.server.Operations()["Invoke"]; n != 0 {
		t.Errorf("%d calls", n)
	}
}

// Shards that call at once share half the memory; one call is always possible.
func TestMemoryOfCallsIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var now, most int
		b := newBench(t, func(p []byte) ([]byte, error) {
			mu.Lock()
			now += len(p)
			most = max(most, now)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			now -= len(p)
			mu.Unlock()
			return []byte(`{}`), nil
		})
		b.memory = sink.NewMemory(32 << 20)
		b.connect(faults.Transport(map[string]http.Handler{"lambda": b.server}))
		var wg sync.WaitGroup
		for range 25 {
			wg.Go(func() {
				if err := b.Do(t.Context(), "s", slices.Values(records(strings.Repeat("x", 1<<20), strings.Repeat("y", 1<<20))), func(sink.Record) {}); err != nil {
					t.Error(err)
				}
			})
		}
		var held int64
		for range 20 {
			time.Sleep(time.Second / 2)
			held = max(held, b.memory.Used())
		}
		wg.Wait()
		if most > 16<<20/2 || most < 4<<20 || held > 28<<20 || held < 8<<20 || b.memory.Used() != 0 {
			t.Errorf("%d bytes of requests at once, %d counted, %d for ever", most, held, b.memory.Used())
		}
		b.memory = sink.NewMemory(1 << 10)
		b.connect(faults.Transport(map[string]http.Handler{"lambda": b.server}))
		if out := b.must(records("abc", "def")...); len(out) != 2 {
			t.Errorf("got %v", allShown(out))
		}
	})
}

// A response is read to its limit and no further, and a slow one is cut off by the timeout.
func TestHostileTransport(t *testing.T) {
	read := 0
	respond := func(body io.Reader) roundTripper {
		return func(r *http.Request) (*http.Response, error) {
			_, _ = io.Copy(io.Discard, r.Body)
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(body), Request: r}, nil
		}
	}
	b := newBench(t, nil, func(o *Options) { o.Retries = 0 })
	b.connect(respond(reader(func(p []byte) (int, error) { read += len(p); return len(p), nil })))
	f := b.must(records("a")...)[0].Failure
	if f.Code != functionError || read > maxResponse+1 {
		t.Errorf("%+v after %d bytes", f, read)
	}
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil, func(o *Options) { o.Retries, o.Timeout = 1, time.Minute })
		b.connect(roundTripper(func(r *http.Request) (*http.Response, error) {
			return respond(reader(func(p []byte) (int, error) {
				select {
				case <-time.After(time.Second):
					return copy(p, " "), nil
				case <-r.Context().Done():
					return 0, r.Context().Err()
				}
			})).RoundTrip(r)
		}))
		began := time.Now()
		f := b.must(records("a")...)[0].Failure
		if took := time.Since(began); f.Code != timedOut || f.Attempts != 2 || took < 2*time.Minute || took > 3*time.Minute {
			t.Errorf("%+v after %s", f, took)
		}
	})
}

type reader func([]byte) (int, error)

func (f reader) Read(p []byte) (int, error) { return f(p) }
