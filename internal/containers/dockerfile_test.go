package containers

import (
	"debug/elf"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// root is the repository as seen from this package.
const root = "../.."

// instruction is one of a Dockerfile, with continued lines joined.
type instruction struct {
	stage int    // 0 for the first FROM
	name  string // in capitals
	args  string
}

// dockerfile parses the Dockerfile: comments, continued lines, stages.
func dockerfile(t *testing.T) (all []instruction) {
	t.Helper()
	stage, pending := -1, ""
	for line := range strings.Lines(read(t, "Dockerfile")) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if more, continued := strings.CutSuffix(line, `\`); continued {
			pending += strings.TrimSpace(more) + " "
			continue
		}
		name, args, ok := strings.Cut(pending+line, " ")
		if pending = ""; !ok {
			t.Fatalf("Dockerfile: %q has no argument", line)
		}
		if name == "FROM" {
			stage++
		}
		all = append(all, instruction{stage, name, strings.TrimSpace(args)})
	}
	if pending != "" || stage != 1 {
		t.Fatalf("Dockerfile: %d stages, %q at its end", stage+1, pending)
	}
	return all
}

// of gives the arguments of a stage's instructions of a name.
func of(all []instruction, stage int, name string) (args []string) {
	for _, i := range all {
		if i.stage == stage && i.name == name {
			args = append(args, i.args)
		}
	}
	return args
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestImageIsSmallAndUnprivileged(t *testing.T) {
	all := dockerfile(t)
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "go.mod"))[1]
	for _, want := range []struct {
		stage int
		name  string
		args  []string
	}{
		{0, "FROM", []string{"--platform=$BUILDPLATFORM golang:" + version + " AS build"}},
		{0, "WORKDIR", []string{"/src"}},
		{0, "ARG", []string{"TARGETOS", "TARGETARCH"}},
		{0, "COPY", []string{"go.mod go.sum ./", ". ."}},
		{1, "FROM", []string{"gcr.io/distroless/static:nonroot"}},
		{1, "COPY", []string{"--from=build /standpipe /standpipe"}},
		{1, "EXPOSE", []string{"8080"}}, // server.listen's default: TestComposeFile
		{1, "ENTRYPOINT", []string{`["/standpipe"]`}},
		{1, "CMD", []string{`["run"]`}},
		{1, "RUN", nil},  // there is no shell
		{1, "USER", nil}, // the base image's: nonroot
	} {
		if got := of(all, want.stage, want.name); !slices.Equal(got, want.args) {
			t.Errorf("stage %d has %s %q, want %q", want.stage, want.name, got, want.args)
		}
	}
	var command []string
	health := of(all, 1, "HEALTHCHECK")
	if len(health) != 1 {
		t.Fatalf("%d health checks", len(health))
	}
	_, list, _ := strings.Cut(health[0], " CMD ")
	if err := json.Unmarshal([]byte(list), &command); err != nil || !slices.Equal(command, []string{"/standpipe", "health"}) {
		t.Errorf("the health check is %s, %v", health, err)
	}
	labels := strings.Join(of(all, 1, "LABEL"), " ")
	for _, label := range []string{"title", "description", "licenses", "version"} {
		if !strings.Contains(labels, "org.opencontainers.image."+label+"=") {
			t.Errorf("no label %s in %s", label, labels)
		}
	}
}

// builds leaves a test out that compiles programs without the race detector, all their packages anew, unless it is asked
// for.
func builds(t *testing.T) {
	t.Helper()
	if os.Getenv("STANDPIPE_BUILDS") == "" {
		t.Skip("it compiles other programs: make image plays it")
	}
}

// image carries out the Dockerfile's RUN steps for a platform on the files that .dockerignore lets in, and gives the
// binary. What go mod download would fetch the build fetches itself.
func image(t *testing.T, arch string) (binary string) {
	t.Helper()
	src := buildContext(t)
	binary = filepath.Join(t.TempDir(), "standpipe")
	steps := of(dockerfile(t), 0, "RUN")
	if len(steps) != 2 || steps[0] != "go mod download" || strings.Count(steps[1], " -o /standpipe ") != 1 {
		t.Fatalf("the build's steps are %q", steps)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", strings.Replace(steps[1], " -o /standpipe ", " -o "+binary+" ", 1))
	cmd.Dir, cmd.Env = src, append(os.Environ(), "TARGETOS=linux", "TARGETARCH="+arch, "GOWORK=off", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", steps[1], err, out)
	}
	return binary
}

// TestImageRuns builds as the Dockerfile does, and runs what its health check and a first look run.
func TestImageRuns(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the binary is for Linux")
	}
	builds(t)
	binary := image(t, runtime.GOARCH)
	file, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("the binary is not static: it has %s", p.Type)
		}
	}
	for _, tc := range []struct {
		args []string
		env  []string
		code int
		want string
	}{
		{[]string{"version"}, nil, 0, "standpipe "},
		{[]string{"health"}, []string{"STANDPIPE_SERVER_LISTEN=127.0.0.1:1"}, 1, "standpipe: http://127.0.0.1:1/healthz does not answer"},
		{[]string{"run"}, nil, 2, "standpipe: "},
		{[]string{"check"}, []string{"STANDPIPE_STREAM_NAME=clicks", "STANDPIPE_OUTPUTS_0_BUCKET=lake", "STANDPIPE_OUTPUTS_0_TIME_ZONE=Europe/Berlin", "STANDPIPE_STREAM_REGION=eu-west-1"}, 0, "OK: "},
	} {
		cmd := exec.CommandContext(t.Context(), binary, tc.args...)
		cmd.Env = append([]string{}, tc.env...)
		cmd.Env = append(cmd.Env, "PATH=")
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		if code := cmd.ProcessState.ExitCode(); code != tc.code || !strings.HasPrefix(string(out), tc.want) {
			t.Errorf("%v: code %d, want %d, %s", tc.args, code, tc.code, out)
		}
	}
}

// TestImageIsMeantForBothArchitectures asks for the files of every package for the two that the README names, which
// finds those that have none there. CROSS_BUILD=1 compiles for the one that this machine is not, which takes minutes.
func TestImageIsMeantForBothArchitectures(t *testing.T) {
	for arch, machine := range map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64} {
		cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "./cmd/standpipe")
		cmd.Dir, cmd.Env = root, append(os.Environ(), "GOOS=linux", "GOARCH="+arch, "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", arch, err, out)
		}
		if os.Getenv("CROSS_BUILD") != "1" || arch == runtime.GOARCH {
			continue
		}
		file, err := elf.Open(image(t, arch))
		if err != nil {
			t.Fatal(err)
		}
		if file.Machine != machine {
			t.Errorf("for %s it is built for %s", arch, file.Machine)
		}
		_ = file.Close()
	}
}

// TestTimeZonesAreBuiltIn: the image has no zone database.
func TestTimeZonesAreBuiltIn(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "./cmd/standpipe")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil || !slices.Contains(strings.Fields(string(out)), "time/tzdata") {
		t.Errorf("time/tzdata is not linked in: %v", err)
	}
}
