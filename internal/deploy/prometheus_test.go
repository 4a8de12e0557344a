package deploy

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const (
	alerts    = "deploy/prometheus/alerts.yml"
	dashboard = "deploy/grafana/dashboards/standpipe.json"
)

type rule struct {
	Alert, Expr         string
	For                 string
	Labels, Annotations map[string]string
}

func rules(t *testing.T) (all []rule) {
	t.Helper()
	var file struct {
		Groups []struct {
			Name  string
			Rules []rule
		}
	}
	decoder := yaml.NewDecoder(strings.NewReader(read(t, alerts)))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		t.Fatal(err)
	}
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	if len(all) == 0 {
		t.Fatal("no alerts")
	}
	return all
}

type panel struct {
	ID                       int
	Type, Title, Description string
	GridPos                  struct{ X, Y, W, H int }
	Datasource               struct{ UID string }
	Targets                  []struct{ Expr, LegendFormat, RefID string }
}

type board struct {
	UID, Title string
	Templating struct {
		List []struct {
			Name  string
			Query json.RawMessage
		}
	}
	Panels []panel
}

func grafana(t *testing.T) (b board) {
	t.Helper()
	if err := json.Unmarshal([]byte(read(t, dashboard)), &b); err != nil {
		t.Fatal(err)
	}
	if len(b.Panels) < 10 {
		t.Fatalf("%d panels", len(b.Panels))
	}
	return b
}

// expressions are the queries of the dashboard, with Grafana's own variables as Prometheus would get them.
func expressions(t *testing.T) (all []string) {
	t.Helper()
	for _, p := range grafana(t).Panels {
		for _, q := range p.Targets {
			all = append(all, strings.NewReplacer("$__rate_interval", "1m", "$job", "standpipe", "$instance", ".*").Replace(q.Expr))
		}
	}
	return all
}

// known says whether a selected metric is the program's, or of the process or the scrape, and has the labels that are asked of it.
func known(all map[string][]string, name string, labels []string) bool {
	if strings.HasPrefix(name, "process_") || name == "up" {
		return true
	}
	has, ok := all[name]
	for _, of := range []string{"_sum", "_count", "_bucket"} { // of a histogram
		if base, cut := strings.CutSuffix(name, of); cut && !ok {
			has, ok = all[base]
		}
	}
	for _, l := range labels {
		ok = ok && (slices.Contains(has, l) || l == "job" || l == "instance")
	}
	return ok
}

// TestMetricsOfDashboardAndAlertsExist, with every label in braces or behind by and on.
func TestMetricsOfDashboardAndAlertsExist(t *testing.T) {
	all := metrics(t)
	texts := expressions(t)
	for _, r := range rules(t) {
		texts = append(texts, r.Expr)
	}
	selector := regexp.MustCompile(`\b([a-z]\w*_\w+)\b(?:\{([^}]*)\})?`)
	for _, text := range texts {
		var labels, asked []string
		for _, m := range selector.FindAllStringSubmatch(text, -1) {
			if m[1] == "label_values" {
				continue
			}
			var in []string
			for _, l := range regexp.MustCompile(`(\w+)(?:=~|!~|!=|=)`).FindAllStringSubmatch(m[2], -1) {
				in = append(in, l[1])
			}
			if !known(all, m[1], in) {
				t.Errorf("%s asks for %s%v, which is no metric of the program", text, m[1], in)
			}
			name := regexp.MustCompile(`_(sum|count|bucket)$`).ReplaceAllString(m[1], "")
			labels = append(labels, append(all[m[1]], all[name]...)...)
		}
		for _, m := range regexp.MustCompile(`\b(?:by|on) \(([^)]*)\)`).FindAllStringSubmatch(text, -1) {
			asked = append(asked, strings.Split(m[1], ", ")...)
		}
		for _, l := range asked {
			if l != "job" && l != "instance" && !slices.Contains(labels, l) {
				t.Errorf("%s takes together by %s, which none of its metrics has", text, l)
			}
		}
	}
}

// TestPrometheusUnderstands has Prometheus' own library read the alerts and every query of the dashboard, and compares what
// it says they select with the program.
func TestPrometheusUnderstands(t *testing.T) {
	if os.Getenv("STANDPIPE_BUILDS") == "" {
		t.Skip("it compiles Prometheus' library: make deploy plays it")
	}
	file, err := filepath.Abs(filepath.Join(root, alerts))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "run", "-mod=readonly", ".", file)
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "CGO_ENABLED=0")
	cmd.Dir, cmd.Stdin = "promql", strings.NewReader(strings.Join(expressions(t), "\n"))
	out, err := cmd.Output()
	if err != nil {
		var said []byte
		if exit, ok := err.(*exec.ExitError); ok {
			said = exit.Stderr
		}
		t.Fatalf("%v: %s", err, said)
	}
	lines, all := 0, metrics(t)
	for line := range strings.Lines(string(out)) {
		name, labels, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if lines++; !known(all, name, strings.FieldsFunc(labels, func(r rune) bool { return r == ',' })) {
			t.Errorf("%s {%s} is no metric of the program", name, labels)
		}
	}
	if lines < 40 {
		t.Errorf("%d selectors", lines)
	}
}

// TestEveryAlertHasARunbook, and no two the same name.
func TestEveryAlertHasARunbook(t *testing.T) {
	headings, seen := anchors(t, "docs/operations.md"), map[string]bool{}
	for _, r := range rules(t) {
		page, anchor, _ := strings.Cut(r.Annotations["runbook"], "#")
		if page != "docs/operations.md" || !headings[anchor] {
			t.Errorf("%s: no runbook %q", r.Alert, r.Annotations["runbook"])
		}
		if seen[r.Alert] || !strings.HasPrefix(r.Alert, "Standpipe") || r.Annotations["summary"] == "" || !slices.Contains([]string{"page", "ticket"}, r.Labels["severity"]) {
			t.Errorf("%+v", r)
		}
		seen[r.Alert] = true
	}
}

// TestPanelsOfTheDashboard: each says what it shows, none covers another, none asks another data source.
func TestPanelsOfTheDashboard(t *testing.T) {
	b := grafana(t)
	taken, ids := map[[2]int]string{}, map[int]bool{}
	for _, p := range b.Panels {
		if ids[p.ID] || p.Title == "" || p.Description == "" || p.Datasource.UID != "${datasource}" || len(p.Targets) == 0 {
			t.Errorf("panel %d %q: %+v", p.ID, p.Title, p)
		}
		ids[p.ID] = true
		if p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("%s is wider than the dashboard", p.Title)
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" {
					t.Fatalf("%s covers %s", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		for _, q := range p.Targets {
			if !strings.Contains(q.Expr, `job=~"$job", instance=~"$instance"`) {
				t.Errorf("%s: %s does not heed the variables", p.Title, q.Expr)
			}
		}
	}
	var names []string
	for _, v := range b.Templating.List {
		names = append(names, v.Name)
		if v.Name != "datasource" && !strings.Contains(string(v.Query), "standpipe_leases_held") {
			t.Errorf("variable %s asks %s", v.Name, v.Query)
		}
	}
	if !slices.Equal(names, []string{"datasource", "job", "instance"}) {
		t.Errorf("variables %v", names)
	}
}
