package main

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

// plaintext is a warning about an endpoint, from the configuration or AWS_ENDPOINT_URL, that is used without TLS
// across a network that others may share; "" for every other one. Requests are signed, so nobody can learn the secret
// key, but records and session tokens can be read on the way, and answers changed.
func plaintext(service, endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil || !strings.EqualFold(u.Scheme, "http") || privateHost(u.Hostname()) {
		return ""
	}
	return fmt.Sprintf("the endpoint of %s, %s, is http: records and session tokens cross the network as plain text; write https://", service, u.Redacted())
}

// privateHost says whether a host is this machine or in a private network: a loopback, private (RFC 1918, RFC 4193) or
// link-local address, localhost, or a name without a dot, as containers of one network give each other.
func privateHost(host string) bool {
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()
	}
	return !strings.Contains(host, ".") || strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, ".internal") || strings.HasSuffix(host, ".local")
}
