package containers

import (
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"standpipe/config"
)

// project is what the Compose specification's library makes of docker-compose.yml, as far as it is looked at here.
type project struct {
	Services map[string]service
}

type service struct {
	Image       string
	Build       *struct{ Context, Dockerfile string }
	Environment map[string]string
	ReadOnly    bool     `json:"read_only"`
	CapDrop     []string `json:"cap_drop"`
	SecurityOpt []string `json:"security_opt"`
	Grace       string   `json:"stop_grace_period"`
	DependsOn   map[string]struct{ Condition string }
	Healthcheck *struct {
		Test    []string
		Disable bool
	}
	Ports []struct {
		Target    int
		Published string
		HostIP    string `json:"host_ip"`
	}
	Volumes []struct {
		Type, Source, Target string
		ReadOnly             bool `json:"read_only"`
	}
	Command []string
}

func (s *service) UnmarshalJSON(text []byte) error {
	type plain service
	extra := struct {
		*plain
		DependsOn map[string]struct{ Condition string } `json:"depends_on"`
	}{plain: (*plain)(s)}
	err := json.Unmarshal(text, &extra)
	s.DependsOn = extra.DependsOn
	return err
}

// compose loads the file, with the services of profiles, by the module beside this one.
func compose(t *testing.T, profiles ...string) project {
	t.Helper()
	builds(t)
	file, err := filepath.Abs(filepath.Join(root, "docker-compose.yml"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"run", "-mod=readonly", ".", file}, profiles...)...)
	cmd.Dir, cmd.Env = "compose", append(os.Environ(), "GOWORK=off", "GOFLAGS=", "CGO_ENABLED=0")
	var complaints strings.Builder
	cmd.Stderr = &complaints
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("load docker-compose.yml: %v\n%s", err, &complaints)
	}
	var p project
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// variable is what init.sh assigns to a name.
func variable(t *testing.T, name string) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + name + `=([\w-]+)`).FindStringSubmatch(read(t, "deploy/localstack/init.sh"))
	if m == nil {
		t.Fatalf("init.sh has no %s", name)
	}
	return m[1]
}

func TestComposeFile(t *testing.T) {
	p := compose(t)
	local, own := p.Services["localstack"], p.Services["standpipe"]
	if len(p.Services) != 2 || local.Image != "localstack/localstack:4.14.0" {
		t.Fatalf("services %v", p.Services)
	}
	if len(local.Volumes) != 1 {
		t.Fatalf("mounts %v", local.Volumes)
	}
	v := local.Volumes[0]
	info, err := os.Stat(v.Source)
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0 || v.Type != "bind" || !v.ReadOnly || v.Target != "/etc/localstack/init/ready.d/init.sh" {
		t.Errorf("the init script's mount is %+v, %v, %v", v, info, err)
	}
	if rel, err := filepath.Rel(filepath.Dir(own.Build.Context), v.Source); err != nil || !strings.HasSuffix(filepath.ToSlash(rel), "deploy/localstack/init.sh") {
		t.Errorf("mounted is %s", v.Source)
	}
	if h := local.Healthcheck; h == nil || h.Disable || !strings.Contains(strings.Join(h.Test, " "), "/_localstack/init/ready") {
		t.Errorf("LocalStack is healthy by %+v, not when the init script has ended", h)
	}
	if own.DependsOn["localstack"].Condition != "service_healthy" || !own.ReadOnly || own.Build == nil || own.Build.Dockerfile != "Dockerfile" || own.Healthcheck != nil {
		t.Errorf("got %+v", own)
	}
	if !slices.Equal(own.CapDrop, []string{"ALL"}) || !slices.Equal(own.SecurityOpt, []string{"no-new-privileges:true"}) {
		t.Errorf("capabilities dropped: %v, security options: %v", own.CapDrop, own.SecurityOpt)
	}
	if _, err := os.Stat(filepath.Join(own.Build.Context, own.Build.Dockerfile)); err != nil {
		t.Error(err)
	}
	// run stops within 20 s.
	if grace, err := time.ParseDuration(own.Grace); err != nil || grace < 20*time.Second {
		t.Errorf("the stop may take %s, %v", own.Grace, err)
	}
	for name, want := range map[string]string{"localstack": "4566", "standpipe": "8080"} {
		ports := p.Services[name].Ports
		if len(ports) != 1 || ports[0].Published != want || ports[0].HostIP != "127.0.0.1" {
			t.Errorf("%s has ports %+v", name, ports)
		}
	}
	if exposed := of(dockerfile(t), 1, "EXPOSE")[0]; config.Default().Server.Listen != ":"+exposed || exposed != "8080" {
		t.Errorf("exposed is %s, server.listen is %s", exposed, config.Default().Server.Listen)
	}
}

// TestComposeEnvironment loads it as run does, and compares it with what init.sh makes.
func TestComposeEnvironment(t *testing.T) {
	p := compose(t)
	own := p.Services["standpipe"]
	var env []string
	for name, value := range own.Environment {
		env = append(env, name+"="+value)
		if !strings.HasPrefix(name, "STANDPIPE_") && !strings.HasPrefix(name, "AWS_") {
			t.Errorf("variable %s is neither ours nor the AWS SDK's", name)
		}
	}
	cfg, err := config.Load(config.Source{Env: env})
	if err != nil {
		t.Fatal(err)
	}
	if w := cfg.Warnings(); len(w) != 1 || !strings.HasPrefix(w[0], "buffer.interval: below 1m") {
		t.Errorf("warnings %q", w)
	}
	if cfg.Stream.Name != variable(t, "stream") || cfg.Outputs[0].Bucket != variable(t, "bucket") || cfg.Stream.Region != variable(t, "region") {
		t.Errorf("stream %s in %s and bucket %s are not those of init.sh", cfg.Stream.Name, cfg.Stream.Region, cfg.Outputs[0].Bucket)
	}
	for key, endpoint := range map[string]string{"stream": cfg.Stream.Endpoint, "leases": cfg.Leases.Endpoint, "s3": cfg.S3.Endpoint} {
		u, err := url.Parse(endpoint)
		if err != nil || p.Services[u.Hostname()].Image == "" || u.Port() != "4566" {
			t.Errorf("%s.endpoint %s is no service of the file", key, endpoint)
		}
	}
	// Endpoints beyond this machine need credentials; LocalStack takes any.
	if own.Environment["AWS_ACCESS_KEY_ID"] == "" || own.Environment["AWS_SECRET_ACCESS_KEY"] == "" {
		t.Error("there are no credentials")
	}
	served := strings.Split(p.Services["localstack"].Environment["SERVICES"], ",")
	for _, s := range []string{"kinesis", "dynamodb", "s3", "apigateway", "iam"} {
		if !slices.Contains(served, s) {
			t.Errorf("LocalStack does not serve %s", s)
		}
	}
}
