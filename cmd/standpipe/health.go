package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"standpipe/config"
)

// healthTimeout bounds the whole request; container health checks give up after 5 s by default.
const healthTimeout = 3 * time.Second

func (p *program) healthCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Ask a running standpipe on this machine whether it lives",
		Long: `Health asks /healthz of server.listen and exits 0 if the answer is 200, else 1.
It is meant for the health check of a container, in which there is no curl.`,
		Example: `  standpipe health
  standpipe health --server.listen :9090
  standpipe health --url http://10.0.0.7:8080/healthz`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			target, err := p.healthURL(cmd)
			if err != nil {
				return err
			}
			text, err := askHealth(cmd.Context(), target)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(p.stdout, text)
			return err
		},
	}
	configFlag(cmd)
	every := pflag.NewFlagSet("", pflag.ContinueOnError)
	config.Flags(every)
	cmd.Flags().AddFlag(every.Lookup("server.listen"))
	cmd.Flags().String("url", "", "address to ask, such as http://127.0.0.1:8080/healthz (default: that of server.listen)")
	return cmd
}

// healthURL is the address to ask: --url, or that of server.listen. What else may be wrong with the
// configuration is run's to say.
func (p *program) healthURL(cmd *cobra.Command) (string, error) {
	if text, _ := cmd.Flags().GetString("url"); text != "" {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return "", usageError("--url must be an http(s) URL such as http://127.0.0.1:8080/healthz (got %q)", text)
		}
		return text, nil
	}
	cfg, err := config.Load(config.Source{File: p.file(cmd), Env: p.env, Flags: cmd.Flags()})
	var problems config.Problems
	errors.As(err, &problems)
	inTheWay := slices.DeleteFunc(slices.Clone(problems), func(found config.Problem) bool {
		return !slices.Contains([]string{"server.listen", "server", p.file(cmd)}, found.Field)
	})
	if len(inTheWay) > 0 {
		return "", inTheWay
	}
	if cfg.Server.Listen == "" || cfg.Server.Listen == "off" {
		return "", usageError("server.listen is off, so nobody answers: set it, or remove the health check")
	}
	return localURL(cfg.Server.Listen) + "healthz", nil
}

// localURL is where a server that listens on addr is reached from this machine.
func localURL(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "http://" + addr + "/"
	}
	switch ip := net.ParseIP(host); {
	case host == "", ip != nil && ip.IsUnspecified() && ip.To4() != nil:
		host = "127.0.0.1"
	case ip != nil && ip.IsUnspecified():
		host = "::1"
	}
	return "http://" + net.JoinHostPort(host, port) + "/"
}

// askHealth gives the first line of a healthy answer; any other is an error.
func askHealth(ctx context.Context, target string) (string, error) {
	limited, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(limited, http.MethodGet, target, nil)
	if err != nil {
		return "", usageError("ask %s: %w", target, err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		return "", fmt.Errorf("%s does not answer within %s", target, healthTimeout)
	case err != nil:
		return "", fmt.Errorf("%s does not answer: %s: is `standpipe run` there? --server.listen or --url name another address", target, cause(err))
	}
	defer func() { _ = resp.Body.Close() }()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
	text, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s answers %s: %s", target, resp.Status, text)
	}
	return text, nil
}
