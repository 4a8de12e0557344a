package deploy

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"standpipe/config"
)

// beside is how many MiB a process may need beside buffer.memory: those of docs/deploy.md.
const beside = 100

// room is the MiB that the program needs at its defaults.
func room() int { return int(config.Default().Buffer.Memory/config.MiB) + beside }

// unit gives the settings of the systemd unit, each with its values in order.
func unit(t *testing.T) map[string][]string {
	t.Helper()
	all, section := map[string][]string{}, ""
	for line := range strings.Lines(read(t, "deploy/systemd/standpipe.service")) {
		line = strings.TrimSpace(line)
		name, value, ok := strings.Cut(line, "=")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			section = strings.Trim(line, "[]")
		case !ok:
			t.Fatalf("line %q", line)
		default:
			all[section+"."+name] = append(all[section+"."+name], value)
		}
	}
	return all
}

func TestSystemdUnit(t *testing.T) {
	u := unit(t)
	one := func(name string) string {
		if len(u[name]) != 1 {
			t.Errorf("%s is %v", name, u[name])
			return ""
		}
		return u[name][0]
	}
	stop, err := strconv.Atoi(one("Service.TimeoutStopSec"))
	if err != nil || time.Duration(stop)*time.Second < stopWithin {
		t.Errorf("a stop may take %d s, %v", stop, err)
	}
	memory, err := strconv.Atoi(strings.TrimSuffix(one("Service.MemoryMax"), "M"))
	if err != nil || memory < room() {
		t.Errorf("%d MiB, %v; needed are %d", memory, err, room())
	}
	for name, want := range map[string]string{
		"Service.KillSignal": "SIGTERM", "Service.KillMode": "mixed", "Service.Restart": "always", "Unit.StartLimitIntervalSec": "0", "Service.DynamicUser": "yes", "Service.ProtectSystem": "strict",
		"Service.NoNewPrivileges": "yes", "Service.CapabilityBoundingSet": "", "Install.WantedBy": "multi-user.target",
		"Service.ExecStart": "/usr/local/bin/standpipe run -c /etc/standpipe/standpipe.yaml", "Service.ExecStartPre": "/usr/local/bin/standpipe check -c /etc/standpipe/standpipe.yaml",
	} {
		if got := one(name); got != want {
			t.Errorf("%s is %q, should be %q", name, got, want)
		}
	}
}

type probe struct {
	HTTPGet struct {
		Path, Port string
	} `yaml:"httpGet"`
	PeriodSeconds    int `yaml:"periodSeconds"`
	TimeoutSeconds   int `yaml:"timeoutSeconds"`
	FailureThreshold int `yaml:"failureThreshold"`
}

// object is a Kubernetes object, as far as it is looked at. Others of its keys are the cluster's to judge.
type object struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct{ Name string }
	Data       map[string]string
	Spec       struct {
		Replicas       int
		MaxUnavailable int `yaml:"maxUnavailable"`
		Selector       struct {
			MatchLabels map[string]string `yaml:"matchLabels"`
		}
		Strategy struct {
			RollingUpdate struct {
				MaxUnavailable int `yaml:"maxUnavailable"`
				MaxSurge       int `yaml:"maxSurge"`
			} `yaml:"rollingUpdate"`
		}
		Template struct {
			Metadata struct{ Labels, Annotations map[string]string }
			Spec     struct {
				ServiceAccountName            string         `yaml:"serviceAccountName"`
				TerminationGracePeriodSeconds int            `yaml:"terminationGracePeriodSeconds"`
				SecurityContext               map[string]any `yaml:"securityContext"`
				Containers                    []struct {
					Args  []string
					Ports []struct {
						Name          string
						ContainerPort int `yaml:"containerPort"`
					}
					StartupProbe    probe                        `yaml:"startupProbe"`
					LivenessProbe   probe                        `yaml:"livenessProbe"`
					ReadinessProbe  probe                        `yaml:"readinessProbe"`
					Resources       map[string]map[string]string `yaml:"resources"`
					SecurityContext map[string]any               `yaml:"securityContext"`
					VolumeMounts    []any                        `yaml:"volumeMounts"`
				}
			}
		}
	}
}

func kubernetes(t *testing.T) map[string]object {
	t.Helper()
	all := map[string]object{}
	decoder := yaml.NewDecoder(strings.NewReader(read(t, "deploy/kubernetes/standpipe.yaml")))
	for {
		var o object
		if err := decoder.Decode(&o); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all[o.Kind] = o
	}
}

func TestKubernetesManifest(t *testing.T) {
	all := kubernetes(t)
	cfg, err := config.Load(config.Source{File: write(t, all["ConfigMap"].Data["standpipe.yaml"])})
	if err != nil {
		t.Fatal(err)
	}
	if w := cfg.Warnings(); len(w) > 0 {
		t.Errorf("warnings %q", w)
	}
	d := all["Deployment"].Spec
	pod := d.Template.Spec
	box := pod.Containers[0]
	if got := time.Duration(pod.TerminationGracePeriodSeconds) * time.Second; got < stopWithin {
		t.Errorf("a stop may take %v", got)
	}
	if u := d.Strategy.RollingUpdate; u.MaxUnavailable != 0 {
		t.Errorf("pods stop before new ones are ready: %+v", u)
	}
	if fmt.Sprint(box.Args) != "[run -c /etc/standpipe/standpipe.yaml]" || len(box.VolumeMounts) != 1 || all["ConfigMap"].Metadata.Name != "standpipe" {
		t.Errorf("got %v, %v", box.Args, box.VolumeMounts)
	}
	if len(box.Ports) != 1 || fmt.Sprintf(":%d", box.Ports[0].ContainerPort) != cfg.Server.Listen || d.Template.Metadata.Annotations["prometheus.io/port"] != fmt.Sprint(box.Ports[0].ContainerPort) {
		t.Errorf("ports %v, server.listen %s", box.Ports, cfg.Server.Listen)
	}
	server := read(t, "internal/httpserver/server.go")
	for name, p := range map[string]probe{"/healthz": box.LivenessProbe, "/readyz": box.ReadinessProbe} {
		if p.HTTPGet.Path != name || p.HTTPGet.Port != box.Ports[0].Name || !strings.Contains(server, `"GET `+name+`"`) {
			t.Errorf("%s: %+v", name, p)
		}
	}
	// The checks at the start may take half a minute and more before the server listens.
	if s := box.StartupProbe; s.HTTPGet.Path != "/healthz" || s.PeriodSeconds*s.FailureThreshold < 60 {
		t.Errorf("the start: %+v", s)
	}
	memory, err := strconv.Atoi(strings.TrimSuffix(box.Resources["limits"]["memory"], "Mi"))
	if err != nil || memory < room() || box.Resources["limits"]["cpu"] != "" {
		t.Errorf("limits %v, needed are %d MiB", box.Resources, room())
	}
	if c := box.SecurityContext; c["allowPrivilegeEscalation"] != false || c["readOnlyRootFilesystem"] != true || fmt.Sprint(c["capabilities"]) != "map[drop:[ALL]]" {
		t.Errorf("got %v", c)
	}
	if c := pod.SecurityContext; c["runAsNonRoot"] != true || c["runAsUser"] != 65532 { // distroless' nonroot
		t.Errorf("got %v", c)
	}
	if b := all["PodDisruptionBudget"].Spec; b.MaxUnavailable != 1 || fmt.Sprint(b.Selector) != fmt.Sprint(d.Selector) || d.Replicas < 2 || fmt.Sprint(d.Selector.MatchLabels) != fmt.Sprint(d.Template.Metadata.Labels) {
		t.Errorf("got %+v for %d pods of %v", b, d.Replicas, d.Template.Metadata.Labels)
	}
	if pod.ServiceAccountName != all["ServiceAccount"].Metadata.Name {
		t.Errorf("service account %s", pod.ServiceAccountName)
	}
}
