// Package httpserver answers the probes of a running Standpipe: /healthz for the container's health check,
// /readyz for people and load balancers, /metrics for Prometheus, and leaves every other path to the status page. It only reads: what it judges comes from
// an injected snapshot function, and a request can neither change nor delay the delivery of records.
//
// Requests are bounded in time and size, so the port may stand in an internal network; it has no
// authentication and belongs nowhere else.
package httpserver
