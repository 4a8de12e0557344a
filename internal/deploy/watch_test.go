package deploy

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"standpipe/internal/emf"
)

// watched says whether CloudWatch gets a metric, and by which statistic its lines are taken together.
func watched(name string) (statistic string, ok bool) {
	for _, m := range emf.Metrics {
		if m.Name == name {
			return m.Statistic, true
		}
	}
	return "", false
}

// alarm is what is looked at of one.
type alarm struct {
	AlarmDescription, Namespace, MetricName, Statistic, TreatMissingData, Threshold, ComparisonOperator string
	Dimensions                                                                                          []struct{ Name, Value string }
	AlarmActions                                                                                        []string
	Metrics                                                                                             []struct {
		ID         string `json:"Id"`
		Expression string
		MetricStat struct {
			Stat   string
			Metric struct {
				Namespace, MetricName string
				Dimensions            []struct{ Name, Value string }
			}
		}
	}
}

func (c *template) alarms() map[string]alarm {
	c.t.Helper()
	all := map[string]alarm{}
	for name, r := range c.section("Resources") {
		if r.(map[string]any)["Type"] != "AWS::CloudWatch::Alarm" {
			continue
		}
		text, err := json.Marshal(c.made(name))
		var a alarm
		if err == nil {
			err = json.Unmarshal(text, &a)
		}
		if err != nil {
			c.t.Fatal(err)
		}
		all[name] = a
	}
	return all
}

// TestAlarmsOfTheTemplate: on metrics that the program writes, of this application, taken together as they should be, each with
// a runbook and somebody to tell.
func TestAlarmsOfTheTemplate(t *testing.T) {
	headings := anchors(t, "docs/operations.md")
	each(t, func(t *testing.T, c *template) {
		application := c.config().Leases.Application
		all := c.alarms()
		for name, a := range all {
			metric, statistic, dimensions := a.MetricName, a.Statistic, a.Dimensions
			if len(a.Metrics) > 0 {
				m := a.Metrics[0].MetricStat
				a.Namespace, metric, statistic, dimensions = m.Metric.Namespace, m.Metric.MetricName, m.Stat, m.Metric.Dimensions
			}
			should, ok := watched(metric)
			if name == "ShardsUnowned" {
				should = "Minimum" // every worker must say so
			}
			if !ok || a.Namespace != emf.Namespace || statistic != should {
				t.Errorf("%s looks at the %s of %s/%s, should be %s", name, statistic, a.Namespace, metric, should)
			}
			if len(dimensions) != 1 || dimensions[0].Name != emf.Dimension || dimensions[0].Value != application {
				t.Errorf("%s has dimensions %v, the application is %s", name, dimensions, application)
			}
			_, anchor, _ := strings.Cut(a.AlarmDescription, "docs/operations.md#")
			if !headings[anchor] {
				t.Errorf("%s has no runbook: %s", name, a.AlarmDescription)
			}
			if tells := c.parameters["AlarmTopic"]; tells != "" && fmt.Sprint(a.AlarmActions) != "["+tells+"]" {
				t.Errorf("%s tells %v", name, a.AlarmActions)
			}
			if want := map[bool]string{true: "breaching", false: "notBreaching"}[name == "NoHeartbeat"]; a.TreatMissingData != want {
				t.Errorf("%s takes silence for %s", name, a.TreatMissingData)
			}
		}
		if a := all["Freshness"]; len(a.Metrics) != 2 || a.Metrics[1].Expression != "age / "+c.parameters["BufferInterval"] || a.Threshold != "2" || a.Metrics[0].ID != "age" {
			t.Errorf("freshness is judged by %+v", a)
		}
	})
}

// TestAlarmsAreThoseOfPrometheus: what both can see has one name.
func TestAlarmsAreThoseOfPrometheus(t *testing.T) {
	cloudwatch := parse(t, nil).alarms()
	unknown := map[string]bool{"FunctionWaits": true, "TableRefused": true} // to CloudWatch
	for _, r := range rules(t) {
		name := strings.TrimPrefix(r.Alert, "Standpipe")
		if _, ok := cloudwatch[name]; ok == unknown[name] {
			t.Errorf("%s is an alarm of CloudWatch: %v", name, ok)
		}
		delete(cloudwatch, name)
		if !strings.Contains(read(t, "docs/operations.md"), "\n| ["+name+"](") {
			t.Errorf("docs/operations.md does not list %s", name)
		}
	}
	if len(cloudwatch) > 0 {
		t.Errorf("no alerts %v", cloudwatch)
	}
}

// TestDashboardOfTheTemplate is JSON whose every metric the program, or ECS, writes, and whose every alarm there is.
func TestDashboardOfTheTemplate(t *testing.T) {
	each(t, func(t *testing.T, c *template) {
		var board struct {
			Widgets []struct {
				Type                string
				X, Y, Width, Height int
				Properties          struct {
					Title, Region, Stat string
					Alarms              []string
					Metrics             [][]any
				}
			}
		}
		body := c.made("Dashboard")["DashboardBody"].(string)
		if err := json.Unmarshal([]byte(body), &board); err != nil {
			t.Fatalf("%v in %s", err, body)
		}
		shown := 0
		for _, w := range board.Widgets {
			if w.Properties.Title == "" || w.X+w.Width > 24 {
				t.Errorf("%+v", w)
			}
			if w.Type == "alarm" && len(w.Properties.Alarms) != len(c.alarms()) {
				t.Errorf("the dashboard shows %d alarms of %d", len(w.Properties.Alarms), len(c.alarms()))
			}
			var row []string
			for _, m := range w.Properties.Metrics {
				var full []string
				for i, part := range m {
					text, ok := part.(string)
					if !ok {
						break // options
					}
					if text == "." {
						text = row[i] // as above it
					}
					full = append(full, text)
				}
				row = full
				shown++
				if row[0] == "AWS/ECS" {
					continue
				}
				if _, ok := watched(row[1]); !ok || row[0] != emf.Namespace || len(row) != 4 || row[2] != emf.Dimension || row[3] != c.config().Leases.Application {
					t.Errorf("%s shows %v", w.Properties.Title, row)
				}
			}
		}
		if shown < 15 {
			t.Errorf("%d metrics are shown", shown)
		}
	})
}
