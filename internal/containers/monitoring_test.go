package containers

import (
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"standpipe/config"
)

// TestComposeMonitoring: the profile adds Prometheus, which scrapes the worker and has the alerts, Grafana, which has that
// Prometheus and the dashboard, and a visitor. What is mounted is there, and where their configurations say.
func TestComposeMonitoring(t *testing.T) {
	p := compose(t, "monitoring")
	if len(p.Services) != 5 {
		t.Fatalf("services %v", p.Services)
	}
	for name, want := range map[string]string{"prometheus": "9090", "grafana": "3000"} {
		s := p.Services[name]
		if len(s.Ports) != 1 || s.Ports[0].Published != want || s.Ports[0].HostIP != "127.0.0.1" {
			t.Errorf("%s has ports %+v", name, s.Ports)
		}
		if _, version, ok := strings.Cut(s.Image, ":"); !ok || version == "latest" {
			t.Errorf("%s is of image %s", name, s.Image)
		}
	}
	mounted := func(service, file string) string {
		t.Helper()
		for _, v := range p.Services[service].Volumes {
			rest, below := strings.CutPrefix(file, v.Target)
			if !below || v.Type != "bind" || !v.ReadOnly {
				continue
			}
			source := filepath.Join(v.Source, filepath.FromSlash(rest))
			if _, err := os.Stat(source); err != nil {
				t.Error(err)
			}
			return source
		}
		t.Fatalf("%s has no %s", service, file)
		return ""
	}

	var prometheus struct {
		RuleFiles []string `yaml:"rule_files"`
		Scrape    []struct {
			Job    string                       `yaml:"job_name"`
			Static []struct{ Targets []string } `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	load(t, mounted("prometheus", "/etc/prometheus/prometheus.yml"), &prometheus)
	for _, f := range prometheus.RuleFiles {
		mounted("prometheus", f)
	}
	if len(prometheus.RuleFiles) != 1 || len(prometheus.Scrape) != 1 || len(prometheus.Scrape[0].Static) != 1 || prometheus.Scrape[0].Static[0].Targets[0] != "standpipe"+config.Default().Server.Listen {
		t.Errorf("got %+v", prometheus)
	}

	var sources struct {
		Datasources []struct {
			Type, URL string
			IsDefault bool `yaml:"isDefault"`
		}
	}
	load(t, mounted("grafana", "/etc/grafana/provisioning/datasources/prometheus.yaml"), &sources)
	if len(sources.Datasources) != 1 || sources.Datasources[0].Type != "prometheus" || !sources.Datasources[0].IsDefault {
		t.Fatalf("got %+v", sources)
	}
	if u, err := url.Parse(sources.Datasources[0].URL); err != nil || p.Services[u.Hostname()].Image == "" || u.Port() != p.Services["prometheus"].Ports[0].Published {
		t.Errorf("the data source is %s, %v", sources.Datasources[0].URL, err)
	}
	var boards struct {
		Providers []struct {
			Type    string
			Options struct{ Path string }
		}
	}
	load(t, mounted("grafana", "/etc/grafana/provisioning/dashboards/standpipe.yaml"), &boards)
	home := p.Services["grafana"].Environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
	if len(boards.Providers) != 1 || boards.Providers[0].Options.Path != path.Dir(home) {
		t.Errorf("got %+v, the home is %s", boards, home)
	}
	text, err := os.ReadFile(mounted("grafana", home))
	var board struct{ UID string }
	if err == nil {
		err = json.Unmarshal(text, &board)
	}
	if file := read(t, "docker-compose.yml"); err != nil || !strings.Contains(file, "http://localhost:3000/d/"+board.UID+" ") {
		t.Errorf("the dashboard is %s, %v", board.UID, err)
	}
}

// TestVisitorClicks runs the visitor's shell with a curl that notes what it is asked: clicks for the route that init.sh
// makes, and now and then no JSON.
func TestVisitorClicks(t *testing.T) {
	command := compose(t, "monitoring").Services["visitor"].Command
	if len(command) != 3 || command[0] != "sh" {
		t.Fatalf("command %q", command)
	}
	bin := t.TempDir()
	notes := filepath.Join(bin, "notes")
	for name, script := range map[string]string{
		"curl":  "#!/bin/sh\nfor a in \"$@\"; do printf '%s\\037' \"$a\" >>" + notes + "; done; echo >>" + notes + "\n",
		"sleep": "#!/bin/sh\n[ \"$(wc -l 2>/dev/null <" + notes + " || echo 0)\" -lt 101 ]\n",
	} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(notes, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	script := strings.ReplaceAll(command[2], "$$", "$") // as Compose does when it starts the container
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	_ = cmd.Run() // ends when sleep says so, with its code
	text, err := os.ReadFile(notes)
	if err != nil {
		t.Fatal(err)
	}
	calls := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(calls) != 101 {
		t.Fatalf("%d clicks", len(calls))
	}
	for i, call := range calls {
		args := strings.Split(call, "\x1f")
		body := args[len(args)-3]
		var click struct{ Page string }
		if good := json.Unmarshal([]byte(body), &click) == nil && strings.HasPrefix(click.Page, "/items/"); good == (i == 99) {
			t.Errorf("click %d is %s", i+1, body)
		}
		if url := args[len(args)-2]; url != "http://localstack:4566/_aws/execute-api/clicks/dev/clicks" || !strings.Contains(read(t, "internal/containers/init_test.go"), "/_aws/execute-api/clicks/dev/clicks") {
			t.Errorf("click %d goes to %s", i+1, url)
		}
	}
}

func load(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err == nil {
		err = yaml.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}
