// Package containers holds the Dockerfile, docker-compose.yml and what they mount to what they promise, on machines
// without a Docker engine. Its tests run the Dockerfile's build on the files that .dockerignore lets in, load the
// Compose file by the specification's own library (in the module beside this one), and run LocalStack's init script
// against the servers of internal/realservers. It has no code of its own.
package containers
