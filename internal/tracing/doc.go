// Package tracing sends OpenTelemetry traces to a collector by OTLP over HTTP, where the standard environment variables ask
// for them. It never blocks what is traced: spans wait in a bounded queue and are dropped when that is full. Without these
// variables it makes nothing, so that nothing is measured.
//
// https://opentelemetry.io/docs/specs/otel/protocol/exporter/ and
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
package tracing
