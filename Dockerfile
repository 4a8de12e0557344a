# syntax=docker/dockerfile:1
# One static binary on an image without a shell. For both architectures:
#   docker buildx build --platform linux/amd64,linux/arm64 -t standpipe .
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS
ARG TARGETARCH
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags="-s -w" -o /standpipe ./cmd/standpipe

# nonroot: user 65532, with CA certificates. Time zones are in the binary. Nothing is written to the file system, so
# that it may be read-only.
FROM gcr.io/distroless/static:nonroot
ARG VERSION=devel
LABEL org.opencontainers.image.title="Standpipe" \
      org.opencontainers.image.description="Carries a Kinesis data stream into S3, every record exactly once" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION"
COPY --from=build /standpipe /standpipe
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["/standpipe", "health"]
ENTRYPOINT ["/standpipe"]
CMD ["run"]
