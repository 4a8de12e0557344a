package realservers

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestServerIsSharedAndEndsWithItsLastUser(t *testing.T) {
	var endpoint, dir string
	t.Run("users", func(t *testing.T) {
		first := S3(t)
		t.Run("second", func(t *testing.T) {
			if second := S3(t); second != first {
				t.Errorf("a second user got %+v, the first %+v", second, first)
			}
		})
		endpoint = strings.TrimPrefix(first.Endpoint, "http://")
		c, err := net.Dial("tcp", endpoint)
		if err != nil {
			t.Fatalf("after the second user's end: %v", err)
		}
		_ = c.Close()
		if !first.Given {
			dir = versityGateway.process.Dir
		}
	})
	if dir == "" {
		t.Skip("the server is none of ours, or there is none")
	}
	if c, err := net.Dial("tcp", endpoint); err == nil {
		_ = c.Close()
		t.Error("it still takes connections")
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("its folder is still there (%v)", err)
	}
}

func TestEndpointOfTheEnvironmentIsUsed(t *testing.T) {
	t.Setenv("S3_ENDPOINT", "http://s3.test:9000")
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	if s := S3(t); *s != (Server{Endpoint: "http://s3.test:9000", AccessKey: "id", SecretKey: "secret", Given: true}) {
		t.Errorf("got %+v", s)
	}
}

// ending is a test that is over as soon as it is skipped or has failed.
type ending struct {
	testing.TB
	failed, text string
}

func (e *ending) Helper()                   {}
func (e *ending) Skip(args ...any)          { e.text = args[0].(string); runtime.Goexit() }
func (e *ending) Fatalf(f string, _ ...any) { e.failed = f; runtime.Goexit() }

func TestMissingServerIsASkipUnlessServersAreRequired(t *testing.T) {
	none := &shared{kind: kind{name: "nothing", absent: func() string { return "it was never there" }}}
	for _, required := range []string{"", "1"} {
		t.Setenv("REQUIRE_SERVERS", required)
		e := &ending{}
		done := make(chan struct{})
		go func() {
			defer close(done)
			none.use(e)
		}()
		<-done
		if skipped := e.text == "nothing: it was never there"; skipped != (required == "") || (e.failed != "") != (required == "1") {
			t.Errorf("with REQUIRE_SERVERS=%q: skipped with %q, failed with %q", required, e.text, e.failed)
		}
	}
}

func TestServerThatEndsAtOnceShowsItsLog(t *testing.T) {
	starts := 0
	broken := kind{
		name: "broken",
		command: func(*Server, string, [2]int) (*exec.Cmd, error) {
			starts++
			return exec.Command("sh", "-c", "echo the port is taken; exit 3"), nil
		},
		ready: func(context.Context, *Server) error { return os.ErrDeadlineExceeded },
	}
	_, _, err := broken.start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "start broken: it ended by itself (exit status 3); it logged:\nthe port is taken") {
		t.Errorf("got %v", err)
	}
	if starts != startTries {
		t.Errorf("it was started %d times", starts)
	}
}

// A lock file that names a registry would make everybody fetch from there.
func TestLockFileNamesNoRegistry(t *testing.T) {
	data, err := os.ReadFile("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	var lock struct {
		Packages map[string]struct {
			Resolved, Integrity string
			Link                bool
		}
	}
	if err := json.Unmarshal(data, &lock); err != nil {
		t.Fatal(err)
	}
	fetched := 0
	for path, p := range lock.Packages {
		if p.Integrity != "" {
			fetched++
		}
		if p.Resolved != "" && !p.Link {
			t.Errorf("%s is fetched from %s", path, p.Resolved)
		}
	}
	if fetched != 2 {
		t.Errorf("%d packages have a checksum, want the two servers", fetched)
	}
}
